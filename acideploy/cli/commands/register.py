"""`acideploy model register`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acideploy.cli import model_shapes
from acideploy.cli.command import command
from acideploy.cli.commands.unused import RESOURCES, SAMPLES, note_unused
from acideploy.cli.options import (
    COMPRESSION,
    FILE,
    FILE_OR_FOLDER,
    PROPERTIES,
    TAGS,
    ModelName,
    OneOf,
    Option,
)
from acideploy.cli.session import Session
from acideploy.cli.usage import WrongUsage
from acideploy.errors import UnsupportedError

if TYPE_CHECKING:
    from acideploy.image import Compression

_FRAMEWORKS = OneOf("FRAMEWORK", ("Custom", "Multi", "Onnx", "ScikitLearn", "TensorFlow"))

# A model among the outputs of a training run: runs live in Azure ML.
_RUN = (
    Option("--asset-path", hidden=True),
    Option("--experiment-name", hidden=True),
    Option("--run-id", "-r", hidden=True),
    Option("--run-metadata-file", "-f", type=FILE, hidden=True),
)


@command(
    "register",
    Option("--name", "-n", type=ModelName(bare=True), required=True, help="Name of the model."),
    Option("--model-path", "-p", type=FILE_OR_FOLDER, help="The file or folder."),
    Option("--model-framework", type=_FRAMEWORKS, help="Framework it was made with."),
    Option("--model-framework-version", help="Version of that framework."),
    Option("--description", "-d", help="Description of the model."),
    TAGS,
    PROPERTIES,
    Option("--output-metadata-file", "-t", type=FILE, help="Write `deploy -f`'s file here."),
    COMPRESSION,
    *_RUN,
    *RESOURCES,
    *SAMPLES,
    table=model_shapes.model_table,
    examples=[
        "acideploy model register -n iris -p model.pkl",
        "acideploy model register -n iris -p outputs/ --tag stage=dev -t model.json",
    ],
)
def register(
    session: Session,
    *,
    name: str,
    model_path: Path | None,
    model_framework: str | None,
    model_framework_version: str | None,
    description: str | None,
    tag: Sequence[tuple[str, str]],
    property: Sequence[tuple[str, str]],
    output_metadata_file: Path | None,
    layer_compression: Compression,
    **unused: Any,
) -> object:
    """Register a file or a folder as the next version of a model."""
    from acideploy.models import ModelDraft
    from acideploy.models.metadata import write_metadata

    path = _given_path(model_path, unused)
    note_unused(session, unused)
    draft = ModelDraft(
        name=name,
        framework=model_framework or "Custom",
        framework_version=model_framework_version,
        description=description,
        tags=dict(tag),
        properties=dict(property),
    )
    model = session.workspace.register_model(path, draft, compression=layer_compression)
    if output_metadata_file:
        write_metadata(output_metadata_file, model)
    return model_shapes.model(model, full=session.settings.full)


def _given_path(model_path: Path | None, unused: dict[str, Any]) -> Path:
    of_a_run = [option for option in _RUN if unused.pop(str(option.name)) is not None]
    if of_a_run:
        raise UnsupportedError(
            f"{of_a_run[0].shown[0]} names the output of a training run, which lives in Azure ML",
            hint="download the files of the run, and give their path with --model-path",
        )
    if model_path is None:
        raise WrongUsage("missing option '--model-path' / '-p'", hint="-p FILE_OR_FOLDER")
    return model_path
