"""Whether a service will find the modules that its code imports, decided without running it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from acideploy.code import Code
from acideploy.code.selection import why_left_out
from acideploy.config.problem import Place, Problem
from acideploy.disk import storage_error
from acideploy.distributions import canonical, distribution_of, is_in, is_known_module
from acideploy.environment.expected import ExpectedPackages, expected_packages
from acideploy.environment.request import EnvironmentRequest
from acideploy.import_scan import Import, imports_in
from acideploy.serving import RUNTIME_NAME
from acideploy.serving.azureml import AZUREML_DEFAULTS
from acideploy.standard_library import in_standard_library


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    file: Path
    name: str
    source: str
    what: Import

    @property
    def place(self) -> Place:
        lines = self.source.splitlines()
        text = lines[self.what.line - 1] if self.what.line <= len(lines) else None
        return Place(file=str(self.file), line=self.what.line, column=self.what.column, text=text)


def import_problems(
    code: Code, asked: EnvironmentRequest, lock_packages: Iterable[str] | None
) -> tuple[Problem, ...]:
    """A problem for each module that the entry script, or code that it imports, will not find.

    `lock_packages` are the names of what the environment was resolved to, None where it was not
    yet. A note where that is not certain: an import in a function, a package that may bring more
    than is known. Not for an environment that comes with its image. Raises StorageError.
    """
    files = dict(code.files())
    found = list(_imported(code, files))
    changes_path = any("sys.path" in each.source for each in found)
    there = expected_packages(
        asked, lock_packages, imported={each.what.module.partition(".")[0] for each in found}
    )
    missing: dict[str, Problem] = {}
    # Of several imports of a module, the one that surely fails.
    for each in sorted(found, key=lambda each: each.what.when != "always"):
        what, top = each.what, each.what.module.partition(".")[0]
        if what.when == "guarded" or what.level or top in missing or _is_local(top, code, files):
            continue
        if not _is_there(what.module, asked.python, there):
            missing[top] = _problem(each, code, asked, there, certain=not changes_path)
    return tuple(missing.values())


def _imported(code: Code, files: Mapping[str, Path]) -> Iterator[_Found]:
    """Every import of the entry script, and of the user's modules that it leads to."""
    waiting, seen = [code.entry_script], {code.entry_script}
    while waiting:
        name = waiting.pop()
        source, tree = _parsed(files[name])
        for what in imports_in(tree):
            yield _Found(file=files[name], name=name, source=source, what=what)
            led_to = [each for each in _leads_to(what, name, code, files) if each not in seen]
            seen.update(led_to)
            waiting += led_to


def _parsed(file: Path) -> tuple[str, ast.Module]:
    """The text and what it says; nothing for what is not Python, of which others tell."""
    try:
        source = file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise storage_error("read", file, error) from error
    try:
        with warnings.catch_warnings():
            # Of escape sequences: whoever runs the code is told of them.
            warnings.simplefilter("ignore")
            return source, ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source, ast.Module(body=[], type_ignores=[])


def _roots(code: Code) -> tuple[str, ...]:
    """Where modules are looked for: the app root, and the source directory below it."""
    return ("",) if code.source_directory is None else ("", f"{code.source_directory}/")


def _leads_to(what: Import, importer: str, code: Code, files: Mapping[str, Path]) -> Iterator[str]:
    """The user's files that an import runs."""
    roots: Iterable[str] = _roots(code)
    if what.level:
        folders = PurePosixPath(importer).parents
        folder = folders[min(what.level, len(folders)) - 1].as_posix()
        roots = ("" if folder == "." else f"{folder}/",)
    parts = what.module.split(".") if what.module else []
    modules = [parts[: count + 1] for count in range(len(parts))]
    modules += [[*parts, name] for name in what.names]
    for root in roots:
        for module in modules:
            path = root + "/".join(module)
            yield from (each for each in (f"{path}.py", f"{path}/__init__.py") if each in files)


def _is_local(top: str, code: Code, files: Mapping[str, Path]) -> bool:
    """Whether it is the user's: a module, a folder with anything in it, or a compiled module."""
    begins = tuple(f"{root}{top}{end}" for root in _roots(code) for end in ("/", "."))
    return any(
        name.startswith(begins) and name.endswith((".py", ".so", ".pyd", ".pyc")) for name in files
    )


def _is_there(module: str, python: str, asked: ExpectedPackages) -> bool:
    top = module.partition(".")[0]
    if in_standard_library(top, python) or top == RUNTIME_NAME:
        return True
    if top == "azureml":
        # The stand-in, and of what it lacks another check tells. Many of the rest bring others.
        return f"{module}.".startswith(tuple(f"{each}." for each in AZUREML_DEFAULTS)) or (
            module == "azureml"
            or any(name.startswith("azureml-") and name in asked.unclear for name in asked.names)
        )
    return is_in(module, asked.names)


def _problem(
    found: _Found, code: Code, asked: EnvironmentRequest, there: ExpectedPackages, *, certain: bool
) -> Problem:
    module = found.what.module
    top = module.partition(".")[0]
    known = _not_deployed(top, found, code) or _of_another_python(top, asked)
    if known is None:
        # Where nobody has said what all there will be, one of the packages may bring it.
        certain &= not there.unclear or (there.locked and is_known_module(module))
        known = (
            f"nothing that the environment asks for has the module {module}",
            _fix(module, alone=code.source_directory is None),
        )
    message, hint = known
    return Problem(
        code="missing-module",
        severity="warning" if certain and found.what.when == "always" else "note",
        message=message,
        place=found.place,
        hint=hint,
    )


def _fix(module: str, *, alone: bool) -> str:
    if module.startswith("azureml."):
        part = ".".join(module.split(".")[:2])
        return f"add the package that has {part} to the pip section, such as {canonical(part)}"
    package = f"add `{distribution_of(module)}` to the pip section of the conda file"
    if is_known_module(module):
        return package
    # Whoever means a file of their own would get what a stranger has put there by that name.
    if alone:
        return f"{package}, or set `sourceDirectory` to the folder that has {module}"
    return f"{package}, or add the module to the source directory"


def _not_deployed(top: str, found: _Found, code: Code) -> tuple[str, str] | None:
    """Where the user has the module, and the service has not."""
    beside = found.file.parent
    for folder in (code.origin, beside):
        for name in (f"{top}.py", f"{top}/__init__.py"):
            if not (folder / name).is_file():
                continue
            if code.source_directory is None:
                return (
                    f"{top} lies beside the entry script, which is deployed alone",
                    f"set `sourceDirectory` to {folder}",
                )
            if folder == code.origin:
                reason = why_left_out(code.path, name)
                why = reason.text if reason else "it is not deployed"
                return f"{name} is in {code.origin}, but {why}", f"deploy {name} too"
            package = PurePosixPath(found.name).parent.relative_to(code.source_directory)
            dotted = ".".join(package.parts)
            return (
                f"{top} lies beside {found.file.name}, where a service does not look: it looks in "
                "the source directory itself",
                f"write `from {dotted} import {top}`, or set `sourceDirectory` to {beside}",
            )
    return None


def _of_another_python(top: str, asked: EnvironmentRequest) -> tuple[str, str] | None:
    if not in_standard_library(top, None):
        return None
    return (
        f"Python {asked.python} does not have the module {top}, which others have",
        f"import something else, or ask for another Python than {asked.python}",
    )
