"""A container group is asked for; where that fails, what there is then is told with the failure."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from acideploy.clock import Clock
from acideploy.errors import AcideployError
from acideploy.events import Emit, Finished, Noticed, Started
from acideploy.targets.aci.failure import Seen
from acideploy.targets.aci.group import VERSION, Confidential, Pull, with_secrets
from acideploy.targets.aci.leftover import after_failure, after_refusal, tell_leftover
from acideploy.targets.aci.pull import fallback
from acideploy.targets.aci.record import Revision
from acideploy.targets.aci.rollout import delete_group, look_before, put_group
from acideploy.targets.aci.turn import Allow

if TYPE_CHECKING:
    from acideploy.targets.aci.target import AciTarget


def body_of(
    target: AciTarget,
    revision: Revision,
    tags: Mapping[str, str],
    *,
    pull: Pull,
    confidential: Confidential,
    emit: Emit,
) -> dict[str, Any]:
    """The group of a revision, as it is asked for now."""
    if problem := fallback(pull):
        emit(Noticed(problem=problem))
    server = target.azure.workspace.registry
    body = with_secrets(revision.group, pull=pull, confidential=confidential, server=server)
    return {**body, "tags": dict(tags)}


def put(
    target: AciTarget,
    revision: Revision,
    body: Mapping[str, Any],
    *,
    replacing: bool,
    allow: Allow,
    clock: Clock,
    emit: Emit,
) -> Seen | None:
    """Asks for the group. Returns what is no news of it afterwards: None of a new one."""
    path, manager = target.path(revision.service), target.azure.manager
    title = target.azure.workspace.group_name(revision.service)
    before = None
    anew = ", deleted and made anew" if replacing else ""
    emit(Started(task="group", title=f"Container group {title}{anew}"))
    try:
        before = look_before(manager, path)
        allow(before.group if before else None)
        if replacing:
            delete_group(manager, path, clock=clock)
        put_group(manager, path, body, service=revision.service, allow=allow, clock=clock)
    except BaseException as error:
        emit(Finished(task="group", outcome="failed"))
        if isinstance(error, AcideployError):
            _tell_refused(target, error, revision, before=before is not None)
        raise
    emit(Finished(task="group", outcome="done", detail="accepted by Azure"))
    return None if replacing else before


def tell_failed(target: AciTarget, error: AcideployError, revision: Revision) -> None:
    """Puts what is left of a deploy that was accepted, and did not become healthy, to its hint."""
    with suppress(AcideployError):
        if target.azure.manager.get(target.path(revision.service), VERSION) is None:
            return
        group = target.azure.workspace.group_name(revision.service)
        earlier = _earlier(target, revision)
        left = after_failure(revision.service, group, number=revision.number, earlier=earlier)
        tell_leftover(error, left)


def _tell_refused(
    target: AciTarget, error: AcideployError, revision: Revision, *, before: bool
) -> None:
    # What there is now is told where it can be found out; the error counts.
    with suppress(AcideployError):
        now = target.azure.manager.get(target.path(revision.service), VERSION)
        earlier = _earlier(target, revision)
        left = after_refusal(revision.service, before=before, now=now, earlier=earlier)
        tell_leftover(error, left)


def _earlier(target: AciTarget, revision: Revision) -> int | None:
    numbers = target.revisions(revision.service).numbers()
    return next((each for each in numbers if each < revision.number), None)
