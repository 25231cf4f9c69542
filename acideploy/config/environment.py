"""The environment of an inference config: an object, older flat keys, or a directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from acideploy.config.checked import Findings
from acideploy.config.conda import conda_environment, read_conda_file, texts
from acideploy.config.document import Node, Scalar, Table, is_blank, is_null, plain
from acideploy.config.paths import Bases, find_file
from acideploy.config.values import BaseImageRegistry, CondaEnvironment, Environment

FLAT_KEYS = (
    "runtime",
    "condaFile",
    "extraDockerfileSteps",
    "enableGpu",
    "cudaVersion",
    "baseImage",
)
REFERENCE_KEYS = frozenset({"name", "version"})


def without_reference(table: Table, findings: Findings) -> Table:
    """Refuses an `environment` that only names one, and takes it out.

    It named an environment registered in the Azure ML workspace. What that held is not in the
    user's files.
    """
    entry = table.entries.get("environment")
    if entry is None or is_null(entry.node) or is_blank(entry.node):
        return table
    named = _name_of(entry.node)
    if named is None:
        return table
    hint = (
        "write the environment itself here, or remove this and set condaFile; "
        "-e works once a workspace in the cloud is attached"
    )
    if named.endswith((".yml", ".yaml")):
        hint = f"to use that conda file, write condaFile: {named}"
    findings.error(
        "environment-reference",
        f"environment only names {named!r}, which is registered in an Azure ML workspace",
        entry.node.place,
        hint,
    )
    rest = {key: each for key, each in table.entries.items() if key != "environment"}
    return Table(place=table.place, entries=rest)


def _name_of(node: Node) -> str | None:
    match node:
        case Scalar():
            return node.text
        case Table(entries=entries):
            given = {key for key, entry in entries.items() if not is_null(entry.node)}
            name = node.scalar("name") or node.scalar("version")
            return name.text if name and given <= REFERENCE_KEYS else None
    return None


def environment_of(
    table: Table, bases: Bases, inside: Path | None, findings: Findings
) -> Environment | None:
    """The environment that a conforming inference config describes, None where it has none."""
    given = table.table("environment")
    if given is None:
        return _flat_environment(table, bases, inside, findings)
    for key in FLAT_KEYS:
        value = table.scalar(key)
        if value is not None and value.value:
            findings.error(
                "environment-and-flat-keys",
                f"{key} cannot be given beside environment",
                table.place_of(key),
                f"remove {key}, or move it into environment",
            )
    return environment_from_object(given, bases, findings)


def environment_from_object(
    table: Table, bases: Bases, findings: Findings, *, conda: CondaEnvironment | None = None
) -> Environment:
    """`table` conforms to the schema; `conda` replaces what it says of conda."""
    image = table.scalar("docker", "baseImage")
    dockerfile = table.scalar("docker", "baseDockerfile")
    if image and dockerfile:
        findings.error(
            "base-image-and-dockerfile",
            "docker.baseImage and docker.baseDockerfile cannot both be given",
            dockerfile.place,
            "remove one of them",
        )
    conda = conda or _conda_in(table, bases, findings)
    _note_serving_stack(conda, findings)
    interpreter = table.scalar("python", "interpreterPath")
    details = plain(table)
    return Environment(
        name=_text(table.scalar("name")),
        version=_text(table.scalar("version")),
        conda=conda,
        variables=texts(table.table("environmentVariables")),
        user_managed=bool(_value(table.scalar("python", "userManagedDependencies"))),
        interpreter_path=_text(interpreter) or "python",
        base_image=_text(image),
        base_image_registry=_registry(table.node("docker", "baseImageRegistry"), findings),
        base_dockerfile=_text(dockerfile),
        details=details if isinstance(details, Mapping) else {},
    )


def _note_serving_stack(conda: CondaEnvironment | None, findings: Findings) -> None:
    """The retired tool warned when its serving stack was not asked for; ours is always there."""
    if conda and not any("azureml-defaults" in each.text for each in conda.pip):
        findings.note(
            "no-azureml-defaults",
            "azureml-defaults is not asked for, and need not be: the serving stack is added",
            conda.place,
        )


def _conda_in(table: Table, bases: Bases, findings: Findings) -> CondaEnvironment | None:
    inline = table.table("python", "condaDependencies")
    file = table.scalar("python", "condaDependenciesFile")
    if inline:
        if file:
            findings.warning(
                "ignored-key",
                "condaDependenciesFile has no effect beside condaDependencies",
                file.place,
            )
        return conda_environment(inline, findings)
    if file is None:
        return None
    path = find_file(file, "condaDependenciesFile", bases, findings)
    if path is None:
        return None
    findings.note(
        "now-read",
        "condaDependenciesFile is read; the retired tool never loaded it",
        file.place,
    )
    return read_conda_file(path, cwd=bases.cwd, findings=findings)


def _flat_environment(
    table: Table, bases: Bases, inside: Path | None, findings: Findings
) -> Environment | None:
    """The keys that came before `environment`. None when none of them says anything."""
    conda_key = table.scalar("condaFile")
    image = table.scalar("baseImage")
    steps = table.scalar("extraDockerfileSteps")
    if not (conda_key or image or steps or table.scalar("runtime")):
        return None
    conda = None
    if conda_key and (file := find_file(conda_key, "condaFile", bases, findings, inside=inside)):
        conda = read_conda_file(file, cwd=bases.cwd, findings=findings)
    steps_file = None
    if steps:
        steps_file = find_file(steps, "extraDockerfileSteps", bases, findings, inside=inside)
    return Environment(
        conda=conda,
        base_image=_text(image),
        base_image_registry=_registry(table.node("baseImageRegistry"), findings),
        extra_dockerfile_steps=steps_file,
        details=_details(conda, _text(image)),
    )


def _details(conda: CondaEnvironment | None, image: str | None) -> dict[str, object]:
    """The environment object that says the same as flat keys."""
    details: dict[str, object] = {}
    if conda:
        python = [conda.python.text] if conda.python else []
        pip = [{"pip": [each.text for each in conda.pip]}] if conda.pip else []
        details["python"] = {
            "condaDependencies": {
                "name": conda.name,
                "channels": list(conda.channels),
                "dependencies": [*python, *(each.text for each in conda.packages), *pip],
            }
        }
    if image:
        details["docker"] = {"baseImage": image}
    return details


def _registry(node: Node | None, findings: Findings) -> BaseImageRegistry | None:
    match node:
        case Scalar(text=address):
            return BaseImageRegistry(address=address)
        case Table():
            registry = BaseImageRegistry(
                address=_text(node.scalar("address")),
                username=_text(node.scalar("username")),
                password=_text(node.scalar("password")),
            )
            if (registry.username is None) != (registry.password is None):
                findings.warning(
                    "incomplete-keys", "a registry's username needs its password", node.place
                )
            return registry if registry != BaseImageRegistry() else None
    return None


def _text(scalar: Scalar | None) -> str | None:
    return str(scalar.value) if scalar else None


def _value(scalar: Scalar | None) -> object:
    return scalar.value if scalar else None
