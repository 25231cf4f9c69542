"""Whether a container group will never be healthy, and the one cause of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from acideploy.diagnose import CodeOrigin, Diagnosis
from acideploy.errors import AcideployError, DeadlineError, ServiceFailedError
from acideploy.targets.aci.crash import End, cause_of, has_traceback
from acideploy.targets.aci.happened import (
    ENDED,
    Body,
    ContainerView,
    Happening,
    asked_of,
    container_view,
    happenings,
)
from acideploy.targets.aci.hosting import hosting_failure

_LOG_LINES = 15
# What the inference server says before and after it.
_CALLED, _RETURNED = "Invoking user's init function", "init has completed successfully"
# What the inference server raises on top of what the user's script has raised.
_WRAPPED = re.compile(
    r"^[^\S\n]*\n"
    r"The above exception was the direct cause of the following exception:\n[^\S\n]*\n"
    r"Traceback \(most recent call last\):\n(?:  .*\n)*"
    r"azureml_inference_server_http\..*\n(?:[^\S\n]*\n)?",
    re.MULTILINE,
)
_EVENTS = 8
# What Azure ends containers with when it has work to do on the machines below.
_MAINTENANCE = frozenset({7147, 7148})
_STOPPED = "Container stopped per client request"
_BY_PLATFORM = "(platform initiated)"
# What a server ends with that was asked to, or was made to.
_ENDS_WHEN_KILLED = frozenset({None, 0, 137, 143})
_THRESHOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was read of a group: the body of a GET, the log, and that of the instance before.

    `before` is the body from before the change that is waited for, None for a new group. One that
    is changed in place keeps its events and its count of restarts, which are no failure of now.
    """

    group: Body
    log: str = ""
    previous_log: str = ""
    before: Body | None = None


def failure_of(seen: Seen, *, service: str, origin: CodeOrigin) -> AcideployError | None:
    """Why the service will not be healthy; None while it still may be.

    For a service that does not answer: one that does may have crashed twice long ago.
    """
    events = happenings(seen.group, since=seen.before)
    view = container_view(seen.group, service, since=seen.before)
    detail = _detail(seen, events, origin)
    cause = _stopped(view, service) or _of_probe(seen, service, view, events)
    cause = cause or _of_crash(seen, service, view, events, origin)
    if cause:
        return ServiceFailedError(
            f"service {service} failed: {cause.cause}",
            place=cause.place,
            hint=cause.hint or f"acideploy service get-logs -n {service}",
            detail=detail,
            cause=cause.cause,
        )
    return hosting_failure(seen.group, view, events, service=service, detail=detail)


def overdue(seen: Seen, *, service: str, seconds: float, origin: CodeOrigin) -> DeadlineError:
    """That the service was not healthy within a time, and what was last seen of it."""
    events = happenings(seen.group, since=seen.before)
    view = container_view(seen.group, service, since=seen.before)
    return DeadlineError(
        f"service {service} was not healthy within {seconds:.0f} s: "
        + _last_seen(view, events, seen.log),
        hint=f"acideploy service get-logs -n {service}",
        detail=_detail(seen, events, origin),
    )


def _stopped(view: ContainerView, service: str) -> Diagnosis | None:
    if view.is_ended and view.current.get("detailStatus") == _STOPPED:
        return Diagnosis(
            cause="it was stopped meanwhile", hint=f"acideploy service start -n {service}"
        )
    return None


def _of_crash(
    seen: Seen, service: str, view: ContainerView, events: Sequence[Happening], origin: CodeOrigin
) -> Diagnosis | None:
    """A container that ended for good, or for the second time."""
    end = view.last_end
    code = end.get("exitCode")
    if code in _MAINTENANCE or not (_ended_for_good(seen, view) or _loops(view, events)):
        return None
    told = [event.message for event in events if event.name == "Failed" and event.container]
    memory = (asked_of(seen.group, service).get("resources") or {}).get("requests") or {}
    found = End(
        code=code,
        status=str(end.get("detailStatus", "")),
        memory=memory.get("memoryInGB"),
        told=told[-1] if told else "",
    )
    return cause_of(found, seen.log, seen.previous_log, origin)


