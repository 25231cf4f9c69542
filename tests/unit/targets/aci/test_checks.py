"""What is told of a service for Azure before anything is asked of Azure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from acideploy.code import Code
from acideploy.config.values import AciDeployment, Serving
from acideploy.environment.request import request_environment
from acideploy.models import Model
from acideploy.plan import Wanted
from acideploy.registry.descriptor import Descriptor
from acideploy.targets.aci.checks import offline_problems

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
GIB = 1024**3
GOOD = AciDeployment(cpu=1, memory_in_gb=2)


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    """A service that there is nothing to say of."""
    return Wanted(
        name="iris-svc",
        models=(_model(1000),),
        code=Code(
            path=tmp_path / "score.py",
            entry_script="score.py",
            source_directory=None,
            origin=tmp_path,
        ),
        environment=request_environment(None, directory=tmp_path, python="3.11")[0],
        aci=GOOD,
    )


def _model(size: int, version: int = 1) -> Model:
    return Model(
        name="iris",
        version=version,
        root="model.pkl",
        size=size,
        digest="sha256:0",
        layer=Descriptor(media_type="tar", digest=f"sha256:{version}", size=0),
        diff_id=f"sha256:{version}",
        created_time=NOW,
    )


def _told(wanted: Wanted) -> list[tuple[str, str]]:
    return [(each.code, each.severity) for each in offline_problems(wanted, now=NOW)]


def test_nothing_is_told_of_a_service_that_fits(wanted: Wanted) -> None:
    assert _told(wanted) == []


def test_nothing_is_told_of_another_target(wanted: Wanted) -> None:
    assert _told(replace(wanted, aci=None, variables={"_odd_": "1"})) == []


def test_the_defaults_are_told_to_be_too_small(wanted: Wanted) -> None:
    problems = offline_problems(replace(wanted, aci=AciDeployment()), now=NOW)
    assert [(each.code, each.severity, each.hint) for each in problems] == [
        ("small-resources", "warning", "set containerResourceRequirements.cpu to 1"),
        ("small-resources", "warning", "set containerResourceRequirements.memoryInGB to 1"),
    ]


def test_what_is_small_by_choice_is_a_note(wanted: Wanted) -> None:
    small = AciDeployment(cpu=0.1, memory_in_gb=0.5)
    assert _told(replace(wanted, aci=small)) == [("small-resources", "note")] * 2


@pytest.mark.parametrize(
    ("cpu", "memory", "severity"),
    [
        (31, 240, "note"),
        (31.5, 1, "error"),
        (1, 241, "error"),
        (4, 16, None),
        (4.1, 1, "note"),
        (1, 16.5, "note"),
    ],
)
def test_a_size_that_no_group_or_not_every_region_can_have_is_told(
    wanted: Wanted, cpu: float, memory: float, severity: str | None
) -> None:
    told = _told(replace(wanted, aci=AciDeployment(cpu=cpu, memory_in_gb=memory)))
    assert told == ([("resource-limit", severity)] if severity else [])


@pytest.mark.parametrize(
    ("memory", "hint"),
    [(1.25, "write 1.3"), (2.01, "write 2.1"), (1.3, None), (0.7, None), (16, None)],
)
def test_memory_between_the_steps_is_told(wanted: Wanted, memory: float, hint: str | None) -> None:
    problems = offline_problems(
        replace(wanted, aci=AciDeployment(cpu=1, memory_in_gb=memory)), now=NOW
    )
    assert [each.hint for each in problems] == ([hint] if hint else [])


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((GIB // 4, GIB // 4), []),
        ((GIB * 9 // 10,), []),
        ((GIB, GIB // 2), [("model-memory", "warning"), ("large-models", "note")]),
        ((GIB, GIB, 1), [("model-memory", "error"), ("large-models", "note")]),
    ],
)
def test_the_models_have_to_fit_into_the_memory(
    wanted: Wanted, sizes: tuple[int, ...], expected: list[tuple[str, str]]
) -> None:
    models = tuple(_model(size, number) for number, size in enumerate(sizes, 1))
    assert _told(replace(wanted, models=models)) == expected


def test_the_hint_is_memory_that_is_enough(wanted: Wanted) -> None:
    (problem, _) = offline_problems(replace(wanted, models=(_model(3 * GIB),)), now=NOW)
    assert problem.hint == "set containerResourceRequirements.memoryInGB to 7 or more"
    enough = AciDeployment(cpu=1, memory_in_gb=7)
    assert _told(replace(wanted, models=(_model(3 * GIB),), aci=enough)) == [
        ("large-models", "note")
    ]


def test_a_thousand_models_are_the_most(wanted: Wanted) -> None:
    models = tuple(_model(1, number) for number in range(1, 1001))
    assert _told(replace(wanted, models=models)) == []
    more = (*models, _model(1, 1001))
    assert _told(replace(wanted, models=more)) == [("too-many-models", "error")]


@pytest.mark.parametrize(
    ("label", "hint"),
    [
        ("My_Service", "write my-service"),
        ("abc", None),
        ("1service", None),
        ("service-", "write service"),
        ("s" * 64, f"write {'s' * 63}"),
    ],
)
def test_a_label_that_azure_refuses_is_an_error(
    wanted: Wanted, label: str, hint: str | None
) -> None:
    (problem,) = offline_problems(replace(wanted, aci=replace(GOOD, dns_name_label=label)), now=NOW)
    assert (problem.code, problem.severity, problem.hint) == ("bad-dns-label", "error", hint)


@pytest.mark.parametrize("label", ["abcde", "a-1-b", "s" * 63])
def test_a_label_that_azure_takes_is_not_told(wanted: Wanted, label: str) -> None:
    assert _told(replace(wanted, aci=replace(GOOD, dns_name_label=label))) == []


@pytest.mark.parametrize(
    ("variables", "count"),
    [
        ({"A": "1", "MY_KEY2": "", "x" * 63: ""}, 0),
        ({"_A": "", "A_": "", "A.B": "", "A-B": "", "": "", "x" * 64: ""}, 6),
    ],
)
def test_variables_that_azure_refuses_are_errors(
    wanted: Wanted, variables: Mapping[str, str], count: int
) -> None:
    assert _told(replace(wanted, variables=variables)) == [("bad-variable", "error")] * count


def test_the_certificate_is_checked_too(wanted: Wanted, tmp_path: Path) -> None:
    nowhere = tmp_path / "no.pem"
    serving = Serving(ssl_enabled=True, ssl_certificate=nowhere, ssl_key=nowhere)
    assert _told(replace(wanted, serving=serving)) == [("bad-certificate", "error")]
