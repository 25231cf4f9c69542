"""What an entry script needs, found out without running it."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MODEL_DIRECTORY = "AZUREML_MODEL_DIR"


@dataclass(frozen=True)
class ModelFile:
    """`name` is what `Model.get_model_path` is asked for, or empty for `AZUREML_MODEL_DIR`."""

    name: str
    parts: tuple[str, ...] = ()

    def joined(self, *parts: str) -> ModelFile:
        path = posixpath.normpath("/".join(part.strip("/") for part in (*self.parts, *parts)))
        return ModelFile(self.name, () if path == "." else tuple(path.split("/")))


@dataclass(frozen=True)
class Script:
    """`imports` are (module, name) pairs outside `try`, name empty for `import module`."""

    path: Path
    source: str
    error: str = ""
    imports: tuple[tuple[str, str], ...] = ()
    models: frozenset[ModelFile] = frozenset()
    kinds: tuple[str, ...] = ()


def read_script(path: Path) -> Script:
    source = path.read_bytes().decode("utf-8-sig", "replace")
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return Script(path, source, error=f"does not parse: {error.msg}")
    files = _Files()
    files.visit(tree)
    return Script(
        path,
        source,
        imports=tuple(sorted(set(_imports(tree)))),
        models=frozenset(files.used),
        kinds=tuple(_kinds(source)),
    )


def _kinds(source: str) -> Iterator[str]:
    for mark, kind in (
        ("@input_schema", "schema"),
        ("@rawhttp", "rawhttp"),
        ("get_model_path", "get_model_path"),
        (MODEL_DIRECTORY, "model dir"),
        ("pandas", "pandas"),
        ("sklearn", "sklearn"),
        ("joblib", "joblib"),
        ("pickle", "pickle"),
    ):
        if mark in source:
            yield kind


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Try) and child.handlers:
            continue  # the script does without
        if isinstance(child, ast.Import):
            yield from ((alias.name, "") for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            module = "." * child.level + (child.module or "")
            yield from ((module, alias.name) for alias in child.names)
        else:
            yield from _imports(child)


Value = str | ModelFile | None


@dataclass
class _Files(ast.NodeVisitor):
    """Follows strings and paths through a script's assignments, in the order of its lines."""

    values: dict[str, Value] = field(default_factory=dict)
    used: set[ModelFile] = field(default_factory=set)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        value = self.evaluate(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name) and value is not None:
                self.values[target.id] = value

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        if _name(node.func).rpartition(".")[2] not in ("join", "Path", "str", "print", "format"):
            values = map(self.evaluate, node.args)
            self.used.update(value for value in values if isinstance(value, ModelFile))

    def evaluate(self, node: ast.AST) -> Value:
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name):
                return self.values.get(name)
            case ast.Subscript(value=value, slice=ast.Constant(value=str(name))):
                known = _name(value).endswith("environ") and name == MODEL_DIRECTORY
                return ModelFile("") if known else None
            case ast.BinOp(left=left, op=ast.Add() | ast.Div(), right=right):
                return self._join([left, right], glue="" if isinstance(node.op, ast.Add) else "/")
            case ast.JoinedStr(values=values):
                parts = [v.value if isinstance(v, ast.FormattedValue) else v for v in values]
                return self._join(parts, glue="")
            case ast.Call():
                return self._call(node)
        return None

    def _call(self, node: ast.Call) -> Value:
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        match _name(node.func).split("."):
            case [*_, "getenv"] | [*_, "environ", "get"] if arguments:
                if self.evaluate(arguments[0]) == MODEL_DIRECTORY:
                    return ModelFile("")
                return self.evaluate(arguments[1]) if len(arguments) > 1 else None
            case [*_, "path", "join"] | ["join"]:
                return self._join(arguments, glue="/")
            case ["Path" | "str"] | [*_, "Path"] if arguments:
                return self.evaluate(arguments[0])
            case [*_, "resolve" | "absolute"] if isinstance(node.func, ast.Attribute):
                return self.evaluate(node.func.value)
            case [*_, "get_model_path"] if arguments:
                name = self.evaluate(arguments[0])
                if isinstance(name, str):
                    self.used.add(ModelFile(name))
                    return ModelFile(name)
        return None

    def _join(self, nodes: list[ast.expr], *, glue: str) -> Value:
        first, *rest = map(self.evaluate, nodes)
        if not all(isinstance(part, str) for part in rest):
            return None
        texts = [str(part) for part in rest]
        if isinstance(first, ModelFile):
            return first.joined(*texts) if glue else first.joined("".join(texts))
        return glue.join([first, *texts]) if isinstance(first, str) else None


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    return "?"
