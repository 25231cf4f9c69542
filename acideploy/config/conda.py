"""Conda files, and `condaDependencies` written in place. Nothing is resolved here.

https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from acideploy.config.checked import Findings
from acideploy.config.conform import conform
from acideploy.config.document import Items, Node, Scalar, Table, is_blank, is_null, scalars
from acideploy.config.kinds import conda_kind
from acideploy.config.read import read_table, table_of
from acideploy.config.source import make_source
from acideploy.config.values import CondaEnvironment, Requirement

# `python`, `python=3.6.2`, `conda-forge::python>=3.7`, `python 3.8`; not `python-dateutil`.
PYTHON = re.compile(r"(?:\S+::)?python\s*(?:[<>=!~ ].*)?", re.IGNORECASE)
# `pip` and the list below it, where its colon is missing.
JOINED = re.compile(r"(\S+) - \S")
# `numpy=1.18`: one `=`, which conda reads and pip does not.
SINGLE_EQUALS = re.compile(r"(\w[\w.-]*(?:\[[\w, .-]+\])?)\s*=\s*([\w.*+!]+)")


def read_conda_file(path: Path, *, cwd: Path, findings: Findings) -> CondaEnvironment | None:
    """Returns None, with the reason among the findings, for a file that holds no mapping."""
    table = read_table(path, cwd=cwd, findings=findings, may_be_empty=True)
    if table is None:
        return None
    return conda_environment(conform(table, conda_kind(), findings), findings)


def read_conda_text(file: str, text: str, findings: Findings) -> CondaEnvironment | None:
    """The same of a text; `file` is the name to show."""
    table = table_of(make_source(file, text), findings, may_be_empty=True)
    return conda_environment(conform(table, conda_kind(), findings), findings) if table else None


def conda_environment(table: Table, findings: Findings) -> CondaEnvironment:
    """What a table that has conda's keys says."""
    python: Requirement | None = None
    packages: list[Requirement] = []
    pip: list[Requirement] = []
    nodes = _nodes(table.node("dependencies"))
    _check_indentation(nodes, findings)
    for node in nodes:
        if isinstance(node, Table):
            pip += _pip_requirements(node, findings)
        elif not isinstance(node, Scalar):
            findings.error("bad-requirement", "a dependency has to be text", node.place)
        elif not node.text.strip() or _is_joined(node, findings):
            continue
        elif not PYTHON.fullmatch(node.text.strip()):
            packages.append(_requirement(node))
        elif python is None:
            python = _requirement(node)
        else:
            message = f"python is asked for twice; {python.text!r} counts"
            findings.warning("bad-requirement", message, node.place, "remove one of them")
    name = table.scalar("name")
    return CondaEnvironment(
        place=table.place,
        name=name.text if name else None,
        channels=tuple(each.text for each in _scalars(table.node("channels"))),
        python=python,
        packages=tuple(packages),
        pip=tuple(pip),
        variables=texts(table.table("variables")),
    )


def texts(table: Table | None) -> dict[str, str]:
    """The table's scalars as text."""
    entries = table.entries if table else {}
    return {
        key: str(entry.node.value)
        for key, entry in entries.items()
        if isinstance(entry.node, Scalar)
    }


def _is_joined(node: Scalar, findings: Findings) -> bool:
    """Whether YAML made one text of several lines, since a colon or a dash is missing."""
    found = JOINED.match(node.text)
    if found:
        findings.error(
            "bad-requirement",
            f"{node.text[:60]!r} is read as one dependency",
            node.place,
            f"put a colon after {found[1]}: '- {found[1]}:'",
        )
    return found is not None


def _check_indentation(nodes: Sequence[Node], findings: Findings) -> None:
    """An empty `pip:` before other dependencies: those were meant to be below it."""
    for node, after in pairwise(nodes):
        is_empty = isinstance(node, Table) and not any(scalars(node))
        if is_empty and isinstance(after, Scalar):
            findings.warning(
                "bad-requirement",
                "pip: lists nothing; what follows is taken for conda packages",
                node.place,
                "indent the packages that belong to pip:",
            )


def _pip_requirements(table: Table, findings: Findings) -> Iterator[Requirement]:
    for key, entry in table.entries.items():
        if key != "pip":
            hint = "list the packages themselves, or put them under pip"
            if isinstance(entry.node, Scalar) and entry.node.text[:1].isdigit():
                hint = f"write {key}={entry.node.text.strip()}"
            findings.warning(
                "unknown-key",
                f"what is listed under {key!r} is not installed: only 'pip' can be nested",
                entry.place,
                hint,
            )
            continue
        for node in _nodes(entry.node):
            if not isinstance(node, Scalar):
                findings.error("bad-requirement", "a pip requirement has to be text", node.place)
            elif not is_blank(node):
                _check_pip(node, findings)
                yield _requirement(node)


def _check_pip(node: Scalar, findings: Findings) -> None:
    if found := SINGLE_EQUALS.fullmatch(node.text.strip()):
        findings.warning(
            "bad-requirement",
            f"{node.text.strip()!r} is a conda version; pip does not read a single =",
            node.place,
            f"write {found[1]}=={found[2]}",
        )


def _requirement(node: Scalar) -> Requirement:
    return Requirement(text=node.text.strip(), place=node.place)


def _scalars(node: Node | None) -> Iterator[Scalar]:
    for each in _nodes(node):
        if isinstance(each, Scalar) and not is_blank(each):
            yield each


def _nodes(node: Node | None) -> tuple[Node, ...]:
    """A list's items, or one value where a list was due."""
    match node:
        case None:
            return ()
        case Items(nodes=nodes):
            return tuple(each for each in nodes if not is_null(each))
        case _:
            return () if is_null(node) else (node,)
