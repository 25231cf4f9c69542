"""Real configuration files, and what becomes of them when they are damaged."""

from __future__ import annotations

import json
import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acideploy.config import (
    Checked,
    read_deployment_config,
    read_inference_config,
    read_model_metadata,
)
from acideploy.config.checked import Findings
from acideploy.config.codes import CODES
from acideploy.config.environment_directory import read_environment_directory
from tests.functional.corpus_configs_table import deployment_rows, inference_rows

FOLDERS = ("inference", "deployment", "snippets", "extras", "conda")


def test_every_deployment_config_is_read_as_the_retired_tool_read_it(corpus: Path) -> None:
    rows = list(deployment_rows(corpus))
    assert rows
    assert [row for row in rows if not row.agrees] == []


def test_every_inference_config_is_read_as_the_retired_tool_read_it(
    corpus: Path, tmp_path: Path
) -> None:
    rows = list(inference_rows(corpus, tmp_path))
    assert rows
    assert [row for row in rows if not row.agrees] == []


def test_a_refused_config_has_an_error_with_its_line_and_column(
    corpus: Path, tmp_path: Path
) -> None:
    for path in _files(corpus):
        for checked in _read_all(path, tmp_path):
            if checked.value is None:
                errors = [each for each in checked.problems if each.severity == "error"]
                assert errors
                assert all(error.place and error.place.line for error in errors)


def test_environment_files_of_the_corpus_are_read(corpus: Path, tmp_path: Path) -> None:
    for path in sorted((corpus / "extras").glob("*.json")):
        text = path.read_text(encoding="utf-8")
        if '"environmentVariables"' in text:
            findings = Findings()
            (tmp_path / "azureml_environment.json").write_text(text, encoding="utf-8")
            environment = read_environment_directory(tmp_path, cwd=tmp_path, findings=findings)
            assert environment is not None
            assert environment.name == json.loads(text)["name"]
            assert not findings.failed


def _files(corpus: Path) -> list[Path]:
    return sorted(
        path
        for folder in FOLDERS
        for path in (corpus / folder).iterdir()
        if path.suffix in (".json", ".yml", ".yaml")
    )


@cache
def _contents(corpus: Path) -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in _files(corpus))


def _read_all(path: Path, cwd: Path) -> tuple[Checked[Any], ...]:
    """Every reader on the same file, whatever it is meant to be."""
    return (
        read_inference_config(path, cwd=cwd),
        read_deployment_config(path, cwd=cwd),
        read_model_metadata(path, cwd=cwd),
    )


def _check(content: bytes, directory: Path) -> None:
    """Nothing raises; each problem has a known code, and a place inside the text it comes from."""
    path = directory / "config.json"
    path.write_bytes(content)
    lines = re.split("\r\n|\r|\n", content.decode("utf-8", "replace"))
    for checked in _read_all(path, directory):
        assert (checked.value is None) == any(p.severity == "error" for p in checked.problems)
        for problem in checked.problems:
            assert problem.code in CODES
            assert problem.place is not None
            assert problem.message
            if problem.place.line is not None:
                assert 1 <= problem.place.line <= len(lines) + content.count(b"\0")
                assert problem.place.column is not None
                assert problem.place.column >= 1
            else:
                whole = {"bad-encoding", "file-too-large"}
                assert problem.code in whole or problem.place.file.startswith("-")


DAMAGE = (
    "cut",
    "delete",
    "insert",
    "swap",
    "repeat a line",
    "drop a line",
    "drop a character",
    "tabs",
    "mark",
    "utf-16",
)
STRANGE = (
    b"\t",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\0",
    b"\x07",
    b"{",
    b"]",
    b'"',
    b"'",
    b":",
    b",",
    b"#",
    b"//",
    b"/*",
    b"&a *a",
    b"<<: *a",
    b"!!python/object:os.system",
    b"\\ud83d",
    b"\xe2\x80\xa8",
    b"---\n",
    b"%YAML 9\n",
    b"? [a]\n",
    b"1:" * 300,
    b"1e999",
    b".nan",
    b"2020-13-45",
    b"|",
    b">",
    b"@",
    b"`",
)


