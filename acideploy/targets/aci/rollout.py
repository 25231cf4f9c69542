"""From one revision to the next: the group is changed or replaced, and watched until it answers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from acideploy.azure.rest import Rest
from acideploy.clock import Clock
from acideploy.diagnose import CodeOrigin
from acideploy.errors import AcideployError, AzureError, BusyError, DeadlineError
from acideploy.events import Emit
from acideploy.image.contents import APP_ROOT
from acideploy.observe import wait_for
from acideploy.targets.aci.failure import Seen
from acideploy.targets.aci.group import DEPLOY_TAG, VERSION
from acideploy.targets.aci.record import Revision
from acideploy.targets.aci.refused import refused, secrets_in
from acideploy.targets.aci.turn import Allow, under_way
from acideploy.targets.aci.view import container_of, current_state
from acideploy.targets.aci.watch import Watch

_LOOK_EVERY = 0.5
_HEALTHY_SECONDS = 1800.0
# An operation of somebody else, or of an earlier run, is waited for as long.
_BUSY_SECONDS, _BUSY_LOOK_EVERY = 120.0, 3.0
_GONE_SECONDS = 300.0
_LOG_LINES = 200


def put_group(
    manager: Rest,
    path: str,
    body: Mapping[str, Any],
    *,
    service: str,
    allow: Allow,
    clock: Clock,
) -> None:
    """Asks for the group; waits for an operation that is under way. Raises AcideployError."""

    def attempt() -> bool | None:
        try:
            manager.send("PUT", path, VERSION, body=body)
        except AzureError as error:
            answer = _refused(error, body, service=service)
            if not isinstance(answer, BusyError):
                # Azure quotes values, which may be secrets: its own error is not to be shown.
                raise answer from None
            now = manager.get(path, VERSION)
            if now and body["tags"].get(DEPLOY_TAG) in (now.get("tags") or {}).values():
                # It had arrived, and the answer was lost.
                return True
            allow(now)
            return None
        return True

    wait_for(
        attempt,
        clock=clock,
        within=_BUSY_SECONDS,
        every=_BUSY_LOOK_EVERY,
        overdue=lambda: under_way(service),
    )


def _refused(error: AzureError, body: Mapping[str, Any], *, service: str) -> AcideployError:
    requests = body["properties"]["containers"][0]["properties"]["resources"]["requests"]
    return refused(
        error,
        service=service,
        location=str(body["location"]),
        cpu=requests["cpu"],
        memory=requests["memoryInGB"],
        secrets=secrets_in(body),
    )


def delete_group(manager: Rest, path: str, *, clock: Clock) -> None:
    """Deletes the group and waits until it is gone; one that is gone already is no error."""
    try:
        manager.send("DELETE", path, VERSION)
    except AzureError as error:
        if error.status != 404:
            raise
    wait_for(
        lambda: True if manager.get(path, VERSION) is None else None,
        clock=clock,
        within=_GONE_SECONDS,
        every=_LOOK_EVERY,
        overdue=lambda: DeadlineError(
            f"{path.rpartition('/')[2]} is still being deleted", hint="run this again"
        ),
    )


def wait_until_healthy(
    manager: Rest,
    path: str,
    revision: Revision,
    *,
    before: Seen | None,
    deploy: str | None,
    clock: Clock,
    emit: Emit,
) -> Mapping[str, Any]:
    """The group, once its service answers as this revision. `before` is what it was earlier.

    Raises the one cause why it never will, BusyError where another deploy (a `deploy` tag that is
    not ours) took the group over, and DeadlineError.
    """
    watch = Watch(
        revision,
        find=lambda: manager.get(path, VERSION),
        read_log=lambda group: read_log(manager, group, lines=_LOG_LINES),
        origin=origin_of(revision),
        before=before,
        deploy=deploy,
        emit=emit,
    )
    return wait_for(
        watch.look,
        clock=clock,
        within=_HEALTHY_SECONDS,
        every=_LOOK_EVERY,
        overdue=lambda: watch.overdue(_HEALTHY_SECONDS),
    )


def look_before(manager: Rest, path: str) -> Seen | None:
    """What is no news after a change that is made in place; None where there is no group."""
    group = manager.get(path, VERSION)
    if group is None:
        return None
    log = ""
    if current_state(group):
        with suppress(AzureError):
            log = read_log(manager, group, lines=_LOG_LINES)
    return Seen(group=group, log=log)


def read_log(
    manager: Rest, group: Mapping[str, Any], *, lines: int, timestamps: bool = False
) -> str:
    """The last lines of the scoring container; empty where there is none yet."""
    name = container_of(group)["name"]
    path = f"{group['id']}/containers/{name}/logs?tail={lines}"
    if timestamps:
        path += "&timestamps=true"
    found = manager.get(path, VERSION)
    return str((found or {}).get("content") or "")


def origin_of(revision: Revision) -> CodeOrigin:
    """How files in the container map to the user's."""
    deployed = Path(APP_ROOT, revision.source_directory or "")
    return CodeOrigin(deployed=deployed, origin=Path(revision.origin))
