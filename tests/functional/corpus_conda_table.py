"""What becomes of real conda files: how they are read, what of pip resolves, what can be upgraded.

Conda channels are left out: the pip part is solved alone, and once more with the conda packages
taken from PyPI.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from uv import find_uv_bin

from acideploy.config.checked import Findings
from acideploy.config.conda import read_conda_file
from acideploy.config.problem import Problem
from acideploy.config.values import CondaEnvironment, Environment
from acideploy.environment.channels import CondaSettings
from acideploy.environment.lock import PipPackage
from acideploy.environment.platforms import IMAGE
from acideploy.environment.request import request_environment
from acideploy.environment.solve import solve_pip
from acideploy.environment.upgrade.propose import Proposal, Upgrade, propose
from acideploy.errors import DependencyError
from acideploy.events import ignore

# No channel is asked: what they have is nothing that a table of one day can say.
NO_CHANNELS = CondaSettings(alias="file:///nowhere", defaults=("file:///nowhere",))


@dataclass(frozen=True, kw_only=True)
class Read:
    """A conda file as we read it; `refused` are the errors."""

    file: str
    content: str
    conda: CondaEnvironment | None
    refused: tuple[Problem, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class Solved:
    """What the pip part comes to for the file's own Python; `failure` where it comes to nothing."""

    packages: tuple[PipPackage, ...] = ()
    failure: DependencyError | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Upgradable:
    proposal: Proposal | None = None
    failure: DependencyError | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    read: Read
    solved: Solved | None = None
    upgrade: Upgradable | None = None
    all_from_pypi: Upgradable | None = None


def read_files(corpus: Path) -> Iterator[Read]:
    for path in sorted((corpus / "conda").glob("*.yml")):
        findings = Findings()
        checked = findings.checked(read_conda_file(path, cwd=corpus, findings=findings))
        yield Read(
            file=path.name,
            content=hashlib.sha256(path.read_bytes()).hexdigest(),
            conda=checked.value,
            refused=tuple(each for each in checked.problems if each.severity == "error"),
            problems=checked.problems,
        )


def solve_as_asked(conda: CondaEnvironment, folder: Path) -> Solved:
    try:
        request, problems = request_environment(
            Environment(conda=conda), directory=folder, settings=NO_CHANNELS, for_image=True
        )
        if refused := tuple(each for each in problems if each.severity == "error"):
            return Solved(problems=refused)
        found = solve_pip(
            request, request.python, (), platform=IMAGE, scratch=folder, emit=ignore, explain=False
        )
    except DependencyError as failure:
        return Solved(failure=failure)
    return Solved(packages=found)


def upgrade(conda: CondaEnvironment, folder: Path, *, no_conda: bool) -> Upgradable:
    asked = Upgrade(
        conda=conda,
        directory=folder,
        settings=NO_CHANNELS,
        platform=IMAGE,
        scratch=folder,
        emit=ignore,
        no_conda=no_conda,
    )
    try:
        return Upgradable(proposal=propose(asked))
    except DependencyError as failure:
        return Upgradable(failure=failure)


def judge(read: Read) -> Row:
    if read.conda is None:
        return Row(read=read)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return Row(
            read=read,
            solved=solve_as_asked(read.conda, folder),
            upgrade=upgrade(read.conda, folder, no_conda=False),
            all_from_pypi=upgrade(read.conda, folder, no_conda=True),
        )


# The same few indexes are read hundreds of times: what was read within the hour will do.
_REMEMBER = """
[[index]]
url = "https://pypi.org/simple"
default = true
cache-control = { api = "max-age=3600", files = "max-age=31536000, immutable" }
"""


def remember_indexes(folder: Path, environ: MutableMapping[str, str]) -> None:
    """Has uv ask an index once, unless the user says otherwise."""
    path = folder / "uv.toml"
    path.write_text(_REMEMBER)
    environ.setdefault("UV_CONFIG_FILE", str(path))


def rows(reads: Sequence[Read]) -> Iterator[Row]:
    """Files that ask for the same are judged once."""
    different = {_asked(each): each for each in reads}
    # Python 3.11's sysconfig, which this reads, is not made for two first readers at once.
    find_uv_bin()
    with ThreadPoolExecutor(2) as pool:
        judged = dict(zip(different, pool.map(judge, different.values()), strict=True))
    for each in reads:
        yield replace(judged[_asked(each)], read=each)


def main(corpus: Path) -> int:
    """Prints the table. Ends with 1 where a file is refused without a reason or a place."""
    reads = list(read_files(corpus))
    print("\nConda files: read | pip part for the file's Python | upgraded | with all from PyPI\n")
    totals: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        own = "UV_CONFIG_FILE" not in os.environ
        remember_indexes(Path(folder), os.environ)
        for row in rows(reads):
            cells = _cells(row)
            totals.update(f"{name}: {cell.partition(':')[0]}" for name, cell in cells.items())
            print(row.read.file, *cells.values(), sep=" | ", flush=True)
    if own:
        # Whoever runs uv next would not find the file.
        del os.environ["UV_CONFIG_FILE"]
    print()
    for total, count in sorted(totals.items()):
        print(f"{count:4} {total}")
    unexplained = [each for each in reads if each.conda is None and not each.refused]
    return 1 if unexplained else 0


def _cells(row: Row) -> dict[str, str]:
    if row.solved is None:
        first = row.read.refused[0]
        return {"read": f"refused: {first.message} at {first.place}"}
    return {
        "read": "read",
        "pip part": _solved(row.solved),
        "upgrade": _upgraded(row.upgrade),
        "all from PyPI": _upgraded(row.all_from_pypi),
    }


def _solved(solved: Solved) -> str:
    if solved.problems:
        return f"refused: {solved.problems[0].message}"
    if solved.failure:
        return f"no: {solved.failure}"
    return f"yes: {len(solved.packages)} packages"


def _upgraded(found: Upgradable | None) -> str:
    if found is None or found.proposal is None:
        return f"no set: {found and found.failure}"
    for problem in found.proposal.problems:
        if problem.severity == "error":
            return f"refused: {problem.message}"
    count = len(found.proposal.changes)
    return f"a set: {count} lines change, Python {found.proposal.python}"


def _asked(read: Read) -> str:
    """What a file asks for, whatever its comments and its order of keys."""
    conda = read.conda
    if conda is None:
        return read.file
    python = conda.python.text if conda.python else ""
    return repr((python, [each.text for each in conda.packages], [each.text for each in conda.pip]))
