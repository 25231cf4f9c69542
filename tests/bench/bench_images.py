"""Making an image and pushing it: acideploy beside docker and buildah, same files, same registry.

Everything is on this machine and no byte of it is cold: all files were written just before. The
commands are measured without a proxy; what they send is counted in a run of its own, through one.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from tests.bench.bench_traffic import traffic
from tests.bench.image_builders import (
    SCRIPT,
    Builder,
    buildah_builder,
    docker_builders,
    install_in_build,
    write_context,
)
from tests.bench.measure import Phases, Row, compared, missing, random_file
from tests.bench.measure import seconds as seconds_of_command
from tests.bench.project import BASE, Project
from tests.bench.timeline import Timeline, memory
from tests.parts import MissingPartError
from tests.parts.base_image import base_image, push
from tests.parts.process import StartError
from tests.parts.proxy import proxy
from tests.parts.registry import RunningRegistry, registry

MODEL_MEGABYTES = 500
# With the serving stack, 250 MB of wheels as they are installed.
PACKAGES = ("scikit-learn",)
AGAIN = 3
# Others are not run again when they have taken this long, in seconds.
LONG = 6.0
MODEL = "big:1"
FIRST = f"first push: code, packages, {MODEL_MEGABYTES} MB model"
CHANGED = f"push again after one changed line, best of {AGAIN}"


@dataclass(frozen=True, kw_only=True)
class Ours:
    """How the commands of a first push went, and that of one after a changed line."""

    first: tuple[Timeline, ...]
    again: Timeline

    @property
    def first_seconds(self) -> float:
        return sum(each.seconds for each in self.first)


@dataclass(frozen=True, kw_only=True)
class Others:
    """Seconds of first pushes and of those after a changed line, each with what was run."""

    first: list[tuple[str, float]] = field(default_factory=list)
    again: list[tuple[str, float]] = field(default_factory=list)
    missing: list[Row] = field(default_factory=list)


def images(folder: Path) -> Iterator[Row | Phases]:
    """What a first image costs, what the next one does, and what it does when nothing changed."""
    model = random_file(folder / "model.bin", MODEL_MEGABYTES)
    try:
        _fill_uv_cache(folder)
        with registry(directory=folder / "registry") as kept:
            project = Project(folder=folder / "project", host=kept.host, ca=kept.ca)
            before = _ours(project, kept, model)
            same = [project.package("svc:2", MODEL) for _ in range(AGAIN)]
            others = _others(kept, folder)
            with proxy(kept) as counting:
                # Images name the registry that their base is in, which is the proxy now.
                through = replace(project, host=counting.host)
                through.write(pip=PACKAGES)
                exchanged = list(traffic(through, MODEL, counting))
        # The machine may have had other work meanwhile: the slower of both is what counts.
        with registry(directory=folder / "later") as kept:
            after = _ours(replace(project, host=kept.host, ca=kept.ca), kept, model)
    except (MissingPartError, StartError) as error:
        yield missing(FIRST, error)
        return
    first = max(before, after, key=lambda each: each.first_seconds)
    again = max(before.again, after.again, key=lambda each: each.seconds)
    yield from _beside(first, again, others)
    least = min(each.seconds for each in same)
    yield compared("push again, nothing changed", least, "our first push", first.first_seconds)
    yield memory("first push, uv included", first.first, "nothing changed", same[0])
    yield from exchanged
    yield Phases(FIRST, [line for each in first.first for line in each.phases()])
    yield Phases(CHANGED, again.phases())


def _beside(first: Ours, again: Timeline, others: Others) -> Iterator[Row]:
    yield from others.missing
    what = f"{FIRST} (warm uv cache)"
    for name, seconds in others.first:
        yield compared(what, first.first_seconds, name, seconds, asked="at most 0.20")
    for name, seconds in others.again:
        # BuildKit takes a twentieth of the others' time, which is what Python takes to start.
        asked = "" if "BuildKit" in name else "at most 0.05"
        yield compared(CHANGED, again.seconds, name, seconds, asked=asked)
    # What no deploy can go below, whatever it does: a twentieth of the others' time may be less.
    imports = "import click, azure.containerregistry"
    floor = seconds_of_command([sys.executable, "-c", imports], runs=5)
    yield compared(CHANGED, again.seconds, f'python -c "{imports}"', floor)


def _fill_uv_cache(folder: Path) -> None:
    """Has uv download what it needs, into a registry that nobody measures."""
    with registry(directory=folder / "warm") as kept:
        push(base_image(), kept, BASE)
        project = Project(folder=folder / "project", host=kept.host, ca=kept.ca, online=True)
        project.write(pip=PACKAGES)
        project.package("warm:1")


def _ours(project: Project, kept: RunningRegistry, model: Path) -> Ours:
    """Of a registry that has the base image, and nothing else."""
    push(base_image(), kept, BASE)
    project.write(pip=PACKAGES)
    first = (project.register("big", model), project.package("svc:1", MODEL))
    again = []
    for _ in range(AGAIN):
        project.change()
        again.append(project.package("svc:2", MODEL))
    return Ours(first=first, again=min(again, key=lambda each: each.seconds))


def _others(kept: RunningRegistry, folder: Path) -> Others:
    """Their side has the packages as a folder to copy; ours includes installing them.

    The fastest builder is measured with installing them as well, as Dockerfiles do.
    """
    context, base = folder / "context", f"{kept.host}/{BASE}:latest"
    write_context(context, kept, image="svc:1", base=base)
    others = Others()
    with contextlib.ExitStack() as stack:
        for builder in _builders(stack, folder / "buildah"):
            if isinstance(builder, Row):
                others.missing.append(builder)
                continue
            image = f"{kept.host}/{builder.repository}"
            try:
                first, again = _theirs(builder, context, image, base)
            except subprocess.CalledProcessError as error:
                # Docker's command without its plugin for BuildKit, say.
                others.missing.append(missing(builder.name, error.stderr.decode()))
                continue
            others.first.append((f"{builder.name}, packages given", first))
            others.again.append((f"{builder.name}, best of {len(again)}", min(again)))
    install_in_build(context)
    with contextlib.suppress(MissingPartError, StartError), docker_builders() as (fastest, _):
        # A new engine, as the one above has the layers of model and code.
        fastest.prepare(base)
        installed = fastest.seconds(context, f"{kept.host}/installed:1")
        others.first.append((f"{fastest.name}, `pip install` of wheels at hand", installed))
    return others


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
