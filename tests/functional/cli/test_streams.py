from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = [sys.executable, "-m", "acideploy"]

# A command line on a workspace whose `show_service` waits, or fails in a way nobody thought of.
SLOW = """
import sys, time
from acideploy.__main__ import main
from acideploy.api import Workspace
def show_service(self, name, *, wait):
    if name == "bug":
        raise ZeroDivisionError("surprise")
    print("waiting", file=sys.stderr, flush=True)
    time.sleep(60)
Workspace.show_service = show_service
main()
"""


def slow(name: str, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SLOW, "service", "show", "-n", name],
        env={**os.environ, "ACIDEPLOY_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_reader_that_goes_away_is_no_error() -> None:
    shell = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m acideploy model deploy --help | head -1"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shell.stderr == ""
    assert shell.stdout.startswith("Usage: acideploy")


def test_a_closed_pipe_is_reported_as_shells_report_it() -> None:
    process = subprocess.Popen(
        [*PROGRAM, "completion", "bash"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    assert process.stderr.read() == b""
    assert process.wait() == 141
    process.stderr.close()


def test_a_full_disk_below_stdout_is_told_in_a_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*PROGRAM, "completion", "bash"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 11
    assert done.stderr.decode() == (
        "acideploy: error: standard output cannot be read or written: No space left on device\n"
    )


def test_ctrl_c_ends_with_130_and_one_line_and_a_hint(tmp_path: Path) -> None:
    process = slow("svc", tmp_path)
    assert process.stderr
    assert process.stderr.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out == ""
    assert error.splitlines()[0] == "acideploy: error: acideploy service show was interrupted"
    assert len(error.splitlines()) == 2


def test_a_bug_shows_its_traceback_and_an_apology(tmp_path: Path) -> None:
    process = slow("bug", tmp_path)
    out, error = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out == ""
    assert "ZeroDivisionError: surprise" in error
    assert "acideploy: error: that is a bug in acideploy, sorry" in error


def test_json_that_the_terminal_cannot_show_is_written_in_escapes(tmp_path: Path) -> None:
    file = tmp_path / "fü.json"
    done = subprocess.run(
        [*PROGRAM, "check", "-o", "json", "-dc", str(file)],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "ACIDEPLOY_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert any(problem["file"] == str(file) for problem in json.loads(done.stdout))
    assert "Traceback" not in done.stderr
