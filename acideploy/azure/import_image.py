"""An image of another registry, brought into ours by the service itself: nothing passes here.

https://learn.microsoft.com/azure/container-registry/container-registry-import-images
"""

from __future__ import annotations

from typing import Any

from acideploy.azure.open import Azure
from acideploy.azure.rest import Reply
from acideploy.clock import Clock
from acideploy.config.problem import Place, Problem
from acideploy.errors import AzureError, DeadlineError
from acideploy.events import Emit, Finished, Noticed, Started
from acideploy.image.reference import ImageReference
from acideploy.observe import wait_for

_VERSION = "2023-07-01"
_REGISTRIES = "Microsoft.ContainerRegistry/registries"
# An import takes 10 s at the least, and of ten gigabytes some minutes.
_LOOK_SECONDS, _WAIT_SECONDS = 2.0, 1800.0


def import_image(
    azure: Azure,
    source: ImageReference,
    repository: str,
    tag: str,
    login: tuple[str, str] | None,
    emit: Emit,
    *,
    clock: Clock,
) -> bool:
    """Has the workspace's registry fetch `source` as `repository:tag`; whether that is there now.

    `login` is a user and a password at the source. Where the service does not want to or cannot,
    that is said as a note, and it is False. A tag that is there already is left as it is.
    """
    registry = azure.workspace.registry_id
    if registry is None:
        return False
    task = f"import {source}"
    emit(Started(task=task, title=f"Base image {source}, by the registry itself"))
    try:
        origin = _source(azure, source, login)
        body = {"source": origin, "targetTags": [f"{repository}:{tag}"], "mode": "NoForce"}
        begun = azure.manager.send("POST", f"{registry}/importImage", _VERSION, body=body)
        _wait(azure, begun, source, clock)
    except (AzureError, DeadlineError) as error:
        if isinstance(error, AzureError) and error.status == 409:
            emit(Finished(task=task, outcome="reused", detail="there already"))
            return True
        emit(Finished(task=task, outcome="failed"))
        emit(Noticed(problem=_not_imported(source, error.message)))
        return False
    except BaseException:
        emit(Finished(task=task, outcome="failed"))
        raise
    emit(Finished(task=task, outcome="done"))
    return True


def _source(azure: Azure, image: ImageReference, login: tuple[str, str] | None) -> dict[str, Any]:
    joint = "@" if image.digest else ":"
    named = {"sourceImage": f"{image.repository}{joint}{image.reference}"}
    if login:
        credentials = dict(zip(("username", "password"), login, strict=True))
        return {**named, "registryUri": image.host, "credentials": credentials}
    if id := _id_of(azure, image.host):
        return {**named, "resourceId": id}
    return {**named, "registryUri": image.host}


def _id_of(azure: Azure, host: str) -> str | None:
    """The registry at `host`, where it is one of the subscription: nobody needs to log in to it."""
    path = f"/subscriptions/{azure.workspace.subscription}/providers/{_REGISTRIES}"
    for registry in azure.manager.list(path, _VERSION):
        if registry.get("properties", {}).get("loginServer", "").lower() == host.lower():
            return str(registry["id"])
    return None


def _wait(azure: Azure, begun: Reply, source: ImageReference, clock: Clock) -> None:
    """Raises AzureError where the import fails, DeadlineError where it does not end."""
    place = begun.headers.get("location")
    if begun.status != 202 or place is None:
        return

    def look() -> Reply | None:
        reply = azure.manager.send("GET", place)
        return None if reply.status == 202 else reply

    wait_for(
        look,
        clock=clock,
        within=_WAIT_SECONDS,
        every=_LOOK_SECONDS,
        overdue=lambda: DeadlineError(f"the import of {source} has not ended in half an hour"),
    )


def _not_imported(source: ImageReference, reason: str) -> Problem:
    return Problem(
        code="base-image-not-imported",
        severity="note",
        message=f"the registry did not fetch the base image itself ({reason}): "
        "it goes through this machine",
        place=Place(file=str(source)),
    )
