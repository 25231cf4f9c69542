"""Real conda files: each is read or refused for a reason, and what is told names a line of it.

`make corpus` shows what becomes of all of them; here a few are resolved, chosen by their content.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from rattler import MatchSpec
from rattler.exceptions import InvalidMatchSpecError

from acideploy.config.problem import Place, Problem
from acideploy.config.values import CondaEnvironment, Requirement
from acideploy.environment.conda_spec import parse_conda_spec
from acideploy.environment.lock import EnvironmentLock
from acideploy.environment.lock_file import read_lock, write_lock
from acideploy.environment.python_version import nearest_python
from acideploy.environment.upgrade.respell import Edit, edited, respelled
from acideploy.errors import DependencyError
from acideploy.serving import supported_pythons
from tests.environments import NO_NETWORK, unavailable
from tests.functional.corpus_conda_table import (
    Read,
    Solved,
    Upgradable,
    judge,
    read_files,
    remember_indexes,
)

_SAMPLE = 6


@cache
def files(corpus: Path) -> tuple[Read, ...]:
    return tuple(read_files(corpus))


def requirements(conda: CondaEnvironment) -> list[Requirement]:
    return [*([conda.python] if conda.python else []), *conda.packages, *conda.pip]


def read_by_yaml(path: Path) -> tuple[list[str], list[str]] | None:
    """The dependencies as conda takes them from what its YAML reader gives: conda's, then pip's.

    None where they are nothing that conda could read.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        return None
    if not isinstance(given, dict):
        return None
    items = [each for each in given.get("dependencies") or [] if each]
    nested = [each for each in items if isinstance(each, dict)]
    pip = [line for each in nested for line in each.get("pip") or [] if line]
    return [each.strip() for each in items if isinstance(each, str)], [each.strip() for each in pip]


def test_every_file_is_read_as_conda_reads_it_or_refused(corpus: Path) -> None:
    """Every dependency, in its order; and what YAML cannot read is refused."""
    refused = 0
    for read in files(corpus):
        expected = read_by_yaml(corpus / "conda" / read.file)
        if read.conda is None or expected is None:
            assert read.refused, read.file
            refused += 1
            continue
        python = [read.conda.python] if read.conda.python else []
        ours = [each.text for each in (*python, *read.conda.packages)]
        assert sorted(ours) == sorted(expected[0]), read.file
        assert [each.text for each in read.conda.pip] == expected[1], read.file
    assert refused < len(files(corpus))


def test_every_conda_dependency_has_the_name_and_the_versions_that_conda_reads(
    corpus: Path,
) -> None:
    """Judged by rattler's MatchSpec, whose grammar is conda's own."""
    seen = set()
    for read in files(corpus):
        for each in read.conda.packages if read.conda else ():
            try:
                theirs = MatchSpec(each.text)
            except InvalidMatchSpecError:
                continue
            ours = parse_conda_spec(each.text)
            assert ours, each.place
            assert theirs.name
            assert ours.name.lower() == theirs.name.normalized, each.place
            assert bool(ours.version) == (theirs.version is not None), each.place
            seen.add(each.text)
    assert len(seen) > 50


def test_a_refusal_says_where(corpus: Path) -> None:
    for read in files(corpus):
        for problem in read.problems:
            assert names_a_line(problem.place, corpus), problem


def names_a_line(place: Place | None, corpus: Path) -> bool:
    """Whether a place is a character of a file of the corpus."""
    if place is None or place.line is None or place.column is None:
        return False
    lines = (corpus / place.file).read_text(encoding="utf-8").splitlines() or [""]
    return place.line <= len(lines) and place.column <= len(lines[place.line - 1]) + 1


def test_every_dependency_can_be_edited_at_its_place(corpus: Path) -> None:
    """Another version goes into just that line, and the file is else as it was."""
    for read in files(corpus):
        path = corpus / "conda" / read.file
        text = path.read_bytes().decode()
        for each in requirements(read.conda) if read.conda else ():
            if re.match(r"[\w.-]+\s*==?\s*[\d.]+$", each.text):
                after = respelled(each.text, "77.7", conda="==" not in each.text)
                new = edited(text, [Edit(place=each.place, before=each.text, after=after)])
                assert new.replace(after, each.text, 1) == text, each.place
                assert [
                    number
                    for number, (old, now) in enumerate(
                        zip(text.splitlines(), new.splitlines(), strict=True), 1
                    )
                    if old != now
                ] == [each.place.line]


def test_every_file_has_a_python_that_can_be_served(corpus: Path) -> None:
    for read in files(corpus):
        if read.conda:
            assert nearest_python(read.conda) in supported_pythons()


def sample(corpus: Path) -> Iterator[Read]:
    """A few small files, the same ones for as long as their content is the same."""
    small = (read for read in files(corpus) if read.conda and len(read.conda.pip) < 10)
    by_content = {read.content: read for read in small}
    for content in sorted(by_content)[:_SAMPLE]:
        yield by_content[content]


def test_what_is_resolved_has_every_hash_and_what_is_not_is_explained(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        environ = dict(os.environ)
        remember_indexes(tmp_path, environ)
        patch.setenv("UV_CONFIG_FILE", environ["UV_CONFIG_FILE"])
        for read in sample(corpus):
            row = judge(read)
            assert row.solved
            check_solved(read, row.solved, corpus)
            for found in (row.upgrade, row.all_from_pypi):
                assert found
                check_upgrade(read, found, corpus)


def check_solved(read: Read, solved: Solved, corpus: Path) -> None:
    if solved.failure:
        check_failure(solved.failure, corpus)
    for problem in solved.problems:
        check_problem(problem, corpus)
    for package in solved.packages:
        assert re.fullmatch("[0-9a-f]{64}", package.sha256), (read.file, package)
    lock = EnvironmentLock(python="3.11", platform="linux-64", pip=solved.packages)
    assert read_lock(write_lock(lock)) == lock


def check_upgrade(read: Read, found: Upgradable, corpus: Path) -> None:
    if found.failure:
        check_failure(found.failure, corpus)
        return
    assert found.proposal
    assert read.conda
    for problem in found.proposal.problems:
        if problem.severity == "error":
            check_problem(problem, corpus)
    text = (corpus / "conda" / read.file).read_bytes().decode()
    for change in found.proposal.changes:
        assert change.requirement in requirements(read.conda)
        assert change.after != change.requirement.text
        assert change.reason
        edit = Edit(
            place=change.requirement.place, before=change.requirement.text, after=change.after
        )
        assert edited(text, [edit]) != text


def check_failure(failure: DependencyError, corpus: Path) -> None:
    told = f"{failure.message}\n{failure.detail}"
    if NO_NETWORK.search(told):
        unavailable(f"the package index cannot be reached: {told[:300]}")
    assert failure.hint
    # At its place, or in the list of the lines that are in the way.
    assert names_a_line(failure.place, corpus) or re.search(r"conda/\d+\.yml:\d+:\d+: ", told), told


def check_problem(problem: Problem, corpus: Path) -> None:
    assert names_a_line(problem.place, corpus), problem
