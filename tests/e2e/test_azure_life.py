"""What becomes of a service in Azure after its deploy, by the installed command."""

from __future__ import annotations

from tests.e2e.conftest import Workspace


def test_a_service_fails_comes_back_and_goes_for_good(project: Workspace) -> None:
    flags = ("--auth-enabled", "true", "--dns-name-label-scope", "tenantReuse")
    project.deploy(*flags)
    assert "unchanged" in project.deploy(*flags).stderr

    project.score(1)
    log = project.run("service", "get-logs", "-n", "echo-svc").stdout.splitlines()
    assert project.run(
        "service", "get-logs", "-n", "echo-svc", "--tail", "1"
    ).stdout.splitlines() == [log[-1]]
    recent = project.run("service", "get-logs", "-n", "echo-svc", "--since", "1h").stdout
    assert recent.splitlines()[: len(log)] == log

    said = project.run(
        "service", "exec", "-n", "echo-svc", "--", "echo the sum is $((40 + 2)); exit 3", expect=3
    )
    assert said.stdout == "the sum is 42\n"

    script = (project.directory / "score.py").read_text()
    project.write("score.py", script.replace('greeting = "hello"', 'raise KeyError("no")'))
    failed = project.deploy(*flags, "--overwrite", expect=8)
    assert "left behind: container group echo-svc-" in failed.stderr
    assert "acideploy service rollback -n echo-svc" in failed.stderr
    project.run("service", "rollback", "-n", "echo-svc", "--only-show-errors")
    assert project.score(1)["greeting"] == "hello"

    project.run("service", "delete", "-n", "echo-svc", "--purge")
    assert project.run("service", "list").result == []
    gone = project.run("service", "history", "-n", "echo-svc", expect=4)
    assert "there is no service 'echo-svc'" in gone.stderr
    again = project.run("service", "delete", "-n", "echo-svc")
    assert "there is no service echo-svc" in again.stderr


def test_a_rehearsal_fails_here_before_anything_is_in_azure(
    project: Workspace, docker_part: str
) -> None:
    deploy = ("model", "deploy", "-n", "echo-svc", "-ic", "inference.json", "-dc")
    line = (*deploy, "deployment.json", "--rehearse")
    script = (project.directory / "score.py").read_text()
    project.write("score.py", script.replace('greeting = "hello"', 'raise KeyError("no")'))
    failed = project.run(*line, expect=8, DOCKER_HOST=docker_part)
    assert "score.py:6" in failed.stderr
    assert "left behind" not in failed.stderr
    assert project.run("service", "list", DOCKER_HOST=docker_part).result == []

    project.write("score.py", script.replace("json.loads(data)", 'json.loads(data)["a"]'))
    project.write("sample.json", {"b": 1})
    failed = project.run(*line, "--sample", "sample.json", expect=8, DOCKER_HOST=docker_part)
    assert "run() raised KeyError: 'a' at score.py:9" in failed.stderr
    assert project.run("service", "list", DOCKER_HOST=docker_part).result == []

    project.write("score.py", script)
    untried = project.run(*line, DOCKER_HOST=docker_part)
    assert "run() is not rehearsed: nothing says what it is sent" in untried.stderr
    [service] = project.run("service", "list", DOCKER_HOST=docker_part).result
    assert (service["name"], service["computeType"]) == ("echo-svc", "ACI")
