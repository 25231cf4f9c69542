"""The codes of problems."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import acideploy
from acideploy.config.codes import CODES

PACKAGE = Path(acideploy.__file__).parent
REPORTING = re.compile(r"(?i)(problem|error|warning|note|report|refuse)$")


def _strings() -> Iterator[str]:
    """Every string in the package but those of the list itself."""
    for path in PACKAGE.rglob("*.py"):
        if path.name != "codes.py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def _reported() -> Iterator[str]:
    """The code in each `Problem(code=...)`, `findings.error(code, ...)` and the like."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from _codes_in(node)


def _codes_in(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = [each.value for each in call.keywords if each.arg == "code"]
    given += call.args[:1] if REPORTING.search(name) else []
    for value in given:
        if isinstance(value, ast.Constant) and re.fullmatch(
            r"[a-z0-9]+(-[a-z0-9]+)+", str(value.value)
        ):
            yield str(value.value)


def test_every_code_that_is_used_is_listed() -> None:
    assert set(_reported()) - set(CODES) == set()


def test_every_code_that_is_listed_is_used() -> None:
    assert set(CODES) - set(_strings()) == set()


def test_a_meaning_is_one_line() -> None:
    assert all(meaning and "\n" not in meaning for meaning in CODES.values())
