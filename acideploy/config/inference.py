"""The inference config: what runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from acideploy.config.checked import Checked, Findings
from acideploy.config.code_location import Code, find_code
from acideploy.config.conform import conform
from acideploy.config.document import Table
from acideploy.config.entry_script import check_entry_script
from acideploy.config.environment import environment_of, without_reference
from acideploy.config.environment_directory import read_environment_directory
from acideploy.config.kinds import inference_kind
from acideploy.config.overlay import overlay
from acideploy.config.paths import Bases, absolute
from acideploy.config.placeholders import report_placeholders
from acideploy.config.problem import Place
from acideploy.config.read import read_table
from acideploy.config.values import Environment, InferenceConfig, Override


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
    findings = Findings(first=str(path or ""))
    table = _table(path, overrides, cwd, findings)
    if table is None:
        return findings.checked(None)
    bases = Bases(cwd=cwd, config=absolute(cwd, str(path)).parent if path else None)
    shaped = conform(without_reference(table, findings), inference_kind(), findings)
    report_placeholders(shaped, findings)
    code = find_code(shaped, table, bases, findings)
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
    table = read_table(absolute(cwd, str(path)), cwd=cwd, findings=findings, typed=path)
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
