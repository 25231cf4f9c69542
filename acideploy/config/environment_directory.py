"""An environment as a directory of files."""

from __future__ import annotations

from pathlib import Path

from acideploy.config.checked import Findings
from acideploy.config.conda import read_conda_file
from acideploy.config.conform import conform
from acideploy.config.document import Entry, Scalar, Table
from acideploy.config.environment import environment_from_object
from acideploy.config.kinds import environment_kind
from acideploy.config.paths import Bases, absolute
from acideploy.config.problem import Place
from acideploy.config.read import read_table
from acideploy.config.source import read_source
from acideploy.config.values import Environment


def read_environment_directory(
    directory: Path, *, cwd: Path, findings: Findings
) -> Environment | None:
    """What `az ml environment scaffold` and `download` made: a JSON file, a conda file and a
    Dockerfile, the last two optional and stronger than the first."""
    directory = absolute(cwd, str(directory))
    table = read_table(directory / "azureml_environment.json", cwd=cwd, findings=findings)
    conda_file, dockerfile = directory / "conda_dependencies.yml", directory / "BaseDockerfile"
    conda = read_conda_file(conda_file, cwd=cwd, findings=findings) if conda_file.exists() else None
    steps = read_source(dockerfile, cwd=cwd, findings=findings) if dockerfile.exists() else None
    if table is None:
        return None
    shaped = conform(table, environment_kind(), findings)
    if steps:
        shaped = _with_dockerfile(shaped, steps.text, Place(file=steps.file), findings)
    return environment_from_object(shaped, Bases(cwd=cwd, config=directory), findings, conda=conda)


def _with_dockerfile(table: Table, text: str, place: Place, findings: Findings) -> Table:
    """The BaseDockerfile beside the JSON file takes the place of a base image in it."""
    if image := table.scalar("docker", "baseImage"):
        findings.note(
            "base-image-and-dockerfile", "BaseDockerfile counts, not this base image", image.place
        )
    docker = table.table("docker")
    entries = dict(docker.entries) if docker else {}
    entries.pop("baseImage", None)
    steps = Scalar(place=place, value=text, text=text)
    entries["baseDockerfile"] = Entry(place=place, node=steps)
    inner = Entry(place=place, node=Table(place=place, entries=entries))
    return Table(place=table.place, entries={**table.entries, "docker": inner})
