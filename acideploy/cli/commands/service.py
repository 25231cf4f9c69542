"""`acideploy service list|show|stop|start|restart|delete|get-keys|regen-key`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from acideploy.cli import service_shapes as shapes
from acideploy.cli.command import command
from acideploy.cli.options import (
    CONSENT,
    NAME,
    PROPERTY_FILTER,
    TAG_FILTER,
    ModelName,
    OneOf,
    Option,
    matches,
)
from acideploy.cli.session import Session

if TYPE_CHECKING:
    from acideploy.targets import Service


@command(
    "list",
    Option(
        "--compute-type", "-c", type=OneOf("TYPE", ("local", "aci")), help="Only those it runs."
    ),
    Option("--model-name", type=ModelName(bare=True), help="Only those with this model."),
    Option("--model-id", type=ModelName(), help="Only those with this version of a model."),
    Option("--image-digest", help="Only those with this image or environment."),
    TAG_FILTER,
    PROPERTY_FILTER,
    table=shapes.service_list_table,
)
def list_services(
    session: Session,
    *,
    compute_type: str | None,
    model_name: str | None,
    model_id: str | None,
    image_digest: str | None,
    tag: Sequence[str],
    property: Sequence[str],
) -> object:
    """List the services."""

    def wanted(service: Service) -> bool:
        names = [model.partition(":")[0] for model in service.models]
        return (
            (model_name is None or model_name in names)
            and (model_id is None or model_id in service.models)
            and (image_digest is None or image_digest in _digests(service))
            and matches(tag, service.tags)
            and matches(property, service.properties)
        )

    full = session.settings.full or session.settings.table
    # A table, and these filters, need no more than a glance at each.
    brief = session.settings.table and not (image_digest or property)
    services = session.workspace.list_services(compute_type, brief=brief)
    return [shapes.service(service, full=full) for service in services if wanted(service)]


def _digests(service: Service) -> tuple[str | None, ...]:
    return service.image_digest, service.image_id, service.environment_digest


@command(
    "show",
    NAME,
    Option("--wait", is_flag=True, help="Wait until it is healthy; of a service in Azure."),
    table=shapes.service_table,
)
def show(session: Session, *, name: str, wait: bool) -> object:
    """Show a service as it is now."""
    service = session.workspace.show_service(name, wait=wait)
    return shapes.service(service, full=session.settings.full)


@command("diagnose", NAME)
def diagnose(session: Session, *, name: str) -> object:
    """Say why a service does not answer, or that it does."""
    return {"name": name, "finding": session.workspace.diagnose_service(name)}


@command("history", NAME, table=shapes.history_rows)
def history(session: Session, *, name: str) -> object:
    """List the revisions of a service in Azure that were healthy, newest first."""
    return [shapes.revision(each) for each in session.workspace.service_history(name)]


@command(
    "rollback",
    NAME,
    Option("--to", type=click.IntRange(min=1), help="The revision; the one before if not given."),
    table=shapes.service_table,
)
def rollback(session: Session, *, name: str, to: int | None) -> object:
    """Deploy an earlier revision of a service in Azure again; nothing is uploaded."""
    service = session.workspace.roll_back(name, to=to)
    return shapes.service(service, full=session.settings.full)


@command("stop", NAME, table=shapes.service_table)
def stop(session: Session, *, name: str) -> object:
    """Stop a service; it stays deployed."""
    return shapes.service(session.workspace.stop_service(name), full=session.settings.full)


@command("start", NAME, table=shapes.service_table)
def start(session: Session, *, name: str) -> object:
    """Start a stopped service."""
    return shapes.service(session.workspace.start_service(name), full=session.settings.full)


@command("restart", NAME, table=shapes.service_table)
def restart(session: Session, *, name: str) -> object:
    """Stop a service and start it again."""
    return shapes.service(session.workspace.restart_service(name), full=session.settings.full)


@command(
    "delete",
    NAME,
    Option(
        "--purge",
        is_flag=True,
        help="Also the images and the history of a service in Azure.",
    ),
    CONSENT,
)
def delete(session: Session, *, name: str, purge: bool) -> object:
    """Delete a service; its models stay."""
    session.workspace.delete_service(name, purge=purge)
    return {"name": name}


@command("get-keys", NAME)
def get_keys(session: Session, *, name: str) -> object:
    """Show the two keys of a service."""
    return shapes.keys(session.workspace.keys(name))


@command(
    "regen-key",
    NAME,
    Option(
        "--key",
        "-k",
        type=click.Choice(["Primary", "Secondary"], case_sensitive=False),
        required=True,
        help="Which one.",
    ),
    Option("--set-key", "-s", help="Take this one; a new one is made if not given."),
)
def regen_key(session: Session, *, name: str, key: str, set_key: str | None) -> object:
    """Change a key of a service; the other one goes on working."""
    changed = session.workspace.regenerate_key(name, which=key.lower(), value=set_key)
    return shapes.keys(changed)
