"""`acideploy model deploy`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from acideploy.cli import plan_shapes, service_shapes
from acideploy.cli.command import command
from acideploy.cli.commands.files import FILES, configuration_files
from acideploy.cli.options import (
    COMPRESSION,
    METADATA_FILES,
    MODELS,
    NAME,
    NO_WAIT,
    PROPERTIES,
    STRICT,
    TAGS,
    Option,
)
from acideploy.cli.session import Session
from acideploy.disk import storage_error
from acideploy.errors import ConflictError

if TYPE_CHECKING:
    from acideploy.api import DeployRequest
    from acideploy.image import Compression

_DESCRIPTION = Option("--description", help="Description of the service.")
_OVERWRITE = Option("--overwrite", is_flag=True, help="Replace the service if there is one.")
_DRY_RUN = Option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")

_REHEARSE = Option(
    "--rehearse",
    is_flag=True,
    help="Before a deploy to Azure, run the image on this machine, where an engine answers.",
)
_SAMPLE = Option(
    "--sample",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="With --rehearse, the request that run() is sent; - is standard input. "
    "Else the sample of its @input_schema.",
)


@command(
    "deploy",
    NAME,
    MODELS,
    METADATA_FILES,
    _DESCRIPTION,
    TAGS,
    PROPERTIES,
    _OVERWRITE,
    NO_WAIT,
    _DRY_RUN,
    _REHEARSE,
    _SAMPLE,
    STRICT,
    COMPRESSION,
    *FILES,
    table=service_shapes.deploy_table,
    examples=[
        "acideploy model deploy -n svc -m iris -ic inferenceconfig.json -dc deploymentconfig.json",
        "acideploy model deploy -n svc -m iris:1 -ic inferenceconfig.json --compute-type local",
        "acideploy model deploy -n svc -f model.json --es score.py --cp local --dry-run",
    ],
)
def deploy(
    session: Session,
    *,
    name: str,
    model: Sequence[str],
    model_metadata_file: Sequence[Path],
    inference_config_file: Path | None,
    deploy_config_file: Path | None,
    description: str | None,
    tag: Sequence[tuple[str, str]],
    property: Sequence[tuple[str, str]],
    overwrite: bool,
    no_wait: bool,
    dry_run: bool,
    rehearse: bool,
    sample: Path | None,
    strict: bool,
    layer_compression: Compression,
    **flags: Any,
) -> object:
    """Deploy models as a web service, and wait until it answers."""
    from acideploy.api import DeployRequest

    request = DeployRequest(
        name=name,
        models=model,
        model_metadata_files=model_metadata_file,
        files=configuration_files(
            session, inference_config_file, deploy_config_file, flags, strict=strict
        ),
        tags=dict(tag),
        properties=dict(property),
        description=description,
        compression=layer_compression,
        overwrite=overwrite,
        no_wait=no_wait,
        rehearse=rehearse,
        sample=_read(session, sample, rehearse=rehearse),
    )
    if dry_run:
        return _planned(session, request)
    return service_shapes.service(session.workspace.deploy(request), full=session.settings.full)


def _read(session: Session, sample: Path | None, *, rehearse: bool) -> bytes | None:
    """The bytes of `--sample`. Raises StorageError."""
    if sample is None:
        return None
    if not rehearse:
        session.note("unused-flag", "it is read for a rehearsal alone", flag="--sample")
    try:
        return sys.stdin.buffer.read() if str(sample) == "-" else sample.read_bytes()
    except OSError as error:
        raise storage_error("read", sample, error) from error


def _planned(session: Session, request: DeployRequest) -> object:
    """The plan; below it, the failure of a deploy that would be refused."""
    plan = session.workspace.plan(request)
    try:
        plan.require_overwrite(request.overwrite)
    except ConflictError as error:
        session.failure = error
    if session.settings.tabular:
        return plan_shapes.plan_rows(plan)
    if session.settings.output or session.settings.query:
        return plan_shapes.plan(plan)
    click.echo(plan_shapes.plan_text(plan))
    return None
