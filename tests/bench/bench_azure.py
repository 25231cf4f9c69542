"""A service in Azure, emulated with Azure's own delays: what of a deploy's time is ours.

The asked limits are of our own share: Azure's is from the PUT of the container group until its
container has started, for which the emulator takes as long as Azure does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.bench.azure_project import AzureProject, Run, bases
from tests.bench.measure import Phases, Row, compared, missing
from tests.emulator_command import emulator
from tests.parts import MissingPartError
from tests.parts.engine import docker_engine
from tests.parts.process import StartError

AGAIN = 2
# The retired tool's, and az's, client asks every 30 s. Recorded: 13 to 23 s after `Started`.
POLLED, POLLER = 18.0, "az, which asks every 30 s: 13 to 23 s"


def azure(folder: Path) -> Iterator[Row | Phases]:
    """One service on an engine: deployed, changed, and deployed again as it is."""
    try:
        with bases(folder) as base, docker_engine() as engine:
            options = ("--engine", engine, "--speed", "1")
            with emulator(folder / "emulator", *options) as running:
                yield from _one(
                    AzureProject(folder=folder / "project", emulator=running, base=base)
                )
    except (MissingPartError, StartError) as reason:
        yield missing("deploys to Azure", reason)


def _one(project: AzureProject) -> Iterator[Row | Phases]:
    project.write()
    first = project.deploy()
    changed = []
    for _ in range(AGAIN):
        project.change()
        changed.append(project.deploy("--overwrite"))
    same = min((project.deploy() for _ in range(AGAIN)), key=lambda run: run.timeline.seconds)
    # The worst, not the best: each is a look at another moment of the same half second.
    runs = (first, *changed)
    for what, noticed, asked in (
        ("Azure's `Started`", max(_told(run) - run.group_started for run in runs), "under 1.5 s"),
        ("the server's first answer", max(_told(run) - run.listening for run in runs), ""),
    ):
        yield Row(
            f"from {what} to told healthy, worst of {len(runs)}",
            f"{noticed:.2f} s",
            POLLER,
            noticed / POLLED,
            asked,
        )
    again = min(changed, key=_share)
    title = f"deploy again, other code: what is not Azure's, best of {AGAIN}"
    taken = again.group_started - again.asked_for_group
    yield compared(title, _share(again), "Azure, PUT to `Started`", taken, asked="under 2 s")
    server = again.listening - again.group_started
    yield compared("of that, until its server listens", server, "Azure, the same", taken)
    whole = first.timeline.seconds
    yield compared("deploy again, nothing changed", same.timeline.seconds, "first", whole)
    for what, run in (("first deploy", first), ("other code", again), ("no change", same)):
        title = f"requests: {what}"
        count = f"{run.requests}"
        yield Row(title, count, f"first deploy ({first.requests})", run.requests / first.requests)
        yield Phases(title, [str(each) for each in run.counts], "of whom")
    yield Phases("deploy again, other code", again.timeline.phases())


def _told(run: Run) -> float:
    return run.moment("Service")


def _share(run: Run) -> float:
    """Seconds before the group was asked for, and after it had started."""
    return run.asked_for_group - run.began + run.ended - run.group_started
