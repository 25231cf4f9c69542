"""The generated parts of README.md and the completion scripts: made from the code they describe.

`python -m tests.documents --write` writes them again; a test compares.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from acideploy import errors
from acideploy.config.codes import CODES

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
SHELLS = {"bash": "acideploy.bash", "zsh": "_acideploy", "fish": "acideploy.fish"}

Schema = dict[str, Any]


def exit_codes() -> str:
    """A table of every exit code."""
    rows = [("0", "done"), ("2", "the command line itself is wrong")]
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    own = [each for each in classes if "exit_code" in vars(each)]
    rows += [(str(each.exit_code), each.meaning) for each in own]
    rows += [(str(errors.INTERRUPTED_EXIT_CODE), "Ctrl-C; running the same command again goes on")]
    return _table(("code", "meaning"), sorted(rows, key=lambda row: int(row[0])))


def problem_codes() -> str:
    """A table of every kind of problem that `acideploy check` knows."""
    return _table(("code", "meaning"), [(f"`{code}`", text) for code, text in CODES.items()])


def inference_config() -> str:
    """The keys of an inference config."""
    schema = _schema("inferenceconfig")
    return _table(("key", "meaning", "default", "flags"), _rows(schema, schema))


def deployment_config() -> str:
    """The keys of a deployment config that an `aci` or a `local` deploy reads."""
    schema = _schema("deploymentconfig")
    kinds: dict[tuple[str, ...], list[str]] = {}
    for kind in ("aci", "local"):
        for row in _rows(schema["$defs"][kind], schema):
            kinds.setdefault(row, []).append(kind)
    rows = [(*row, " ".join(names)) for row, names in kinds.items()]
    return _table(("key", "meaning", "default", "flags", "for"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "exit codes": exit_codes,
    "problem codes": problem_codes,
    "inference config": inference_config,
    "deployment config": deployment_config,
}


def generated_readme(text: str) -> str:
    """README.md with each generated block as the code would have it."""
    for name, make in BLOCKS.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
        assert pattern.search(text), f"README.md has no block {name!r}"
        block = f"{begin}\n\n{make()}\n\n{end}"
        text = pattern.sub(lambda _, block=block: block, text)  # type: ignore[misc]
    return text


def completion(shell: str) -> str:
    """The completion script as the command prints it."""
    command = [sys.executable, "-m", "acideploy", "completion", shell]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _schema(name: str) -> Schema:
    schema: Schema = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text())
    return schema


def _rows(table: Schema, schema: Schema, prefix: str = "") -> Iterator[tuple[str, ...]]:
    for key, described in table.get("properties", {}).items():
        entry = _resolved(described, schema)
        if key == "$schema" or "x-ignored" in entry:
            continue
        default = json.dumps(entry["default"]) if "default" in entry else ""
        flags = " ".join(f"`{flag}`" for flag in entry.get("x-flags", ()))
        yield f"`{prefix}{key}`", entry.get("description", ""), default, flags
        yield from _rows(entry, schema, prefix=f"{prefix}{key}.")


def _resolved(entry: Schema, schema: Schema) -> Schema:
    reference = entry.get("$ref")
    if reference is None:
        return entry
    target = schema
    for part in reference.removeprefix("#/").split("/"):
        target = target[part]
    return {**_resolved(target, schema), **entry}


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '¦') for cell in row)} |" for row in lines)


if __name__ == "__main__":
    assert "--write" in sys.argv, "usage: python -m tests.documents --write"
    README.write_text(generated_readme(README.read_text()))
    for name, file in SHELLS.items():
        (ROOT / "completions" / file).write_text(completion(name))
