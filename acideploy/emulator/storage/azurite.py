"""Azurite, Microsoft's emulator of blob storage: one process for all accounts."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import logging
import os
import re
import shutil
import signal
import ssl
import urllib.error
import urllib.request
from pathlib import Path

from acideploy.emulator.certificates import authority_path, write_server_files
from acideploy.emulator.cloud import Cloud, http_time
from acideploy.emulator.storage.accounts import account_keys, containers

PROGRAM = "azurite-blob"
# Seconds for the process to begin, and to end.
_BEGIN, _END = 30.0, 10.0
_LOOK = 0.05
_LISTENS = re.compile(rb"successfully listen\w* (?:at|on) https?://\S*?:(\d+)")
# Of the storage service, for the one request that is made here.
_VERSION = "2021-12-02"
# Where the store has the process, for an emulator that comes after a killed one.
_KIND, _KEY = "azurite", "process"
_log = logging.getLogger(__name__)


class Azurite:
    """Starts when it is first needed, and again when the accounts have changed since."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._changing = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None
        self._port = 0
        # Said once, not to everyone who connects.
        self._is_missed = False
        self._accounts: dict[str, tuple[str, ...]] = {}
        self._made: set[tuple[str, str]] = set()

    async def port(self) -> int | None:
        """Where it answers on 127.0.0.1 with the accounts there are; None when it cannot."""
        async with self._changing:
            wanted = account_keys(self._cloud)
            if not self._runs() or wanted != self._accounts:
                await self._stop()
                if not await self._start(wanted):
                    return None
            await self._make_containers()
            return self._port

    async def stop(self) -> None:
        async with self._changing:
            await self._stop()

    def _runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def _start(self, accounts: dict[str, tuple[str, ...]]) -> bool:
        program = shutil.which(PROGRAM)
        if program is None:
            if not self._is_missed:
                _log.warning("blobs cannot be had: there is no %s: npm install -g azurite", PROGRAM)
            self._is_missed = True
            return False
        directory = self._cloud.directory / "azurite"
        await self._end_orphan(directory)
        certificate, key = await asyncio.to_thread(write_server_files, self._cloud.directory)
        listed = ";".join(":".join((name, *keys)) for name, keys in accounts.items())
        self._process = await asyncio.create_subprocess_exec(
            program,
            *("--blobHost", "127.0.0.1", "--blobPort", "0", "--location", str(directory)),
            *("--cert", str(certificate), "--key", str(key), "--oauth", "basic"),
            *("--silent", "--loose", "--skipApiVersionCheck", "--disableProductStyleUrl"),
            "--disableTelemetry",
            env={**os.environ, "AZURITE_ACCOUNTS": listed},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._cloud.store.put(_KIND, _KEY, {"pid": self._process.pid})
        try:
            self._port = await asyncio.wait_for(self._listens(self._process), _BEGIN)
        except (asyncio.TimeoutError, EOFError) as error:
            _log.warning("blobs cannot be had: %s did not start: %s", program, error)
            await self._stop()
            return False
        self._accounts, self._made = accounts, set()
        self._drain = asyncio.create_task(_read_all(self._process))
        return True

    async def _listens(self, process: asyncio.subprocess.Process) -> int:
        assert process.stdout
        said = b""
        while line := await process.stdout.readline():
            said += line
            if found := _LISTENS.search(line):
                return int(found[1])
        raise EOFError(said.decode("utf-8", "replace").strip()[-500:])

    async def _end_orphan(self, directory: Path) -> None:
        """Ends the process of an emulator that was killed: two of them would ruin the files."""
        known = self._cloud.store.get(_KIND, _KEY)
        if known is None:
            return
        arguments = Path("/proc", str(known["pid"]), "cmdline")
        with contextlib.suppress(OSError):
            # Another program may have the number by now.
            if os.fsencode(directory) in arguments.read_bytes().split(b"\0"):
                os.kill(known["pid"], signal.SIGTERM)
                for _ in range(round(_END / _LOOK)):
                    # Its command line is empty as soon as it has ended.
                    if not arguments.read_bytes():
                        break
                    await asyncio.sleep(_LOOK)

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _END)
            except asyncio.TimeoutError:
                process.kill()
                await process.wait()
            self._cloud.store.delete(_KIND, _KEY)
        if self._drain:
            self._drain.cancel()
            self._drain = None

    async def _make_containers(self) -> None:
        for each in containers(self._cloud):
            place = (each["account"], each["container"])
            keys = self._accounts.get(place[0])
            if keys and place not in self._made:
                await asyncio.to_thread(self._make_container, *place, keys[0])
                self._made.add(place)

    def _make_container(self, account: str, container: str, key: str) -> None:
        """Create Container (learn.microsoft.com/rest/api/storageservices), by shared key."""
        headers = {"x-ms-date": http_time(self._cloud.clock.client_now()), "x-ms-version": _VERSION}
        # The account stands in the path, too, where it does not stand in the host's name.
        signed = "PUT" + "\n" * 12
        signed += "".join(f"{name}:{value}\n" for name, value in headers.items())
        signed += f"/{account}/{account}/{container}\nrestype:container"
        digest = hmac.digest(base64.b64decode(key), signed.encode(), hashlib.sha256)
        headers["Authorization"] = f"SharedKey {account}:{base64.b64encode(digest).decode()}"
        request = urllib.request.Request(
            f"https://localhost:{self._port}/{account}/{container}?restype=container",
            headers=headers,
            method="PUT",
        )
        context = ssl.create_default_context(cafile=str(authority_path(self._cloud.directory)))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        try:
            opener.open(request, timeout=_BEGIN).close()
        except urllib.error.HTTPError as error:
            if error.code != 409:
                _log.warning("the container %s/%s cannot be made: %s", account, container, error)


async def _read_all(process: asyncio.subprocess.Process) -> None:
    """Reads on, lest the process wait for a reader."""
    assert process.stdout
    while await process.stdout.read(1 << 12):
        pass
