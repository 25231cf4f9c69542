"""The runtime and its pinned stack, on every Python that a service can have."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from acideploy.environment.uv import UvFailed, run_uv
from acideploy.serving import overrides, requirements, supported_pythons
from tests.environments import NO_NETWORK, unavailable
from tests.parts.process import free_port
from tests.serving_process import serving, serving_environment

SCRIPT = """
import json, sys, threading, time
from azureml.core.model import Model
def init():
    time.sleep(0.5)
def run(data):
    seconds = json.loads(data)
    end = time.time() + seconds
    while time.time() < end: pass
    return [sys.version_info[:2], threading.current_thread().name]
"""

RAW = """
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse
def init(): pass
@rawhttp
def run(request): return AMLResponse(request.get_data()[::-1], 201)
"""


@pytest.mark.parametrize("python", supported_pythons())
def test_a_service_starts_scores_limits_and_is_replaced(python: str, tmp_path: Path) -> None:
    interpreter = serving_environment(python=python)
    app_root = tmp_path / "app"
    app_root.mkdir()
    (app_root / "score.py").write_text(SCRIPT)
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"primaryKey": "one", "secondaryKey": "two"}))
    variables = {"ACIDEPLOY_KEYS_FILE": str(keys), "SCORING_TIMEOUT_MS": "500"}
    bearer = {"Authorization": "Bearer two"}
    port = free_port()

    with serving(interpreter, app_root, port=port, variables=variables) as service:
        service.wait_until_ready()
        assert service.score("0").status == 401
        reply = service.score("0", bearer)
        assert reply.status == 200, service.log
        version = [int(part) for part in python.split(".")]
        assert json.loads(reply.body) == [version, "scoring_0"]
        assert json.loads(service.score("60", bearer).body)["message"].startswith("Scoring timeout")

        with serving(interpreter, app_root, port=port, variables=variables) as successor:
            while "Listening at" not in successor.log:
                assert service.get("/").text == "Healthy"
                assert successor.process.poll() is None, successor.log
                time.sleep(0.01)
            assert service.stop() == 0
            assert successor.score("0", bearer).status == 200


@pytest.mark.parametrize("python", supported_pythons())
def test_a_script_that_fails_ends_the_service(python: str, tmp_path: Path) -> None:
    app_root = tmp_path / "app"
    app_root.mkdir()
    (app_root / "score.py").write_text("def init():\n    {}['model']\ndef run(data): pass")
    with serving(serving_environment(python=python), app_root) as service:
        assert service.wait() == 3
        assert 'score.py", line 2, in init' in service.log
        assert service.log.count("Invoking user's init") == 1


@pytest.mark.parametrize("python", supported_pythons())
def test_a_raw_request_is_answered_over_tls(
    python: str, tmp_path: Path, tls: tuple[Path, dict[str, str]]
) -> None:
    authority, variables = tls
    app_root = tmp_path / "app"
    app_root.mkdir()
    (app_root / "score.py").write_text(RAW)
    interpreter = serving_environment(python=python)
    with serving(interpreter, app_root, variables=variables, tls=authority) as service:
        reply = service.wait_until_ready().score(b"\x00\xffabc")
        assert (reply.status, reply.body) == (201, b"cba\xff\x00"), service.log


@pytest.mark.parametrize("python", supported_pythons())
def test_an_image_is_made_of_wheels_where_there_is_no_such_python(
    python: str, tmp_path: Path
) -> None:
    stack = requirements(python)
    (tmp_path / "pins.txt").write_text("\n".join([*stack.requirements, *stack.constraints]))
    options = ["--overrides", str(overrides()), "--only-binary", ":all:"]
    options += ["--python-version", python, "--python-platform", "x86_64-manylinux_2_28"]
    try:
        run_uv(["pip", "compile", *options, "pins.txt"], directory=tmp_path)
    except UvFailed as error:
        if NO_NETWORK.search(error.output):
            unavailable("the package index cannot be reached")
        pytest.fail(error.output)
