"""Where the entry script and the source directory lie."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from acideploy.config.checked import Findings
from acideploy.config.document import Scalar, Table, is_blank, is_null
from acideploy.config.entry_script import check_entry_script_name
from acideploy.config.kinds import V2_KEYS
from acideploy.config.not_given import file_to_give
from acideploy.config.paths import Bases, absolute, note_beside_config, report_missing
from acideploy.config.placeholders import variable_in
from acideploy.config.spelling import slipped_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Where the code lies, as far as it was found."""

    script: Path | None = None
    source: Path | None = None


def find_code(shaped: Table, table: Table, bases: Bases, findings: Findings) -> Code:
    """The code that a conforming config names. `table` is the config as it was read."""
    entry, source = shaped.scalar("entryScript"), shaped.scalar("sourceDirectory")
    directories = _source_directories(source, bases, findings) if source else []
    first = directories[0] if directories else None
    if entry is None:
        given = table.entries.get("entryScript")
        if given is None or is_null(given.node) or is_blank(given.node):
            _report_no_entry_script(table, bases, findings)
        return Code(source=first)
    if entry.text.isprintable() and variable_in(entry.text) is None:
        check_entry_script_name(Path(entry.text.strip()), entry.place, findings)
    if source and first is None:
        return Code()
    candidates = _candidates(entry, directories, bases)
    for code in candidates:
        if os.path.isfile(code.script or ""):
            _tell_where(code, entry, source, bases, findings)
            return code
    looked = [code.script for code in candidates if code.script]
    report_missing(entry, "entryScript", looked, bases, findings, inside=first)
    return Code(source=first)


def _candidates(entry: Scalar, directories: Sequence[Path], bases: Bases) -> list[Code]:
    """Where the entry script may be, best first."""
    if not directories:
        return [Code(script=absolute(base, entry.text)) for base in bases.of(entry)]
    inside = [
        Code(script=absolute(directory, entry.text), source=directory) for directory in directories
    ]
    # Some give the script's path from the project's folder in spite of sourceDirectory.
    beside = (absolute(base, entry.text) for base in bases.beside(entry))
    return inside + [
        Code(script=script, source=directories[0])
        for script in beside
        if os.path.isfile(script) and _is_within(script, directories[0])
    ]


def _tell_where(
    code: Code, entry: Scalar, source: Scalar | None, bases: Bases, findings: Findings
) -> None:
    """Says which of the places it was found at, when that was not the first."""
    assert code.script is not None
    if source and code.source and code.source != absolute(bases.cwd, source.text):
        note_beside_config(source, "sourceDirectory", code.source, bases, findings)
    elif code.script != absolute(code.source or bases.cwd, entry.text):
        note_beside_config(entry, "entryScript", code.script, bases, findings)
    if code.source and not _is_within(code.script, code.source):
        findings.error(
            "entry-script-outside",
            f"entryScript {entry.text!r} is not inside sourceDirectory "
            f"{bases.show(code.source)}, and only that is deployed",
            entry.place,
            "move it there, or name a directory that holds both",
        )


def _source_directories(source: Scalar, bases: Bases, findings: Findings) -> list[Path]:
    """The existing directories that sourceDirectory may mean, best first."""
    candidates = list(dict.fromkeys(absolute(base, source.text) for base in bases.of(source)))
    directories = [each for each in candidates if os.path.isdir(each)]
    if directories:
        return directories
    if os.path.exists(candidates[0]):
        findings.error(
            "path-not-found",
            f"sourceDirectory {source.text!r} is a file, not a folder",
            source.place,
        )
    else:
        report_missing(source, "sourceDirectory", candidates, bases, findings, what="folder")
    return []


def _report_no_entry_script(table: Table, bases: Bases, findings: Findings) -> None:
    if V2_KEYS & set(table.entries):
        findings.error(
            "v2-file",
            "this is a deployment file of `az ml` version 2, not an inference config",
            table.place,
            "write its code_configuration as entryScript and sourceDirectory",
        )
        return
    hint = file_to_give("-ic", bases) or slipped_key("entryScript", table)
    hint = hint or "name the Python file that has init() and run(), or give --entry-script"
    if "computeType" in table.entries:
        hint = "this looks like a deployment config: give it with -dc"
    findings.error("missing-key", "entryScript is missing", table.place, hint)


def _is_within(path: Path, directory: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(directory))
