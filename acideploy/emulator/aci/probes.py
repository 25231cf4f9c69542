"""Liveness and readiness probes of a running container."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from acideploy.emulator.aci.runtime import Container, ContainerError
from acideploy.emulator.clock import Clock
from acideploy.emulator.store import Document

# What Kubernetes takes where nothing is said.
_PERIOD, _THRESHOLD, _TIMEOUT = 10, 3, 1


async def probe_until_failed(
    probe: Document,
    container: Container,
    address: str,
    *,
    clock: Clock,
    complain: Callable[[str], None],
) -> None:
    """Probes for ever; returns when as many in a row have failed as the threshold says.

    `complain` is told of each failure.
    """
    await clock.sleep(probe.get("initialDelaySeconds", 0))
    failures = 0
    while failures < probe.get("failureThreshold", _THRESHOLD):
        await clock.sleep(probe.get("periodSeconds", _PERIOD))
        problem = await _probe(probe, container, address)
        failures = failures + 1 if problem else 0
        if problem:
            complain(problem)


async def _probe(probe: Document, container: Container, address: str) -> str | None:
    """What is wrong, or None."""
    seconds = probe.get("timeoutSeconds", _TIMEOUT)
    if "exec" in probe:
        try:
            code = await container.run(tuple(probe["exec"]["command"]), seconds=seconds)
        except ContainerError as error:
            return str(error)
        return f"command exited with code {code}" if code else None
    try:
        status = await asyncio.wait_for(_http_status(probe["httpGet"], address), seconds)
    except asyncio.TimeoutError:
        return "HTTP probe failed: no answer in time"
    except (OSError, ValueError) as error:
        return f"HTTP probe failed: {error}"
    return None if 200 <= status < 400 else f"HTTP probe failed with statuscode: {status}"


async def _http_status(get: Document, address: str) -> int:
    reader, writer = await asyncio.open_connection(address, get["port"])
    try:
        headers = {"Host": f"{address}:{get['port']}", "User-Agent": "kube-probe/1.27"}
        headers |= {each["name"]: each.get("value", "") for each in get.get("httpHeaders", [])}
        lines = [f"GET {get.get('path') or '/'} HTTP/1.1", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))
        status = (await reader.readline()).split()
    finally:
        writer.close()
    if len(status) < 2 or not status[0].startswith(b"HTTP/"):
        raise ValueError("no answer in HTTP")
    return int(status[1])
