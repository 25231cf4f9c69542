"""What a deploy would do, and the cause it names."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from acideploy.code import Code
from acideploy.config.values import Limits, Serving
from acideploy.environment.request import request_environment
from acideploy.models import Model
from acideploy.plan import Plan, Present, Wanted, make_plan
from acideploy.registry.descriptor import Descriptor


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    (tmp_path / "score.py").write_text("def init(): ...\n")
    return Wanted(
        name="iris-svc",
        models=(_model("iris", 1),),
        code=Code(
            path=tmp_path / "score.py",
            entry_script="score.py",
            source_directory=None,
            origin=tmp_path,
        ),
        environment=request_environment(None, directory=tmp_path, python="3.11")[0],
    )


def _model(name: str, version: int) -> Model:
    return Model(
        name=name,
        version=version,
        root="model.pkl",
        size=1234,
        digest="sha256:0",
        layer=Descriptor(media_type="tar", digest=f"sha256:{version}", size=0),
        diff_id=f"sha256:{version}",
        created_time=datetime(2026, 1, 1, tzinfo=timezone.utc),
    )


def _present(wanted: Wanted, *, healthy: bool = True) -> Present:
    return Present(parts=wanted.parts(), port=5000, healthy=healthy)


def _last(plan: Plan) -> tuple[str, str]:
    return plan.steps[-1].action, plan.steps[-1].cause


def test_a_new_service_is_started(wanted: Wanted) -> None:
    plan = make_plan(wanted, environment_exists=False, present=None)
    assert [step.action for step in plan.steps] == ["make", "unpack", "copy", "start"]
    assert plan.steps[1].subject == "model iris:1"


def test_an_unchanged_service_is_left_alone(wanted: Wanted) -> None:
    plan = make_plan(wanted, environment_exists=True, present=_present(wanted))
    assert plan.keeps_service
    assert _last(plan) == ("keep", "nothing changed")


def test_an_unchanged_service_that_died_is_started_again(wanted: Wanted) -> None:
    plan = make_plan(wanted, environment_exists=True, present=_present(wanted, healthy=False))
    assert _last(plan) == ("replace", "it is not running")


@pytest.mark.parametrize("part", ["code", "models", "environment", "settings", "port"])
def test_a_change_is_named(wanted: Wanted, part: str) -> None:
    present = _present(wanted)
    match part:
        case "code":
            wanted.code.path.write_text("def init(): pass\n")
        case "models":
            wanted = replace(wanted, models=(_model("iris", 2),))
        case "environment":
            environment = request_environment(None, directory=Path("."), python="3.12")[0]
            wanted = replace(wanted, environment=environment)
        case "settings":
            wanted = replace(wanted, serving=Serving(auth_enabled=True))
        case _:
            wanted = replace(wanted, port=5001)
    plan = make_plan(wanted, environment_exists=True, present=present)
    assert _last(plan) == ("replace", f"changed: {part}")


def test_a_new_certificate_is_a_change(wanted: Wanted, tmp_path: Path) -> None:
    certificate = tmp_path / "cert.pem"
    certificate.write_text("one")
    serving = Serving(ssl_enabled=True, ssl_certificate=certificate, ssl_key=certificate)
    wanted = replace(wanted, serving=serving)
    present = _present(wanted)
    certificate.write_text("two")
    plan = make_plan(wanted, environment_exists=True, present=present)
    assert _last(plan) == ("replace", "changed: settings")


def test_an_environment_that_exists_is_reused(wanted: Wanted) -> None:
    plan = make_plan(wanted, environment_exists=True, present=None)
    assert plan.steps[0].action == "reuse"


def test_another_runtime_replaces_the_service(wanted: Wanted) -> None:
    present = _present(wanted)
    plan = make_plan(replace(wanted, runtime="container"), environment_exists=True, present=present)
    assert _last(plan)[0] == "replace"
    assert "runtime" in _last(plan)[1]


def test_limits_are_those_of_a_container_and_mean_nothing_to_a_process(wanted: Wanted) -> None:
    limits = Limits(memory_in_gb=2)
    plan = make_plan(
        replace(wanted, limits=limits), environment_exists=True, present=_present(wanted)
    )
    assert plan.keeps_service
    contained = replace(wanted, runtime="container")
    present = replace(_present(contained), runtime="container")
    plan = make_plan(replace(contained, limits=limits), environment_exists=True, present=present)
    assert _last(plan) == ("replace", "changed: settings")
