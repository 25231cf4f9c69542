"""Which names a Python module has once it is imported, as far as its text tells."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleNames:
    """`functions` holds those whose last definition is a `def`. `open` means that there may be
    names that the text does not show, as after `from model import *`. `elsewhere` has the lines of
    the functions that the module does not have by name: methods, and those inside functions."""

    names: frozenset[str]
    functions: dict[str, Function] = field(default_factory=dict)
    open: bool = False
    elsewhere: dict[str, int] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return self.open or name in self.names


def module_names(tree: ast.Module) -> ModuleNames:
    names: set[str] = set()
    functions: dict[str, Function] = {}
    for statement in _statements(tree.body):
        bound = _bound_by(statement)
        names |= bound
        for name in bound:
            functions.pop(name, None)
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions[statement.name] = statement
    names |= _made_global(tree, functions)
    return ModuleNames(
        names=frozenset(names),
        functions=functions,
        open=_is_open(tree),
        elsewhere=_elsewhere(tree, names),
    )


def relative_imports(tree: ast.Module) -> Iterator[ast.ImportFrom]:
    """Those that run on import and that no `try` makes good."""
    waiting = [*reversed(tree.body)]
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, ast.ImportFrom) and statement.level:
            yield statement
        elif isinstance(statement, ast.With):
            waiting += reversed(statement.body)


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement that runs on import, in the branches of `if`, `try`, `with` and loops too.

    In their order, and without recursion: a chain of `elif` is as deep as it is long.
    """
    waiting = [*reversed(body)]
    while waiting:
        statement = waiting.pop()
        yield statement
        if _runs_as_program(statement):
            waiting += reversed(getattr(statement, "orelse", ()))
            continue
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            waiting += reversed([*_inside(statement)])


def _runs_as_program(statement: ast.stmt) -> bool:
    """Whether it is `if __name__ == "__main__":`, which is false in a service."""
    match statement:
        case ast.If(
            test=ast.Compare(
                left=ast.Name(id="__name__"),
                ops=[ast.Eq()],
                comparators=[ast.Constant(value="__main__")],
            )
        ):
            return True
    return False


def _inside(statement: ast.stmt) -> Iterator[ast.stmt]:
    yield from getattr(statement, "body", ())
    for branch in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield from branch.body
    yield from getattr(statement, "orelse", ())
    yield from getattr(statement, "finalbody", ())


def _bound_by(statement: ast.stmt) -> set[str]:
    """The names that the statement itself gives a value."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {each.asname or each.name.partition(".")[0] for each in names}
        case ast.If() | ast.While() | ast.Try() | ast.Match():
            return set()
        case ast.AnnAssign(value=None):
            return set()
        case ast.For(target=target) | ast.AsyncFor(target=target):
            return _stored(target)
        case ast.With(items=items) | ast.AsyncWith(items=items):
            return {name for item in items for name in _stored(item)}
        case _:
            return _stored(statement)


def _stored(node: ast.AST) -> set[str]:
    return {
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }


def _elsewhere(tree: ast.Module, names: set[str]) -> dict[str, int]:
    return {
        node.name: node.lineno
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name not in names
    }


def _made_global(tree: ast.Module, functions: Collection[str]) -> set[str]:
    """Names that a function declares global, where one of the functions is called on import.

    What `init` makes global comes too late: the server looks for `run` before it calls it.
    """
    called = {
        node.func.id
        for statement in _statements(tree.body)
        if not hasattr(statement, "body")
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    if called.isdisjoint(functions):
        return set()
    return {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}


def _is_open(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(names=[ast.alias(name="*")]):
                return True
            case ast.Call(func=ast.Name(id="exec" | "globals" | "setattr" | "vars")):
                return True
            case ast.FunctionDef(name="__getattr__"):
                return True
    return False
