"""`acideploy emulator` as its users call it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from acideploy.emulator import launch
from acideploy.emulator.serve import Settings
from tests.emulator_command import acideploy, emulator


def _run(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command, *rest = words
    options = ["--state", str(state)]
    options += ["--no-engine"] if command in ("start", "run") else []
    return subprocess.run(
        [sys.executable, "-m", "acideploy", "emulator", command, *options, *rest],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_starts_shows_itself_and_stops(tmp_path: Path) -> None:
    with emulator(tmp_path) as running:
        assert json.loads(_run(tmp_path, "status").stdout)["url"] == running.url
        second = _run(tmp_path, "start", "--detach")
        assert second.returncode == 16
        assert "running in" in second.stderr
    stopped = _run(tmp_path, "status")
    assert (stopped.returncode, json.loads(stopped.stdout)["running"]) == (4, False)
    assert json.loads(_run(tmp_path, "stop").stdout) == {"stopped": False}


def test_what_it_knows_and_its_addresses_survive_a_restart(tmp_path: Path) -> None:
    def ask(path: str) -> str:
        return acideploy(
            *("emulator", "run", "--state", tmp_path, "--no-engine"),
            *("--port", "0", "--speed", "none", "--"),
            *(sys.executable, "-c", _ASK.format(path=path)),
        )

    first = ask("resourceGroups/mine?PUT")
    second = ask("resourceGroups/mine?GET")
    assert json.loads(second) == json.loads(first)
    assert json.loads(_run(tmp_path, "reset").stdout)["reset"] == str(tmp_path)
    assert not tmp_path.exists()


_ASK = """
import json, os, ssl, urllib.parse, urllib.request
url, trust = os.environ["ACIDEPLOY_EMULATOR_URL"], ssl.create_default_context()
def ask(method, path, body=None, **headers):
    request = urllib.request.Request(url + path, body, headers, method=method)
    return json.load(urllib.request.urlopen(request, context=trust))
form = dict(grant_type="client_credentials", client_id=os.environ["AZURE_CLIENT_ID"],
            client_secret=os.environ["AZURE_CLIENT_SECRET"],
            scope="https://management.azure.com/.default")
tenant = os.environ["AZURE_TENANT_ID"]
token = ask("POST", f"/{{tenant}}/oauth2/v2.0/token", urllib.parse.urlencode(form).encode())
path, method = "{path}".split("?")
subscription = "/subscriptions/" + os.environ["AZURE_SUBSCRIPTION_ID"]
print(json.dumps([url, ask(
    method, f"{{subscription}}/{{path}}?api-version=2022-09-01",
    b'{{"location": "westus"}}' if method == "PUT" else None,
    Authorization="Bearer " + token["access_token"])]))
"""


def test_a_command_runs_with_it_and_its_exit_code_counts(tmp_path: Path) -> None:
    done = _run(
        tmp_path, "run", "--port", "0", "--", "sh", "-c", "echo $AZURE_AUTHORITY_HOST; exit 3"
    )
    assert done.returncode == 3
    assert done.stdout.startswith("https://localhost:")
    assert _run(tmp_path, "status").returncode == 4


def test_one_that_is_interrupted_while_it_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        launch.start(Settings(directory=tmp_path, port=0, no_engine=True), sleep=interrupt)
    assert _run(tmp_path, "start", "--detach", "--port", "0").returncode == 0
    assert json.loads(_run(tmp_path, "stop").stdout) == {"stopped": True}


def test_plain_words_need_no_dashes_before_them(tmp_path: Path) -> None:
    done = _run(tmp_path, "run", "--port", "0", "echo", "hello")
    assert (done.returncode, done.stdout) == (0, "hello\n")


def test_env_is_for_a_shell(tmp_path: Path) -> None:
    with emulator(tmp_path) as running:
        script = f'eval "$(acideploy emulator env --state {tmp_path})"; echo $AZURE_AUTHORITY_HOST'
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-c", script],
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == running.url


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--host", "0.0.0.0"), "--expose"),
        (("--host", "example"), "is no address"),
        (("--speed", "fast"), "is no speed"),
        (("--faults", "/no/such/file"), "holds no rules"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_way_out(
    tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    for detach in ((), ("--detach",)):
        done = _run(tmp_path, "start", *detach, *options)
        assert done.returncode == 16
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_without_an_engine_it_says_how_to_do_without(tmp_path: Path) -> None:
    options = ("--state", tmp_path, "--port", "0", "--engine", f"unix://{tmp_path}/nothing")
    done = subprocess.run(
        [sys.executable, "-m", "acideploy", "emulator", "start", "--detach", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 16
    assert "no such file or directory" in done.stderr
    assert "--no-engine" in done.stderr


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = _run(tmp_path, "start", "--detach", "--port", str(port))
    assert done.returncode == 16
    assert f"port {port} for front is taken" in done.stderr


def test_ctrl_c_ends_one_in_the_foreground(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "acideploy",
            "emulator",
            "start",
            "--no-engine",
            "--port=0",
            f"--state={tmp_path}",
        ],
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C must be as it is at a terminal, whatever runs the tests.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )
    assert process.stderr
    for line in process.stderr:
        if "answers at https://" in line:
            break
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()


def test_one_that_was_killed_is_started_again(tmp_path: Path) -> None:
    status = json.loads(_run(tmp_path, "start", "--detach", "--port", "0").stdout)
    os.kill(status["pid"], signal.SIGKILL)
    with emulator(tmp_path) as running:
        assert json.loads(_run(tmp_path, "status").stdout)["pid"] == running.status["pid"]
