"""What Python code imports, as far as its text tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

# `always` runs when the module is imported; `later` is in a function, or depends on something;
# `guarded` may fail, or never runs.
When: TypeAlias = Literal["always", "later", "guarded"]

_CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """`module` is dotted, empty in `from . import x`; `names` are those after `from ... import`.

    `level` is the number of dots before it. `line` and `column` count from 1.
    """

    module: str
    names: tuple[str, ...]
    level: int
    line: int
    column: int
    when: When


def imports_in(tree: ast.AST) -> Iterator[Import]:
    """Each import of a module, in the order of the text, but for `if __name__ == "__main__":`."""
    waiting: list[tuple[ast.AST, When]] = [(tree, "always")]
    while waiting:
        node, when = waiting.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _import(alias, when, module=alias.name)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield _import(node, when, module=node.module or "", names=names, level=node.level)
        else:
            # Expressions hold no imports, and may be as deep as they are long.
            inside = [each for each in _inside(node, when) if not isinstance(each[0], ast.expr)]
            waiting += reversed(inside)


def _import(
    node: ast.alias | ast.ImportFrom,
    when: When,
    *,
    module: str,
    names: tuple[str, ...] = (),
    level: int = 0,
) -> Import:
    return Import(
        module=module,
        names=names,
        level=level,
        line=node.lineno,
        column=node.col_offset + 1,
        when=when,
    )


def _inside(node: ast.AST, when: When) -> Iterator[tuple[ast.AST, When]]:
    """What is directly below a node, and when that runs."""
    match node:
        case ast.Try(body=body, handlers=handlers):
            caught = any(_catches_import_error(each.type) for each in handlers)
            yield from ((each, "guarded" if caught else when) for each in body)
            yield from ((each, "guarded") for each in handlers)
            yield from ((each, when) for each in (*node.orelse, *node.finalbody))
        case ast.If(test=test, body=body, orelse=orelse):
            shown = ast.unparse(test)
            if not shown.startswith("__name__ =="):
                unreal = shown.endswith("TYPE_CHECKING") or "sys." in shown
                yield from ((each, "guarded" if unreal else _at_least_later(when)) for each in body)
            yield from ((each, _at_least_later(when)) for each in orelse)
        case ast.With(items=items, body=body):
            suppressed = any(_suppresses(each.context_expr) for each in items)
            yield from ((each, "guarded" if suppressed else when) for each in body)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            yield from ((each, _at_least_later(when)) for each in ast.iter_child_nodes(node))
        case _:
            yield from ((each, when) for each in ast.iter_child_nodes(node))


def _at_least_later(when: When) -> When:
    return "guarded" if when == "guarded" else "later"


def _catches_import_error(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_catches_import_error(each) for each in caught.elts)
    return caught is None or ast.unparse(caught).rpartition(".")[2] in _CAUGHT


def _suppresses(context: ast.expr) -> bool:
    return isinstance(context, ast.Call) and any(map(_catches_import_error, context.args))