def _ended_for_good(seen: Seen, view: ContainerView) -> bool:
    policy = seen.group.get("properties", {}).get("restartPolicy", "Always")
    if not view.is_ended or "exitCode" not in view.current:
        return False
    return bool(policy == "Never" or (policy == "OnFailure" and view.current["exitCode"] == 0))


def _loops(view: ContainerView, events: Sequence[Happening]) -> bool:
    """Whether it has crashed twice: a start after an end is no crash yet."""
    if view.restarts != 1:
        return view.restarts >= 2
    # For a moment it is counted as started again, and waits for that still.
    ends = sum(event.count for event in events if ENDED.search(event.message))
    return (view.waits_for == "CrashLoopBackOff" or view.is_ended) and ends != 1


def _of_probe(
    seen: Seen, service: str, view: ContainerView, events: Sequence[Happening]
) -> Diagnosis | None:
    """A container that Azure killed because its liveness probe never passed."""
    end = view.last_end
    if end.get("exitCode") not in _ENDS_WHEN_KILLED or end.get("detailStatus") == "OOMKilled":
        return None
    asked = asked_of(seen.group, service)
    enough = (asked.get("livenessProbe") or {}).get("failureThreshold") or _THRESHOLD
    failed = [event for event in events if _is_liveness(event)]
    kills = [e for e in events if e.name == "Killing" and e.message.endswith(f"{_BY_PLATFORM}.")]
    if sum(event.count for event in failed) < enough or not kills:
        return None
    if kills[-1].last < failed[0].first:
        return None
    what = failed[-1].message.partition(": ")[2] or failed[-1].message
    cpu = ((asked.get("resources") or {}).get("requests") or {}).get("cpu")
    cause = f"its liveness probe did not pass: {what.rstrip('.')}"
    if _is_in_init(seen.log or seen.previous_log):
        cause = "init() had not returned when Azure gave up its liveness probe"
    return Diagnosis(
        cause=cause,
        hint=f"acideploy service get-logs -n {service}"
        + (f"; a slow init() may need more, such as `--cpu-cores {2 * cpu:g}`" if cpu else ""),
    )


def _is_liveness(event: Happening) -> bool:
    return event.name == "Unhealthy" and event.message.lower().startswith("liveness")


def _is_in_init(log: str) -> bool:
    """Whether the last that the server told of the script is that it called init()."""
    return log.rfind(_CALLED) > log.rfind(_RETURNED)


def _last_seen(view: ContainerView, events: Sequence[Happening], log: str) -> str:
    warnings = [event for event in events if event.warning]
    if view.current.get("state") == "Running":
        if _is_in_init(log):
            return "init() has not returned"
        probes = [event for event in warnings if event.name == "Unhealthy"]
        told = f" ({probes[-1].message.rstrip('.')})" if probes else ""
        return f"its container runs, and does not answer{told}"
    if warnings:
        return warnings[-1].message.rstrip(".")
    if view.waits_for and (view.waits_for.endswith("BackOff") or not events):
        return f"its container waits ({view.waits_for})"
    return events[-1].message.rstrip(".") if events else "Azure has not begun to start it"


def _detail(seen: Seen, events: Sequence[Happening], origin: CodeOrigin) -> str | None:
    """The last lines and events. The instance before is shown where only it tells the cause."""
    parts = []
    if has_traceback(seen.previous_log, origin) and not has_traceback(seen.log, origin):
        parts.append(("last lines of the log of the instance before:", _tail(seen.previous_log)))
    parts.append(("last lines of the log:", _tail(seen.log)))
    parts.append(("last events:", "\n".join(map(_line, events[-_EVENTS:]))))
    return "\n".join(f"{title}\n{text}" for title, text in parts if text) or None


def _tail(log: str) -> str:
    return "\n".join(_WRAPPED.sub("", log).rstrip("\n").split("\n")[-_LOG_LINES:])


def _line(event: Happening) -> str:
    times = f" ({event.count} times)" if event.count > 1 else ""
    return f"{event.last[11:19]} {event.name}: {event.message}{times}"
