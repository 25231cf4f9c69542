"""Processes that outlive the command, and how they are told from others."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest

from acideploy.clock import SystemClock
from acideploy.targets.local.process import processes_of, runs_from, start_detached, stop

# A server with a worker, which it leaves behind when it is killed.
SERVER = """
import os, signal, sys, time
def end(*_):
    os.kill(worker, signal.SIGKILL)
    os._exit(0)
worker = os.fork()
if worker:
    signal.signal(signal.SIGTERM, end)
    print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a server, as a path that its processes name."""
    (tmp_path / "revision" / "runtime").mkdir(parents=True)
    (tmp_path / "revision" / "runtime" / "__main__.py").write_text(SERVER)
    return tmp_path / "revision"


def _start(folder: Path) -> int:
    command = [sys.executable, str(folder / "runtime")]
    log = folder / "log"
    pid = start_detached(command, directory=folder, variables={}, log=log)
    while "ready" not in log.read_text():
        SystemClock().sleep(0.01)
    return pid


@pytest.mark.parametrize("killed_first", [False, True])
def test_workers_end_with_their_server_even_one_that_was_killed(
    folder: Path, killed_first: bool
) -> None:
    pid = _start(folder)
    assert len(processes_of(folder)) == 2
    if killed_first:
        psutil.Process(pid).kill()
    stop(folder, clock=SystemClock())
    assert processes_of(folder) == []
    assert not runs_from(pid, folder)


def test_a_process_that_runs_from_elsewhere_is_left_alone(folder: Path, tmp_path: Path) -> None:
    pid = _start(folder)
    # A name that begins alike is another folder.
    for other in (tmp_path / "rev", tmp_path / "revision2", folder / "run"):
        stop(other, clock=SystemClock())
        assert not runs_from(pid, other)
    assert runs_from(pid, folder)
    stop(folder, clock=SystemClock())


def test_what_names_the_folder_without_running_from_it_is_left_alone(folder: Path) -> None:
    reader = start_detached(
        [sys.executable, "-c", "import time; time.sleep(60)", str(folder)],
        directory=folder,
        variables={},
        log=folder / "log",
    )
    try:
        stop(folder, clock=SystemClock())
        assert psutil.Process(reader).status() != psutil.STATUS_ZOMBIE
    finally:
        os.kill(reader, 9)


def test_no_process_runs_from_nowhere(folder: Path) -> None:
    assert not runs_from(None, folder)
    assert not runs_from(os.getpid(), folder)
