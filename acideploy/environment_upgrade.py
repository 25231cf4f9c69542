"""`environment upgrade`: a conda file of years ago, changed so that it can be resolved today."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from acideploy.atomic import write_atomically
from acideploy.config.checked import Findings, require
from acideploy.config.conda import read_conda_file, read_conda_text
from acideploy.config.problem import Place, Problem
from acideploy.config.source import decoded, shown_path
from acideploy.config.values import CondaEnvironment, Requirement
from acideploy.disk import storage_error
from acideploy.environment.channels import CondaSettings
from acideploy.environment.platforms import IMAGE
from acideploy.environment.upgrade.changes import Change, changed
from acideploy.environment.upgrade.propose import Proposal, Upgrade, propose
from acideploy.environment.upgrade.respell import Edit, edited
from acideploy.errors import ConfigurationError, DependencyError
from acideploy.events import Emit, Finished, Noticed, Outcome, Started


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRequest:
    """`python` is what a flag says; `output` is the file to write, None for none."""

    conda_file: Path
    output: Path | None = None
    python: str | None = None
    no_conda: bool = False
    full_azureml: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """`difference` is a unified diff, empty where nothing has to change. `unchecked` are lines that
    no channel could be asked about."""

    file: str
    python: str
    changes: tuple[Change, ...]
    difference: str
    unchecked: tuple[Requirement, ...] = ()


def upgrade_environment(
    asked: UpgradeRequest, *, directory: Path, settings: CondaSettings, emit: Emit
) -> Upgraded:
    """Finds a conda file that can be resolved, and writes it where `asked` says so.

    Relative paths are relative to `directory`. Raises ConfigurationError, DependencyError and
    StorageError.
    """
    path = directory / asked.conda_file
    conda = _read(path, directory, emit)
    content = path.read_bytes()
    text, encoding = decoded(content)
    file = shown_path(path, directory)
    emit(Started(task="upgrade", title=f"Upgrade of {file}"))
    try:
        proposal = _propose(asked, conda, path.parent, settings, emit)
        after = _edited(text, proposal, conda, file)
        if asked.output:
            _write(directory / asked.output, after.encode(encoding))
    except BaseException:
        emit(Finished(task="upgrade", outcome="failed"))
        raise
    count = f"{len(proposal.changes)} lines change" if proposal.changes else "nothing to change"
    detail = f"Python {proposal.python}, {count}"
    outcome: Outcome = "done" if proposal.changes else "reused"
    emit(Finished(task="upgrade", outcome=outcome, detail=detail))
    return Upgraded(
        file=file,
        python=proposal.python,
        changes=proposal.changes,
        difference="".join(_difference(text, after, file)),
        unchecked=proposal.unchecked,
    )


def _read(path: Path, directory: Path, emit: Emit) -> CondaEnvironment:
    findings = Findings()
    conda = require(findings.checked(read_conda_file(path, cwd=directory, findings=findings)))
    for problem in findings.problems:
        emit(Noticed(problem=problem))
    return conda


def _propose(
    asked: UpgradeRequest,
    conda: CondaEnvironment,
    directory: Path,
    settings: CondaSettings,
    emit: Emit,
) -> Proposal:
    try:
        with tempfile.TemporaryDirectory(prefix="acideploy-") as folder:
            proposal = propose(
                Upgrade(
                    conda=conda,
                    directory=directory.resolve(),
                    settings=settings,
                    platform=IMAGE,
                    scratch=Path(folder),
                    emit=emit,
                    python=asked.python,
                    no_conda=asked.no_conda,
                    full_azureml=asked.full_azureml,
                )
            )
    except OSError as error:
        raise storage_error("write", error.filename or tempfile.gettempdir(), error) from error
    if any(problem.severity == "error" for problem in proposal.problems):
        raise ConfigurationError(proposal.problems)
    for problem in (*proposal.problems, *_unchecked(proposal), *_without_python(conda, proposal)):
        emit(Noticed(problem=problem))
    return proposal


def _unchecked(proposal: Proposal) -> Iterator[Problem]:
    if proposal.unchecked:
        lines = ", ".join(each.text for each in proposal.unchecked)
        yield Problem(
            code="conda-not-checked",
            severity="warning",
            message=f"no channel could be read: whether it has {lines} was not checked",
            place=proposal.unchecked[0].place,
            hint="check the channels and the network; `--no-conda` takes conda packages from PyPI",
        )


def _without_python(conda: CondaEnvironment, proposal: Proposal) -> Iterator[Problem]:
    if conda.python is None:
        yield Problem(
            code="python-not-given",
            severity="note",
            message=f"the file asks for no Python: the versions are for {proposal.python}",
            place=Place(file=conda.place.file),
            hint=f"add `python={proposal.python}` to its dependencies",
        )


def _edited(text: str, proposal: Proposal, conda: CondaEnvironment, file: str) -> str:
    """The file's text with the changes, read again to see that it says just that."""
    edits = [
        Edit(place=each.requirement.place, before=each.requirement.text, after=each.after)
        for each in proposal.changes
    ]
    try:
        after = edited(text, edits)
    except ValueError as error:
        raise _not_editable(str(error), proposal) from error
    read = read_conda_text(file, after, Findings())
    wanted = changed(conda, {each.requirement.place: each for each in proposal.changes})
    if read is None or _texts(read) != _texts(wanted):
        raise _not_editable("the changed file says something else", proposal)
    return after


def _texts(conda: CondaEnvironment) -> list[str]:
    python = [conda.python] if conda.python else []
    return [each.text for each in (*python, *conda.packages, *conda.pip)]


def _not_editable(why: str, proposal: Proposal) -> DependencyError:
    lines = [f"{each.requirement.text} -> {each.after}" for each in proposal.changes]
    return DependencyError(
        f"the file cannot be changed line by line: {why}",
        detail="\n".join(lines),
        hint="write each dependency on a line of its own, or make these changes yourself",
    )


def _write(path: Path, content: bytes) -> None:
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        write_atomically(path, content, mode=mode)
    except OSError as error:
        raise storage_error("write", path, error) from error


def _difference(before: str, after: str, file: str) -> Iterator[str]:
    """A unified diff that `patch` takes. The lines keep their own ends."""
    lines = (before.splitlines(keepends=True), after.splitlines(keepends=True))
    for line in difflib.unified_diff(*lines, fromfile=file, tofile=file):
        yield line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n"
