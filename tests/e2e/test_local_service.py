"""A service on this machine, from its first deploy to its end."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import trustme

from acideploy.clock import SystemClock
from acideploy.errors import DeadlineError
from acideploy.observe import wait_for
from tests.e2e.conftest import ECHO, PYTHON, Workspace


def _slow(seconds: int) -> str:
    """The echo script, which takes its time to start."""
    return f"import time\ntime.sleep({seconds})\n{ECHO}"


def _wait(look: Callable[[], Any]) -> Any:
    return wait_for(
        lambda: look() or None,
        clock=SystemClock(),
        within=60,
        every=0.05,
        overdue=lambda: DeadlineError("it never happened"),
    )


def _kill_servers(workspace: Workspace) -> None:
    for pid in workspace.server_processes():
        os.kill(pid, signal.SIGKILL)
    _wait(lambda: not workspace.server_processes())


def _get(port: int, path: str, *, key: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    return response.status, response.read()


def test_a_service_answers_after_its_command_has_ended(workspace: Workspace) -> None:
    service = workspace.deploy().result
    assert service["state"] == "running"
    assert service["scoringUri"] == f"http://localhost:{service['port']}/score"
    assert workspace.score([1, 2]) == {"greeting": "hello", "data": [1, 2]}
    status, body = _get(service["port"], "/swagger.json")
    assert (status, b'"swagger"' in body) == (200, True)


def test_results_are_all_that_is_on_stdout(workspace: Workspace) -> None:
    outcome = workspace.deploy("--query", "state", "-o", "tsv")
    assert outcome.stdout == "running\n"
    assert "Service echo-svc: done" in outcome.stderr


def test_an_unchanged_environment_needs_no_package_index(workspace: Workspace) -> None:
    workspace.deploy()
    workspace.write("score.py", ECHO.replace("hello", "again"))
    flags = ("-n", "echo-svc", "-ic", "inference.json", "-dc", "deployment.json", "--overwrite")
    cut_off = {"UV_OFFLINE": "1", "UV_NO_CACHE": "1", "PATH": "/nowhere"}
    workspace.run("model", "deploy", *flags, **cut_off)
    assert workspace.score()["greeting"] == "again"


def test_an_unchanged_service_keeps_its_process(workspace: Workspace) -> None:
    workspace.deploy()
    before = workspace.server_processes()
    workspace.deploy("--overwrite")
    assert workspace.server_processes() == before


def test_an_existing_service_is_replaced_only_when_told(workspace: Workspace) -> None:
    workspace.deploy()
    refused = workspace.deploy(expect=5)
    assert "--overwrite" in refused.stderr


def test_the_old_revision_serves_until_the_new_one_is_healthy(workspace: Workspace) -> None:
    port = workspace.deploy().result["port"]
    workspace.write("score.py", _slow(2).replace("hello", "new"))
    answers: list[tuple[int, bytes]] = []
    lost: list[Exception] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                answers.append(_get(port, "/score?x=1"))
            except (OSError, http.client.HTTPException) as error:
                lost.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        service = workspace.deploy("--overwrite").result
    finally:
        done.set()
        asking.join()
    assert service["port"] == port
    assert {status for status, _ in answers} == {200}
    assert len(answers) > 20
    # The kernel resets what waits in a listener's queue at the moment that it is closed.
    assert len(lost) <= 1
    assert b"hello" in answers[0][1]
    assert workspace.score()["greeting"] == "new"
    assert len(_revisions(workspace)) == 1


def test_a_new_revision_that_fails_leaves_the_old_one_serving(workspace: Workspace) -> None:
    workspace.deploy()
    broken = ECHO.replace('greeting = "hello"', 'greeting = {}["missing"]')
    workspace.write("score.py", broken)
    failed = workspace.deploy("--overwrite", expect=8)
    assert "init() raised KeyError: 'missing' at score.py:6:5" in failed.stderr
    assert 'greeting = {}["missing"]' in failed.stderr
    assert workspace.score()["greeting"] == "hello"
    service = workspace.show()
    assert service["state"] == "running"
    assert "the last deploy failed" in service["error"]
    workspace.write("score.py", ECHO.replace("hello", "mended"))
    workspace.deploy("--overwrite")
    assert workspace.show()["error"] is None


def test_a_first_deploy_that_fails_can_be_read_about_and_done_again(workspace: Workspace) -> None:
    workspace.write("score.py", "import not_to_be_found\n" + ECHO)
    failed = workspace.deploy(expect=8)
    assert "add `not_to_be_found` to the pip section" in failed.stderr
    service = workspace.show()
    assert service["state"] == "failed"
    assert "ModuleNotFoundError" in service["error"]
    logs = workspace.run("service", "get-logs", "-n", "echo-svc").stdout
    assert "No module named 'not_to_be_found'" in logs
    workspace.write("score.py", ECHO)
    assert workspace.deploy().result["state"] == "running"


def test_a_service_whose_process_died_is_shown_as_failed(workspace: Workspace) -> None:
    workspace.deploy()
    _kill_servers(workspace)
    service = workspace.show()
    assert service["state"] == "failed"
    assert "the server has ended" in service["error"]
    assert workspace.run("service", "start", "-n", "echo-svc").result["state"] == "running"
    assert workspace.score()["greeting"] == "hello"


def test_a_port_that_answers_for_somebody_else_is_told_from_ours(workspace: Workspace) -> None:
    port = workspace.deploy().result["port"]
    _kill_servers(workspace)
    with _wait(lambda: _listener(port)) as stranger:
        threading.Thread(target=_answer_once, args=[stranger], daemon=True).start()
        service = workspace.show()
        refused = workspace.run("service", "start", "-n", "echo-svc", expect=13)
    assert service["state"] == "failed"
    assert f"port {port} answers for another program" in service["error"]
    assert f"port {port} is taken" in refused.stderr


def _listener(port: int) -> socket.socket | None:
    """None while the kernel is still taking the killed server down."""
    with contextlib.suppress(OSError):
        return socket.create_server(("127.0.0.1", port))
    return None


def _answer_once(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    connection.close()


def test_a_service_stops_and_starts_on_the_same_port(workspace: Workspace) -> None:
    port = workspace.deploy().result["port"]
    assert workspace.run("service", "stop", "-n", "echo-svc").result["state"] == "stopped"
    assert workspace.server_processes() == []
    refused = workspace.run("service", "run", "-n", "echo-svc", "-d", "1", expect=8)
    assert "it is stopped" in refused.stderr
    assert workspace.run("service", "start", "-n", "echo-svc").result["port"] == port
    before = workspace.server_processes()
    assert workspace.run("service", "restart", "-n", "echo-svc").result["port"] == port
    assert not set(before) & set(workspace.server_processes())


def test_a_deleted_service_leaves_nothing(workspace: Workspace) -> None:
    workspace.deploy()
    assert workspace.run("service", "delete", "-n", "echo-svc").result == {"name": "echo-svc"}
    assert workspace.server_processes() == []
    assert workspace.run("service", "list").result == []
    assert not (workspace.services / "echo-svc").exists()
    workspace.run("service", "show", "-n", "echo-svc", expect=4)


def test_two_deploys_of_one_name_do_not_interleave(workspace: Workspace) -> None:
    workspace.deploy()
    workspace.write("score.py", _slow(5))
    arguments = ("model", "deploy", "-n", "echo-svc", "-ic", "inference.json", "--overwrite")
    first = workspace.start(*arguments, "-dc", "deployment.json")
    _wait(lambda: _candidate(workspace))
    second = workspace.deploy("--overwrite", expect=6)
    assert f"another command is changing service echo-svc (pid {first.pid})" in second.stderr
    assert first.wait(60) == 0
    assert workspace.show()["state"] == "running"


def _candidate(workspace: Workspace) -> bool:
    return len(_revisions(workspace)) > 1


def _revisions(workspace: Workspace) -> set[str]:
    """The numbers of the revisions that have processes."""
    folders = [Path(psutil.Process(pid).cwd()).parts for pid in workspace.server_processes()]
    return {parts[parts.index("revisions") + 1] for parts in folders if "revisions" in parts}


@pytest.mark.parametrize("killed_by", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_deploy_that_is_ended_leaves_the_old_service_and_no_lock(
    workspace: Workspace, killed_by: signal.Signals
) -> None:
    workspace.deploy()
    workspace.write("score.py", _slow(30))
    arguments = ("model", "deploy", "-n", "echo-svc", "-ic", "inference.json", "--overwrite")
    deploy = workspace.start(*arguments, "-dc", "deployment.json")
    _wait(lambda: _candidate(workspace))
    deploy.send_signal(killed_by)
    _, stderr = deploy.communicate(timeout=30)
    if killed_by != signal.SIGKILL:
        assert deploy.returncode == 130
        assert "Traceback" not in stderr
        assert not _candidate(workspace)
    assert workspace.score()["greeting"] == "hello"
    workspace.write("score.py", ECHO.replace("hello", "third"))
    assert workspace.deploy("--overwrite").result["state"] == "running"
    assert workspace.score()["greeting"] == "third"
    assert not _candidate(workspace)


def test_ctrl_c_in_a_first_deploy_leaves_no_service(workspace: Workspace) -> None:
    workspace.write("score.py", _slow(30))
    arguments = ("model", "deploy", "-n", "echo-svc", "-ic", "inference.json")
    deploy = workspace.start(*arguments, "-dc", "deployment.json")
    _wait(workspace.server_processes)
    deploy.send_signal(signal.SIGINT)
    assert deploy.wait(30) == 130
    assert workspace.server_processes() == []
    assert workspace.run("service", "list").result == []


def test_no_wait_returns_at_once_and_the_deploy_goes_on(workspace: Workspace) -> None:
    workspace.deploy()
    workspace.write("score.py", _slow(3).replace("hello", "later"))
    workspace.deploy("--overwrite", "--no-wait")
    assert workspace.score()["greeting"] == "hello"
    _wait(lambda: workspace.score()["greeting"] == "later")
    _wait(lambda: not _candidate(workspace))
    assert workspace.show()["state"] == "running"


def test_a_first_deploy_that_nobody_waits_for_is_deploying_then_running(
    workspace: Workspace,
) -> None:
    workspace.write("score.py", _slow(2))
    assert workspace.deploy("--no-wait").result["state"] == "deploying"
    _wait(lambda: workspace.show()["state"] == "running")


def test_a_key_is_asked_for_where_auth_is_on(workspace: Workspace) -> None:
    deployment = {"computeType": "local", "authEnabled": True, "keys": {"primaryKey": "sesame"}}
    workspace.write("deployment.json", deployment)
    port = workspace.deploy().result["port"]
    assert _get(port, "/")[0] == 200
    assert _get(port, "/score?x=1")[0] == 401
    assert _get(port, "/score?x=1", key="wrong")[0] == 401
    assert _get(port, "/score?x=1", key="sesame")[0] == 200
    keys = workspace.run("service", "get-keys", "-n", "echo-svc").result
    assert keys["primaryKey"] == "sesame"
    assert _get(port, "/score?x=1", key=keys["secondaryKey"])[0] == 200
    assert workspace.score()["greeting"] == "hello"


def test_a_new_key_counts_at_once(workspace: Workspace) -> None:
    workspace.write("deployment.json", {"computeType": "local", "authEnabled": True})
    port = workspace.deploy().result["port"]
    old = workspace.run("service", "get-keys", "-n", "echo-svc").result
    regenerate = ("service", "regen-key", "-n", "echo-svc", "--key", "Primary")
    workspace.run(*regenerate)
    new = workspace.run("service", "get-keys", "-n", "echo-svc").result
    assert new["secondaryKey"] == old["secondaryKey"]
    assert _get(port, "/score?x=1", key=old["primaryKey"])[0] == 401
    assert _get(port, "/score?x=1", key=new["primaryKey"])[0] == 200
    workspace.run(*regenerate, "--set-key", "mine")
    assert _get(port, "/score?x=1", key="mine")[0] == 200


def test_keys_survive_a_redeploy_and_show_in_no_output(workspace: Workspace) -> None:
    deployment = {"computeType": "local", "authEnabled": True, "keys": {"primaryKey": "s3same-x"}}
    workspace.write("deployment.json", deployment)
    shown = workspace.deploy("--debug", "-v")
    keys = workspace.run("service", "get-keys", "-n", "echo-svc").result
    workspace.write("deployment.json", {"computeType": "local", "authEnabled": True})
    workspace.write("score.py", ECHO + "# changed\n")
    workspace.deploy("--overwrite")
    assert workspace.run("service", "get-keys", "-n", "echo-svc").result == keys
    logs = workspace.run("service", "get-logs", "-n", "echo-svc").stdout
    for text in (shown.stdout, shown.stderr, logs):
        assert "s3same-x" not in text
    for keys_file in workspace.services.rglob("keys.json"):
        assert keys_file.stat().st_mode & 0o077 == 0


def test_passwords_of_the_environment_show_in_no_output(workspace: Workspace) -> None:
    environment = {
        "name": "mine",
        "environmentVariables": {"DB_PASSWORD": "pl4nted-1", "COLOUR": "green"},
        "docker": {
            "baseImage": "contoso.azurecr.io/base:1",
            "baseImageRegistry": {"username": "me", "password": "pl4nted-2"},
        },
        "python": {
            "condaDependencies": {
                "dependencies": [
                    f"python={PYTHON}",
                    {"pip": ["azureml-defaults"]},
                ]
            }
        },
    }
    workspace.write("score.py", ECHO.replace('"hello"', 'os.environ["DB_PASSWORD"]'))
    workspace.write("inference.json", {"entryScript": "score.py", "environment": environment})
    name = ("-n", "echo-svc")
    shown = [
        workspace.deploy("--debug", "-v"),
        workspace.deploy("--overwrite", "--dry-run", "--debug", "-v"),
        workspace.run("service", "update", *name, "--add-tag", "a=b", "--debug", "-v"),
        *(workspace.run("service", "show", *name, *flags) for flags in ((), ("-v",), ("--debug",))),
        workspace.run("service", "list", "-v"),
        workspace.run("service", "get-logs", *name),
    ]
    for each in shown:
        assert "pl4nted" not in each.stdout + each.stderr
    details = workspace.show()["environmentDetails"]
    assert details["environmentVariables"] == {"DB_PASSWORD": "***", "COLOUR": "green"}
    assert "pl4nted-1" in workspace.score()["greeting"]


def test_a_service_speaks_tls_with_the_users_certificate(
    workspace: Workspace, tmp_path: Path
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("model.example.com")
    certificate.private_key_pem.write_to_path(str(workspace.directory / "key.pem"))
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(str(workspace.directory / "cert.pem"), append=True)
    deployment = {
        "computeType": "local",
        "sslEnabled": True,
        "sslCertificate": "cert.pem",
        "sslKey": "key.pem",
        "cname": "model.example.com",
    }
    workspace.write("deployment.json", deployment)
    service = workspace.deploy().result
    assert service["scoringUri"].startswith("https://")
    assert workspace.score()["greeting"] == "hello"
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with (
        socket.create_connection(("127.0.0.1", service["port"])) as plain,
        context.wrap_socket(plain, server_hostname="model.example.com") as secure,
    ):
        assert secure.version() in ("TLSv1.2", "TLSv1.3")


MODELS = """
import os

