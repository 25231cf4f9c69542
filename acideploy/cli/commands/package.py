"""`acideploy model package`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acideploy.cli import environment_shapes
from acideploy.cli.command import command
from acideploy.cli.commands.files import INFERENCE_FILES, configuration_files
from acideploy.cli.commands.unused import note_unused
from acideploy.cli.options import (
    COMPRESSION,
    FILE,
    FOLDER,
    METADATA_FILES,
    MODELS,
    STRICT,
    Option,
)
from acideploy.cli.session import Session
from acideploy.cli.usage import WrongUsage

if TYPE_CHECKING:
    from acideploy.image import Compression
    from acideploy.request import Destination

_IMAGE, _WHERE = "The image", "Where it goes"


@command(
    "package",
    MODELS,
    METADATA_FILES,
    Option("--image-name", "--in", group=_IMAGE, default="package", help="Name: [HOST/]NAME."),
    Option("--image-label", "--il", group=_IMAGE, help="Label; the image's digest if not given."),
    COMPRESSION,
    Option("--archive", type=FILE, group=_WHERE, help="A tar file that `docker load` takes."),
    Option("--oci-layout", type=FOLDER, group=_WHERE, help="An OCI image layout directory."),
    Option("--output-path", type=FOLDER, group=_WHERE, help="A Dockerfile and its context."),
    Option("--no-wait", is_flag=True, hidden=True),
    STRICT,
    *INFERENCE_FILES,
    examples=[
        "acideploy model package -m iris:1 -ic inferenceconfig.json --archive iris.tar",
        "acideploy model package -m iris -ic inferenceconfig.json --registry contoso.azurecr.io",
        "acideploy model package -m iris --es score.py --cf conda.yml --output-path context",
    ],
)
def package(
    session: Session,
    *,
    model: Sequence[str],
    model_metadata_file: Sequence[Path],
    inference_config_file: Path | None,
    image_name: str,
    image_label: str | None,
    layer_compression: Compression,
    archive: Path | None,
    oci_layout: Path | None,
    output_path: Path | None,
    no_wait: bool,
    strict: bool,
    **flags: Any,
) -> object:
    """Make the image that a service would run.

    It goes to the registry, or to the local store, unless an option says otherwise.
    """
    from acideploy.request import PackageRequest

    note_unused(session, {"no_wait": no_wait})
    files = configuration_files(session, inference_config_file, None, flags, strict=strict)
    request = PackageRequest(
        files=files,
        models=model,
        model_metadata_files=model_metadata_file,
        image_name=image_name,
        image_label=image_label,
        destination=_destination(archive, oci_layout, output_path),
        compression=layer_compression,
    )
    return environment_shapes.package(session.workspace.package_model(request))


def _destination(archive: Path | None, layout: Path | None, context: Path | None) -> Destination:
    from acideploy.request import ToArchive, ToContext, ToLayout

    given = [
        destination
        for destination in (
            archive and ToArchive(archive),
            layout and ToLayout(layout),
            context and ToContext(context),
        )
        if destination
    ]
    if len(given) > 1:
        raise WrongUsage(
            "--archive, --oci-layout and --output-path exclude each other", hint="give one of them"
        )
    return given[0] if given else None
