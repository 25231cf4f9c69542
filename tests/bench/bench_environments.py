"""Environments of conda and pip packages as layers in a registry: new, known, and one changed.

The conda channel and the registry are on this machine, pip's packages come from the index.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import uv

from tests.bench.measure import Phases, Row, compared, missing, seconds
from tests.bench.project import BASE, Project
from tests.bench.timeline import Timeline
from tests.parts import MissingPartError
from tests.parts.base_image import GLIBC_RECIPE, base_image, push
from tests.parts.conda_channel import conda_channel
from tests.parts.proxy import RunningProxy, proxy
from tests.parts.registry import registry

CONDA = ("scikit-learn",)
PIP = ("azureml-defaults", "pandas<3")
OTHER = ("azureml-defaults", "pandas<2.3")
COLD = "environment of azureml-defaults, scikit-learn, pandas: new, nothing cached"
WARM = "the same, registry has it, nothing cached here"
ONE = "the same with another pandas, warm caches"
WARM_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class Made:
    """A run, its requests to the registry, and the bytes sent and received there."""

    run: Timeline
    requests: int
    sent: int
    received: int

    @property
    def told(self) -> str:
        sent, received = self.sent / 1e6, self.received / 1e6
        return f"{self.requests} requests, {sent:.1f} MB sent, {received:.1f} MB received"


def environments(folder: Path) -> Iterator[Row | Phases]:
    """As a user meets them: the first deploy, a colleague's, and that after a changed line."""
    try:
        channel, base = conda_channel(), base_image(GLIBC_RECIPE)
    except MissingPartError as error:
        yield missing(COLD, error)
        return
    with registry() as kept, proxy(kept) as counting:
        push(base, kept, BASE)
        project = Project(
            folder=folder / "project",
            host=counting.host,
            ca=kept.ca,
            online=True,
            channels=channel.url,
            caches=folder / "caches",
        )
        project.write(conda=CONDA, pip=PIP)
        cold = _made(project, counting)
        elsewhere = replace(project, folder=folder / "other" / "p", caches=folder / "other" / "c")
        elsewhere.write(conda=CONDA, pip=PIP)
        warm = _made(elsewhere, counting)
        project.write(conda=CONDA, pip=OTHER)
        changed = _made(project, counting)
    installed = _pip_install(folder)
    name = "uv pip install of the same into a folder, nothing cached"
    yield compared(COLD, cold.run.seconds, name, installed)
    share = warm.run.seconds / WARM_SECONDS
    what_is_asked = f"what is asked ({WARM_SECONDS:.0f} s)"
    yield Row(WARM, f"{warm.run.seconds:.2f} s", what_is_asked, share, "at most 1")
    yield compared(ONE, changed.run.seconds, "new", cold.run.seconds)
    yield Phases(f"{COLD} ({cold.told})", cold.run.phases())
    yield Phases(f"{WARM} ({warm.told})", warm.run.phases())
    yield Phases(f"{ONE} ({changed.told})", changed.run.phases())


def _made(project: Project, counting: RunningProxy) -> Made:
    counting.traffic.clear()
    run = project.package("svc:1")
    traffic = counting.traffic
    return Made(run=run, requests=len(traffic), sent=traffic.sent, received=traffic.received)


def _pip_install(folder: Path) -> float:
    """Seconds that uv takes for all of it from the index, as a measure of the network's part."""
    target, cache = folder / "installed", folder / "uv-alone"
    command = [uv.find_uv_bin(), "pip", "install", "--quiet", "--target", str(target)]
    command += ["--cache-dir", str(cache), "--python", sys.executable]
    taken = seconds([*command, "azureml-inference-server-http", "granian", *CONDA, "pandas<3"])
    shutil.rmtree(target)
    return taken
