"""What an environment will hold, as far as it can be known before it is resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from acideploy.distributions import canonical, is_known, with_needed
from acideploy.environment.conda_spec import parse_conda_spec
from acideploy.environment.names import pypi_name
from acideploy.environment.pip_lines import distribution
from acideploy.environment.request import EnvironmentRequest

# Every environment has them, whatever is asked for.
_ALWAYS = frozenset({"pip", "setuptools", "wheel"})
# What `inference-schema[numpy-support]` and the like bring.
_EXTRAS = {"numpy-support": "numpy", "pandas-support": "pandas"}
# What the line of a file with more requirements begins with.
_MORE = ("-r ", "--requirement ", "--requirement=")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPackages:
    """`names` are canonical. `unclear` are those of which it is not known which modules they have
    or, where nothing is `locked`, what they bring."""

    names: frozenset[str]
    unclear: frozenset[str]
    locked: bool


def expected_packages(
    asked: EnvironmentRequest, lock_packages: Iterable[str] | None, *, imported: Set[str]
) -> ExpectedPackages:
    """What is asked for, what it surely brings, and the serving stack.

    `lock_packages` are the names of what it was resolved to, None where it was not yet. `imported`
    are the top-level modules that the code imports.
    """
    named = frozenset((*_named(asked.lines, asked.directory), *_named_by_conda(asked)))
    stack = (*asked.stack.requirements, *asked.stack.constraints)
    served = {name for line in stack if (name := distribution(line))}
    unclear = frozenset(name for name in named if not is_known(name))
    if lock_packages is None and asked.lock is not None:
        lock_packages = [
            *(each.name for each in asked.lock.conda),
            *(each.name for each in asked.lock.pip),
        ]
    if lock_packages is None:
        names = with_needed({*named, *served}) | _ALWAYS
        return ExpectedPackages(names=names, unclear=unclear, locked=False)
    locked = {canonical(each) for name in lock_packages for each in (name, pypi_name(name)) if each}
    return ExpectedPackages(
        names=named | locked | with_needed(served) | _ALWAYS,
        # One whose own name is imported is not the one that has another module.
        unclear=unclear - {canonical(module) for module in imported},
        locked=True,
    )


def _named_by_conda(asked: EnvironmentRequest) -> Iterator[str]:
    for text in asked.conda.specs if asked.conda else ():
        spec = parse_conda_spec(text.rpartition("::")[2])
        name = pypi_name(spec.name) if spec else None
        if name and name != "python":
            yield canonical(name)


def _named(lines: Iterable[str], directory: Path) -> Iterator[str]:
    """The distributions that lines ask for; `?` for what does not tell its name."""
    for line in (each.strip() for each in lines):
        if name := distribution(line):
            yield name
            yield from (brought for extra, brought in _EXTRAS.items() if extra in line)
        elif line.startswith(_MORE):
            file = directory / line.replace("=", " ").split(None, 1)[1]
            yield from _named_in(file) if file.is_file() else ("?",)
        elif line.endswith(".whl"):
            yield canonical(line.rpartition("/")[2].partition("-")[0])
        elif line.startswith(("-e", "--editable")) or (line and line[0] not in "-#"):
            yield "?"


def _named_in(file: Path) -> Iterator[str]:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    # Files that name each other would never end.
    yield from _named((each for each in lines if not each.strip().startswith(_MORE)), file.parent)
