"""Trees against their schema."""

from __future__ import annotations

import pytest

from acideploy.config.checked import Findings
from acideploy.config.conform import conform
from acideploy.config.document import plain
from acideploy.config.kinds import deployment_kind, inference_kind
from acideploy.config.problem import Problem
from acideploy.config.read import table_of
from acideploy.config.source import make_source


def _conformed(text: str, kind: str) -> tuple[object, list[Problem]]:
    findings = Findings()
    table = table_of(make_source("f", text), findings)
    assert table is not None
    of = inference_kind() if kind == "inference" else deployment_kind(kind)
    return plain(conform(table, of, findings)), findings.problems


@pytest.mark.parametrize(
    ("kind", "text", "code", "hint"),
    [
        ("aci", "enableAppInsights: true", "unknown-key", "did you mean appInsightsEnabled?"),
        ("aci", "app_insights_enabled: true", "unknown-key", "did you mean appInsightsEnabled?"),
        ("aci", "AuthEnabled: true", "unknown-key", "did you mean authEnabled?"),
        ("aci", "authEnabeld: true", "unknown-key", "did you mean authEnabled?"),
        (
            "aci",
            "containerResourceRequirement: {cpu: 1}",
            "unknown-key",
            "did you mean containerResourceRequirements?",
        ),
        (
            "aci",
            "containerResourceRequirements: {cpu_cores: 1}",
            "unknown-key",
            "did you mean cpu?",
        ),
        (
            "aci",
            "cpu: 1",
            "misplaced-key",
            "did you mean cpu inside containerResourceRequirements?",
        ),
        (
            "aci",
            "memory_gb: 1",
            "misplaced-key",
            "did you mean memoryInGB inside containerResourceRequirements?",
        ),
        ("aci", "primaryKey: x", "misplaced-key", "did you mean primaryKey inside keys?"),
        (
            "aci",
            "containerResourceRequirements: {location: x}",
            "misplaced-key",
            "did you mean location at the top level?",
        ),
        (
            "inference",
            "environment: {conda_file: x}",
            "misplaced-key",
            "did you mean condaDependenciesFile inside environment.python?",
        ),
        ("aci", "instanceCount: 1", "unknown-key", None),
        ("aci", "port: 80", "ignored-key", None),
        ("aci", "ComputeTarget: x", "ignored-key", None),
        ("aci", "tags: {a: b}", "ignored-key", None),
        ("aci", "dataCollection: {storageEnabled: true}", "ignored-key", None),
        ("local", "numReplicas: 2", "ignored-key", None),
        ("aks", "ComputeTarget: x", "unknown-key", "did you mean computeTargetName?"),
        ("aks", "sslEnabled: true", "ignored-key", None),
        ("inference", "entry_script: x", "unknown-key", "did you mean entryScript?"),
        (
            "inference",
            "extraDockerFileSteps: x",
            "unknown-key",
            "did you mean extraDockerfileSteps?",
        ),
        ("inference", "schemaFile: x", "ignored-key", None),
    ],
)
def test_a_key_without_effect_is_warned_of_and_left_out(
    kind: str, text: str, code: str, hint: str | None
) -> None:
    shaped, problems = _conformed(text, kind)
    assert [(each.code, each.severity, each.hint) for each in problems] == [(code, "warning", hint)]
    assert shaped in ({}, {"containerResourceRequirements": {}}, {"environment": {}})


@pytest.mark.parametrize(("text", "key"), [("{cpu:1}", "cpu"), ("{auth:yes}", "auth")])
def test_a_key_glued_to_its_value_is_warned_of(text: str, key: str) -> None:
    _, problems = _conformed(text, "aci")
    told = [(each.severity, each.code, each.hint) for each in problems]
    assert ("warning", "unknown-key", f"put a space after the colon: {key}: ...") in told


def test_dotted_keys_are_told_where_they_belong() -> None:
    _, (problem,) = _conformed("containerResourceRequirements.cpu: 1", "aci")
    assert problem.code == "misplaced-key"
    assert problem.hint == "did you mean cpu inside containerResourceRequirements?"


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("2Gi", "write a number without a unit"),
        ("500m", "write a number without a unit"),
        ("0,5", "write it with a point: 0.5"),
        ("1,000", None),
        ("[1]", None),
        ("some", None),
    ],
)
def test_a_number_with_a_unit_or_a_comma_is_told_with_the_edit(
    value: str, hint: str | None
) -> None:
    quoted = value if value.startswith("[") else f"'{value}'"
    _, (problem,) = _conformed(f"containerResourceRequirements: {{cpu: {quoted}}}", "aci")
    assert (problem.code, problem.hint) == ("wrong-type", hint)


