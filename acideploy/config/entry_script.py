"""What can be known about an entry script without running it."""

from __future__ import annotations

import ast
import keyword
import re
import sys
import warnings
from pathlib import Path

from acideploy.config.checked import Findings
from acideploy.config.module_names import module_names, relative_imports
from acideploy.config.problem import Place
from acideploy.config.score_functions import check_score_functions
from acideploy.config.source import Source, make_source

PYTHON_2 = re.compile(
    r"Missing parentheses in call to|multiple exception types must be|leading zeros in decimal"
)
PYTHON_2_LINE = re.compile(
    r"""^\s*(print\s+[^\s(=]|except\s+[\w.]+\s*,\s*\w+\s*:|exec\s+\S|raise\s+[\w.]+\s*,)
    |<>|`\w[^`]*`|\bur["']|^[^#"']*\b\d+L\b""",
    re.VERBOSE,
)
NOTEBOOK_LINE = re.compile(r"^\s*(%%?[a-zA-Z]|!\s*\w)")
NOT_UTF_8 = re.compile(r"codec can't decode|null bytes")
OLDEST_GRAMMAR = (3, 4)


def check_entry_script_name(path: Path, place: Place, findings: Findings) -> None:
    """A service imports the script as a module."""
    if path.suffix != ".py":
        findings.error(
            "not-python", f"{path.name} is not a Python file: only .py can be deployed", place
        )
    elif not path.stem.isidentifier() or keyword.iskeyword(path.stem):
        name = re.sub(r"\W", "_", path.stem)
        better = f"_{name}" if name[:1].isdigit() or keyword.iskeyword(name) else name
        findings.error(
            "bad-entry-script-name",
            f"{path.name} cannot be imported: {path.stem!r} is not a Python module name",
            place,
            f"rename it to {better}.py",
        )


def check_entry_script(
    path: Path, shown: str, findings: Findings, *, python: tuple[int, int] | None = None
) -> None:
    """Checks the grammar, `init` and `run`. `python` is the version that the service will have."""
    try:
        code = path.read_bytes()
    except OSError as error:
        findings.error(
            "unreadable-file", f"{shown} cannot be read: {error.strerror}", Place(file=shown)
        )
        return
    source = make_source(shown, code.decode("utf-8", "replace"))
    tree = _parse(code, source, findings, python)
    if tree is not None:
        check_score_functions(module_names(tree), source, findings)
        _check_imports(tree, source, findings)


def _parse(
    code: bytes, source: Source, findings: Findings, python: tuple[int, int] | None
) -> ast.Module | None:
    try:
        tree = _tree(code)
    except SyntaxError as error:
        _report_syntax(error, source, findings, python)
        return None
    except (ValueError, RecursionError, MemoryError) as error:
        # Null bytes are a ValueError to Python 3.10, and a SyntaxError to later ones.
        hint = _syntax_hint(str(error), "")
        findings.error("script-syntax", "this is not Python source", source.at(1, 1), hint)
        return None
    if python and OLDEST_GRAMMAR <= python < sys.version_info[:2]:
        _check_old_grammar(code, source, findings, python)
    return tree


def _tree(code: bytes, version: tuple[int, int] | None = None) -> ast.Module:
    with warnings.catch_warnings():
        # Invalid escapes and the like are the author's business.
        warnings.simplefilter("ignore")
        tree = ast.parse(code, feature_version=version)
        # Some rules are the compiler's alone, such as that of a `return` outside a function.
        compile(tree, "<entry script>", "exec", dont_inherit=True)
        return tree


def _report_syntax(
    error: SyntaxError, source: Source, findings: Findings, python: tuple[int, int] | None
) -> None:
    place = source.at(error.lineno or 1, error.offset or 1)
    running = sys.version_info[:2]
    if python and python > running:
        findings.warning(
            "script-syntax",
            f"Python {_dotted(running)}, which acideploy runs on, cannot read this: {error.msg}",
            place,
        )
        return
    findings.error(
        "script-syntax",
        f"the entry script is not Python: {error.msg}",
        place,
        _syntax_hint(error.msg, place.text or ""),
    )


def _syntax_hint(message: str, line: str) -> str | None:
    if NOT_UTF_8.search(message):
        return "save the file as UTF-8"
    if NOTEBOOK_LINE.search(line):
        return "this line is for a notebook: remove it"
    if PYTHON_2.search(message) or PYTHON_2_LINE.search(line):
        return "this is Python 2; convert it, for instance with 2to3"
    return None


def _check_old_grammar(
    code: bytes, source: Source, findings: Findings, python: tuple[int, int]
) -> None:
    try:
        _tree(code, python)
    except SyntaxError as error:
        findings.warning(
            "script-syntax",
            f"the environment's Python {_dotted(python)} cannot read this: {error.msg}",
            source.at(error.lineno or 1, error.offset or 1),
            "ask for a newer Python in the conda file",
        )


def _check_imports(tree: ast.Module, source: Source, findings: Findings) -> None:
    for statement in relative_imports(tree):
        findings.error(
            "relative-import",
            "the entry script is not part of a package, so it cannot import relative to one",
            source.at(statement.lineno, statement.col_offset + 1),
            "remove the dots: modules are imported by their names from the source directory",
        )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
