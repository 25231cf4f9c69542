"""What the image of a service has above its environment, and what a container of it does.

Where things are in a container: the application root as the retired service had it
(`/var/azureml-app`), and what acideploy adds below `/opt/acideploy`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from acideploy.code import Code
from acideploy.image import Compression, Layer
from acideploy.image.compose import ImageSettings
from acideploy.image.compression import made_layer
from acideploy.image.layer import (
    Entry,
    file_entry,
    layer_chunks,
    sorted_with_folders,
    text_entry,
)
from acideploy.models import Model
from acideploy.serving import MODELS, RUNTIME_NAME, model_directory, runtime_directory

APP_ROOT = "/var/azureml-app"
# Where conda packages are linked, the interpreter among them.
ENVIRONMENT = "/opt/acideploy/environment"
PACKAGES = "/opt/acideploy/packages"
SERVING = "/opt/acideploy/serving"
# Every package, with its hash.
LOCK = "/opt/acideploy/pylock.toml"
# Where v1's containers listened.
PORT = 5001

# Run as `python <folder>`: the folder itself is then the first place for imports, and not the
# working directory with the user's modules. Packages may come with `.pth` files to be read.
MAIN = f"""\
import site

site.addsitedir({PACKAGES!r})

from {RUNTIME_NAME}.__main__ import main

main()
"""


def serving_layer(*, mtime: int, compression: Compression) -> Layer:
    """The few files that serve the script."""
    runtime = runtime_directory()
    files = [
        file_entry(f"{SERVING[1:]}/{RUNTIME_NAME}/{path.relative_to(runtime).as_posix()}", path)
        for path in runtime.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    main = text_entry(f"{SERVING[1:]}/__main__.py", MAIN)
    return layer_of(
        [main, *files],
        title="serving files",
        below=os.path.dirname(SERVING[1:]),
        mtime=mtime,
        compression=compression,
    )


def code_layer(code: Code, *, mtime: int, compression: Compression) -> Layer:
    """The source directory, or the entry script alone. Raises StorageError."""
    root = APP_ROOT[1:]
    files = [file_entry(f"{root}/{name}", path) for name, path in code.files()]
    # Scripts look into the models' folder also where there is none.
    models = Entry(path=f"{root}/{MODELS}", kind="folder")
    return layer_of(
        [models, *files],
        title="code",
        below=os.path.dirname(root),
        mtime=mtime,
        compression=compression,
    )


def layer_of(
    entries: Sequence[Entry], *, title: str, below: str, mtime: int, compression: Compression
) -> Layer:
    """A layer of the entries; the folder `below` is in the image underneath already."""
    complete = sorted_with_folders(entries, below=below)
    return made_layer(
        lambda: layer_chunks(complete, mtime=mtime),
        title=title,
        created_by=f"acideploy {title}",
        compression=compression,
    )


def settings_of(
    code: Code, models: Sequence[Model], *, python: str, variables: Mapping[str, str]
) -> ImageSettings:
    """What a container of the image does. `python` is a path, or a name on the PATH."""
    served = {
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": f"{PACKAGES}:{variables['PYTHONPATH']}"
        if variables.get("PYTHONPATH")
        else PACKAGES,
        "AML_APP_ROOT": APP_ROOT,
        "AZUREML_ENTRY_SCRIPT": code.entry_script,
        "AZUREML_MODEL_DIR": f"{APP_ROOT}/{model_directory(models)}",
    }
    if python.startswith(ENVIRONMENT):
        served["CONDA_PREFIX"] = ENVIRONMENT
    if code.source_directory:
        served["AZUREML_SOURCE_DIRECTORY"] = code.source_directory
    return ImageSettings(
        title="acideploy service",
        command=(python, SERVING),
        programs=_programs(python),
        working_directory=APP_ROOT,
        port=PORT,
        variables={**variables, **served},
        labels={
            "acideploy.entry-script": code.entry_script,
            "acideploy.models": " ".join(model.id for model in models),
        },
    )


def _programs(python: str) -> tuple[str, ...]:
    """Where the commands of packages are, for scripts that call them."""
    packages = f"{PACKAGES}/bin"
    return (f"{ENVIRONMENT}/bin", packages) if python.startswith(ENVIRONMENT) else (packages,)
