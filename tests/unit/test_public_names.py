from __future__ import annotations

import ast
from pathlib import Path

import pytest

import acideploy


def test_every_public_name_can_be_used() -> None:
    for name in acideploy.__all__:
        assert getattr(acideploy, name) is not None


def test_the_type_checker_sees_the_names_where_they_are_loaded_from() -> None:
    tree = ast.parse(Path(acideploy.__file__).read_text(encoding="utf-8"))
    imported = {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("acideploy.")
        for alias in node.names
    }
    loaded = {(module, name) for module, names in acideploy._HOMES.items() for name in names}
    assert imported == loaded
    assert {name for _, name in loaded} == set(acideploy.__all__)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        acideploy.nonsense  # noqa: B018
