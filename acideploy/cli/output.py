"""Results on stdout, in the formats of `az`."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import click

from acideploy.cli.terminal import colourful, takes_unicode
from acideploy.cli.usage import WrongUsage

Query: TypeAlias = Callable[[Any], Any]

# What az leaves out of a table: it is long, and the same in every row.
_NOT_IN_TABLES = ("id", "type", "etag")

# A name with its colon, a string, a number or a word of JSON.
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null|-?\d[\d.eE+-]*)\b')


def compile_query(text: str | None, context: click.Context | None = None) -> Query | None:
    """Reads a JMESPath expression, before any work is done. Raises WrongUsage."""
    if text is None:
        return None
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        expression = jmespath.compile(text)
    except JMESPathError as error:
        raise _wrong_query(text, error, context) from error

    def search(value: Any) -> Any:
        try:
            return expression.search(value, jmespath.Options(dict_cls=OrderedDict))
        except JMESPathError as error:
            raise _wrong_query(text, error, context) from error

    return search


def write(
    result: Any, form: str, *, query: Query | None, table: Callable[[Any], Any] | None
) -> None:
    """Prints the result, or what the query finds in it; like az, nothing where that is null."""
    found = query(result) if query else result
    if found is not None:
        rows = table(found) if table and form == "table" and not query else found
        click.echo(formatted(rows, form), nl=False)


def formatted(value: Any, form: str) -> str:
    """The value as text that ends with a newline, or is empty."""
    if form == "none":
        return ""
    if form == "tsv":
        return "".join(_tsv_row(row) + "\n" for row in _rows(value))
    if form == "table":
        return _table([_table_row(row) for row in _rows(value)])
    if form in ("yaml", "yamlc"):
        import yaml

        plain = json.loads(json.dumps(value))
        return yaml.safe_dump(plain, default_flow_style=False, allow_unicode=True)
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=not takes_unicode()) + "\n"
    return _TOKEN.sub(_coloured, text) if form == "jsonc" and colourful("stdout") else text


def _wrong_query(text: str, error: Exception, context: click.Context | None) -> WrongUsage:
    reason = str(error).partition("\n")[0].rstrip(".:")
    return WrongUsage(
        f"--query {text!r} cannot be used: {reason}",
        hint="--query takes a JMESPath expression, such as scoringUri or [].name",
        ctx=context,
    )


def _rows(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _tsv_row(row: Any) -> str:
    """As az: values in the order of their keys, or of the query where that made the row."""
    if isinstance(row, OrderedDict):
        return "\t".join(map(_tsv_cell, row.values()))
    if isinstance(row, dict):
        return "\t".join(_tsv_cell(value) for _, value in sorted(row.items()))
    if isinstance(row, list):
        return "\t".join(map(_tsv_cell, row))
    return str(row).lower() if isinstance(row, bool) else _tsv_cell(row)


def _tsv_cell(value: Any) -> str:
    """As az: a list is its length, an object is empty, null is None, true is True."""
    if isinstance(value, list):
        return str(len(value))
    return "" if isinstance(value, Mapping) else str(value)


def _table_row(row: Any) -> dict[str, str]:
    if isinstance(row, Mapping):
        given = {key: value for key, value in row.items() if value is not None}
        short = {
            key: value
            for key, value in given.items()
            if key not in _NOT_IN_TABLES and not isinstance(value, list | Mapping)
        }
        # Where nothing is short, all of it is more than no table.
        return {key[:1].upper() + key[1:]: _cell(value) for key, value in (short or given).items()}
    if isinstance(row, list):
        return {f"Column{number}": str(value) for number, value in enumerate(row, start=1)}
    return {"Result": str(row)}


def _cell(value: Any) -> str:
    return json.dumps(value) if isinstance(value, list | Mapping) else str(value)


def _table(rows: list[dict[str, str]]) -> str:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    if not columns:
        return ""
    cells = [[row.get(column, "") for column in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    lines = [columns, ["-" * width for width in widths], *cells]
    return "".join(_padded(line, widths) + "\n" for line in lines)


def _padded(cells: Iterable[str], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _coloured(token: re.Match[str]) -> str:
    string, colon, word = token.groups()
    if word:
        return click.style(word, fg="cyan")
    return click.style(string, fg="blue") + colon if colon else click.style(string, fg="green")
