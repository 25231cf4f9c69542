"""What the plan of a deploy to Azure says, as text, as JSON and as rows.

Texts are compared with `snapshots`; ACIDEPLOY_UPDATE_SNAPSHOTS=1 writes them anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from acideploy.cli import plan_shapes
from acideploy.code import Code
from acideploy.config.values import AciDeployment
from acideploy.environment.request import request_environment
from acideploy.errors import ConflictError
from acideploy.image import Layer
from acideploy.plan import KeysFate, Plan, PlannedLayer, Wanted
from acideploy.registry import Blob
from acideploy.registry.descriptor import describe
from acideploy.targets.aci.changes import changes
from acideploy.targets.aci.layers import plan_layers
from acideploy.targets.aci.plan import make_azure_plan
from acideploy.targets.aci.prices import Price
from tests.unit.targets.aci.container_group import (
    GROUP,
    IMAGE,
    SECRETS,
    asked_for,
    edited,
    given_back,
    inside,
    variables,
)

SNAPSHOTS = Path(__file__).parent / "snapshots"
LAYERS = (
    PlannedLayer(action="reuse", title="base image", size=30_000_000),
    PlannedLayer(action="reuse", title="python", size=1_000_000),
    PlannedLayer(action="make", title="environment", size=45_900_000),
    PlannedLayer(action="mount", title="model iris:1", size=1234, source="models/iris"),
    PlannedLayer(action="push", title="code", size=567),
)
PRICE = Price(
    per_hour=0.0494,
    per_month=36.06,
    currency="USD",
    source="built-in table",
    as_of=date(2026, 8, 27),
)


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    code = Code(
        path=tmp_path / "score.py",
        entry_script="score.py",
        source_directory=None,
        origin=tmp_path,
    )
    environment = request_environment(None, directory=tmp_path, python="3.11")[0]
    return Wanted(
        name="iris-svc", models=(), code=code, environment=environment, aci=AciDeployment()
    )


def _plan(
    wanted: Wanted,
    present: dict[str, Any] | None,
    body: dict[str, Any],
    *,
    layers: tuple[PlannedLayer, ...] = LAYERS,
    keys: KeysFate = "kept",
) -> Plan:
    return make_azure_plan(
        wanted,
        layers=layers,
        changes=changes(present, body) if present else (),
        present=present,
        price=PRICE,
        keys=keys,
        pull="identity puller",
        group=GROUP,
        location="westus",
    )


def _assert_text(plan: Plan, name: str) -> None:
    text, snapshot = f"{plan_shapes.plan_text(plan)}\n", SNAPSHOTS / f"{name}.txt"
    if os.environ.get("ACIDEPLOY_UPDATE_SNAPSHOTS"):
        snapshot.parent.mkdir(exist_ok=True)
        snapshot.write_text(text, encoding="utf-8")
    assert text == snapshot.read_text(encoding="utf-8")


def test_a_new_service(wanted: Wanted) -> None:
    plan = _plan(wanted, None, asked_for(), keys="made")
    _assert_text(plan, "created")
    plan.require_overwrite(False)


def test_a_service_that_is_changed_in_place(wanted: Wanted) -> None:
    def edit(body: dict[str, Any]) -> None:
        inside(body)["image"] = IMAGE.replace("1" * 64, "2" * 64)
        variables(body)[0]["value"] = "two\nlines"
        variables(body).append({"name": "NEW", "value": "x" * 100})
        del body["tags"]["stage"]

    plan = _plan(wanted, given_back(), edited(edit), layers=LAYERS[-1:])
    _assert_text(plan, "in-place")
    with pytest.raises(ConflictError):
        plan.require_overwrite(False)


def test_a_service_that_is_replaced(wanted: Wanted) -> None:
    body = edited(lambda b: inside(b)["resources"]["requests"].update(cpu=2, memoryInGB=4))
    plan = _plan(wanted, given_back(), body, layers=(), keys="none")
    _assert_text(plan, "replaced")


def test_an_unchanged_service_is_one_step(wanted: Wanted) -> None:
    plan = _plan(wanted, given_back(), asked_for())
    assert plan.keeps_service
    _assert_text(plan, "unchanged")
    assert plan_shapes.plan(plan)["layers"] == []


def test_the_json_of_a_plan_has_everything(wanted: Wanted) -> None:
    body = edited(lambda b: inside(b)["resources"]["requests"].update(cpu=2))
    assert plan_shapes.plan(_plan(wanted, given_back(), body, layers=LAYERS[-2:])) == {
        "service": "iris-svc",
        "target": "aci",
        "steps": [
            {
                "action": "mount",
                "subject": "model iris:1",
                "cause": "1,234 bytes, from models/iris",
            },
            {"action": "push", "subject": "code", "cause": "567 bytes"},
            {
                "action": "replace",
                "subject": "container group iris-svc-0a1b2c3d in westus",
                "cause": "Azure cannot change cpu of a group: it is deleted and made anew",
            },
        ],
        "layers": [
            {"action": "mount", "title": "model iris:1", "bytes": 1234, "from": "models/iris"},
            {"action": "push", "title": "code", "bytes": 567, "from": None},
        ],
        "changes": [{"field": "cpu", "before": "1", "after": "2", "inPlace": False}],
        "downtime": "replacement",
        "address": "iris-svc-0a1b2c3d.westus.azurecontainer.io",
        "addressChange": "ip",
        "keys": "kept",
        "pull": "identity puller",
        "price": {
            "perHour": 0.0494,
            "perMonth": 36.06,
            "currency": "USD",
            "source": "built-in table",
            "asOf": "2026-08-27",
        },
    }


def test_every_plan_of_azure_has_the_same_keys(wanted: Wanted) -> None:
    plans = [
        _plan(wanted, None, asked_for()),
        _plan(wanted, given_back(), asked_for()),
        _plan(wanted, given_back(), edited(lambda b: inside(b).update(image="x"))),
    ]
    assert len({tuple(plan_shapes.plan(plan)) for plan in plans}) == 1
    for plan in plans:
        json.dumps(plan_shapes.plan(plan))


def test_a_table_has_a_row_per_step(wanted: Wanted) -> None:
    rows = plan_shapes.plan_rows(_plan(wanted, None, asked_for()))
    assert [row["action"] for row in rows] == ["reuse", "make", "mount", "push", "create"]


@pytest.mark.parametrize(
    ("edit", "downtime", "address"),
    [
        (lambda b: b["tags"].update(stage="prod"), "none", "none"),
        (lambda b: inside(b).update(image="x"), "restart", "none"),
        (lambda b: b["properties"]["ipAddress"].update(dnsNameLabel="iris"), "restart", "name"),
        (lambda b: b.update(location="eastus"), "replacement", "name"),
        (lambda b: b["properties"].update(restartPolicy="Never"), "replacement", "ip"),
    ],
)
def test_the_plan_says_what_users_will_notice(
    wanted: Wanted, edit: Callable[[dict[str, Any]], object], downtime: str, address: str
) -> None:
    effects = _plan(wanted, given_back(), edited(edit)).effects
    assert effects is not None
    assert (effects.downtime, effects.address_change) == (downtime, address)


@pytest.mark.parametrize(
    ("state", "cause"),
    [("Stopped", "it is stopped"), ("Failed", "it has ended"), ("Succeeded", "it has ended")],
)
def test_an_unchanged_service_that_does_not_run_is_started_again(
    wanted: Wanted, state: str, cause: str
) -> None:
    plan = _plan(wanted, given_back(state=state), asked_for(), layers=())
    (step,) = plan.steps
    assert (step.action, step.cause) == ("change", f"{cause}: it is started again")
    assert plan.effects is not None
    assert plan.effects.downtime == "none"


def test_an_unchanged_service_that_keeps_crashing_is_started_again(wanted: Wanted) -> None:
    present = given_back()
    inside(present)["instanceView"] = {
        "currentState": {"state": "Waiting", "detailStatus": "CrashLoopBackOff: Back-off"}
    }
    (step,) = _plan(wanted, present, asked_for(), layers=()).steps
    assert step.cause == "it keeps crashing: it is started again"


def test_an_unchanged_service_that_is_still_starting_is_left_alone(wanted: Wanted) -> None:
    present = given_back(state="Pending")
    present["properties"]["provisioningState"] = "Pending"
    assert _plan(wanted, present, asked_for()).keeps_service


def test_nobody_misses_a_service_that_does_not_run(wanted: Wanted) -> None:
    body = edited(lambda b: inside(b)["resources"]["requests"].update(cpu=2))
    effects = _plan(wanted, given_back(state="Failed"), body).effects
    assert effects is not None
    assert effects.downtime == "none"


@pytest.mark.parametrize(
    ("known", "mount_from", "planned"),
    [
        (True, ("bases/debian",), PlannedLayer(action="reuse", title="code", size=4)),
        (
            False,
            ("models/iris", "other"),
            PlannedLayer(action="mount", title="code", size=4, source="models/iris"),
        ),
        (False, (), PlannedLayer(action="push", title="code", size=4)),
    ],
)
def test_a_layer_is_sent_only_where_the_registry_lacks_it(
    known: bool, mount_from: tuple[str, ...], planned: PlannedLayer
) -> None:
    blob = Blob(
        descriptor=describe(b"code", "tar"),
        title="code",
        chunks=lambda: iter([b"code"]),
        mount_from=mount_from,
    )
    layer = Layer(blob=blob, diff_id="sha256:1", created_by="acideploy")
    there = {blob.descriptor.digest} if known else set()
    assert plan_layers([layer], known=there) == (planned,)


def test_what_nobody_can_know_beforehand_has_no_number(wanted: Wanted) -> None:
    layers = (
        PlannedLayer(action="copy", title="base image", size=None, source="mcr.microsoft.com"),
        PlannedLayer(action="make", title="environment", size=None),
    )
    copied, made, _ = _plan(wanted, None, asked_for(), layers=layers).steps
    assert copied.cause == "of unknown size, from mcr.microsoft.com"
    assert made.cause == "not made yet"


def test_an_address_without_a_name_changes(wanted: Wanted) -> None:
    present = given_back()
    del present["properties"]["ipAddress"]["fqdn"]
    body = edited(lambda b: inside(b)["resources"]["requests"].update(cpu=2))
    text = plan_shapes.plan_text(_plan(wanted, present, body))
    assert "  address   another IP address than 20.1.2.3" in text.splitlines()


def test_no_secret_is_in_a_plan(wanted: Wanted) -> None:
    body = edited(lambda b: variables(b).append({"name": "MORE", "secureValue": SECRETS[0]}))
    plan = _plan(wanted, given_back(), body)
    told = f"{plan} {plan_shapes.plan_text(plan)} {plan_shapes.plan(plan)}"
    assert not any(secret in told for secret in SECRETS)
