"""The life of one container of a group: pulled, started, ended, started again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from acideploy.emulator.aci import logs, views
from acideploy.emulator.aci.events import add_event
from acideploy.emulator.aci.orders import (
    RegistryLogin,
    container_order,
    credentials_for,
    image_of,
)
from acideploy.emulator.aci.probes import probe_until_failed
from acideploy.emulator.aci.record import Record
from acideploy.emulator.aci.runtime import (
    Container,
    ContainerError,
    ContainerOrder,
    Exit,
    Group,
    ImageError,
    Runtime,
)
from acideploy.emulator.aci.timing import (
    BACK_OFF_FIRST,
    BACK_OFF_FORGOTTEN,
    BACK_OFF_MOST,
    DELAYS,
)
from acideploy.emulator.aci.together import to_the_end
from acideploy.emulator.clock import Clock
from acideploy.emulator.store import Document

# What Kubernetes says of a container that could not be started.
_NOT_STARTED = Exit(code=128)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the lives of a group's containers share."""

    clock: Clock
    runtime: Runtime
    record: Record
    login: RegistryLogin


class ContainerLife:
    """A container by what was asked for; `running` is what the runtime made of it, if it runs."""

    def __init__(self, around: Surroundings, container: Document, *, is_init: bool = False) -> None:
        self._around = around
        self._clock = around.clock
        self._asked = container
        self.name: str = container["name"]
        self.running: Container | None = None
        self._policy = around.record.read()["properties"].get("restartPolicy", "Always")
        # An init container that has done its work is not started again.
        self._is_init = is_init
        self._back_off = BACK_OFF_FIRST
        self.ready = asyncio.Event()

    async def pull(self, *, say: bool = True) -> None:
        """Brings the image, again and again until it can be had."""
        document = self._around.record.read()
        image = image_of(document, self._asked)
        credentials = credentials_for(document, image.name, self._around.login)
        if say:
            self._tell("Pulling", f'pulling image "{image.pinned}"')
        began = self._clock.now()
        wait = BACK_OFF_FIRST
        while True:
            try:
                if document["state"]["faults"].get("imagePull"):
                    raise ImageError("brought about by a rule of the emulator")
                await self._around.runtime.pull(image, credentials)
            except ImageError as error:
                self._tell(
                    "Failed", f'Failed to pull image "{image.pinned}": {error}', type="Warning"
                )
                with self._view() as view:
                    views.set_waiting(view, views.PULL_BACK_OFF)
                await self._clock.sleep(wait)
                wait = min(2 * wait, BACK_OFF_MOST)
                continue
            break
        if say:
            taken = (self._clock.now() - began).total_seconds()
            await self._clock.delay(max(0, DELAYS.pull - taken))
            self._tell("Pulled", f'Successfully pulled image "{image.pinned}"')

    async def run(self, group: Group) -> Exit:
        """Starts it as often as the restart policy says; returns how it ended for good."""
        while True:
            exit = await self._run_once(group)
            self.ready.set()
            if not self._again(exit):
                return exit
            with self._view() as view:
                views.set_waiting(view, views.CRASH_LOOP)
            await self._clock.sleep(self._back_off)
            self._back_off = min(2 * self._back_off, BACK_OFF_MOST)
            with self._view() as view:
                view["restartCount"] += 1

    def _again(self, exit: Exit) -> bool:
        if self._is_init or self._policy == "OnFailure":
            return exit.code != 0 and self._policy != "Never"
        return bool(self._policy == "Always")

    async def _run_once(self, group: Group) -> Exit:
        document = self._around.record.read()
        order = container_order(self._asked, image_of(document, self._asked))
        try:
            await to_the_end(self._start(group, order))
        except (ContainerError, ImageError) as error:
            self._tell("Failed", f"Error: {error}", type="Warning")
            self._end(_NOT_STARTED)
            return _NOT_STARTED
        container = self.running
        assert container is not None
        began = self._clock.now()
        with self._view() as view:
            views.set_running(view, began)
        self._tell("Started", "Started container")
        self.ready.set()
        exit = await self._until_end(container, group.address)
        if (self._clock.now() - began).total_seconds() > BACK_OFF_FORGOTTEN:
            self._back_off = BACK_OFF_FIRST
        await to_the_end(self.put_away())
        self._tell("Killing", f"Container {self.name} terminated with ExitCode {exit.code}.")
        self._end(exit)
        return exit

    async def _start(self, group: Group, order: ContainerOrder) -> None:
        self.running = await group.start(order)

    async def put_away(self) -> None:
        """Ends the container, if it runs, and keeps the end of its log."""
        container, self.running = self.running, None
        if container is None:
            return
        await container.kill()
        log = logs.of_ended(await container.logs())
        with self._around.record.change() as document:
            document["state"]["logs"][self.name] = log
        await container.remove()

    async def _until_end(self, container: Container, address: str) -> Exit:
        """Waits for the end, and for whatever may end it: a liveness probe, a rule."""
        ending = asyncio.create_task(container.wait())
        killers = [asyncio.create_task(self._crash())]
        others = []
        # Where nothing runs nothing can be unhealthy.
        if self._around.runtime.runs:
            killers.append(asyncio.create_task(self._probe("liveness", container, address)))
            others.append(asyncio.create_task(self._probe("readiness", container, address)))
        tasks = [ending, *killers, *others]
        try:
            await asyncio.wait([ending, *killers], return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                return ending.result()
            crashed = killers[0].result() if killers[0].done() else None
            await container.kill()
            exit = await ending
            return crashed or exit
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _crash(self) -> Exit | None:
        """Ends when a rule says so, else never."""
        crash = self._around.record.read()["state"]["faults"].get("crash")
        if crash is None or crash.get("container", self.name) != self.name:
            await asyncio.Event().wait()
        await self._clock.sleep(float(crash.get("after", 0)))
        return Exit(code=int(crash.get("exitCode", 1)))

    async def _probe(self, kind: str, container: Container, address: str) -> Exit | None:
        """Ends when the probe has failed for good: the container shall be killed then."""
        probe = self._asked["properties"].get(f"{kind}Probe")
        while probe:
            await probe_until_failed(
                probe,
                container,
                address,
                clock=self._clock,
                complain=lambda text: self._tell(
                    "Unhealthy", f"{kind.capitalize()} probe failed: {text}", type="Warning"
                ),
            )
            if kind == "liveness":
                self.tell_killed()
                return None
        await asyncio.Event().wait()
        return None

    def tell_killed(self) -> None:
        self._tell("Killing", f"Killing container {self.name} (platform initiated).")

    def _end(self, exit: Exit) -> None:
        with self._view() as view:
            views.set_terminated(view, exit, self._clock.now())

    def _tell(self, name: str, message: str, *, type: str = "Normal") -> None:
        with self._view() as view:
            add_event(view["events"], self._clock.now(), name, message, type=type)

    @contextlib.contextmanager
    def _view(self) -> Iterator[views.View]:
        with self._around.record.change() as document:
            yield views.view_of(document, self.name)
