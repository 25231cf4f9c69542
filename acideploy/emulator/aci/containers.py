"""What is asked of one container: its log, and to speak with it."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.aci import logs
from acideploy.emulator.aci.document import read_exec
from acideploy.emulator.aci.groups import Groups
from acideploy.emulator.aci.orders import all_containers
from acideploy.emulator.aci.record import NAMESPACE
from acideploy.emulator.aci.refusals import refuse
from acideploy.emulator.aci.replies import Replies, find
from acideploy.emulator.aci.sockets import Sockets
from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.routes import Call, Route
from acideploy.emulator.store import Document


class Containers:
    def __init__(self, groups: Groups, sockets: Sockets, replies: Replies) -> None:
        self._groups = groups
        self._sockets = sockets
        self._replies = replies

    def routes(self) -> tuple[Route, ...]:
        container = (
            f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{NAMESPACE}"
            "/containerGroups/{name}/containers/{container}"
        )
        return (
            Route("GET", container + "/logs", self._get_logs),
            Route("POST", container + "/exec", self._exec),
            Route("POST", container + "/attach", self._attach),
        )

    async def _get_logs(self, call: Call) -> Response:
        found, name = self._find(call)
        tail = _tail(call.query.get("tail", ""))
        timestamps = call.query.get("timestamps", "").lower() == "true"
        running = self._groups.container(found["id"].lower(), name)
        content: str | None
        if running is not None:
            content = logs.of_running(await running.logs(tail=tail, timestamps=timestamps))
        else:
            # Nothing at all, not an empty text, of a container that has never run.
            kept = found["state"]["logs"].get(name)
            content = kept if kept is None else logs.last_lines(kept, tail)
        return self._replies.about(200, found, {"content": content})

    async def _exec(self, call: Call) -> Response:
        found, name = self._find(call)
        asked = read_exec(await call.body())
        if not asked.get("command"):
            raise refuse("InvalidExecCommand", "The command to execute is missing.")
        size = asked.get("terminalSize", {})
        offer = self._sockets.offer_exec(
            found["id"].lower(),
            name,
            asked["command"],
            rows=size.get("rows"),
            columns=size.get("cols"),
        )
        return self._replies.about(200, found, offer)

    async def _attach(self, call: Call) -> Response:
        found, name = self._find(call)
        offer = self._sockets.offer_attach(found["id"].lower(), name)
        return self._replies.about(200, found, offer)

    def _find(self, call: Call) -> tuple[Document, str]:
        found, name = find(self._groups, call), call["container"].lower()
        if all(each["name"] != name for each in all_containers(found)):
            raise ArmError(
                404,
                "ContainerNotFound",
                f"The container '{call['container']}' does not exist in container group "
                f"'{found['name']}'.",
            )
        return found, name


def _tail(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal():
        raise refuse("InvalidTail", f"The value '{text}' of 'tail' is invalid.")
    return int(text)
