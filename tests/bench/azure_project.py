"""A project that deploys to an emulated Azure, and what its commands ask for and when."""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.bench.timeline import Timeline, timeline
from tests.emulator_command import StartedEmulator
from tests.parts.base_image import base_image, push
from tests.parts.proxy import RunningProxy, proxy
from tests.parts.registry import registry

PYTHON = "3.11"
BASE = f"base/python:{PYTHON}"
FILES = ("-ic", "inference.json", "-dc", "deployment.json")
SCRIPT = """\
import json
def init(): pass
def run(data): return {"data": json.loads(data)}
"""
_VERSION = "api-version=2023-05-01"
# For commands that are measured: the checkout whose code runs, not what may be installed.
_COMMAND = (sys.executable, "-m", "acideploy")


@dataclass(frozen=True, kw_only=True)
class Count:
    """Requests to a part of Azure, and the bytes of their bodies, of answers in brackets."""

    where: str
    requests: int
    sent: int
    received: int

    def __str__(self) -> str:
        return (
            f"{self.requests:4} requests to {self.where}: "
            f"{self.sent / 1e3:.1f} kB sent, {self.received / 1e3:.1f} kB received"
        )


@dataclass(frozen=True, kw_only=True)
class Run:
    """A command: when it began (seconds of the epoch), how it went, and what it asked for.

    `asked_for_group` is when it sent the PUT of a container group, `group_started` when Azure had
    started its container, and `listening` when the server in that began to take requests; all 0
    where it asked for none.
    """

    began: float
    timeline: Timeline
    counts: tuple[Count, ...]
    asked_for_group: float = 0.0
    group_started: float = 0.0
    listening: float = 0.0

    @property
    def requests(self) -> int:
        return sum(each.requests for each in self.counts)

    @property
    def ended(self) -> float:
        return self.began + self.timeline.seconds

    def moment(self, task: str) -> float:
        """When a task of the command ended, the first whose title begins so."""
        names = (
            (when, name) for when, name in self.timeline.moments if name.startswith(f"'{task}")
        )
        return self.began + next(when for when, name in names if name.endswith("ends"))


