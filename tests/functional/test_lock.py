from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.errors import BusyError, StorageError
from acideploy.lock import holder, is_held, lock

CLOCK = SystemClock()

HOLD = """
import sys, time
from pathlib import Path
from acideploy.clock import SystemClock
from acideploy.lock import lock
with lock(Path(sys.argv[1]), clock=SystemClock(), within=30, busy=lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""


def busy() -> BusyError:
    return BusyError("busy")


def hold(path: Path) -> subprocess.Popen[str]:
    """A process that has the lock; it lets go when its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_told_that_it_is_busy_and_by_whom(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    process = hold(path)
    with pytest.raises(BusyError), lock(path, clock=CLOCK, within=0.1, busy=busy):
        pass
    assert holder(path) == process.pid
    process.communicate()
    with lock(path, clock=CLOCK, within=0, busy=busy):
        assert holder(path) == os.getpid()


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    process = hold(path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with lock(path, clock=CLOCK, within=0, busy=busy):
        pass


def test_a_waiting_process_gets_the_lock_when_it_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    process = hold(path)
    threading.Timer(0.2, process.communicate).start()
    with lock(path, clock=CLOCK, within=30, busy=busy):
        pass


def test_a_child_that_outlives_the_holder_does_not_keep_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with lock(path, clock=CLOCK, within=0, busy=busy):
        forked = os.fork()
        if not forked:
            signal.pause()
            os._exit(0)
    try:
        with lock(path, clock=CLOCK, within=0, busy=busy):
            pass
    finally:
        os.kill(forked, signal.SIGKILL)
        os.waitpid(forked, 0)


def test_threads_hold_it_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(5):
            with lock(path, clock=CLOCK, within=30, busy=busy):
                inside.append(1)
                most.append(len(inside))
                CLOCK.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 20


def test_an_error_inside_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(KeyboardInterrupt), lock(path, clock=CLOCK, within=0, busy=busy):
        raise KeyboardInterrupt
    assert not is_held(path)


def test_a_lock_whose_folder_was_removed_is_taken_in_its_new_place(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "lock"
    process = hold(path)
    shutil.rmtree(path.parent)
    with lock(path, clock=CLOCK, within=0, busy=busy):
        process.communicate()
        assert is_held(path)


def test_a_lock_file_that_is_replaced_while_it_is_being_locked_is_not_taken_for_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    flock = fcntl.flock

    def replace_and_lock(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        path.unlink()
        path.touch()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", replace_and_lock)
    with lock(path, clock=CLOCK, within=10, busy=busy):
        assert is_held(path)


def test_a_folder_is_locked_without_leaving_a_file(tmp_path: Path) -> None:
    with lock(tmp_path, clock=CLOCK, within=0, busy=busy):
        assert is_held(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_locked_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "lock"
    with (
        pytest.raises(StorageError, match=r"cannot lock .*/file/lock"),
        lock(path, clock=CLOCK, within=0, busy=busy),
    ):
        pass
