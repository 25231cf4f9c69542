"""What is installed in a folder, package by package, as files of a layer.

Nothing of it names the machine, the folder or the day.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from acideploy.environment.channels import without_login
from acideploy.image.layer import Entry, file_entry, text_entry

# Of what conda's records say: where this machine keeps its packages, how it links files, and when
# the channel was indexed.
_OF_THIS_MACHINE = frozenset(
    {
        "extracted_package_dir",
        "indexed_timestamp",
        "package_tarball_full_path",
        "link",
        "requested_spec",
        "requested_specs",
    }
)
# An interpreter with a path that is too long, or has spaces, is called by a shell.
_SHELL = re.compile(r"#!/bin/sh\n'''exec' .*\n' '''\n")
_SHEBANG = re.compile(r"#!.*python.*\n")


def conda_files(folder: Path, *, prefix: str) -> Mapping[str, list[Entry]]:
    """The files that each conda package has in `folder`, by its name, as they are in `prefix`."""
    found = {}
    for record in sorted((folder / "conda-meta").glob("*.json")):
        fields = json.loads(record.read_text(encoding="utf-8"))
        place = f"{prefix[1:]}/conda-meta/{record.name}"
        entries = [text_entry(place, _conda_record(fields))]
        for name in fields["files"]:
            entries += _entries(folder / name, f"{prefix[1:]}/{name}", folder, prefix)
        found[fields["name"]] = entries
    return found


def pip_files(folder: Path, *, place: str, python: str) -> Mapping[str, list[Entry]]:
    """The files that each distribution has in `folder`, by its canonical name, as they are below
    `place`. `python` is what runs its scripts: a path, or a name on the PATH."""
    return {
        canonicalize_name(metadata.name.partition("-")[0]): list(
            _distribution(folder, metadata, place, python)
        )
        for metadata in sorted(folder.glob("*.dist-info"))
    }


def _conda_record(fields: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in fields.items() if key not in _OF_THIS_MACHINE}
    for key in ("url", "channel"):
        if kept.get(key):
            kept[key] = without_login(kept[key])
    return json.dumps(kept, indent=2, sort_keys=True) + "\n"


def _entries(path: Path, place: str, folder: Path, prefix: str) -> Iterator[Entry]:
    if path.is_symlink():
        target = os.readlink(path)
        if target.startswith(f"{folder}/"):
            target = prefix + target.removeprefix(str(folder))
        yield Entry(path=place, kind="link", target=target)
    elif path.is_file():
        yield file_entry(place, path)


def _distribution(folder: Path, metadata: Path, place: str, python: str) -> Iterator[Entry]:
    """https://packaging.python.org/en/latest/specifications/recording-installed-packages/"""
    own = f"{metadata.name}/RECORD"
    rows = [[own, "", ""]]
    with (folder / own).open(newline="", encoding="utf-8") as file:
        written = list(csv.reader(file))
    for name, *measured in written:
        # uv writes the scripts of a folder of packages as those of an environment.
        name = name.removeprefix("../../")
        path = folder / name
        if name == own or not path.is_file() or _is_of_this_machine(name):
            continue
        if name.startswith("bin/") and path.read_bytes()[:2] == b"#!":
            yield _script(f"{place[1:]}/{name}", path, python)
            measured = ["", ""]
        else:
            yield file_entry(f"{place[1:]}/{name}", path)
        rows.append([name, *measured])
    record = io.StringIO()
    csv.writer(record, lineterminator="\n").writerows(sorted(rows))
    yield text_entry(f"{place[1:]}/{own}", record.getvalue())


def _script(place: str, path: Path, python: str) -> Entry:
    text = path.read_text(encoding="utf-8")
    called = f"#!{python}\n" if python.startswith("/") else f"#!/usr/bin/env {python}\n"
    for pattern in (_SHELL, _SHEBANG):
        if pattern.match(text):
            text = pattern.sub(lambda _: called, text, count=1)
            break
    content = text.encode()
    return Entry(path=place, kind="file", content=content, size=len(content), executable=True)


def _is_of_this_machine(name: str) -> bool:
    """Compiled modules begin with a time; the rest is uv's book-keeping, such as where from.

    https://packaging.python.org/en/latest/specifications/direct-url-data-structure/
    """
    folder, _, file = name.rpartition("/")
    return file in ("uv_cache.json", "direct_url.json") or folder.endswith("__pycache__")
