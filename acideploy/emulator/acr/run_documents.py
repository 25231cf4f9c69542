"""Runs as they are kept and shown, and the runs of a registry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from acideploy.emulator.acr.registry_document import TYPE, modified, offset_time
from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.locations import LOCATIONS
from acideploy.emulator.cloud import Cloud
from acideploy.emulator.store import Document

RUN_TYPE = f"{TYPE}/runs"
KIND = RUN_TYPE.lower()
FINAL = ("Succeeded", "Failed", "Canceled", "Timeout", "Error")
# In the order of answers.
_MEMBERS = (
    "runId",
    "status",
    "lastUpdatedTime",
    "runType",
    "createTime",
    "startTime",
    "finishTime",
    "outputImages",
    "task",
    "platform",
    "agentConfiguration",
    "provisioningState",
    "isArchiveEnabled",
)
# What the answer to a request for a run has already.
_SPARSE = ("runId", "status", "lastUpdatedTime", "provisioningState", "isArchiveEnabled")
# The letters that runs of a region begin with, as far as they were seen.
_LETTERS = {"eastus": "ca", "westus": "cf", "westcentralus": "da"}
_FILTER = re.compile(r"\s*(TaskName|RunId|Status)\s+eq\s+'([^']*)'\s*", re.IGNORECASE)
_FILTERED = {"taskname": "task", "runid": "runId", "status": "status"}


class Runs:
    """The runs of all registries. A run is found by its registry's id and its own, `cf1`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def new(
        self,
        registry: Document,
        request: Mapping[str, Any],
        *,
        task: str | None,
        caller: str | None,
    ) -> Document:
        """A run that is queued. Without a caller nobody is noted as who asked for it."""
        now = self._cloud.clock.now()
        name = self._next_id(registry)
        platform = request.get("platform") or {}
        run = {
            "type": RUN_TYPE,
            "properties": {
                "runId": name,
                "status": "Queued",
                "lastUpdatedTime": short_time(now),
                "runType": "QuickRun",
                "createTime": offset_time(now),
                **({"task": task} if task else {}),
                "platform": {
                    "os": platform.get("os", "linux"),
                    "architecture": platform.get("architecture", "amd64"),
                },
                "agentConfiguration": {
                    "cpu": (request.get("agentConfiguration") or {}).get("cpu", 2)
                },
                "provisioningState": "Succeeded",
                "isArchiveEnabled": bool(request.get("isArchiveEnabled")),
            },
            "id": f"{registry['id']}/runs/{name}",
            "name": name,
            **({"systemData": modified(caller, now)} if caller else {}),
        }
        self.keep(run)
        return run

    def keep(self, run: Document) -> None:
        self._cloud.store.put(KIND, run["id"].lower(), run)

    def get(self, registry: Document, name: str) -> Document | None:
        return self._cloud.store.get(KIND, f"{registry['id']}/runs/{name}".lower())

    def change(self, identifier: str, **properties: Any) -> Document | None:
        """Sets properties of a run; None when it is gone with its registry."""
        run = self._cloud.store.get(KIND, identifier.lower())
        if run is None:
            return None
        run["properties"] |= {
            **properties,
            "lastUpdatedTime": short_time(self._cloud.clock.now()),
        }
        self.keep(run)
        return run

    def all(self) -> list[Document]:
        return self._cloud.store.list(KIND)

    def of(self, registry: Document, *, filter: str, top: str) -> list[Document]:
        """Runs of a registry, the newest first. Raises ArmError for a filter that is none."""
        wanted = _read_filter(filter)
        runs = [
            run
            for run in self._cloud.store.list(KIND, f"{registry['id']}/runs/".lower())
            if all(
                str(run["properties"].get(name, "")).lower() == value
                for name, value in wanted.items()
            )
        ]
        runs.sort(key=lambda run: int(run["name"][2:]), reverse=True)
        return runs[: int(top)] if top.isdecimal() else runs

    def _next_id(self, registry: Document) -> str:
        key = f"{registry['id'].lower()}/runs"
        known = self._cloud.store.get("run counter", key) or {"last": 0}
        number = known["last"] + 1
        self._cloud.store.put("run counter", key, {"last": number})
        return f"{region_letters(registry['location'])}{number}"


def region_letters(location: str) -> str:
    """The two letters that run ids of a region begin with."""
    index = list(LOCATIONS).index(location)
    return _LETTERS.get(location) or f"{'de'[index // 26]}{chr(ord('b') + index % 25)}"


def short_time(time: Any) -> str:
    """`2024-09-17T08:33:34+00:00`: the one time of a run with whole seconds."""
    return f"{time:%Y-%m-%dT%H:%M:%S}+00:00"


def shown_run(run: Document, *, sparse: bool = False) -> Document:
    properties = run["properties"]
    names = _SPARSE if sparse else _MEMBERS
    return {**run, "properties": {name: properties[name] for name in names if name in properties}}


def _read_filter(text: str) -> dict[str, str]:
    if not text:
        return {}
    parts = [_FILTER.fullmatch(part) for part in re.split(r"\band\b", text)]
    if not all(parts):
        raise ArmError(400, "InvalidFilterInQueryString", f"The filter '{text}' is not supported.")
    return {_FILTERED[part[1].lower()]: part[2].lower() for part in parts if part}
