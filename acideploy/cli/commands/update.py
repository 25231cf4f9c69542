"""`acideploy service update`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from acideploy.cli import shapes
from acideploy.cli.command import command
from acideploy.cli.commands.files import UPDATE_FILES, configuration_files
from acideploy.cli.options import (
    ADD_PROPERTIES,
    ADD_TAGS,
    COMPRESSION,
    METADATA_FILES,
    MODELS,
    NAME,
    NO_WAIT,
    REMOVE_TAGS,
    STRICT,
    Option,
)
from acideploy.cli.session import Session

if TYPE_CHECKING:
    from acideploy.image import Compression


@command(
    "update",
    NAME,
    MODELS,
    METADATA_FILES,
    Option("--description", "-d", help="New description."),
    ADD_TAGS,
    REMOVE_TAGS,
    ADD_PROPERTIES,
    NO_WAIT,
    STRICT,
    COMPRESSION,
    *UPDATE_FILES,
    table=shapes.service_table,
)
def update(
    session: Session,
    *,
    name: str,
    model: Sequence[str],
    model_metadata_file: Sequence[Path],
    inference_config_file: Path | None,
    deploy_config_file: Path | None,
    description: str | None,
    add_tag: Sequence[tuple[str, str]],
    remove_tag: Sequence[str],
    add_property: Sequence[tuple[str, str]],
    no_wait: bool,
    strict: bool,
    layer_compression: Compression,
    **flags: Any,
) -> object:
    """Change tags, description, models, code or settings of a service that runs."""
    from acideploy.api import UpdateRequest

    files = configuration_files(
        session, inference_config_file, deploy_config_file, flags, strict=strict
    )
    changes = (model, model_metadata_file, add_tag, remove_tag, add_property)
    if not (any(changes) or description is not None or files.say_what_runs or files.say_where):
        raise click.UsageError("nothing is given that the update is to change")
    request = UpdateRequest(
        name=name,
        models=model,
        model_metadata_files=model_metadata_file,
        files=files,
        add_tags=dict(add_tag),
        remove_tags=remove_tag,
        add_properties=dict(add_property),
        description=description,
        compression=layer_compression,
        no_wait=no_wait,
    )
    return shapes.service(session.workspace.update_service(request), full=session.settings.full)
