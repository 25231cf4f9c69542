"""An image as a Dockerfile and its context, for who builds images in a way of their own.

Dockerfile              what the layers of the image would be
requirements.txt        the user's requirements, and the serving stack
environment.yml         the interpreter and the conda packages, where they come from conda
azureml-app/            the application root: code, azureml-models/
serving/                what serves the script
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from acideploy.disk import storage_error
from acideploy.environment.conda_part import CondaPart
from acideploy.errors import ConflictError
from acideploy.events import Emit
from acideploy.image.compose import ImageSettings
from acideploy.image.contents import APP_ROOT, ENVIRONMENT, MAIN, PACKAGES, SERVING, settings_of
from acideploy.models import ModelStore
from acideploy.plan import Wanted
from acideploy.serving import MODELS, RUNTIME_NAME, runtime_directory

_APP = "azureml-app"
_CONDA_FILE = "environment.yml"
_MICROMAMBA = "docker.io/mambaorg/micromamba:2"


def write_context(wanted: Wanted, folder: Path, *, store: ModelStore, emit: Emit) -> None:
    """Writes the folder.

    Raises ConflictError where the folder holds something already, and StorageError.
    """
    assert wanted.base is not None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ConflictError(f"{folder} is not empty", hint="name another folder, or empty it")
        _write_serving(folder / "serving")
        wanted.code.copy_to(folder / _APP)
        (folder / _APP / MODELS).mkdir(exist_ok=True)
        for model in wanted.models:
            place = folder / _APP / MODELS / model.name / str(model.version)
            store.unpack(model, place, emit=emit)
        requirements = "\n".join(wanted.environment.requirements) + "\n"
        (folder / "requirements.txt").write_text(requirements, encoding="utf-8")
        if wanted.environment.conda:
            (folder / _CONDA_FILE).write_text(_conda_file(wanted.environment.conda), "utf-8")
        settings = settings_of(
            wanted.code, wanted.models, python=wanted.base.python, variables=wanted.variables
        )
        dockerfile = folder / "Dockerfile"
        dockerfile.write_text(_dockerfile(wanted, settings), encoding="utf-8")
    except OSError as error:
        raise storage_error("write", error.filename or folder, error) from error


def _write_serving(folder: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(runtime_directory(), folder / RUNTIME_NAME, ignore=ignore)
    (folder / "__main__.py").write_text(MAIN, encoding="utf-8")


def _dockerfile(wanted: Wanted, settings: ImageSettings) -> str:
    assert wanted.base is not None
    lines = [wanted.base.dockerfile or f"FROM {wanted.base.name}"]
    if wanted.environment.conda:
        create = f"micromamba create --yes --prefix {ENVIRONMENT} --file /tmp/{_CONDA_FILE}"
        lines = [
            f"FROM {_MICROMAMBA} AS environment",
            "USER root",
            f"COPY {_CONDA_FILE} /tmp/{_CONDA_FILE}",
            f"RUN {create}",
            *lines,
            f"COPY --from=environment {ENVIRONMENT} {ENVIRONMENT}",
        ]
    if not wanted.base.has_packages:
        pip = f"{wanted.base.python} -m pip install --no-cache-dir --target {PACKAGES}"
        lines += [
            "COPY requirements.txt /tmp/requirements.txt",
            f"RUN {pip} -r /tmp/requirements.txt",
        ]
    lines += [
        f"COPY serving {SERVING}",
        f"COPY {_APP} {APP_ROOT}",
        # A JSON string is quoted as a Dockerfile wants it, but for its own variables.
        *(f"ENV {name}={_quoted(value)}" for name, value in settings.variables.items()),
        f"WORKDIR {settings.working_directory}",
        f"EXPOSE {settings.port}",
        f"ENTRYPOINT {json.dumps(list(settings.command))}",
    ]
    return "\n".join(lines) + "\n"


def _conda_file(part: CondaPart) -> str:
    # pip installs the rest; a JSON string is YAML, too.
    dependencies = [*part.specs, "pip"]
    lists = {"channels": part.channels, "dependencies": dependencies}
    return "".join(
        f"{key}:\n" + "".join(f"  - {json.dumps(each)}\n" for each in values)
        for key, values in lists.items()
    )


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("$", "\\$")
