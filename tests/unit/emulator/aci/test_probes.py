"""Probes over HTTP."""

from __future__ import annotations

import asyncio

import pytest

from acideploy.emulator.aci.probes import probe_until_failed
from acideploy.emulator.clock import ManualClock
from tests.emulated import START
from tests.scripted_runtime import ScriptedContainer, ScriptedRuntime


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (b"HTTP/1.1 503 No\r\n\r\n", "HTTP probe failed with statuscode: 503"),
        (b"nonsense\r\n", "HTTP probe failed: no answer in HTTP"),
        (b"", "HTTP probe failed: no answer in HTTP"),
    ],
)
def test_what_answers_badly_fails_as_often_as_the_threshold_says(
    answer: bytes, complaint: str
) -> None:
    assert asyncio.run(_complaints([answer])) == [complaint] * 2


def test_one_good_answer_forgets_the_bad_ones() -> None:
    bad, good = b"HTTP/1.1 500 No\r\n\r\n", b"HTTP/1.1 302 Found\r\n\r\n"
    assert len(asyncio.run(_complaints([bad, good, bad, bad]))) == 3


async def _complaints(answers: list[bytes]) -> list[str]:
    """What is complained of until a probe with a threshold of two gives up."""
    left = list(answers)
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        get = {"path": "/ready", "port": server.sockets[0].getsockname()[1]}
        probe = {"httpGet": get, "periodSeconds": 0, "failureThreshold": 2, "timeoutSeconds": 20}
        complaints: list[str] = []
        await probe_until_failed(
            probe,
            ScriptedContainer("web", ScriptedRuntime()),
            "127.0.0.1",
            clock=ManualClock(START),
            complain=complaints.append,
        )
    assert asked[0].startswith(b"GET /ready HTTP/1.1\r\n")
    return complaints
