"""Making an image and pushing it: acideploy beside docker and buildah, same files, same registry.

Everything is on this machine and no byte of it is cold: all files were written just before. The
commands are measured without a proxy; what they send is counted in a run of its own, through one.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from tests.bench.image_builders import (
    SCRIPT,
    Builder,
    buildah_builder,
    docker_builders,
    write_context,
)
from tests.bench.measure import Phases, Row, compared, missing, random_file
from tests.bench.project import BASE, Project
from tests.bench.timeline import Timeline, memory
from tests.parts import MissingPartError
from tests.parts.base_image import base_image, push
from tests.parts.process import StartError
from tests.parts.proxy import RunningProxy, proxy
from tests.parts.registry import RunningRegistry, registry

MODEL_MEGABYTES = 500
# With the serving stack, 250 MB of wheels as they are installed.
PACKAGES = ("scikit-learn",)
AGAIN = 3
# Others are not run again when they have taken this long, in seconds.
LONG = 6.0
MODEL = "big:1"
FIRST = f"first push: code, packages, {MODEL_MEGABYTES} MB model"
CHANGED = "push again after one changed line"


@dataclass(frozen=True, kw_only=True)
class Times:
    """Seconds of a first push and of one after a changed line, each with how it went."""

    first: tuple[Timeline, ...]
    again: Timeline

    @property
    def first_seconds(self) -> float:
        return sum(each.seconds for each in self.first)


def images(folder: Path) -> Iterator[Row | Phases]:
    """What a first image costs, what the next one does, and what it does when nothing changed."""
    model = random_file(folder / "model.bin", MODEL_MEGABYTES)
    try:
        _fill_uv_cache(folder)
        with registry(directory=folder / "registry") as kept:
            push(base_image(), kept, BASE)
            project = Project(folder=folder / "project", host=kept.host, ca=kept.ca)
            ours = _ours(project, model)
            same = [project.package("svc:2", MODEL) for _ in range(AGAIN)]
            context = folder / "context"
            base = f"{kept.host}/{BASE}:latest"
            write_context(context, kept, image="svc:1", base=base)
            yield from _beside_others(ours, kept, context, base, folder / "buildah")
            title = "push again, nothing changed"
            least = min(each.seconds for each in same)
            yield compared(title, least, "our first push", ours.first_seconds)
            yield memory("first push, uv included", ours.first, "nothing changed", same[0])
            with proxy(kept) as counting:
                yield from _traffic(replace(project, host=counting.host), counting)
            yield Phases(FIRST, [line for each in ours.first for line in each.phases()])
            yield Phases(CHANGED, ours.again.phases())
    except (MissingPartError, StartError) as error:
        yield missing(FIRST, error)


def _fill_uv_cache(folder: Path) -> None:
    """Has uv download what it needs, into a registry that nobody measures."""
    with registry(directory=folder / "warm") as kept:
        push(base_image(), kept, BASE)
        project = Project(folder=folder / "project", host=kept.host, ca=kept.ca, online=True)
        project.write(pip=PACKAGES)
        project.package("warm:1")


def _ours(project: Project, model: Path) -> Times:
    project.write(pip=PACKAGES)
    first = (project.register("big", model), project.package("svc:1", MODEL))
    again = []
    for _ in range(AGAIN):
        project.change()
        again.append(project.package("svc:2", MODEL))
    return Times(first=first, again=min(again, key=lambda each: each.seconds))


def _beside_others(
    ours: Times, kept: RunningRegistry, context: Path, base: str, scratch: Path
) -> Iterator[Row]:
    """Their side has the packages as a folder to copy; ours includes installing them."""
    firsts: list[Row] = []
    agains: list[Row] = []
    with contextlib.ExitStack() as stack:
        for builder in _builders(stack, scratch):
            if isinstance(builder, Row):
                firsts.append(builder)
                continue
            image = f"{kept.host}/{builder.repository}"
            try:
                first, again = _theirs(builder, context, image, base)
            except subprocess.CalledProcessError as error:
                # Docker's command without its plugin for BuildKit, say.
                firsts.append(missing(builder.name, error.stderr.decode()))
                continue
            if builder.knows_no_layers:
                what, name = f"{FIRST} (warm uv cache)", f"{builder.name}, packages given"
                firsts.append(compared(what, ours.first_seconds, name, first, asked="at most 0.20"))
            what = f"{CHANGED}, best of {AGAIN}"
            name = f"{builder.name}, best of {len(again)}"
            agains.append(
                compared(what, ours.again.seconds, name, min(again), asked="at most 0.05")
            )
    yield from [*firsts, *agains]


def _builders(stack: contextlib.ExitStack, scratch: Path) -> Iterator[Builder | Row]:
    """Those that are here; a row for each that is not."""
    try:
        yield from stack.enter_context(docker_builders())
    except (MissingPartError, StartError) as error:
        yield missing("docker build + push", error)
    try:
        yield stack.enter_context(buildah_builder(scratch))
    except MissingPartError as error:
        yield missing("buildah bud + push", error)


def _theirs(
    builder: Builder, context: Path, image: str, base: str
) -> tuple[float, Sequence[float]]:
    """Seconds of the first push, and of each after one more changed line."""
    builder.prepare(base)
    tags = count(1)
    first = builder.seconds(context, f"{image}:{next(tags)}")
    again: list[float] = []
    while len(again) < AGAIN and sum(again) < LONG:
        with (context / SCRIPT).open("a") as file:
            file.write("# another line\n")
        again.append(builder.seconds(context, f"{image}:{next(tags)}"))
    return first, again


def _traffic(project: Project, counting: RunningProxy) -> Iterator[Row]:
    # Images name the registry that their base is in, which is the proxy now.
    project.write(pip=PACKAGES)
    project.package("svc:3", MODEL)
    project.change()
    changed = _exchanged(project, counting)
    same = _exchanged(project, counting)
    title = f"bytes sent after one changed line (in {changed.requests} requests)"
    sent = f"{changed.sent / 1e3:.1f} kB"
    model = f"the model ({MODEL_MEGABYTES} MB)"
    ratio = changed.sent / (MODEL_MEGABYTES << 20)
    yield Row(title, sent, model, ratio, "under 100 kB")
    yield Row(
        "requests when nothing changed",
        f"{same.requests}, {same.uploads} upload, {same.sent / 1e3:.1f} kB sent",
        f"after one changed line ({changed.requests})",
        same.requests / changed.requests,
        "no upload, a handful",
    )


@dataclass(frozen=True, kw_only=True)
class _Exchanged:
    requests: int
    uploads: int
    sent: int


def _exchanged(project: Project, counting: RunningProxy) -> _Exchanged:
    counting.traffic.clear()
    project.package("svc:3", MODEL)
    traffic = counting.traffic
    uploads = sum(each.method not in ("GET", "HEAD") for each in traffic)
    return _Exchanged(requests=len(traffic), uploads=uploads, sent=traffic.sent)
