"""What making an image sends to the registry, counted by a proxy before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.measure import Row
from tests.bench.project import Project
from tests.parts.proxy import RunningProxy

ALLOWED = 100_000


@dataclass(frozen=True, kw_only=True)
class Exchanged:
    """Requests, those of them that may write, and the bytes of all, before encryption."""

    requests: int
    uploads: int
    sent: int


def traffic(project: Project, model: str, counting: RunningProxy) -> Iterator[Row]:
    """After one changed line, and after none. The project's registry is the proxy."""
    _exchanged(project, model, counting)
    project.change()
    changed = _exchanged(project, model, counting)
    same = _exchanged(project, model, counting)
    yield Row(
        f"bytes sent after one changed line, in {changed.requests} requests",
        f"{changed.sent / 1e3:.1f} kB",
        f"what is allowed ({ALLOWED / 1e3:.0f} kB)",
        changed.sent / ALLOWED,
        "at most 1",
    )
    yield Row(
        "requests when nothing changed",
        f"{same.requests}, {same.uploads} upload, {same.sent / 1e3:.1f} kB sent",
        f"after one changed line ({changed.requests})",
        same.requests / changed.requests,
        "no upload, a handful",
    )


def _exchanged(project: Project, model: str, counting: RunningProxy) -> Exchanged:
    counting.traffic.clear()
    project.package("svc:3", model)
    return Exchanged(
        requests=len(counting.traffic),
        uploads=sum(each.method not in ("GET", "HEAD") for each in counting.traffic),
        sent=counting.traffic.sent,
    )