def _damage(content: bytes, kind: str, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    to = min(len(content), at + chance.randrange(1, 40))
    lines = content.splitlines(keepends=True) or [b""]
    line = chance.randrange(len(lines))
    match kind:
        case "cut":
            return content[:at]
        case "delete":
            return content[:at] + content[to:]
        case "insert":
            return content[:at] + chance.choice(STRANGE) + content[at:]
        case "swap":
            return content[:at] + chance.choice(STRANGE) + content[to:]
        case "repeat a line":
            return b"".join([*lines[: line + 1], *lines[line:]])
        case "drop a line":
            return b"".join([*lines[:line], *lines[line + 1 :]])
        case "drop a character":
            return content[:at] + content[at + 1 :]
        case "tabs":
            return content.replace(b"  ", b"\t")
        case "mark":
            return b"\xef\xbb\xbf" + content
    return content.decode("utf-8", "replace").encode("utf-16")


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(which=st.integers(min_value=0), kinds=st.lists(st.sampled_from(DAMAGE)), seed=st.integers())
def test_no_damage_to_the_text_gives_a_traceback(
    which: int, kinds: list[str], seed: int, corpus: Path, tmp_path: Path
) -> None:
    contents = _contents(corpus)
    content = contents[which % len(contents)]
    chance = random.Random(seed)
    for kind in kinds:
        content = _damage(content, kind, chance)
    _check(content, tmp_path)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["true", "1", "0.5", "", "score.py", "..", "/", "~", "$(x)", "\0", "a" * 300]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=5,
)


def _tables(value: Any) -> list[dict[Any, Any]]:
    """The mapping and all those in it."""
    if isinstance(value, dict):
        return [value, *(table for each in value.values() for table in _tables(each))]
    if isinstance(value, list):
        return [table for each in value for table in _tables(each)]
    return []


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    which=st.integers(min_value=0),
    seed=st.integers(),
    values=st.lists(VALUES, min_size=1, max_size=3),
    name=st.text(max_size=8)
    | st.sampled_from(["entryScript", "cpu", "environment", "pip", "keys"]),
    as_yaml=st.booleans(),
)
def test_no_change_of_keys_and_values_gives_a_traceback(
    which: int,
    seed: int,
    values: list[Any],
    name: str,
    as_yaml: bool,
    corpus: Path,
    tmp_path: Path,
) -> None:
    contents = _contents(corpus)
    try:
        document = yaml.safe_load(contents[which % len(contents)])
    except yaml.YAMLError:
        return
    chance = random.Random(seed)
    for value in values:
        tables = _tables(document)
        table = chance.choice(tables) if tables else {}
        key = chance.choice([*table, name])
        table[chance.choice([key, name, key])] = value
        if chance.random() < 0.3:
            table.pop(key, None)
    text = yaml.safe_dump(document) if as_yaml else json.dumps(document, default=str)
    _check(text.encode("utf-8", "surrogatepass"), tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]",
        "[" * 100_000,
        "{" * 100_000,
        '{"a":' * 100_000,
        "- " * 100_000,
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n"
            for i in range(12)
        ),
        "a: &a {k: v}\n"
        + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} {{<<: [{','.join(['*' + chr(97 + i)] * 9)}]}}\n"
            for i in range(12)
        ),
        "n: " + "1:" * 200_000 + "1",
        "n: " + "9" * 200_000,
        '{"n": ' + "9" * 200_000 + "}",
        '"' + "\\" * 200_001,
        "x" * 1_000_000,
        "a\n" * 400_000,
        "/*" * 200_000,
        "{" + "/*" * 200_000,
        "? " * 50_000,
        "&a " * 50_000,
        "!" * 100_000,
        "#" * 1_000_000,
        "{" + '"a" ' * 100_000,
        "a: |\n" + "  x\n" * 200_000,
        "[" + "1," * 400_000,
        '{"a": [' + "1," * 400_000 + "1]}",
        "{" + ",".join(f'"k{n}": 1' for n in range(19_000)) + "}",
        'entryScript: "' + "{{" * 400_000 + '"',
        "-" * 500_000 + "\n\tx: :",
        " " * 900_000 + "{}",
        '{"a": "' + "\\" * 400_000 + "\n",
        "\n" * 900_000 + "a: b: c",
    ],
    ids=lambda text: f"{text[:12]!r}-{len(text)}",
)
def test_a_text_made_to_exhaust_the_reader_does_not(text: str, tmp_path: Path) -> None:
    _check(text.encode(), tmp_path)
