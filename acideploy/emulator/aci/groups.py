"""All container groups: accepted, changed, stopped, deleted, each with its supervisor."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from acideploy.emulator.aci import supervisor, views
from acideploy.emulator.aci.addresses import check_label_is_free, free_address, full_name
from acideploy.emulator.aci.changes import check_change, is_same
from acideploy.emulator.aci.container_life import Surroundings
from acideploy.emulator.aci.events import add_event
from acideploy.emulator.aci.faults import lasting, refuse_by_rule
from acideploy.emulator.aci.identities import identity_of
from acideploy.emulator.aci.images import resolve_images
from acideploy.emulator.aci.no_engine import NOTICE
from acideploy.emulator.aci.operations import Operations
from acideploy.emulator.aci.orders import RegistryLogin, all_containers
from acideploy.emulator.aci.quotas import check_quotas, usage
from acideploy.emulator.aci.record import KIND, Record, new_state
from acideploy.emulator.aci.refusals import group_gone, transitioning
from acideploy.emulator.aci.runtime import Container, Runtime
from acideploy.emulator.aci.supervisor import Course, Supervisor
from acideploy.emulator.aci.timing import DELAYS
from acideploy.emulator.arm.errors import group_not_found
from acideploy.emulator.arm.subscriptions import find_group
from acideploy.emulator.clock import delay_answer
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud
from acideploy.emulator.store import Document


class Groups:
    def __init__(
        self, cloud: Cloud, runtime: Runtime, *, login: RegistryLogin, dns_suffix: str | None
    ) -> None:
        self._cloud = cloud
        self._runtime = runtime
        self._login = login
        self._dns_suffix = dns_suffix
        self.operations = Operations(cloud)
        self._supervisors: dict[str, Supervisor] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._leaving: set[str] = set()

    def find(self, key: str) -> Document | None:
        """A group; None when there is none. Raises ArmError (404) for one just being deleted."""
        if key in self._leaving:
            raise group_gone(key.rpartition("/")[2])
        return self._cloud.store.get(KIND, key)

    def list(self, prefix: str = "") -> list[Document]:
        return self._cloud.store.list(KIND, prefix)

    def container(self, key: str, name: str) -> Container | None:
        """A container that runs; None when it does not."""
        lives = self._supervisors[key].lives if key in self._supervisors else {}
        return lives[name].running if name in lives else None

    async def put(self, group: Document, faults: Mapping[str, Any]) -> tuple[Document, bool]:
        """Takes a group that was checked by itself; returns it, and whether anything changes.

        `group` has `id`, `name` and `type` beside what was asked for. Raises ArmError when it
        cannot be had.
        """
        record = self._record(group["id"])
        async with self._alone(record.key, group["name"]):
            known = self.find(record.key)
            check_change(group, known)
            if known and is_same(group, known):
                return self._keep_tags(record, group), False
            refuse_by_rule(group, faults)
            images = await resolve_images(group, group["name"], self._runtime, self._login)
            await delay_answer(self._cloud.clock, DELAYS.put)
            known = self.find(record.key)
            parent = group["id"].split("/")[4]
            # It may have gone while the images were asked for.
            if not find_group(self._cloud, SUBSCRIPTION, parent):
                raise group_not_found(parent)
            others = [each for each in self.list() if each["id"].lower() != record.key]
            check_quotas(group, others, group["location"])
            check_label_is_free(group, group["name"], others)
            address = known["state"]["address"] if known else free_address(group, others)
            group["state"] = new_state(address, lasting(faults), images)
            course = await self._make(record, group, known)
            await self._supervisor(record).follow(course)
        return record.read(), True

    async def _make(self, record: Record, group: Document, known: Document | None) -> Course:
        """Keeps a new group, or one in the place of another; returns how it comes up."""
        state = group["state"]
        state["fqdn"] = full_name(group, state["address"], self._dns_suffix)
        identity = identity_of(
            group.pop("identity", None), known and known.get("identity"), self._cloud.store
        )
        if identity:
            group["identity"] = identity
        if not self._runtime.runs:
            now = self._cloud.clock.now()
            add_event(state["events"], now, "NoEngine", NOTICE, type="Warning")
        course = supervisor.CREATE
        if known and views.group_state(known) == "Running":
            course = supervisor.UPDATE
            names = {each["name"] for each in all_containers(group)}
            for part in ("views", "logs"):
                old = known["state"][part]
                state[part] = {name: old[name] for name in old if name in names}
            state["assigned"] = known["state"]["assigned"]
        elif known:
            await self._supervisor(record).stop()
        self.operations.begin(group)
        record.write(group)
        return course

    def _keep_tags(self, record: Record, group: Document) -> Document:
        with record.change() as document:
            document.pop("tags", None)
            if "tags" in group:
                document["tags"] = group["tags"]
        return record.read()

    def set_tags(self, document: Document, tags: Mapping[str, str]) -> Document:
        record = self._record(document["id"])
        with record.change() as changed:
            changed["tags"] = dict(tags)
        return record.read()

    async def delete(self, document: Document, *, delayed: bool = True) -> None:
        """Takes a group away with all that runs in it."""
        record = self._record(document["id"])
        # What is being changed is deleted when that is done.
        async with self._lock(record.key):
            self._leaving.add(record.key)
            try:
                if running := self._supervisors.pop(record.key, None):
                    await running.stop()
                if record.exists:
                    self.operations.finish(record.read(), "Canceled")
                    record.delete()
                if delayed:
                    await delay_answer(self._cloud.clock, DELAYS.delete)
            finally:
                self._leaving.discard(record.key)

    async def stop(self, document: Document) -> None:
        """Ends all containers; nothing when they were stopped before."""
        record = self._record(document["id"])
        if document["state"]["wanted"] == "stopped":
            return
        async with self._alone(record.key, document["name"]):
            await self._supervisor(record).stop()
            with record.change() as changed:
                state = changed["state"]
                state["wanted"], state["provisioning"] = "stopped", "Succeeded"
                for view in state["views"].values():
                    views.set_stopped(view, self._cloud.clock.now())
                self.operations.finish(changed, "Canceled")

    async def start(self, document: Document) -> str | None:
        """Starts what does not run, as new; returns the operation, None when all runs already."""
        if views.is_transitioning(document):
            raise transitioning(document["name"])
        if views.group_state(document) == "Running":
            return None
        return await self._again(document, supervisor.CREATE, "Pending")

    async def restart(self, document: Document) -> str:
        """Ends and starts all containers; returns the operation."""
        if views.is_transitioning(document):
            raise transitioning(document["name"])
        if document["state"]["wanted"] == "stopped":
            return await self._again(document, supervisor.CREATE, "Pending")
        return await self._again(document, supervisor.RESTART, "Updating")

    async def _again(self, document: Document, course: Course, provisioning: str) -> str:
        record = self._record(document["id"])
        async with self._alone(record.key, document["name"]):
            with record.change() as changed:
                state = changed["state"]
                state["wanted"], state["provisioning"] = "running", provisioning
                if course is supervisor.CREATE:
                    state["views"] = {}
                operation = self.operations.begin(changed)
            await self._supervisor(record).follow(course)
        return operation

    def usage(self, region: str) -> dict[str, int]:
        return usage(self.list(), region)

    async def resume(self) -> None:
        """Has everything run again that ran when the emulator stopped."""
        for document in self.list():
            if document["state"]["wanted"] != "running":
                continue
            done = document["state"]["provisioning"] == "Succeeded"
            course = supervisor.RESUME if done else supervisor.CREATE
            await self._supervisor(self._record(document["id"])).follow(course)

    async def close(self) -> None:
        for each in self._supervisors.values():
            await each.abandon()
        await self._runtime.close()

    def _record(self, id: str) -> Record:
        return Record(self._cloud.store, id.lower())

    def _supervisor(self, record: Record) -> Supervisor:
        if record.key not in self._supervisors:
            around = Surroundings(
                clock=self._cloud.clock, runtime=self._runtime, record=record, login=self._login
            )
            self._supervisors[record.key] = Supervisor(around, self.operations)
        return self._supervisors[record.key]

    def _lock(self, key: str) -> asyncio.Lock:
        return self._locks.setdefault(key, asyncio.Lock())

    @contextlib.asynccontextmanager
    async def _alone(self, key: str, name: str) -> AsyncIterator[None]:
        """One change of a group at a time: others are told that it is in transition."""
        if self._lock(key).locked():
            raise transitioning(name)
        async with self._lock(key):
            yield
