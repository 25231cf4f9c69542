"""`exec` and `attach`, over their websockets, as `az container exec` speaks them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from acideploy.emulator.clock import ManualClock
from tests.container_groups import GROUPS, asked, brought_up
from tests.emulated import START, Emulated, emulated
from tests.scripted_runtime import ScriptedRuntime

_CONTAINER = f"{GROUPS}/one/containers/web"


@pytest.fixture
def runtime() -> ScriptedRuntime:
    return ScriptedRuntime()


@pytest.fixture
def running(tmp_path: Path, runtime: ScriptedRuntime) -> Iterator[Emulated]:
    """An emulator with a container that runs."""
    with emulated(tmp_path, clock=ManualClock(START), runtime=runtime) as azure:
        brought_up(azure, asked())
        yield azure


def _exec(azure: Emulated) -> dict[str, str]:
    asked = {"command": "/bin/sh", "terminalSize": {"rows": 24, "cols": 80}}
    answer = azure.arm("POST", f"{_CONTAINER}/exec", asked)
    assert answer.status == 200
    offer: dict[str, str] = answer.json
    return offer


class _Socket:
    """A connection whose every step is waited for.

    The library's own client without asyncio reads and writes TLS in two threads at once, and
    hangs now and then.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, connection: ClientConnection) -> None:
        self._loop = loop
        self._connection = connection

    def send(self, text: str | bytes) -> None:
        self._loop.run_until_complete(self._connection.send(text))

    def recv(self, seconds: float) -> str | bytes:
        return self._loop.run_until_complete(asyncio.wait_for(self._connection.recv(), seconds))


@contextlib.contextmanager
def _connect(azure: Emulated, offer: dict[str, Any]) -> Iterator[_Socket]:
    async def opened() -> ClientConnection:
        return await connect(offer["webSocketUri"], ssl=azure.context, proxy=None)

    loop = asyncio.new_event_loop()
    try:
        connection = loop.run_until_complete(opened())
        yield _Socket(loop, connection)
        loop.run_until_complete(connection.close())
    finally:
        loop.close()


def _code(closed: ConnectionClosed) -> int | None:
    """The code that the emulator closed a connection with."""
    return closed.rcvd and closed.rcvd.code


def test_exec_says_where_and_with_which_password(running: Emulated) -> None:
    offer = _exec(running)
    host = re.escape(running.url.removeprefix("https://"))
    path = r"/execstream/sessionId/[-0-9a-f]{36}\?api-version=1\.0&rows=24&cols=80"
    assert re.fullmatch(f"wss://{host}{path}", offer["webSocketUri"])
    assert len(offer["password"]) == 32
    assert offer["password"].endswith("[[EOM]]")


@pytest.mark.parametrize("said", [b"hello", "hello"])
def test_after_the_password_bytes_go_both_ways(
    running: Emulated, runtime: ScriptedRuntime, said: bytes | str
) -> None:
    offer = _exec(running)
    with _connect(running, offer) as socket:
        socket.send(offer["password"])
        socket.send(said)
        assert socket.recv(20) == b"HELLO"
        socket.send(b"exit")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(20)
    assert _code(closed.value) == 1000
    assert runtime.last("web").executed == [(("/bin/sh",), 24, 80)]


def test_a_wrong_password_and_a_second_use_are_refused(
    running: Emulated, runtime: ScriptedRuntime
) -> None:
    offer = _exec(running)
    for password in ("wrong", offer["password"]):
        with _connect(running, offer) as socket:
            socket.send(password)
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(20)
        assert _code(closed.value) == 1008
    assert runtime.last("web").executed == []


def test_exec_of_what_has_ended_is_offered_and_closes_at_once(running: Emulated) -> None:
    running.arm("POST", f"{GROUPS}/one/stop")
    offer = _exec(running)
    with _connect(running, offer) as socket:
        socket.send(offer["password"])
        with pytest.raises(ConnectionClosed):
            socket.recv(20)


def test_attach_sends_the_log_as_it_comes(running: Emulated) -> None:
    offer = running.arm("POST", f"{_CONTAINER}/attach").json
    assert "/logstream/sessionId/" in offer["webSocketUri"]
    assert "rows" not in offer["webSocketUri"]
    with _connect(running, offer) as socket:
        socket.send(offer["password"])
        assert socket.recv(20) == b"from now on\n"


def test_exec_wants_a_command_and_a_container(running: Emulated) -> None:
    assert running.arm("POST", f"{_CONTAINER}/exec", {}).status == 400
    unknown = running.arm("POST", f"{GROUPS}/one/containers/no/exec", {"command": "sh"})
    assert (unknown.status, unknown.code) == (404, "ContainerNotFound")


def test_a_client_that_goes_away_leaves_the_emulator_well(
    running: Emulated, runtime: ScriptedRuntime
) -> None:
    offer = _exec(running)
    with _connect(running, offer) as socket:
        socket.send(offer["password"])
        socket.send(b"hello")
        socket.recv(20)
    assert json.loads(running.arm("GET", f"{GROUPS}/one").body)["name"] == "one"
