"""What can be known about an entry script without running it.

The rules for `run` are those of azureml-inference-server-http, server/user_script.py.
"""

from __future__ import annotations

import ast
import keyword
import re
import sys
import warnings
from pathlib import Path

from acideploy.config.checked import Findings
from acideploy.config.module_names import Function, ModuleNames, module_names
from acideploy.config.problem import Place
from acideploy.config.source import make_source

# These keep the signature; what another decorator makes of it is not known.
KNOWN_DECORATORS = frozenset({"input_schema", "output_schema", "rawhttp"})
PYTHON_2 = re.compile(r"Missing parentheses in call to|multiple exception types must be")
PYTHON_2_LINE = re.compile(r"^\s*(print\s+[^\s(=]|except\s+\w+\s*,\s*\w+\s*:|exec\s+\S)")
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
    tree = _parse(code, shown, findings, python)
    if tree is not None:
        _check_functions(module_names(tree), _Lines(code, shown), findings)


class _Lines:
    """Places in the script."""

    def __init__(self, code: bytes, shown: str) -> None:
        self._source = make_source(shown, code.decode("utf-8", "replace"))

    def place(self, line: int, column: int) -> Place:
        """`line` and `column` count from 1."""
        line = max(1, min(line, len(self._source.line_starts)))
        return self._source.place(self._source.line_starts[line - 1] + max(0, column - 1))

    def of(self, node: ast.stmt | None) -> Place:
        return self.place(node.lineno, node.col_offset + 1) if node else self.place(1, 1)

    def line(self, number: int) -> str:
        return self.place(number, 1).text or ""


def _parse(
    code: bytes, shown: str, findings: Findings, python: tuple[int, int] | None
) -> ast.Module | None:
    lines = _Lines(code, shown)
    try:
        tree = _tree(code)
    except SyntaxError as error:
        _report_syntax(error, lines, findings, python)
        return None
    except (ValueError, RecursionError, MemoryError):
        findings.error("script-syntax", "this is not Python source", lines.place(1, 1))
        return None
    if python and OLDEST_GRAMMAR <= python < sys.version_info[:2]:
        _check_old_grammar(code, lines, findings, python)
    return tree


def _tree(code: bytes, version: tuple[int, int] | None = None) -> ast.Module:
    with warnings.catch_warnings():
        # Invalid escapes and the like are the author's business.
        warnings.simplefilter("ignore")
        return ast.parse(code, feature_version=version)


def _report_syntax(
    error: SyntaxError, lines: _Lines, findings: Findings, python: tuple[int, int] | None
) -> None:
    place = lines.place(error.lineno or 1, error.offset or 1)
    running = sys.version_info[:2]
    if python and python > running:
        findings.warning(
            "script-syntax",
            f"Python {_dotted(running)}, which acideploy runs on, cannot read this: {error.msg}",
            place,
        )
        return
    is_old = PYTHON_2.search(error.msg) or PYTHON_2_LINE.search(lines.line(error.lineno or 1))
    findings.error(
        "script-syntax",
        f"the entry script is not Python: {error.msg}",
        place,
        "this is Python 2; convert it, for instance with 2to3" if is_old else None,
    )


def _check_old_grammar(
    code: bytes, lines: _Lines, findings: Findings, python: tuple[int, int]
) -> None:
    try:
        _tree(code, python)
    except SyntaxError as error:
        findings.warning(
            "script-syntax",
            f"the environment's Python {_dotted(python)} cannot read this: {error.msg}",
            lines.place(error.lineno or 1, error.offset or 1),
            "ask for a newer Python in the conda file",
        )


def _check_functions(names: ModuleNames, lines: _Lines, findings: Findings) -> None:
    for name, code, purpose in (
        ("init", "missing-init", "loads the model"),
        ("run", "missing-run", "answers requests"),
    ):
        if not names.has(name):
            findings.error(
                code,
                f"the entry script has no {name}()",
                lines.place(1, 1),
                f"define a function {name}() at the top level; it {purpose}",
            )
    init, run = names.functions.get("init"), names.functions.get("run")
    if init:
        _check_init(init, lines.of(init), findings)
    if run:
        _check_run(run, lines.of(run), findings)


def _check_init(init: Function, place: Place, findings: Findings) -> None:
    arguments = init.args
    positional = [*arguments.posonlyargs, *arguments.args]
    required = len(positional) - len(arguments.defaults) + arguments.kw_defaults.count(None)
    if isinstance(init, ast.AsyncFunctionDef):
        findings.error("bad-init-signature", "init() is async, so it would never run", place)
    elif required and not init.decorator_list:
        findings.error("bad-init-signature", "init() is called without arguments", place)


def _check_run(run: Function, place: Place, findings: Findings) -> None:
    decorators = {_decorator_name(each) for each in run.decorator_list}
    if isinstance(run, ast.AsyncFunctionDef):
        findings.error(
            "bad-run-signature", "run() is async, and the server does not await it", place
        )
    if decorators >= {"rawhttp", "input_schema"}:
        findings.error(
            "bad-run-signature", "run() cannot have both @rawhttp and @input_schema", place
        )
    if not decorators <= KNOWN_DECORATORS:
        return
    arguments = run.args
    if arguments.posonlyargs or arguments.vararg or arguments.kwarg:
        findings.error(
            "bad-run-signature",
            "run() cannot have positional-only parameters, *args or **kwargs",
            place,
            "name the parameter: def run(data):",
        )
        return
    inputs = [each.arg for each in (*arguments.args, *arguments.kwonlyargs)]
    if set(inputs) <= {"request_headers"}:
        findings.error(
            "bad-run-signature",
            "run() has no parameter for the input",
            place,
            "define it as def run(data):",
        )
    elif "input_schema" not in decorators and _required_beyond_first(arguments):
        findings.warning(
            "bad-run-signature",
            "without @input_schema run() gets one argument, so every request will fail",
            place,
            "give the other parameters defaults",
        )


def _required_beyond_first(arguments: ast.arguments) -> bool:
    names = [each.arg for each in arguments.args]
    required = names[: len(names) - len(arguments.defaults)]
    required += [
        each.arg
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    ]
    return len([name for name in required if name != "request_headers"]) > 1


def _decorator_name(node: ast.expr) -> str:
    """`input_schema` of `@input_schema("data", sample)` and of `@schemas.input_schema(...)`."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
