"""Images of registered models, small and large: their time, and the memory that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Row, compared, missing, random_file
from tests.bench.project import BASE, Project
from tests.bench.timeline import Timeline, memory
from tests.parts import MissingPartError
from tests.parts.base_image import base_image, push
from tests.parts.process import StartError
from tests.parts.registry import registry

LARGE_MEGABYTES = 1000
RUNS = 5


def model_sizes(folder: Path) -> Iterator[Row]:
    """A deploy mounts its model; a registration reads and sends it, piece by piece."""
    try:
        with registry(directory=folder / "registry") as kept:
            push(base_image(), kept, BASE)
            project = Project(folder=folder / "project", host=kept.host, ca=kept.ca, online=True)
            project.write()
            large = project.register("large", random_file(folder / "large.bin", LARGE_MEGABYTES))
            (folder / "large.bin").unlink()
            small = project.register("small", random_file(folder / "small.bin", 1))
            # Makes the environment, for all that follow.
            project.package("packages:1")
            mounted = _package(project)
    except (MissingPartError, StartError) as error:
        yield missing("package a registered model", error)
        return
    yield compared(
        f"package a registered model of {LARGE_MEGABYTES} MB, first time, best of {RUNS}",
        min(each.seconds for each in mounted["large"]),
        "one of 1 MB",
        min(each.seconds for each in mounted["small"]),
        asked="at most 1.20",
    )
    yield memory(f"register {LARGE_MEGABYTES} MB", [large], "1 MB", small)
    what = f"package {LARGE_MEGABYTES} MB that are registered"
    yield memory(what, mounted["large"], "1 MB", mounted["small"][0])


def _package(project: Project) -> dict[str, list[Timeline]]:
    """In turn, each time into a repository that has nothing yet."""
    done: dict[str, list[Timeline]] = {"small": [], "large": []}
    for run in range(RUNS):
        for model, runs in done.items():
            runs.append(project.package(f"{model}-{run}:1", f"{model}:1"))
    return done