def init():
    global root
    root = os.environ["AZUREML_MODEL_DIR"]

def run(data):
    found = []
    for folder, _, files in os.walk(root):
        found += [os.path.relpath(os.path.join(folder, name), root) for name in files]
    return {"absolute": os.path.isabs(root), "files": sorted(found), "root": os.path.basename(root)}
"""


def test_models_lie_where_v1_put_them(workspace: Workspace) -> None:
    workspace.write("score.py", MODELS)
    workspace.write("one.pkl", "1")
    workspace.write("folder/deep/two.bin", "2")
    workspace.run("model", "register", "-n", "one", "-p", "one.pkl")
    workspace.run("model", "register", "-n", "two", "-p", "folder")
    workspace.deploy("-m", "one:1")
    assert workspace.score() == {"absolute": True, "files": ["one.pkl"], "root": "1"}
    workspace.deploy("-m", "two", "--overwrite")
    assert workspace.score()["files"] == ["folder/deep/two.bin"]
    workspace.deploy("-m", "one:1", "-m", "two:1", "--overwrite")
    assert workspace.score() == {
        "absolute": True,
        "files": ["one/1/one.pkl", "two/1/folder/deep/two.bin"],
        "root": "azureml-models",
    }
    used = workspace.run("model", "delete", "-i", "one:1", expect=5)
    assert "used by service echo-svc" in used.stderr


def test_a_metadata_file_names_the_model(workspace: Workspace) -> None:
    workspace.write("score.py", MODELS)
    workspace.write("one.pkl", "1")
    workspace.run("model", "register", "-n", "one", "-p", "one.pkl", "-t", "model.json")
    workspace.deploy("-f", "model.json")
    assert workspace.score()["files"] == ["one.pkl"]
    assert workspace.show()["modelDetails"]


def test_an_update_of_tags_touches_no_process(workspace: Workspace) -> None:
    workspace.deploy("--tag", "a=1", "--tag", "b=2")
    before = workspace.server_processes()
    update = ("service", "update", "-n", "echo-svc")
    workspace.run(*update, "--add-tag", "c=3", "--remove-tag", "a", "-d", "new words")
    service = workspace.show()
    assert service["tags"] == {"b": "2", "c": "3"}
    assert service["description"] == "new words"
    assert workspace.server_processes() == before


def test_an_update_changes_only_what_it_names(workspace: Workspace) -> None:
    workspace.deploy("--tag", "a=1")
    workspace.run("service", "update", "-n", "echo-svc", "--auth-enabled", "true")
    service = workspace.show()
    assert (service["authEnabled"], service["tags"]) == (True, {"a": "1"})
    assert _get(service["port"], "/score?x=1")[0] == 401
    workspace.write("score.py", ECHO.replace("hello", "updated"))
    workspace.run("service", "update", "-n", "echo-svc", "--ic", "inference.json")
    assert workspace.show()["authEnabled"] is True
    assert workspace.score()["greeting"] == "updated"


def test_a_fixed_port_belongs_to_one_service(workspace: Workspace) -> None:
    port = workspace.deploy().result["port"]
    refused = workspace.deploy("--port", str(port), name="other-svc", expect=13)
    assert f"port {port} belongs to service echo-svc" in refused.stderr
    assert [service["name"] for service in workspace.run("service", "list").result] == ["echo-svc"]


def test_the_log_is_followed_over_a_restart(workspace: Workspace) -> None:
    workspace.deploy()
    following = workspace.start("service", "get-logs", "-n", "echo-svc", "--follow")
    assert following.stdout is not None
    try:
        assert "ready for serving" in _read_until(following.stdout, "ready for serving")
        workspace.run("service", "restart", "-n", "echo-svc")
        assert "ready for serving" in _read_until(following.stdout, "ready for serving")
    finally:
        following.send_signal(signal.SIGINT)
        following.communicate(timeout=30)
    previous = workspace.run("service", "get-logs", "-n", "echo-svc", "--previous").stdout
    assert "ready for serving" in previous


def _read_until(stream: Any, text: str) -> str:
    for line in stream:
        if text in line:
            return str(line)
    return ""


def test_a_score_that_fails_shows_what_the_service_answered(workspace: Workspace) -> None:
    workspace.write("score.py", "def init(): pass\ndef run(data): raise ValueError('no')\n")
    workspace.deploy()
    failed = workspace.run("service", "run", "-n", "echo-svc", "-d", "1", expect=10)
    assert "500" in failed.stderr
    assert "unexpected error occurred in scoring script" in failed.stderr


def test_the_plan_is_shown_and_nothing_is_done(workspace: Workspace) -> None:
    plan = workspace.deploy("--dry-run")
    assert "start" in plan.stdout
    assert workspace.run("service", "list").result == []
    assert not (workspace.services / "echo-svc").exists()


def test_a_server_that_hangs_is_not_called_running(workspace: Workspace) -> None:
    workspace.deploy()
    for pid in workspace.server_processes():
        os.kill(pid, signal.SIGSTOP)
    service = workspace.show()
    assert service["state"] == "unknown"
    assert service["error"] == "the server runs, and does not answer"
    for pid in workspace.server_processes():
        os.kill(pid, signal.SIGCONT)
    assert workspace.show()["state"] == "running"


@pytest.mark.parametrize("action", ["delete", "stop", "start", "restart", "show", "get-logs"])
@pytest.mark.parametrize("name", [".", "..", "", "../../project", "/"])
def test_a_name_that_is_a_path_is_no_service(workspace: Workspace, action: str, name: str) -> None:
    precious = workspace.services / "other-svc" / "service.json"
    precious.parent.mkdir(parents=True)
    precious.write_text("{}")
    workspace.run("service", action, "-n", name, expect=4)
    assert precious.exists()
    assert (workspace.directory / "score.py").exists()


def test_workers_that_a_killed_server_left_do_not_stand_in_the_way(workspace: Workspace) -> None:
    port = workspace.deploy().result["port"]
    os.kill(workspace.show()["pid"], signal.SIGKILL)
    _wait(lambda: workspace.show()["state"] == "failed")
    assert "worker that it left behind" in workspace.show()["error"]
    assert workspace.deploy("--overwrite").result["port"] == port
    assert workspace.score()["greeting"] == "hello"
    assert len(_revisions(workspace)) == 1


@pytest.mark.parametrize("action", ["stop", "delete"])
def test_a_deploy_that_nobody_waits_for_can_be_ended(workspace: Workspace, action: str) -> None:
    workspace.deploy()
    workspace.write("score.py", _slow(600))
    workspace.deploy("--overwrite", "--no-wait")
    workspace.run("service", action, "-n", "echo-svc")
    assert workspace.server_processes() == []


def test_keys_of_a_deploy_that_fails_do_not_lock_anybody_out(workspace: Workspace) -> None:
    workspace.write("deployment.json", {"computeType": "local", "authEnabled": True})
    port = workspace.deploy("--primary-key", "first").result["port"]
    workspace.write("score.py", "import not_to_be_found\n" + ECHO)
    workspace.deploy("--overwrite", "--primary-key", "second", expect=8)
    assert _get(port, "/score?x=1", key="first")[0] == 200
    assert _get(port, "/score?x=1", key="second")[0] == 401


def test_new_keys_are_taken_by_a_service_that_is_otherwise_unchanged(workspace: Workspace) -> None:
    workspace.write("deployment.json", {"computeType": "local", "authEnabled": True})
    port = workspace.deploy("--primary-key", "first").result["port"]
    before = workspace.server_processes()
    workspace.deploy("--overwrite", "--primary-key", "second")
    assert _get(port, "/score?x=1", key="second")[0] == 200
    workspace.run("service", "update", "-n", "echo-svc", "--primary-key", "third")
    assert _get(port, "/score?x=1", key="third")[0] == 200
    assert _get(port, "/score?x=1", key="second")[0] == 401
    assert workspace.server_processes() == before


def test_a_key_that_no_header_can_carry_is_refused(workspace: Workspace) -> None:
    workspace.write("deployment.json", {"computeType": "local", "authEnabled": True})
    workspace.deploy()
    set_key = ("service", "regen-key", "-n", "echo-svc", "--key", "Primary", "--set-key")
    assert "[bad-key]" in workspace.run(*set_key, "ключ", expect=3).stderr


def test_an_update_of_tags_leaves_a_stopped_service_stopped(workspace: Workspace) -> None:
    workspace.deploy("--tag", "a=1")
    workspace.run("service", "stop", "-n", "echo-svc")
    workspace.run("service", "update", "-n", "echo-svc", "--remove-tag", "a", "-d", "words")
    service = workspace.show()
    assert (service["state"], service["tags"]) == ("stopped", {})
    workspace.run("service", "update", "-n", "echo-svc", "-d", "")
    assert not workspace.show()["description"]


def test_an_update_of_code_keeps_to_what_the_deploy_was_told(workspace: Workspace) -> None:
    workspace.write("conda.yml", "dependencies:\n- python=3.6\n- pip:\n  - azureml-defaults\n")
    workspace.deploy("--python", PYTHON, "--auth-enabled", "true")
    workspace.write("score.py", ECHO.replace("hello", "updated"))
    workspace.run("service", "update", "-n", "echo-svc", "--ic", "inference.json")
    assert workspace.score()["greeting"] == "updated"
    assert workspace.show()["authEnabled"] is True


def test_a_damaged_service_is_listed_with_its_error_and_can_be_deleted(
    workspace: Workspace,
) -> None:
    workspace.deploy()
    workspace.deploy(name="other-svc")
    (workspace.services / "echo-svc" / "service.json").write_text("{")
    listed = {each["name"]: each["state"] for each in workspace.run("service", "list").result}
    assert listed == {"echo-svc": "unknown", "other-svc": "running"}
    workspace.run("service", "delete", "-n", "echo-svc")
    assert len(_revisions(workspace)) == 1
    workspace.run("service", "delete", "-n", "other-svc")
    assert workspace.server_processes() == []


def test_a_service_starts_again_after_its_environment_was_cleared(
    workspace: Workspace, tmp_path: Path
) -> None:
    environments = workspace.services.parent / "environments"
    environments.unlink()
    workspace.deploy()
    environments.rename(tmp_path / "cleared")
    assert workspace.run("service", "restart", "-n", "echo-svc").result["state"] == "running"


def test_requirements_may_be_in_a_file_beside_the_conda_file(workspace: Workspace) -> None:
    workspace.write("env/more.txt", "sniffio==1.3.1\n")
    pip = "- pip:\n  - azureml-defaults\n  - -r more.txt\n"
    workspace.write("env/conda.yml", f"dependencies:\n- python={PYTHON}\n{pip}")
    workspace.write("score.py", "import sniffio\n" + ECHO)
    workspace.deploy("--conda-file", "env/conda.yml")
    assert workspace.score()["greeting"] == "hello"


def test_what_is_kept_is_its_owners_alone(workspace: Workspace) -> None:
    inference = {
        "entryScript": "score.py",
        "environment": {
            "environmentVariables": {"DB_PASSWORD": "s3same"},
            "python": {"condaDependencies": {"dependencies": [f"python={PYTHON}"]}},
        },
    }
    workspace.write("inference.json", inference)
    workspace.deploy()
    folder = workspace.services / "echo-svc"
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "service.json").stat().st_mode & 0o077 == 0


def test_a_certificate_that_cannot_be_loaded_is_found_before_anything_is_made(
    workspace: Workspace,
) -> None:
    workspace.write("cert.pem", "not PEM")
    workspace.write("key.pem", "not PEM")
    files = {"sslCertificate": "cert.pem", "sslKey": "key.pem", "cname": "x.example.com"}
    workspace.write("deployment.json", {"computeType": "local", "sslEnabled": True, **files})
    refused = workspace.deploy(expect=3)
    assert "cert.pem: error:" in refused.stderr
    assert "[bad-certificate]" in refused.stderr
    check = ("check", "-ic", "inference.json", "-dc", "deployment.json")
    assert "[bad-certificate]" in workspace.run(*check, expect=3).stdout
    assert workspace.run("service", "list").result == []


def test_a_run_that_raises_is_traced_to_its_line(workspace: Workspace) -> None:
    workspace.write("score.py", "def init(): pass\n\ndef run(data):\n    return 1 / 0\n")
    workspace.deploy()
    failed = workspace.run("service", "run", "-n", "echo-svc", "-d", "1", expect=10)
    assert "run() raised ZeroDivisionError: division by zero at score.py:4:5" in failed.stderr
    assert "    return 1 / 0" in failed.stderr


def test_a_taken_port_is_found_before_the_environment_is_made(workspace: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        refused = workspace.deploy("--port", str(port), expect=13)
    assert f"port {port} is taken" in refused.stderr
    assert "Environment" not in refused.stderr
    assert workspace.run("service", "list").result == []


def test_pruning_removes_what_no_service_uses(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.services.parent / "environments").unlink()
    workspace.deploy()
    kept = workspace.run("workspace", "prune").result
    assert kept == {"environments": [], "images": [], "stored": [], "bytes": 0}
    assert workspace.score()["greeting"] == "hello"
    workspace.run("service", "delete", "-n", "echo-svc")
    removed = workspace.run("workspace", "prune").result
    assert len(removed["environments"]) == 1
    assert removed["bytes"] > 1_000_000
    left = (workspace.services.parent / "environments").iterdir()
    assert [path for path in left if path.is_dir()] == []
