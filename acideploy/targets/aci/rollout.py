"""From one revision to the next: the group is changed or replaced, and watched until it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from acideploy.azure.rest import Rest
from acideploy.clock import Clock
from acideploy.diagnose import CodeOrigin
from acideploy.errors import AcideployError, AzureError, BusyError, DeadlineError
from acideploy.events import Emit
from acideploy.observe import wait_for
from acideploy.targets import http
from acideploy.targets.aci.failure import Seen, failure_of, overdue
from acideploy.targets.aci.group import DEPLOY_TAG, VERSION
from acideploy.targets.aci.narration import Narrator
from acideploy.targets.aci.record import Revision
from acideploy.targets.aci.refused import refused, secrets_in
from acideploy.targets.aci.view import container_of, current_state, endpoint_of, is_moving

# What the server logs when it begins to take requests.
_STARTED = "azmlinfsrv.acideploy - Listening at"
_LOOK_EVERY = 0.5
_HEALTHY_SECONDS = 1800.0
# An operation of somebody else, or of an earlier run, is waited for as long.
_BUSY_SECONDS, _BUSY_LOOK_EVERY = 120.0, 3.0
_GONE_SECONDS = 300.0
_LOG_LINES = 200


# Raises BusyError where the group as it is now is not the one that is meant to be changed.
Allow = Callable[[Mapping[str, Any] | None], None]


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
    requests = body["properties"]["containers"][0]["properties"]["resources"]["requests"]

    def attempt() -> bool | None:
        try:
            manager.send("PUT", path, VERSION, body=body)
        except AzureError as error:
            answer = refused(
                error,
                service=service,
                location=str(body["location"]),
                cpu=requests["cpu"],
                memory=requests["memoryInGB"],
                secrets=secrets_in(body),
            )
            if isinstance(answer, BusyError):
                now = manager.get(path, VERSION)
                if now and body["tags"].get(DEPLOY_TAG) in (now.get("tags") or {}).values():
                    # It had arrived, and the answer was lost.
                    return True
                allow(now)
                return None
            # Azure quotes values, which may be secrets: its own error is not to be shown.
            raise answer from None
        return True

    wait_for(
        attempt,
        clock=clock,
        within=_BUSY_SECONDS,
        every=_BUSY_LOOK_EVERY,
        overdue=lambda: BusyError(
            f"another operation on service {service} is under way",
            hint=f"acideploy service show -n {service} --wait, and run this again",
        ),
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
    watch = _Watch(manager, path, revision, before, deploy, emit)
    return wait_for(
        watch.look,
        clock=clock,
        within=_HEALTHY_SECONDS,
        every=_LOOK_EVERY,
        overdue=watch.overdue,
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


def _has_run(group: Mapping[str, Any]) -> bool:
    """Whether there can be a log: one that waits to be started for the first time has none."""
    view = container_of(group)["properties"].get("instanceView") or {}
    return current_state(group).get("state", "Waiting") != "Waiting" or bool(
        view.get("previousState")
    )


def origin_of(revision: Revision) -> CodeOrigin:
    """How files in the container map to the user's."""
    from pathlib import Path

    from acideploy.image.contents import APP_ROOT

    deployed = Path(APP_ROOT, revision.source_directory or "")
    return CodeOrigin(deployed=deployed, origin=Path(revision.origin))


class _Watch:
    """What has been seen of a group so far."""

    def __init__(
        self,
        manager: Rest,
        path: str,
        revision: Revision,
        before: Seen | None,
        deploy: str | None,
        emit: Emit,
    ) -> None:
        self._before = before.group if before else None
        self._seen: Mapping[str, Any] = self._before or {}
        self._manager = manager
        self._path = path
        self._revision = revision
        self._deploy = deploy
        self._emit = emit
        self._narrator = Narrator(
            service=revision.service,
            before=self._before,
            log=before.log if before else "",
        )
        self._logs: tuple[str, str] = ("", "")

    def look(self) -> Mapping[str, Any] | None:
        group = self._manager.get(self._path, VERSION)
        if group is None:
            raise AzureError(
                f"the container group of service {self._revision.service} is gone",
                hint="somebody deleted it: deploy again",
            )
        self._require_ours(group)
        self._seen = group
        log = self._log(group)
        for event in self._narrator.tell(group, log):
            self._emit(event)
        failure = self._failure(group)
        if failure:
            raise failure
        return group if self._answers(group, log) else None

    def _require_ours(self, group: Mapping[str, Any]) -> None:
        theirs = (group.get("tags") or {}).get(DEPLOY_TAG)
        if self._deploy and theirs and theirs != self._deploy:
            raise BusyError(
                f"another deploy of service {self._revision.service} took its place",
                hint=f"acideploy service show -n {self._revision.service} --wait",
            )

    def _log(self, group: Mapping[str, Any]) -> str:
        """The log of this run of the container; that of the run before is kept."""
        if not _has_run(group):
            return ""
        try:
            log = read_log(self._manager, group, lines=_LOG_LINES)
        except AzureError as error:
            if error.status is None or error.temporary:
                raise
            return self._logs[1]
        before, now = self._logs
        if now and not log.startswith(now[:200]):
            before = now
        self._logs = (before, log)
        return log

    def _failure(self, group: Mapping[str, Any]) -> AcideployError | None:
        return failure_of(
            self._told(group), service=self._revision.service, origin=origin_of(self._revision)
        )

    def overdue(self) -> AcideployError:
        return overdue(
            self._told(self._seen),
            service=self._revision.service,
            seconds=_HEALTHY_SECONDS,
            origin=origin_of(self._revision),
        )

    def _told(self, group: Mapping[str, Any]) -> Seen:
        previous, log = self._logs
        return Seen(group=group, log=log, previous_log=previous, before=self._before)

    def _answers(self, group: Mapping[str, Any], log: str) -> bool:
        if current_state(group).get("state") != "Running" or (is_moving(group) and not log):
            return False
        endpoint = endpoint_of(group, self._revision)
        if endpoint and http.probe(endpoint) == str(self._revision.number):
            return True
        # An address within a virtual network answers only there: the log tells as well.
        is_private = group["properties"].get("ipAddress", {}).get("type") == "Private"
        return is_private and _STARTED in log
