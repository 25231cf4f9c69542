"""The inference config: what runs."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from acideploy.config.checked import Checked, Findings
from acideploy.config.conform import conform, inference_kind
from acideploy.config.document import Scalar, Table, is_blank, is_null
from acideploy.config.entry_script import check_entry_script, check_entry_script_name
from acideploy.config.environment import (
    environment_of,
    read_environment_directory,
    without_reference,
)
from acideploy.config.overlay import overlay
from acideploy.config.paths import Bases, absolute, note_beside_config, report_missing
from acideploy.config.placeholders import report_placeholders
from acideploy.config.problem import Place
from acideploy.config.read import read_table
from acideploy.config.source import shown_path
from acideploy.config.values import Environment, InferenceConfig, Override

# Keys of `az ml` v2's deployment file.
V2_KEYS = frozenset({"code_configuration", "endpoint_name", "instance_type"})


def read_inference_config(
    path: Path | None,
    *,
    overrides: Sequence[Override] = (),
    cwd: Path,
    environment_directory: Path | None = None,
) -> Checked[InferenceConfig]:
    """Reads the file, lays the flags over it and checks the whole, entry script and conda file too.

    `cwd` is absolute. `environment_directory` counts where neither file nor flags give an
    environment.
    """
    findings = Findings(first=shown_path(absolute(cwd, str(path)), cwd) if path else "")
    table = _table(path, overrides, cwd, findings)
    if table is None:
        return findings.checked(None)
    bases = Bases(cwd=cwd, config=absolute(cwd, str(path)).parent if path else None)
    shaped = conform(without_reference(table, findings), inference_kind(), findings)
    report_placeholders(shaped, findings)
    code = _find_code(shaped, table, bases, findings)
    environment = environment_of(shaped, bases, code.source, findings)
    if environment_directory:
        environment = _from_directory(environment_directory, table, environment, cwd, findings)
    _check_script(code, environment, bases, findings)
    _tell_what_changed(shaped, findings)
    if code.script is None or findings.failed:
        return findings.checked(None)
    description = shaped.scalar("description")
    return findings.checked(
        InferenceConfig(
            entry_script=code.script,
            source_directory=code.source,
            environment=environment,
            description=description.text if description else None,
        )
    )


def _table(
    path: Path | None, overrides: Sequence[Override], cwd: Path, findings: Findings
) -> Table | None:
    """The file with the flags over it; flags alone where there is no file."""
    if path is None:
        return overlay(Table(place=Place(file="--entry-script"), entries={}), overrides)
    table = read_table(absolute(cwd, str(path)), cwd=cwd, findings=findings)
    if table is None:
        return None
    if table.node("environment"):
        overrides = _without_environment(overrides, findings)
    return overlay(table, overrides)


def _without_environment(overrides: Sequence[Override], findings: Findings) -> tuple[Override, ...]:
    """The file's environment wins over flags, as ever."""
    kept = []
    for override in overrides:
        if override.key.partition(".")[0] == "environment" and override.value is not None:
            findings.warning(
                "ignored-key",
                f"{override.flag} has no effect: the inference config has an environment",
                Place(file=override.flag),
            )
        else:
            kept.append(override)
    return tuple(kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Where the code lies, as far as it was found."""

    script: Path | None = None
    source: Path | None = None


def _find_code(shaped: Table, table: Table, bases: Bases, findings: Findings) -> Code:
    entry, source = shaped.scalar("entryScript"), shaped.scalar("sourceDirectory")
    directories = _source_directories(source, bases, findings) if source else []
    first = directories[0] if directories else None
    if entry is None:
        given = table.entries.get("entryScript")
        if given is None or is_null(given.node) or is_blank(given.node):
            _report_no_entry_script(table, findings)
        return Code(source=first)
    check_entry_script_name(Path(entry.text), entry.place, findings)
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
    beside = [absolute(base, entry.text) for base in bases.beside(entry)]
    return inside + [
        Code(script=script, source=directories[0])
        for script in beside
        if _is_within(script, directories[0])
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


def _report_no_entry_script(table: Table, findings: Findings) -> None:
    if V2_KEYS & set(table.entries):
        findings.error(
            "v2-file",
            "this is a deployment file of `az ml` version 2, not an inference config",
            table.place,
            "write its code_configuration as entryScript and sourceDirectory",
        )
        return
    hint = "name the Python file that has init() and run(), or give --entry-script"
    if "computeType" in table.entries:
        hint = "this looks like a deployment config: give it with -dc"
    findings.error("missing-key", "entryScript is missing", table.place, hint)


def _from_directory(
    directory: Path, table: Table, environment: Environment | None, cwd: Path, findings: Findings
) -> Environment | None:
    if table.node("environment"):
        findings.warning(
            "ignored-key",
            "--environment-directory has no effect: the inference config has an environment",
            Place(file="--environment-directory"),
        )
        return environment
    if environment is not None:
        findings.error(
            "environment-and-flat-keys",
            "--environment-directory cannot be given beside runtime, condaFile or baseImage",
            Place(file="--environment-directory"),
            "remove those keys from the inference config",
        )
    return read_environment_directory(directory, cwd=cwd, findings=findings)


def _check_script(
    code: Code, environment: Environment | None, bases: Bases, findings: Findings
) -> None:
    if code.script is None or code.script.suffix != ".py":
        return
    conda = environment.conda if environment else None
    asked = re.search(r"(\d+)\.(\d+)", conda.python.text) if conda and conda.python else None
    check_entry_script(
        code.script,
        bases.show(code.script),
        findings,
        python=(int(asked[1]), int(asked[2])) if asked else None,
    )


def _tell_what_changed(shaped: Table, findings: Findings) -> None:
    """What the retired tool dropped and we do not, and the reverse."""
    description = shaped.scalar("description")
    if description and description.place.line is not None:
        findings.note(
            "now-read",
            "description is used; the retired tool took it from --description only",
            shaped.place_of("description"),
        )
    gpu, runtime = shaped.scalar("enableGpu"), shaped.scalar("runtime")
    if gpu and gpu.value is True:
        findings.warning("ignored-key", "enableGpu has no effect: services have no GPU", gpu.place)
    if runtime and runtime.text.lower() == "spark-py":
        findings.warning(
            "ignored-key", "runtime spark-py has no effect: services run Python", runtime.place
        )


def _is_within(path: Path, directory: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(directory))
