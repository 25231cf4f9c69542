"""A service is taken away: its container group, its secrets and, where asked to, its images."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from acideploy.clock import Clock
from acideploy.config.problem import Problem
from acideploy.errors import AzureError
from acideploy.events import Emit, Noticed
from acideploy.targets.aci.group import VERSION
from acideploy.targets.aci.rollout import delete_group
from acideploy.targets.aci.secrets import keys_name, revision_name
from acideploy.targets.aci.target import AciTarget
from acideploy.targets.aci.view import revision_number

# Secrets that are deleted at the same time: a vault throttles who asks for many.
_AT_ONCE = 8


def remove(target: AciTarget, name: str, *, purge: bool, clock: Clock, emit: Emit) -> None:
    """Deletes what there is of a service; that there is nothing is told, and is no error.

    `purge` deletes its images and the records of its revisions, too, unless another container
    group runs one of them.
    """
    group = target.observe(name)
    title = str(group["name"]) if group else target.azure.workspace.group_name(name)
    last = max((revision_number(group or {}), *target.revisions(name).numbers()))
    if group:
        delete_group(target.azure.manager, str(group["id"]), clock=clock)
    else:
        where = target.azure.workspace.resource_group
        emit(_note("nothing-to-delete", f"there is no service {name} in resource group {where}"))
    target.crash_logs.delete(title)
    _delete_secrets(target, title, last, emit)
    if purge:
        _purge(target, name, emit)


def _delete_secrets(target: AciTarget, title: str, last: int, emit: Emit) -> None:
    """The keys, and what any revision had: also one that never became healthy."""
    names = [keys_name(title), *(revision_name(title, number + 1) for number in range(last))]
    try:
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
            list(threads.map(target.secrets.delete, names))
    except AzureError as error:
        if error.status != 403:
            raise
        # Whoever may not delete secrets has mostly made none.
        emit(
            _note(
                "secrets-stay",
                f"secrets of the service, if there are any, stay in {target.secrets.where}: "
                f"{error.message}",
                hint=error.hint,
            )
        )


def _purge(target: AciTarget, name: str, emit: Emit) -> None:
    revisions = target.revisions(name)
    place = f"{target.azure.workspace.registry}/{revisions.repository}"
    users = [
        str(group["name"])
        for group in target.azure.manager.list(target.azure.workspace.groups, VERSION)
        for container in group["properties"].get("containers", ())
        if str(container["properties"]["image"]).startswith((f"{place}@", f"{place}:"))
    ]
    if users:
        stay = f"the images in {place} stay: container group {', '.join(users)} runs one"
        emit(_note("images-stay", stay))
        return
    revisions.purge()


def _note(code: str, message: str, *, hint: str | None = None) -> Noticed:
    return Noticed(problem=Problem(code=code, severity="note", message=message, hint=hint))
