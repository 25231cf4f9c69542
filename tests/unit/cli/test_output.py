from __future__ import annotations

import json
import re
import sys
from typing import Any

import pytest

from acideploy.cli.output import compile_query, formatted, write
from acideploy.cli.usage import WrongUsage

SHAPE = {
    "name": "iris",
    "id": "x",
    "port": 80,
    "tags": {"a": "b"},
    "list": [1, 2],
    "none": None,
    "auth": True,
}


def test_json_is_sorted_and_readable() -> None:
    text = formatted({"b": "ü", "a": [1]}, "json")
    assert text == '{\n  "a": [\n    1\n  ],\n  "b": "ü"\n}\n'


def test_jsonc_is_plain_json_where_no_terminal_shows_it() -> None:
    assert formatted(SHAPE, "jsonc") == formatted(SHAPE, "json")


def test_jsonc_has_colours_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = formatted({"a": 'b: "1" true', "c": [1.5, None]}, "jsonc")
    assert '\x1b[34m"a"\x1b[0m:' in text
    assert "\x1b[36m1.5\x1b[0m" in text
    assert re.sub(r"\x1b\[\d+m", "", text) == formatted(
        {"a": 'b: "1" true', "c": [1.5, None]}, "json"
    )


def test_yaml_holds_the_same() -> None:
    assert formatted({"b": "ü", "a": [1]}, "yaml") == "a:\n- 1\nb: ü\n"


def test_none_is_empty() -> None:
    assert formatted(SHAPE, "none") == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("http://a", "http://a\n"),
        (True, "true\n"),
        (["a", "b"], "a\nb\n"),
        ([["a", 1], ["b", True]], "a\t1\nb\tTrue\n"),
        (SHAPE, "True\tx\t2\tiris\tNone\t80\t\n"),
        ([], ""),
        (3.0, "3.0\n"),
    ],
)
def test_tsv_is_as_az_prints_it(value: Any, text: str) -> None:
    assert formatted(value, "tsv") == text


def test_tsv_keeps_the_order_that_a_query_asked_for() -> None:
    query = compile_query("{z: name, a: port}")
    assert query is not None
    assert formatted(query(SHAPE), "tsv") == "iris\t80\n"


def test_a_table_has_the_scalars_under_their_names() -> None:
    rows = [{"name": "a", "port": 1, "tags": {}}, {"name": "long", "state": "running"}]
    assert formatted(rows, "table").splitlines() == [
        "Name  Port  State",
        "----  ----  -------",
        "a     1",
        "long        running",
    ]


def test_a_table_of_words_has_one_column() -> None:
    assert formatted(["a", "b"], "table") == "Result\n------\na\nb\n"


def test_a_table_of_lists_numbers_its_columns() -> None:
    assert formatted([["a", 1]], "table").splitlines()[0] == "Column1  Column2"


def test_an_empty_table_is_empty() -> None:
    assert formatted([], "table") == ""


def test_the_table_transform_is_not_used_on_what_a_query_found(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(SHAPE, "table", query=compile_query("{p: port}"), table=lambda shape: {"other": 1})
    assert capsys.readouterr().out.splitlines()[0] == "P"
    write(SHAPE, "table", query=None, table=lambda shape: {"other": 1})
    assert capsys.readouterr().out.splitlines()[0] == "Other"


def test_a_query_that_finds_nothing_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    write(SHAPE, "json", query=compile_query("absent"), table=None)
    assert capsys.readouterr().out == ""


def test_false_and_zero_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    write({"a": False}, "tsv", query=compile_query("a"), table=None)
    write({"a": 0}, "tsv", query=compile_query("a"), table=None)
    assert capsys.readouterr().out == "false\n0\n"


@pytest.mark.parametrize("text", ["name[", "", "a b"])
def test_a_query_that_cannot_be_read_is_wrong_usage(text: str) -> None:
    with pytest.raises(WrongUsage, match="--query"):
        compile_query(text)


def test_a_query_that_fails_on_the_result_is_wrong_usage() -> None:
    query = compile_query("length(port)")
    assert query is not None
    with pytest.raises(WrongUsage, match="--query 'length\\(port\\)' cannot be used"):
        query(SHAPE)


def test_json_can_be_read_again() -> None:
    assert json.loads(formatted(SHAPE, "json")) == SHAPE
