"""The two functions that a service calls: what `init` and `run` may look like.

The rules are those of azureml-inference-server-http, server/user_script.py.
"""

from __future__ import annotations

import ast

from acideploy.config.checked import Findings
from acideploy.config.module_names import Function, ModuleNames
from acideploy.config.problem import Place
from acideploy.config.source import Source

# These keep the signature; what another decorator makes of it is not known.
KNOWN_DECORATORS = frozenset({"input_schema", "output_schema", "rawhttp"})


def check_score_functions(names: ModuleNames, source: Source, findings: Findings) -> None:
    """Reports what keeps the server from calling `init` and `run`."""
    for name, code, purpose in (
        ("init", "missing-init", "loads the model"),
        ("run", "missing-run", "answers requests"),
    ):
        if not names.has(name):
            findings.error(
                code,
                f"the entry script has no {name}()",
                source.at(1, 1),
                _near_miss(name, names)
                or f"define a function {name}() at the top level; it {purpose}",
            )
    init, run = names.functions.get("init"), names.functions.get("run")
    if init:
        _check_init(init, _place(init, source), findings)
    if run:
        _check_run(run, _place(run, source), findings)


def _near_miss(name: str, names: ModuleNames) -> str | None:
    if name in names.elsewhere:
        return f"the {name}() of line {names.elsewhere[name]} has to be at the top level"
    same = sorted(each for each in names.names if each.lower() == name)
    return f"rename {same[0]}() to {name}()" if same else None


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
    elif unknown := sorted(_schema_names(run) - set(inputs)):
        findings.warning(
            "bad-run-signature",
            f"run() has no parameter {unknown[0]!r}, which @input_schema describes, so every "
            "request will fail",
            place,
            f"give the parameter and the schema one name: run() has {', '.join(inputs)}",
        )
    elif "input_schema" not in decorators and _required_beyond_first(arguments):
        findings.warning(
            "bad-run-signature",
            "without @input_schema run() gets one argument, so every request will fail",
            place,
            "give the other parameters defaults",
        )


def _schema_names(run: Function) -> set[str]:
    """The parameters that the function's @input_schema decorators name in plain text."""
    names = set()
    for each in run.decorator_list:
        if isinstance(each, ast.Call) and _decorator_name(each) == "input_schema":
            named = [keyword.value for keyword in each.keywords if keyword.arg == "param_name"]
            for node in [*each.args[:1], *named]:
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    names.add(node.value)
    return names


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


def _place(function: Function, source: Source) -> Place:
    return source.at(function.lineno, function.col_offset + 1)
