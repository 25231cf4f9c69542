"""Starting, failing to start, stopping, and a new revision beside the old one."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.parts.process import free_port
from tests.serving_process import ServingProcess, Start, serving

FINE = "def init(): pass\ndef run(data): return data"
SLOW_TO_START = "import time\ndef init(): time.sleep(2)\ndef run(data): return data"


def refused(service: ServingProcess) -> bool:
    try:
        service.get("/")
    except ConnectionRefusedError:
        return True
    return False


def workers(service: ServingProcess) -> list[psutil.Process]:
    return psutil.Process(service.process.pid).children()


def test_the_port_answers_only_once_init_has_returned(start: Start) -> None:
    service = start(SLOW_TO_START, wait=False)
    begun = time.monotonic()
    while refused(service):
        assert time.monotonic() - begun < 30
        time.sleep(0.02)
    assert "Users's init has completed successfully" in service.log
    assert service.get("/").text == "Healthy"


def test_a_new_revision_takes_over_the_port_once_it_is_ready(start: Start) -> None:
    port = free_port()
    old = start(FINE, {"ACIDEPLOY_REVISION": "1"}, name="old", port=port)
    new = start(SLOW_TO_START, {"ACIDEPLOY_REVISION": "2"}, name="new", port=port, wait=False)
    seen = []
    deadline = time.monotonic() + 30
    while "2" not in seen and time.monotonic() < deadline:
        seen.append(old.get("/").headers["x-acideploy-revision"])
        ready = "Listening at" in new.log
        assert ready or seen[-1] == "1"
        time.sleep(0.01)
    assert seen[0] == "1"
    assert seen[-1] == "2"
    assert old.stop() == 0
    assert {new.get("/").headers["x-acideploy-revision"] for _ in range(20)} == {"2"}


def test_a_new_revision_that_fails_leaves_the_old_one_alone(start: Start) -> None:
    port = free_port()
    old = start(FINE, {"ACIDEPLOY_REVISION": "1"}, name="old", port=port)
    new = start("def init(): raise OSError\ndef run(data): pass", name="new", port=port, wait=False)
    while new.process.poll() is None:
        assert old.get("/").headers["x-acideploy-revision"] == "1"
    assert new.wait() == 3
    assert old.score("1").status == 200


@pytest.mark.parametrize(
    ("script", "evidence"),
    [
        ("def init():\n    open('nope.pkl')\ndef run(data): pass", 'score.py", line 2, in init'),
        ("import not_there\ndef init(): pass\ndef run(data): pass", 'score.py", line 1, in <mod'),
        ("def init(: pass", "SyntaxError"),
        ("def run(data): pass", "does not have a init() function defined"),
        ("def init(): pass", "does not have a run() function defined"),
        ("def init(): pass\ndef run(): pass", "run() needs to accept an argument for input data"),
        ("def init(): pass\ndef run(*rows): pass", "run() cannot accept positional-only arguments"),
        ("import sys\ndef init(): sys.exit('no licence')\ndef run(data): pass", "no licence"),
    ],
)
def test_a_script_that_cannot_start_ends_the_service(
    start: Start, script: str, evidence: str
) -> None:
    service = start(script, wait=False)
    assert service.wait() == 3
    assert evidence in service.log
    assert service.log.count("Invoking user's init function") <= 1


def test_a_missing_script_ends_the_service(serving_python: Path, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    with serving(serving_python, tmp_path / "app", script="nope.py") as service:
        assert service.wait() == 3
        assert f"No such file or directory: '{tmp_path}/app/nope.py'" in service.log


def test_a_worker_killed_while_starting_says_by_what(start: Start) -> None:
    script = "import os\ndef init(): os.kill(os.getpid(), 9)\ndef run(data): pass"
    service = start(script, wait=False)
    assert service.wait() == 128 + 9
    assert "a worker was killed by SIGKILL: is there enough memory?" in service.log


def test_every_worker_must_start(start: Start) -> None:
    service = start("def init(): 1 / 0\ndef run(data): pass", {"WORKER_COUNT": "3"}, wait=False)
    assert service.wait() == 3


def test_a_bad_variable_is_named_and_ends_the_service(start: Start) -> None:
    service = start(FINE, {"WORKER_COUNT": "many"}, wait=False)
    assert service.wait() == 3
    assert "WORKER_COUNT: 'many' is not a whole number" in service.log


def test_a_worker_that_dies_later_is_started_again(start: Start) -> None:
    service = start(FINE)
    [worker] = workers(service)
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)
    service.wait_until_ready()
    assert service.score("1").text == '"1"'
    assert [new.pid for new in workers(service)] != [worker.pid]


def test_a_worker_that_cannot_start_again_ends_the_service(start: Start, tmp_path: Path) -> None:
    script = "def init(): open('model.pkl')\ndef run(data): return data"
    (tmp_path / "app").mkdir()
    model = tmp_path / "app" / "model.pkl"
    model.touch()
    service = start(script)
    model.unlink()
    workers(service)[0].kill()
    assert service.wait() in (3, 128 + 9)


def test_several_workers_serve(start: Start) -> None:
    service = start(
        "import os\ndef init(): pass\ndef run(data): return os.getpid()", {"WORKER_COUNT": "2"}
    )
    deadline = time.monotonic() + 20
    seen: set[str] = set()
    while len(seen) < 2 and time.monotonic() < deadline:
        seen.add(service.score("1").text)
    assert len(seen) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_stops_when_told_and_frees_the_port(start: Start, number: int) -> None:
    service = start(FINE)
    pids = [worker.pid for worker in workers(service)]
    service.process.send_signal(number)
    assert service.wait(within=10) == 0
    assert refused(service)
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_service_that_is_starting_stops_at_once(start: Start) -> None:
    script = (
        "import time\ndef init():\n    print('in init')\n    time.sleep(60)\ndef run(data): pass"
    )
    service = start(script, wait=False)
    deadline = time.monotonic() + 30
    while "in init" not in service.log and time.monotonic() < deadline:
        time.sleep(0.05)
    service.stop(within=30)  # half of what init() sleeps


def test_connections_that_send_nothing_hold_up_neither_scores_nor_the_stop(start: Start) -> None:
    service = start(FINE)
    idle = [service.connection() for _ in range(300)]
    for connection in idle:
        connection.connect()
    assert service.score("1").text == '"1"'
    assert service.stop(within=10) == 0
    for connection in idle:
        connection.close()


def test_a_request_under_way_is_answered_before_the_service_stops(start: Start) -> None:
    service = start(
        "import time\ndef init(): pass\ndef run(data):\n    time.sleep(1)\n    return 'done'"
    )
    connection = service.connection()
    connection.request("POST", "/score", body="1")
    time.sleep(0.3)
    os.kill(service.process.pid, signal.SIGTERM)
    assert connection.getresponse().read() == b'"done"'
    connection.close()
    assert service.wait(within=10) == 0
