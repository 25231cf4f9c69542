"""JSON and YAML texts as trees, and what is said of texts that are neither."""

from __future__ import annotations

import json

import pytest
import yaml

from acideploy.config.checked import Findings
from acideploy.config.document import Table, plain
from acideploy.config.problem import Problem
from acideploy.config.read import table_of
from acideploy.config.source import make_source


def _table(text: str) -> tuple[Table | None, list[Problem]]:
    findings = Findings()
    return table_of(make_source("f", text), findings), findings.problems


def _plain(text: str) -> object:
    table, problems = _table(text)
    assert table is not None, problems
    return plain(table)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"b": [1, 2.5, -3e2, true, null, "x\\u00e9\\/"]}, "c": ""}',
        '{"a"\n:\n1}',
        '\t{"a":\t1}',
        '{"\\ud83d\\ude00": "\\ud83d\\ude00"}',
        '{"a": "1e3", "b": "yes", "c": "2020-01-01"}',
    ],
)
def test_json_is_read_as_json(text: str) -> None:
    assert _plain(text) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1,}',
        '{"a": [1, 2,],}',
        '{"a": 1} # end',
        '{"a": 1, // one\n"b": 2 /* two\n */, # three\n "c": "// no # comment /* here"}',
        '// first\n{"a": 1}',
        '\ufeff{"a": 1}',
    ],
)
def test_json_may_have_comments_trailing_commas_and_a_mark(text: str) -> None:
    assert _plain(text) in (
        {"a": 1},
        {"a": [1, 2]},
        {"a": 1, "b": 2, "c": "// no # comment /* here"},
    )


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: yes\nc: [x, 1.5, ~]\nd: 'it''s'\ne: |\n  two\n  lines\nf: !!str 5",
        "{a: 1, 'b': no}",
        "base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3}\nlist: {<<: [*b, {z: 4}]}\nsame: *b",
        "a: 0x1F\nb: 1_000\nc: 1:30\nd: 1e3\ne: .5\nf: 010",
        "---\na: 1\n...\n",
        "? a\n: 1",
    ],
)
def test_yaml_is_read_as_the_safe_loader_reads_it(text: str) -> None:
    assert _plain(text) == yaml.safe_load(text)


def test_what_json_cannot_hold_is_kept_as_it_is_written() -> None:
    assert _plain("a: 2020-01-31\nb: !!binary aGk=\n1: x\nyes: y") == {
        "a": "2020-01-31",
        "b": "aGk=",
        "1": "x",
        "yes": "y",
    }


@pytest.mark.parametrize("text", ['{\n "a": 1,\n "b": {"c": 2}}', "\na: 1\nb:\n  c: 2"])
def test_every_key_and_value_knows_its_place(text: str) -> None:
    table, _ = _table(text)
    assert table is not None
    a, inner = table.scalar("a"), table.table("b")
    assert a is not None
    assert inner is not None
    for place, what in ((table.place_of("a"), "a"), (a.place, "1"), (inner.place_of("c"), "c")):
        assert place.line is not None
        assert place.column is not None
        assert place.text == text.split("\n")[place.line - 1]
        assert place.text[place.column - 1 :].lstrip('"').startswith(what)


@pytest.mark.parametrize("text", ['{"a": 1,\n"a": 2}', "a: 1\na: 2"])
def test_a_key_given_twice_is_reported_and_the_last_one_counts(text: str) -> None:
    table, problems = _table(text)
    assert table is not None
    assert plain(table) == {"a": 2}
    assert [(each.code, each.severity) for each in problems] == [("duplicate-key", "warning")]
    assert problems[0].place
    assert problems[0].place.line == 2


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("a:\n  cpu: 1\n  memoryInGB:2\nb: 1", 3, "put a space after the colon: memoryInGB: 2"),
        ('{\n  "a": 1\n  "b": 2\n}', 3, "put a comma at the end of the line above"),
        ('{\n"a":1\n"b":2\n}', 3, "put a comma at the end of the line above"),
        ("a:\n\tb: 1", 2, "indent with spaces: YAML does not allow tabs"),
        ('{"a": "C:\\models"}', 1, "write paths with / instead of \\"),
        ("a: 1\n<<<<<<< HEAD\na: 1\n=======\n", 2, "keep one side of it"),
        ('{"a": "x}', 1, 'a " is missing in this line'),
        ('{\n"a": "x,\n"b": 1\n}', 2, 'a " is missing in this line'),
        ('{"a": {{ cpu }}}', 1, "{{ cpu }} was not replaced by a value"),
        ("a: {{ cpu }}", 1, "{{ cpu }} was not replaced by a value"),
        ("a: %CPU%", 1, "%CPU% was not replaced by a value"),
        ('<<<<<<< HEAD\n{"a": 1}\n=======\n{"a": 2}\n>>>>>>> x', 1, "keep one side of it"),
        ("- a\n-b\nc: 1", 2, "put a space after the dash: - b"),
        ("a: b: c", 1, "put the value in quotes"),
        ('{"a": 1', 1, None),
        ("a: *x", 1, None),
        ("a: 1\n---\nb: 2", 2, None),
        ("a: !!python/name:os.system", 1, None),
        ("a: \x07", 1, None),
        ("? [a]\n: 1", 1, None),
        ('{"a": 1}}', 1, None),
    ],
)
def test_a_slip_is_told_with_its_line_and_the_likely_edit(
    text: str, line: int, hint: str | None
) -> None:
    table, problems = _table(text)
    assert table is None
    assert [each.code for each in problems] == ["bad-syntax"]
    assert problems[0].place
    assert problems[0].place.line == line
    if hint is not None:
        assert (problems[0].hint or "").startswith(hint)


def test_two_json_texts_lack_no_comma() -> None:
    _, (problem,) = _table('{"a": 1}\n{"b": 2}')
    assert problem.place
    assert (problem.place.line, problem.hint) == (2, None)


def test_a_slip_beside_a_secret_does_not_tell_it() -> None:
    for text in (
        '{"primaryKey": "hunter2" 5}',
        "a: 1\nprimaryKey:hunter2\nb: 1",
        "password:hunter2",
    ):
        _, problems = _table(text)
        assert problems
        assert "hunter2" not in repr(problems)


@pytest.mark.parametrize("text", ["", "  \n", "# only a comment\n", "null", "---\n"])
def test_an_empty_file_is_said_to_be_empty(text: str) -> None:
    table, problems = _table(text)
    assert table is None
    assert [each.code for each in problems] == ["empty-file"]


@pytest.mark.parametrize("text", ["[1]", '"x"', "5", "computeType:aci"])
def test_a_file_without_keys_is_said_to_have_none(text: str) -> None:
    table, problems = _table(text)
    assert table is None
    assert [each.code for each in problems] == ["not-a-mapping"]
    assert problems[0].message.endswith("a list") == (text == "[1]")
