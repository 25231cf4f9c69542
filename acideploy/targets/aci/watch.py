"""A service on its way, told as it comes, until it answers or it is plain why it never will."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from acideploy.diagnose import CodeOrigin
from acideploy.errors import AcideployError, AzureError
from acideploy.events import Emit, Event
from acideploy.targets import http
from acideploy.targets.aci.failure import Seen, failure_of, overdue
from acideploy.targets.aci.happened import as_of
from acideploy.targets.aci.narration import Narrator
from acideploy.targets.aci.record import Revision
from acideploy.targets.aci.turn import require_ours
from acideploy.targets.aci.view import container_of, current_state, endpoint_of, is_moving

Group: TypeAlias = Mapping[str, Any]

# What the server logs when it begins to take requests.
_STARTED = "azmlinfsrv.acideploy - Listening at"


class Watch:
    """What has been seen of a group so far.

    `find` gives the group as it is, None for none, and `read_log` its last lines. `before` is what
    it was earlier, which is no news. `deploy` is the tag of ours.
    """

    def __init__(
        self,
        revision: Revision,
        *,
        find: Callable[[], Group | None],
        read_log: Callable[[Group], str],
        origin: CodeOrigin,
        before: Seen | None,
        deploy: str | None,
        emit: Emit,
    ) -> None:
        self._revision = revision
        self._find = find
        self._read_log = read_log
        self._origin = origin
        self._before = before.group if before else None
        self._deploy = deploy
        self._emit = emit
        # A deploy that somebody else, or an earlier command, began.
        self._catches_up = before is None and deploy is None
        self._narrator = Narrator(
            service=revision.service, before=self._before, log=before.log if before else ""
        )
        self._seen: Group = self._before or {}
        # Of the run before, and of this one.
        self._logs: tuple[str, str] = ("", "")

    def look(self) -> Group | None:
        """The group, once its service answers as this revision; None as long as it may still."""
        group = self._find()
        if group is None:
            raise AzureError(
                f"the container group of service {self._revision.service} is gone",
                hint="somebody deleted it: deploy again",
            )
        if self._deploy:
            require_ours(group, self._deploy, self._revision.service)
        self._seen = group
        log = self._log(group)
        for event in self._news(group, log):
            self._emit(event)
        failure = failure_of(self._told(), service=self._revision.service, origin=self._origin)
        if failure:
            raise failure
        return group if self._answers(group, log) else None

    def _news(self, group: Group, log: str) -> list[Event]:
        if not self._catches_up:
            return self._narrator.tell(group, log)
        self._catches_up = False
        # What happened to earlier revisions is no failure of this one.
        self._before = as_of(group, datetime.fromisoformat(self._revision.created_time))
        self._narrator = Narrator(service=self._revision.service, before=self._before)
        return [] if self._answers(group, log) else self._narrator.catch_up(group, log)

    def overdue(self, seconds: float) -> AcideployError:
        """That it did not answer within that time."""
        return overdue(
            self._told(), service=self._revision.service, seconds=seconds, origin=self._origin
        )

    def _log(self, group: Group) -> str:
        """The log of this run of the container; that of the run before is kept."""
        if not _has_run(group):
            return ""
        try:
            log = self._read_log(group)
        except AzureError as error:
            if error.status is None or error.temporary:
                raise
            return self._logs[1]
        before, now = self._logs
        if now and not log.startswith(now[:200]):
            before = now
        self._logs = (before, log)
        return log

    def _told(self) -> Seen:
        previous, log = self._logs
        return Seen(group=self._seen, log=log, previous_log=previous, before=self._before)

    def _answers(self, group: Group, log: str) -> bool:
        if current_state(group).get("state") != "Running" or (is_moving(group) and not log):
            return False
        endpoint = endpoint_of(group, self._revision)
        if endpoint and http.probe(endpoint) == str(self._revision.number):
            return True
        # An address within a virtual network answers only there: the log tells as well.
        is_private = group["properties"].get("ipAddress", {}).get("type") == "Private"
        return is_private and _STARTED in log


def _has_run(group: Group) -> bool:
    """Whether there can be a log: one that waits to be started for the first time has none."""
    view = container_of(group)["properties"].get("instanceView") or {}
    return current_state(group).get("state", "Waiting") != "Waiting" or bool(
        view.get("previousState")
    )
