"""What drives one container group, from its images to the end of its containers."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from acideploy.emulator.aci import views
from acideploy.emulator.aci.container_life import ContainerLife, Surroundings
from acideploy.emulator.aci.events import add_event
from acideploy.emulator.aci.operations import Operations
from acideploy.emulator.aci.orders import group_order
from acideploy.emulator.aci.runtime import ContainerError, Group
from acideploy.emulator.aci.timing import DELAYS, PROVISIONING_TIMEOUT
from acideploy.emulator.aci.together import all_of, to_the_end
from acideploy.emulator.store import Document

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a group comes up: as new, or with what ran before ended and started again."""

    # Before anything happens, and from there, or from the last image, to the start.
    before: float
    start: float
    # Whether images are pulled, and said to be.
    pulls: bool
    # Whether network and volumes are made anew.
    anew: bool
    # Whether the end of what runs is an event of its container.
    kills: bool = False


CREATE = Course(before=DELAYS.to_pulling, start=DELAYS.start, pulls=True, anew=True)
UPDATE = Course(before=DELAYS.to_pulling, start=DELAYS.start, pulls=True, anew=True, kills=True)
RESTART = Course(
    before=DELAYS.restart_kill, start=DELAYS.restart_start, pulls=False, anew=False, kills=True
)
RESUME = Course(before=0, start=0, pulls=False, anew=True)


class Supervisor:
    """One task that drives a group; whatever changes the group's course begins it again."""

    def __init__(self, around: Surroundings, operations: Operations) -> None:
        self._around = around
        self._record = around.record
        self._clock = around.clock
        self._operations = operations
        self._task: asyncio.Task[None] | None = None
        self._group: Group | None = None
        self.lives: dict[str, ContainerLife] = {}

    async def follow(self, course: Course) -> None:
        """Takes another course; containers go on until it says that they end."""
        old = await self._interrupt()
        self._task = asyncio.create_task(self._follow(course, old))
        self._task.add_done_callback(self._log_bug)

    def _log_bug(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            _log.error("%s is driven no more", self._record.key, exc_info=error)

    async def stop(self) -> None:
        """Ends all that runs and gives back address and volumes."""
        lives = await self._interrupt()
        await self._put_away(lives)
        await self._close_group()

    async def abandon(self) -> None:
        """Lets go of what runs, which the runtime will end."""
        await self._interrupt()

    async def _interrupt(self) -> list[ContainerLife]:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return list(self.lives.values())

    async def _follow(self, course: Course, old: list[ContainerLife]) -> None:
        try:
            await self._come_up(course, old)
        except ContainerError as error:
            self._fail(f"Failed to start the container group: {error}")

    async def _come_up(self, course: Course, old: list[ContainerLife]) -> None:
        document = self._record.read()
        networked = bool(document["properties"].get("subnetIds"))
        slow = float(document["state"]["faults"].get("slowStart", 0))
        await self._clock.delay(
            course.before + (DELAYS.network if networked and course.pulls else 0)
        )
        await self._clock.sleep(slow)
        with self._record.change() as changed:
            # A rule for the request, not for what comes later.
            changed["state"]["faults"].pop("slowStart", None)
        if course.kills:
            for life in old:
                if life.running:
                    life.tell_killed()
        await to_the_end(self._put_away(old))
        if course.anew:
            await to_the_end(self._close_group())
        if self._group is None:
            await to_the_end(self._open_group(document))
        properties = document["properties"]
        first = [ContainerLife(self._around, c, is_init=True) for c in properties["initContainers"]]
        lives = [ContainerLife(self._around, each) for each in properties["containers"]]
        self.lives = {life.name: life for life in (*first, *lives)}
        deadline = asyncio.create_task(self._give_up())
        try:
            assert self._group is not None
            await self._run(first, lives, course, self._group)
        finally:
            deadline.cancel()

    async def _run(
        self,
        first: list[ContainerLife],
        lives: list[ContainerLife],
        course: Course,
        group: Group,
    ) -> None:
        for life in first:
            await life.pull(say=course.pulls)
            exit = await life.run(group)
            if exit.code != 0:
                self._fail(f"The init container {life.name} failed with exit code {exit.code}.")
                return
        await all_of(life.pull(say=course.pulls) for life in lives)
        await self._clock.delay(course.start)
        await all_of([self._announce(lives), *(life.run(group) for life in lives)])
        await to_the_end(self._close_group())
        with self._record.change() as document:
            document["state"]["wanted"] = "ended"

    async def _announce(self, lives: list[ContainerLife]) -> None:
        """Has the group up when each container was started once."""
        for life in lives:
            await life.ready.wait()
        with self._record.change() as document:
            state = document["state"]
            state["provisioning"] = "Succeeded"
            state["assigned"] = True
        self._operations.finish(document, "Succeeded")

    async def _give_up(self) -> None:
        await self._clock.sleep(PROVISIONING_TIMEOUT)
        # Real groups go on trying, and so does this.
        if views.is_transitioning(self._record.read()):
            self._fail("The container group was not provisioned in time.")

    def _fail(self, message: str) -> None:
        with self._record.change() as document:
            state = document["state"]
            state["provisioning"] = "Failed"
            add_event(state["events"], self._clock.now(), "Failed", message, type="Warning")
        self._operations.finish(document, "Failed")

    async def _put_away(self, lives: list[ContainerLife]) -> None:
        await all_of(life.put_away() for life in lives)

    async def _open_group(self, document: Document) -> None:
        self._group = await self._around.runtime.open(
            group_order(document), address=document["state"]["address"]
        )

    async def _close_group(self) -> None:
        group, self._group = self._group, None
        if group is not None:
            await group.remove()
