"""Services in Azure Container Instances, deployed by the installed command to the emulator."""

from __future__ import annotations

import json
import os
import signal
import time

from tests.e2e.conftest import Workspace


def test_a_model_is_deployed_scored_changed_rolled_back_and_deleted(project: Workspace) -> None:
    project.run("model", "register", "-n", "m", "-p", "score.py")
    deployed = project.deploy("-m", "m:1", "--tag", "team=blue", "--auth-enabled", "true")
    assert (deployed.result["state"], deployed.result["computeType"]) == ("Healthy", "ACI")
    shown = project.show()
    assert shown["tags"] == {"team": "blue"}
    assert shown["containerResourceRequirements"] == {"cpu": 0.5, "memoryInGB": 0.5}
    assert project.score([1, 2]) == {"greeting": "hello", "data": [1, 2]}
    keys = project.run("service", "get-keys", "-n", "echo-svc").result

    files = ("-m", "m:1", "--tag", "team=blue", "--auth-enabled", "true")
    began = time.monotonic()
    again = project.deploy(*files)
    assert "unchanged" in again.stderr, time.monotonic() - began
    script = (project.directory / "score.py").read_text()
    project.write("score.py", script.replace('"hello"', '"good day"'))
    assert "--overwrite" in project.deploy(*files, expect=5).stderr
    project.deploy(*files, "--overwrite")
    assert project.score(1)["greeting"] == "good day"
    assert project.run("service", "get-keys", "-n", "echo-svc").result == keys

    project.run("service", "rollback", "-n", "echo-svc")
    assert project.score(1)["greeting"] == "hello"
    history = project.run("service", "history", "-n", "echo-svc").result
    assert [each["revision"] for each in history] == [3, 2, 1]
    assert history[0]["image"] == history[2]["image"]

    assert "hello" not in project.run("service", "get-logs", "-n", "echo-svc").stderr
    listed = project.run("service", "list").result
    assert [each["name"] for each in listed] == ["echo-svc"]
    project.run("service", "delete", "-n", "echo-svc")
    assert project.run("service", "list").result == []
    assert (
        "there is no service" in project.run("service", "show", "-n", "echo-svc", expect=4).stderr
    )


def test_a_crash_in_init_is_traced_to_the_line_of_the_script(project: Workspace) -> None:
    project.write("score.py", "def init():\n    open('nope.pkl')\ndef run(data): return data\n")
    failed = project.deploy(expect=8)
    assert "FileNotFoundError" in failed.stderr
    assert "score.py:2" in failed.stderr


def test_a_deploy_that_was_killed_is_taken_up_by_the_same_command(project: Workspace) -> None:
    first = project.start(
        "model", "deploy", "-n", "echo-svc", "-ic", "inference.json", "-dc", "deployment.json"
    )
    assert first.stderr is not None
    for line in first.stderr:
        if "accepted by Azure" in line or "Container group" in line:
            break
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    project.deploy("--overwrite")
    assert project.score(1)["greeting"] == "hello"


def test_another_size_replaces_the_group_and_keeps_the_keys(project: Workspace) -> None:
    project.deploy("--auth-enabled", "true", "--no-wait")
    project.run("service", "show", "-n", "echo-svc", "--wait")
    keys = project.run("service", "get-keys", "-n", "echo-svc").result
    project.deploy("--auth-enabled", "true", "--cpu-cores", "1", "--overwrite")
    assert project.show()["containerResourceRequirements"]["cpu"] == 1
    assert project.run("service", "get-keys", "-n", "echo-svc").result == keys
    assert (
        json.loads(project.run("service", "run", "-n", "echo-svc", "-d", "1").stdout)["data"] == 1
    )
