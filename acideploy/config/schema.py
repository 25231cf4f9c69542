"""The schemas: what keys exist, of which type and range, with what help.

Beside JSON Schema's own words (https://json-schema.org/draft/2020-12) they use

* `x-flags`: the flags that give the key's value;
* `x-aliases`: what people write instead of the key;
* `x-rule`: a pattern in words; `x-severity`: how bad breaking it is, `error` unless given;
* `x-ignored`: why the key has no effect; `x-flag-only`: why it has none in the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

SchemaName: TypeAlias = Literal["inferenceconfig", "deploymentconfig"]
Fragment: TypeAlias = Mapping[str, Any]


def schema_file(name: SchemaName) -> Path:
    """In the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    file_name = f"{name}.schema.json"
    installed = package / "schemas" / file_name
    return installed if installed.exists() else package.parent / "schemas" / file_name


@cache
def load_schema(name: SchemaName) -> Fragment:
    loaded: Fragment = json.loads(schema_file(name).read_text(encoding="utf-8"))
    return loaded


def resolve(fragment: Fragment, root: Fragment) -> Fragment:
    """Follows `$ref`, which here always points into the same file."""
    while "$ref" in fragment:
        target: Any = root
        for step in fragment["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        fragment = target
    return fragment


def properties(fragment: Fragment, root: Fragment) -> Mapping[str, Fragment]:
    """The keys of a table with what each holds."""
    given: Mapping[str, Fragment] = resolve(fragment, root).get("properties", {})
    return {key: resolve(each, root) for key, each in given.items()}


def types(fragment: Fragment) -> tuple[str, ...]:
    """The JSON types that a value may have, without null: null is the same as leaving it out."""
    given = fragment.get("type", ())
    names = (given,) if isinstance(given, str) else tuple(given)
    return tuple(name for name in names if name != "null")


def dotted_keys(
    fragment: Fragment, root: Fragment, above: str = ""
) -> Iterator[tuple[str, Fragment]]:
    """Every key with its dotted name, tables before what they hold."""
    for key, each in properties(fragment, root).items():
        name = f"{above}.{key}" if above else key
        yield name, each
        yield from dotted_keys(each, root, name)
