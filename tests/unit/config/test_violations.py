"""Ranges, choices and patterns: what an editor with the schema says, in the user's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from acideploy.config.checked import Findings
from acideploy.config.conform import conform
from acideploy.config.document import plain
from acideploy.config.kinds import Kind, deployment_kind, inference_kind
from acideploy.config.problem import Place
from acideploy.config.read import table_of
from acideploy.config.schema import Fragment, dotted_keys
from acideploy.config.source import make_source

KINDS = [inference_kind(), *map(deployment_kind, ("aci", "local", "aks", "aksendpoint"))]
# The words that say what a value may be, and those that only say what it is.
CHECKED = {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "enum", "pattern"}
DEALT_WITH_ELSEWHERE = {
    *("type", "properties", "additionalProperties", "items", "required", "dependentRequired"),
    *("$defs", "$schema", "$id", "$ref", "title", "description", "default", "examples", "allOf"),
}
TRIED = ["-1", "0", "0.5", "1", "100", "101", "65535", "65536", "1e9", "9.0", "9.1", "text", "ACI"]


def _bounded() -> Iterator[tuple[Kind, str]]:
    for kind in KINDS:
        for name, holds in dotted_keys(kind.fragment, kind.root):
            if CHECKED & set(holds):
                yield kind, name


def _reported(kind: Kind, name: str, value: str) -> tuple[set[str], object]:
    """The keys of which something is said because of their value, and the file as it was read."""
    text = "".join(f"{'  ' * depth}{key}:\n" for depth, key in enumerate(name.split(".")))
    findings = Findings()
    table = table_of(make_source("f", f"{text.rstrip()} {value}\n"), findings)
    assert table is not None
    read = plain(conform(table, kind, findings))
    said = {"out-of-range", "bad-value"}
    return {each.message.split()[0] for each in findings.problems if each.code in said}, read


@pytest.mark.parametrize(
    ("kind", "name"), [pytest.param(*each, id=f"{each[0].name}-{each[1]}") for each in _bounded()]
)
def test_a_value_is_refused_where_an_editor_refuses_it(kind: Kind, name: str) -> None:
    editor = Draft202012Validator({**kind.fragment, "$defs": kind.root["$defs"]})
    refused = 0
    for value in TRIED:
        reported, read = _reported(kind, name, value)
        expected = {
            ".".join(map(str, error.absolute_path))
            for error in editor.iter_errors(read)
            if error.validator in CHECKED
        }
        assert reported == expected, (name, value)
        refused += bool(reported)
    assert refused, f"no value that was tried is wrong for {name}"


def _fragments(holds: Any) -> Iterator[Fragment]:
    """Every part of a schema that says what some value is."""
    yield holds
    for name in ("properties", "$defs"):
        for each in holds.get(name, {}).values():
            yield from _fragments(each)
    for name in ("items", "additionalProperties"):
        if isinstance(holds.get(name), dict):
            yield from _fragments(holds[name])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_schemas_ask_for_nothing_that_is_not_checked(kind: Kind) -> None:
    words = {word for each in _fragments(kind.root) for word in each if not word.startswith("x-")}
    assert words <= CHECKED | DEALT_WITH_ELSEWHERE


def test_a_number_out_of_range_is_told_with_its_place_and_its_limit() -> None:
    findings = Findings()
    table = table_of(make_source("f", "computeType: local\nport: 65536\n"), findings)
    assert table is not None
    conform(table, deployment_kind("local"), findings)
    (problem,) = findings.problems
    assert problem.message == "port has to be at most 65535, not 65536"
    assert problem.place == Place(file="f", line=2, column=7, text="port: 65536")
