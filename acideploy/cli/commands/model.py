"""`acideploy model list|show|update|delete|download`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from acideploy.cli import model_shapes
from acideploy.cli.command import command
from acideploy.cli.commands.unused import RESOURCES, SAMPLES, note_unused
from acideploy.cli.options import (
    ADD_PROPERTIES,
    ADD_TAGS,
    CONSENT,
    FOLDER,
    MODEL_ID,
    PROPERTY_FILTER,
    REMOVE_TAGS,
    TAG_FILTER,
    ModelName,
    Option,
    matches,
)
from acideploy.cli.session import Session
from acideploy.cli.usage import WrongUsage

if TYPE_CHECKING:
    from acideploy.models import Model

_MODEL_NAME = Option("--model-name", "-n", type=ModelName(bare=True), help="Name of the model.")
_RUN_ID = Option("--run-id", hidden=True)


@command(
    "list",
    _MODEL_NAME,
    Option("--latest", "-l", is_flag=True, help="The newest version of each only."),
    TAG_FILTER,
    PROPERTY_FILTER,
    _RUN_ID,
    Option("--dataset-id", hidden=True),
    table=model_shapes.model_list_table,
)
def list_models(
    session: Session,
    *,
    model_name: str | None,
    latest: bool,
    tag: Sequence[str],
    property: Sequence[str],
    **unused: Any,
) -> object:
    """List the registered models, the newest version of each first."""
    note_unused(session, unused)
    models = session.workspace.list_models(model_name)
    if latest:
        models = _newest(models)
    full = session.settings.full or session.settings.table
    return [
        model_shapes.model(model, full=True) if full else model_shapes.listed_model(model)
        for model in models
        if matches(tag, model.tags) and matches(property, model.properties)
    ]


@command(
    "show",
    Option("--model-id", "-i", type=ModelName(), help="The model's ID."),
    _MODEL_NAME,
    Option("--version", type=click.IntRange(min=1), help="Version, with --model-name."),
    _RUN_ID,
    table=model_shapes.model_table,
)
def show(
    session: Session,
    *,
    model_id: str | None,
    model_name: str | None,
    version: int | None,
    **unused: Any,
) -> object:
    """Show one version of a model; by name alone, the newest."""
    note_unused(session, unused)
    reference = model_id or (f"{model_name}:{version}" if version else model_name)
    if reference is None:
        raise WrongUsage(
            "missing option '--model-id' / '-i', or '--model-name' / '-n'", hint="-i NAME:VERSION"
        )
    return model_shapes.model(session.workspace.show_model(reference), full=session.settings.full)


@command(
    "update",
    MODEL_ID,
    ADD_TAGS,
    REMOVE_TAGS,
    ADD_PROPERTIES,
    Option("--description", "-d", help="New description."),
    *RESOURCES,
    *SAMPLES,
    table=model_shapes.model_table,
)
def update(
    session: Session,
    *,
    model_id: str,
    add_tag: Sequence[tuple[str, str]],
    remove_tag: Sequence[str],
    add_property: Sequence[tuple[str, str]],
    description: str | None,
    **unused: Any,
) -> object:
    """Change the tags, properties or description of a model."""
    from acideploy.models import ModelChanges

    note_unused(session, unused)
    changes = ModelChanges(
        add_tags=dict(add_tag),
        remove_tags=remove_tag,
        add_properties=dict(add_property),
        description=description,
    )
    model = session.workspace.update_model(model_id, changes)
    return model_shapes.model(model, full=session.settings.full)


@command("delete", MODEL_ID, CONSENT)
def delete(session: Session, *, model_id: str) -> object:
    """Delete one version of a model."""
    return {"id": session.workspace.delete_model(model_id).id}


@command(
    "download",
    MODEL_ID,
    Option("--target-dir", "-t", type=FOLDER, required=True, help="Folder to write into."),
    Option("--overwrite", is_flag=True, help="Replace what is there."),
)
def download(session: Session, *, model_id: str, target_dir: Path, overwrite: bool) -> object:
    """Write the files of a model to a folder."""
    path = session.workspace.download_model(model_id, target_dir, overwrite=overwrite)
    return {"id": model_id, "path": str(path)}


@command(
    "copy",
    MODEL_ID,
    Option("--from", "source", metavar="STORE", help="`local` or a registry's host."),
    Option("--to", "target", metavar="STORE", help="`local` or a registry's host."),
    table=model_shapes.model_table,
    examples=[
        "acideploy model copy -i iris:1 --to contoso.azurecr.io",
        "acideploy model copy -i iris:1 --from contoso.azurecr.io --to local",
    ],
)
def copy(session: Session, *, model_id: str, source: str | None, target: str | None) -> object:
    """Copy a version of a model to another store, under the same version."""
    if source == target:
        raise WrongUsage("a model is copied from one store to another", hint="--to STORE")
    model = session.workspace.copy_model(model_id, source=source, target=target)
    return model_shapes.model(model, full=session.settings.full)


def _newest(models: Sequence[Model]) -> tuple[Model, ...]:
    newest: dict[str, Model] = {}
    for model in models:
        if model.name not in newest or newest[model.name].version < model.version:
            newest[model.name] = model
    return tuple(newest.values())