@dataclass(frozen=True, kw_only=True)
class AzureProject:
    """The project in `folder`. `base` has its base image, and counts what is asked of it."""

    folder: Path
    emulator: StartedEmulator
    base: RunningProxy

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.emulator.variables,
            "ACIDEPLOY_HOME": str(self.folder.parent / "home"),
            "ACIDEPLOY_NO_CONDA": "1",
            "CI": "true",
        }

    def write(self) -> None:
        self.folder.mkdir(parents=True)
        (self.folder / "score.py").write_text(SCRIPT)
        packages = [f"python={PYTHON}", {"pip": ["azureml-defaults"]}]
        inference = {
            "entryScript": "score.py",
            "environment": {
                "docker": {"baseImage": f"{self.base.host}/{BASE}"},
                "python": {"condaDependencies": {"dependencies": packages}},
            },
        }
        (self.folder / "inference.json").write_text(json.dumps(inference))
        resources = {"cpu": 1, "memoryInGB": 1}
        deployment = {"computeType": "ACI", "containerResourceRequirements": resources}
        (self.folder / "deployment.json").write_text(json.dumps(deployment))
        self.run("folder", "attach", "-w", "emulator", "-g", "emulator")
        self.run("model", "register", "-n", "m", "-p", "score.py")

    def change(self) -> None:
        """Adds a line to the script."""
        with (self.folder / "score.py").open("a") as file:
            file.write("# another line\n")

    def deploy(self, *flags: str) -> Run:
        return self.run("model", "deploy", "-n", "svc", "-m", "m:1", *FILES, *flags)

    def run(self, *words: str) -> Run:
        self._ask("DELETE", "/_emulator/requests")
        self.base.traffic.clear()
        began = time.time()
        went = timeline([*_COMMAND, *words], env=self.environment, cwd=self.folder)
        exchanges = self._ask("GET", "/_emulator/requests")["value"]
        group = next((each for each in exchanges if _is_put_of_group(each)), None)
        asked, started, listening = (
            (_time(group["time"]), *self._course(group["path"])) if group else (0.0, 0.0, 0.0)
        )
        # What Azure itself pulls, between the two, is none of ours.
        own = [
            each
            for each in exchanges
            if _part(each).startswith("Resource") or not asked < _time(each["time"]) < started
        ]
        counts = (*_counts(own), *_base_counts(self.base))
        return Run(
            began=began,
            timeline=went,
            counts=counts,
            asked_for_group=asked,
            group_started=started,
            listening=listening,
        )

    def _course(self, path: str) -> tuple[float, float]:
        """When the container of a group was started, and when its server was."""
        variables = self.emulator.variables
        form = {
            "grant_type": "client_credentials",
            "client_id": variables["AZURE_CLIENT_ID"],
            "client_secret": variables["AZURE_CLIENT_SECRET"],
            "scope": "https://management.azure.com/.default",
        }
        where = f"/{variables['AZURE_TENANT_ID']}/oauth2/v2.0/token"
        token = self._ask("POST", where, urlencode(form).encode())["access_token"]
        group = self._ask("GET", f"{path}?{_VERSION}", token=token)
        container = group["properties"]["containers"][0]
        started = container["properties"]["instanceView"]["currentState"]["startTime"]
        logs = f"{path}/containers/{container['name']}/logs?timestamps=true&{_VERSION}"
        lines = self._ask("GET", logs, token=token)["content"].splitlines()
        listening = next((line for line in lines if " - Listening at" in line), None)
        # To microseconds: an engine gives nanoseconds.
        return _time(started), _time(listening[:26] + "Z") if listening else 0.0

    def _ask(
        self, method: str, path: str, form: bytes | None = None, *, token: str | None = None
    ) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.emulator.url}{path}"
        request = urllib.request.Request(url, form, headers, method=method)
        context = ssl.create_default_context(cafile=str(self.emulator.ca))
        with urllib.request.urlopen(request, context=context) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def _is_put_of_group(exchange: Mapping[str, Any]) -> bool:
    return exchange["method"] == "PUT" and "/containerGroups/" in exchange["path"]


def _time(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@contextlib.contextmanager
def bases(folder: Path) -> Iterator[RunningProxy]:
    """What stands before a registry with the base image. Emulators started meanwhile trust it."""
    with registry(directory=folder / "registry") as kept, proxy(kept) as base:
        repository, _, tag = BASE.partition(":")
        push(base_image(), kept, repository, tag=tag)
        # The emulator gives it to its clients, with its own certificates.
        os.environ["REQUESTS_CA_BUNDLE"] = str(base.ca)
        try:
            yield base
        finally:
            del os.environ["REQUESTS_CA_BUNDLE"]


def _counts(exchanges: list[Mapping[str, Any]]) -> Iterator[Count]:
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for each in exchanges:
        parts.setdefault(_part(each), []).append(each)
    for where, found in sorted(parts.items()):
        yield Count(
            where=where,
            requests=len(found),
            sent=sum(each["bytesIn"] for each in found),
            received=sum(each["bytesOut"] for each in found),
        )


def _part(exchange: Mapping[str, Any]) -> str:
    site, path = str(exchange["site"]).partition(":")[0], str(exchange["path"])
    if site == "registry":
        return "the registry's tokens" if path.startswith("/oauth2/") else "the registry"
    if site != "front":
        return {"vault": "Key Vault", "storage": "the registry's storage"}.get(site, site)
    if path.startswith("/metadata/"):
        return "the cloud's description"
    if not path.startswith("/subscriptions/"):
        return "Entra"
    if "/containerGroups" not in path:
        return "Resource Manager: workspace"
    return f"Resource Manager: group {exchange['method']}" + (
        ", logs" if path.endswith("/logs") else ""
    )


def _base_counts(base: RunningProxy) -> Iterator[Count]:
    found = list(base.traffic)
    if found:
        yield Count(
            where="the base image's registry",
            requests=len(found),
            sent=sum(each.request_bytes for each in found),
            received=sum(each.response_bytes for each in found),
        )