def test_no_number_is_suggested_for_another() -> None:
    _, (problem,) = _conformed("cudaVersion: '11.0'", "inference")
    assert (problem.code, problem.hint) == ("bad-value", None)


@pytest.mark.parametrize("text", ["instanceCount:", "cpu:"])
def test_a_wrong_key_without_a_value_is_only_noted(text: str) -> None:
    assert [each.severity for each in _conformed(text, "aci")[1]] == ["note"]


@pytest.mark.parametrize("text", ["schemaFile:", "condaFile: ''", "enableGpu: null", "$schema: x"])
def test_a_key_without_a_value_is_as_good_as_none(text: str) -> None:
    assert _conformed(text, "inference")[1] == []


def test_a_key_below_an_empty_table_is_an_error_of_indentation() -> None:
    _, problems = _conformed("containerResourceRequirements:\ncpu: 1", "aci")
    assert [(each.code, each.severity) for each in problems] == [("misplaced-key", "error")]
    assert problems[0].hint
    assert "indent" in problems[0].hint


@pytest.mark.parametrize(
    ("kind", "text", "shaped"),
    [
        ("aci", '{"authEnabled": "True"}', {"authEnabled": True}),
        ("local", '{"port": "6789"}', {"port": 6789}),
        ("inference", "cudaVersion: 9.0", {"cudaVersion": "9.0"}),
        ("inference", "environment: {version: 1.10}", {"environment": {"version": "1.10"}}),
    ],
)
def test_a_value_of_another_type_is_read_with_a_warning(
    kind: str, text: str, shaped: object
) -> None:
    read, problems = _conformed(text, kind)
    assert read == shaped
    assert [(each.code, each.severity) for each in problems] == [("loose-type", "warning")]


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("aci", "containerResourceRequirements: {cpu: 0}", "out-of-range"),
        ("aci", "containerResourceRequirements: {memoryInGB: -1}", "out-of-range"),
        ("aci", "containerResourceRequirements: {cpu: lots}", "wrong-type"),
        ("aci", "containerResourceRequirements: {cpu: .nan}", "wrong-type"),
        ("aci", "containerResourceRequirements: 1", "wrong-type"),
        ("aci", "authEnabled: maybe", "wrong-type"),
        ("aci", "location: [westus]", "wrong-type"),
        ("local", "port: 65536", "out-of-range"),
        ("local", "port: 80.5", "wrong-type"),
        ("aks", "autoScaler: {minReplicas: 0}", "out-of-range"),
        ("aks", "namespace: A_b", "bad-value"),
        ("inference", "cudaVersion: '11.8'", "bad-value"),
        ("inference", "runtime: ruby", "bad-value"),
        ("inference", "environment: {python: {condaDependencies: [numpy]}}", "wrong-type"),
        ("inference", "environment: {environmentVariables: [A]}", "wrong-type"),
    ],
)
def test_a_value_that_cannot_be_used_is_an_error_at_its_place(
    kind: str, text: str, code: str
) -> None:
    _, problems = _conformed(text, kind)
    assert [(each.code, each.severity) for each in problems] == [(code, "error")]
    assert problems[0].place
    assert (problems[0].place.column or 0) > text.index(":")


@pytest.mark.parametrize("text", ["dnsNameLabel: my_label", "location: \"'Australia East'\""])
def test_what_azure_would_refuse_later_is_warned_of_and_kept(text: str) -> None:
    shaped, problems = _conformed(text, "aci")
    assert shaped
    assert [(each.code, each.severity) for each in problems] == [("bad-value", "warning")]


def test_every_problem_is_found_at_once() -> None:
    text = 'port: "80"\ncpu: 1\nauthEnabled: x\nkeys: []\ncontainerResourceRequirements: {cpu: -1}'
    codes = [each.code for each in _conformed(text, "local")[1]]
    assert sorted(codes) == [
        "loose-type",
        "misplaced-key",
        "out-of-range",
        "wrong-type",
        "wrong-type",
    ]


def test_a_file_of_another_kind_does_not_flood() -> None:
    _, problems = _conformed("\n".join(f"k{n}: 1" for n in range(500)), "aci")
    assert len(problems) < 30
    assert "475 more" in problems[-1].message


def test_a_secret_of_the_wrong_type_is_not_told() -> None:
    _, problems = _conformed("keys: {primaryKey: 123456}", "aci")
    assert problems
    assert "123456" not in repr(problems)
