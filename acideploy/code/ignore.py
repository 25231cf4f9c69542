"""What the ignore files of a source directory leave out.

A `.amlignore` stands for all others, as in `az ml`. Without one, what `.gitignore` or
`.dockerignore` leaves out is left out. Only files in the source directory count: the first two
also in its folders, where the deeper one wins, as in git.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from acideploy.code.rules import Rule, RuleSet, read_docker_rules, read_git_rules
from acideploy.config.problem import Problem

AMLIGNORE, GITIGNORE, DOCKERIGNORE = IGNORE_FILES = ".amlignore", ".gitignore", ".dockerignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """What is left out of one folder of a source directory.

    `nested` is the name of the ignore file that folders may have. `git` are those from here
    upwards, each with the length of its own folder's path. `matched` are the places of Docker's
    rules that match this folder or one above it: to Docker, they match all that is in it.
    `problems` are those of the files that this folder itself has.
    """

    nested: str | None = None
    git: tuple[tuple[int, RuleSet], ...] = ()
    docker: RuleSet | None = None
    matched: frozenset[int] = frozenset()
    problems: tuple[Problem, ...] = ()

    def rule_for(self, path: str) -> Rule | None:
        """The rule that leaves a file of this folder out."""
        if rule := self._by_git(path, is_folder=False):
            return rule
        place, _ = self._by_docker(path)
        return self.docker.rules[place] if self.docker and place is not None else None

    def within(self, folder: Path, path: str) -> Ignored | Rule:
        """The same for a folder of this one, or the rule that leaves all of it out.

        Raises StorageError for an ignore file that cannot be read.
        """
        if rule := self._by_git(path, is_folder=True):
            return rule
        place, matched = self._by_docker(path)
        if self.docker and place is not None and not _may_keep(self.docker.rules[place:], path):
            return self.docker.rules[place]
        own = _own_rules(self.nested, folder)
        git = ((len(path) + 1, own), *self.git) if own else self.git
        return replace(self, git=git, matched=matched, problems=own.problems if own else ())

    def _by_git(self, path: str, *, is_folder: bool) -> Rule | None:
        for start, rules in self.git:
            if number := rules.last(path[start:], is_folder=is_folder):
                rule = rules.rules[number - 1]
                return None if rule.keeps else rule
        return None

    def _by_docker(self, path: str) -> tuple[int | None, frozenset[int]]:
        """The place of the rule that leaves a path out, and of all that match it.

        As in Docker, a rule is asked only where it would change what those above it said. So
        after `data/*`, which is not about `data` itself, `!data` keeps nothing that is in it.
        """
        leaves_out: int | None = None
        matched = set(self.matched)
        if self.docker is None or not (matched or self.docker.last(path, is_folder=True)):
            return None, self.matched
        for place, rule in enumerate(self.docker.rules):
            changes = rule.keeps == (leaves_out is not None)
            if place in self.matched or (changes and rule.expression.fullmatch(path)):
                matched.add(place)
                leaves_out = None if rule.keeps else place
        return leaves_out, frozenset(matched)


def ignored_in(source: Path) -> Ignored:
    """What is left out of a source directory. Raises StorageError."""
    has_amlignore = os.path.isfile(source / AMLIGNORE)
    nested = AMLIGNORE if has_amlignore else GITIGNORE
    git = _own_rules(nested, source)
    has_docker = not has_amlignore and os.path.isfile(source / DOCKERIGNORE)
    docker = read_docker_rules(source / DOCKERIGNORE) if has_docker else None
    return Ignored(
        nested=nested,
        git=((0, git),) if git else (),
        docker=docker,
        problems=tuple(problem for rules in (git, docker) if rules for problem in rules.problems),
    )


def _own_rules(name: str | None, folder: Path) -> RuleSet | None:
    # What is called so and is a folder says nothing, as in git.
    return read_git_rules(folder / name) if name and os.path.isfile(folder / name) else None


def _may_keep(rules: Sequence[Rule], folder: str) -> bool:
    """Whether any of Docker's rules may keep something in a folder that another leaves out."""
    for rule in rules:
        fixed = re.split(r"[*?\[\\]", rule.pattern)[0]
        below = f"{folder}/"
        if rule.keeps and (
            fixed.startswith(below) or (fixed != rule.pattern and below.startswith(fixed))
        ):
            return True
    return False
