from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import acideploy.cli
from acideploy.config.codes import CODES


def codes_in(tree: ast.AST) -> Iterator[str]:
    """What is given as `code=`, and first to `.note(...)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            named = [word.value for word in node.keywords if word.arg == "code"]
            noted = isinstance(node.func, ast.Attribute) and node.func.attr == "note"
            for value in [*named, *(node.args[:1] if noted else [])]:
                if isinstance(value, ast.Constant):
                    yield str(value.value)


def test_every_problem_that_a_flag_can_have_is_a_known_kind() -> None:
    files = Path(acideploy.cli.__file__).parent.rglob("*.py")
    used = {code for file in files for code in codes_in(ast.parse(file.read_text("utf-8")))}
    assert used
    assert used - set(CODES) == set()
