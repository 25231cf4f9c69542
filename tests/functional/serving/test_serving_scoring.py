"""How requests share the script."""

from __future__ import annotations

import contextlib
import json
import threading
import time

from tests.serving_process import Start

SLEEPER = """
import json, time
def init(): pass
def run(data):
    time.sleep(json.loads(data))
    return "slept"
"""
SPINNER = """
import json, time
def init(): pass
def run(data):
    end = time.time() + json.loads(data)
    while time.time() < end: pass
    return "span"
"""


def test_init_and_every_run_share_one_thread_and_its_event_loop(start: Start) -> None:
    service = start(
        """
        import asyncio, threading
        def init():
            global local, loop
            local, loop = threading.local(), asyncio.get_event_loop()
            local.model = "loaded"
        def run(data): return [local.model, asyncio.get_event_loop() is loop]
        """
    )
    threads = [threading.Thread(target=service.score, args=("1",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert service.log.count("POST /score 200") == 8
    assert json.loads(service.score("1").body) == ["loaded", True]


def test_requests_are_scored_one_at_a_time(start: Start) -> None:
    service = start(
        """
        import time
        inside = most = 0
        def init(): pass
        def run(data):
            global inside, most
            inside += 1
            most = max(most, inside)
            time.sleep(0.02)
            inside -= 1
            return most
        """
    )
    threads = [threading.Thread(target=service.score, args=("1",)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert service.score("1").text == "1"


def test_the_health_route_answers_while_scores_run_and_wait(start: Start) -> None:
    service = start(SLEEPER)
    threads = [threading.Thread(target=service.score, args=("0.5",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    assert service.get("/").text == "Healthy"
    assert any(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join()


def test_a_score_that_takes_too_long_is_answered_in_time(start: Start) -> None:
    service = start(SLEEPER, {"SCORING_TIMEOUT_MS": "300"})
    reply = service.score("1.5")
    assert reply.status == 500
    assert reply.headers["x-ms-run-function-failed"] == "True"
    assert json.loads(reply.body) == {"message": "Scoring timeout after 300 ms"}
    assert 'score.py", line 5, in run' in service.log
    assert service.score("0").text == '"slept"'


def test_an_endless_score_is_interrupted(start: Start) -> None:
    service = start(SPINNER, {"SCORING_TIMEOUT_MS": "300"})
    assert service.score("3600").status == 500
    assert service.score("0").text == '"span"'


def test_a_score_may_take_any_time_when_there_is_no_limit(start: Start) -> None:
    service = start(SLEEPER, {"SCORING_TIMEOUT_MS": "0"})
    assert service.score("0.5").text == '"slept"'


def test_a_script_that_hangs_for_the_worker_timeout_gets_a_new_worker(start: Start) -> None:
    service = start(SLEEPER, {"WORKER_TIMEOUT": "1"})
    with contextlib.suppress(OSError):  # its worker is gone
        service.score("3600")
    service.wait_until_ready()
    assert service.score("0").text == '"slept"'
    assert 'score.py", line 5 in run' in service.log


def test_a_timeout_of_the_scripts_own_is_its_own_failure(start: Start) -> None:
    service = start("def init(): pass\ndef run(data): raise TimeoutError('of the database')")
    assert "unexpected error" in service.score("1").text
    assert "of the database" in service.log


def test_the_request_can_be_used_through_flask(start: Start) -> None:
    service = start(
        "from flask import request\ndef init(): pass\ndef run(data): return request.headers['x-a']"
    )
    assert service.score("1", {"x-a": "b"}).text == '"b"'
