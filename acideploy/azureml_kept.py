"""Whether azureml-defaults is kept as it is, because the code needs more than its stand-in has."""

from __future__ import annotations

from pathlib import Path

from acideploy.code import Code
from acideploy.config.problem import Place, Problem
from acideploy.config.values import Environment
from acideploy.environment.pip_lines import asks_for_azureml
from acideploy.environment.requirement_files import with_requirement_files
from acideploy.serving.azureml import AzuremlUse, needs_full_azureml


def azureml_kept(code: Code, environment: Environment, *, folder: Path) -> tuple[Problem, ...]:
    """A note where the code needs more of azureml-defaults than the stand-in for it has.

    Requirement files of the conda file are in `folder`.
    """
    conda = environment.conda and with_requirement_files(environment.conda, folder)
    if conda is None or not asks_for_azureml(conda):
        return ()
    for name, file in code.files():
        if name.endswith(".py"):
            source = file.read_text(encoding="utf-8", errors="replace")
            for use in needs_full_azureml(source):
                return (_kept_for(file, source, use),)
    return ()


def _kept_for(file: Path, source: str, use: AzuremlUse) -> Problem:
    line = source.splitlines()[use.line - 1]
    return Problem(
        code="full-azureml",
        severity="note",
        message=f"azureml-defaults is kept as it is: the code uses {use.name}",
        place=Place(file=str(file), line=use.line, column=1, text=line),
    )
