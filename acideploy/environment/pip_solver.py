"""The pip part of a request, solved: several tries, and what is told where none has an answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from acideploy.environment.explain import is_unreachable, no_pip_set, without_wheels, works_with
from acideploy.environment.lock import PipPackage
from acideploy.environment.pip import only_sources, platform_arguments, require_pure, resolve
from acideploy.environment.platforms import Platform
from acideploy.environment.request import EnvironmentRequest
from acideploy.environment.upgrade.loosen import OutOfRuns
from acideploy.environment.upgrade.nearest import NoNearest, nearest_set
from acideploy.environment.upgrade.pins import Move
from acideploy.environment.uv import UvFailed
from acideploy.errors import DependencyError
from acideploy.events import Emit

# Which files may be taken: wheels, sources of what has no wheel, or sources of anything.
Files: TypeAlias = Literal["wheels", "few sources", "any"]

# What an explanation may take, in runs of uv: some seconds.
_RUNS_TO_EXPLAIN = 8


class PipSolver:
    """uv for one request, one Python and one folder. `explain` has it look for what would work
    where there is no answer."""

    def __init__(
        self,
        request: EnvironmentRequest,
        *,
        python: str,
        platform: Platform,
        scratch: Path,
        emit: Emit,
        explain: bool = True,
    ) -> None:
        self._request = request
        self._python = python
        self._platform = platform
        # Once for all runs: it looks for an interpreter.
        self._files_for = platform_arguments(python, platform)
        self._directory = request.directory if request.directory.is_dir() else scratch
        self._scratch = scratch
        self._emit = emit
        self._explain = explain

    def first_of(self, *attempts: tuple[Files, Sequence[str]]) -> tuple[PipPackage, ...]:
        """The first attempt that has an answer: which files to take, and what to keep to.

        The versions that conda and the serving stack are known to work with give way to the user's
        own lines, and so do wheels where a line has none. Raises DependencyError, also for a
        source distribution with something to compile.
        """
        failures: list[str] = []
        for files, constraints in dict.fromkeys((files, tuple(c)) for files, c in attempts):
            try:
                found = self._attempt(files, constraints)
            except UvFailed as error:
                failures.append(error.output)
                if is_unreachable(error.output):
                    break
            else:
                self._require_pure(found)
                return found
        raise self._no_set(failures[-1])

    def _attempt(self, files: Files, constraints: Sequence[str]) -> tuple[PipPackage, ...]:
        sources: frozenset[str] = frozenset()
        while True:
            try:
                return self._resolve(
                    self._request.requirements,
                    constraints=constraints,
                    wheels_only=files != "any",
                    more=only_sources(sources),
                )
            except UvFailed as error:
                more = self._source_only(error.output) if files == "few sources" else sources
                if more <= sources:
                    raise
                sources |= more

    def _source_only(self, output: str) -> frozenset[str]:
        """Of what uv failed for, what has no wheel in any version."""
        options = self._request.options
        return frozenset(
            name
            for name in without_wheels(output)
            if not self._has_answer([*options, name], wheels_only=True, more=["--no-deps"])
        )

    def nearest(self, *, runs: int) -> tuple[Move, ...]:
        """The lines to change so that there is a set. Raises NoNearest and OutOfRuns."""
        return nearest_set(self._request, self._resolve, scratch=self._scratch, runs=runs)

    def _no_set(self, output: str) -> DependencyError:
        """The last failure allows the most: what it says is what is really in the way."""
        unreachable = is_unreachable(output)
        return no_pip_set(
            self._request,
            output,
            python=self._python,
            without_stack=not unreachable and self._has_answer(self._request.lines),
            nearest="" if unreachable else self._works_with(),
        )

    def _works_with(self) -> str:
        if not self._explain:
            return ""
        try:
            return works_with(self.nearest(runs=_RUNS_TO_EXPLAIN))
        except (NoNearest, OutOfRuns):
            return ""

    def _require_pure(self, found: Sequence[PipPackage]) -> None:
        origins = dict(self._request.origins)
        for package in found:
            if not package.source:
                continue
            try:
                require_pure(
                    package,
                    options=self._request.options,
                    python=self._python,
                    platform=self._platform,
                    directory=self._directory,
                    scratch=self._scratch,
                    emit=self._emit,
                )
            except DependencyError as error:
                nearest = self._works_with()
                raise DependencyError(
                    error.message,
                    place=origins[package.name].place if package.name in origins else None,
                    detail=error.detail,
                    hint=f"{nearest}; or else {error.hint}" if nearest else error.hint,
                ) from error

    def _has_answer(
        self, lines: Sequence[str], *, wheels_only: bool = False, more: Sequence[str] = ()
    ) -> bool:
        try:
            self._resolve(lines, wheels_only=wheels_only, more=more)
        except UvFailed:
            return False
        return True

    def _resolve(
        self,
        lines: Sequence[str],
        *,
        constraints: Sequence[str] = (),
        wheels_only: bool,
        more: Sequence[str] = (),
    ) -> tuple[PipPackage, ...]:
        return resolve(
            lines,
            constraints=constraints,
            python=self._python,
            files_for=self._files_for,
            directory=self._directory,
            scratch=self._scratch,
            wheels_only=wheels_only,
            more=more,
        )
