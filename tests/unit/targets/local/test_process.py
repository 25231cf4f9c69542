"""Processes that outlive the command, and how they are told from others."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from acideploy.clock import SystemClock
from acideploy.targets.local.process import is_alive, start_detached, stop
from acideploy.targets.local.record import ProcessIdentity

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
# A server that leaves its worker behind when it is killed.
WITH_WORKER = [
    sys.executable,
    "-c",
    "import subprocess, sys, time\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print('ready', flush=True)\n"
    "time.sleep(60)",
]


def _start(tmp_path: Path, command: list[str] = SLEEP) -> ProcessIdentity:
    return start_detached(command, directory=tmp_path, variables={}, log=tmp_path / "log")


def _workers(tmp_path: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(tmp_path) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_a_stopped_process_is_gone(tmp_path: Path) -> None:
    identity = _start(tmp_path)
    assert is_alive(identity)
    stop(identity, directory=tmp_path, clock=SystemClock())
    assert not is_alive(identity)


def test_another_process_with_the_same_number_is_not_ours(tmp_path: Path) -> None:
    identity = _start(tmp_path)
    stranger = replace(identity, created=identity.created - 100)
    assert not is_alive(stranger)
    stop(stranger, directory=tmp_path / "elsewhere", clock=SystemClock())
    assert is_alive(identity)
    stop(identity, directory=tmp_path, clock=SystemClock())


@pytest.mark.parametrize("killed_first", [False, True])
def test_workers_end_with_their_server_even_one_that_was_killed(
    tmp_path: Path, killed_first: bool
) -> None:
    identity = _start(tmp_path, WITH_WORKER)
    clock = SystemClock()
    while "ready" not in (tmp_path / "log").read_text():
        clock.sleep(0.01)
    assert len(_workers(tmp_path)) == 2
    if killed_first:
        psutil.Process(identity.pid).kill()
    stop(identity, directory=tmp_path, clock=clock)
    assert _workers(tmp_path) == []


def test_no_process_is_not_alive() -> None:
    assert not is_alive(None)
