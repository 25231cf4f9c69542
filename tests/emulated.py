"""The emulator in this process, in a thread of its own, and requests to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from acideploy.emulator.certificates import authority_path
from acideploy.emulator.clock import Clock, ManualClock, ScaledClock
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud
from acideploy.emulator.emulator import Emulator
from acideploy.emulator.entra.tokens import access_token
from tests import openapi

ARM = "https://management.azure.com/"
START = datetime(2024, 10, 29, 17, 7, 40, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Answer:
    status: int
    # Names in lower case; of several lines with a name the last.
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The error code of Resource Manager."""
        return str(self.json["error"]["code"])


@dataclass(frozen=True, kw_only=True)
class Emulated:
    """A running emulator. `cloud` may be read; whatever changes it goes through `act`."""

    emulator: Emulator
    loop: asyncio.AbstractEventLoop
    context: ssl.SSLContext
    ca: Path
    # What of the answers so far is not as the services' own files say.
    broken: list[str] = field(default_factory=list)

    @property
    def cloud(self) -> Cloud:
        return self.emulator.cloud

    @property
    def url(self) -> str:
        return self.cloud.url

    def act(self, change: Callable[[], Any]) -> Any:
        """Calls a coroutine function in the emulator's own loop; returns what it returns."""
        return asyncio.run_coroutine_threadsafe(change(), self.loop).result(60)

    def token(self, audience: str = ARM) -> str:
        return access_token(self.cloud, audience)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        host: str | None = None,
    ) -> Answer:
        """A request as it stands: no redirect followed. `body` is bytes, or what JSON can say."""
        url = (
            path
            if path.startswith("https://")
            else f"{f'https://{host}' if host else self.url}{path}"
        )
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(url, data, sent, method=method)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=self.context),
            _NoRedirect,
        )
        try:
            with opener.open(request, timeout=60) as answer:
                known = _answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                known = _answer(error.code, error.headers, error.read())
        self.broken.extend(openapi.problems(method, url, known.status, known.body))
        return known

    def arm(
        self, method: str, path: str, body: object = None, *, version: str = "2023-05-01"
    ) -> Answer:
        """A request to Resource Manager by somebody who may do all.

        A path that is not absolute lies below the subscription.
        """
        if not path.startswith(("/", "https://")):
            path = f"/subscriptions/{SUBSCRIPTION}/{path}"
        if "api-version=" not in path:
            path += ("&" if "?" in path else "?") + f"api-version={version}"
        return self.ask(method, path, body, headers={"Authorization": f"Bearer {self.token()}"})

    def make_group(self, name: str = "rg", location: str = "westus") -> None:
        answer = self.arm("PUT", f"resourceGroups/{name}", {"location": location})
        assert answer.status in (200, 201), answer.body

    def advance(self, seconds: float) -> None:
        """Moves a clock that stands still."""
        clock = self.cloud.clock
        assert isinstance(clock, ManualClock)
        self.act(lambda: clock.advance(seconds))


@contextlib.contextmanager
def emulated(directory: Path, *, clock: Clock | None = None, **settings: Any) -> Iterator[Emulated]:
    """An emulator in `directory`; without Azure's delays unless a clock is given."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="emulator", daemon=True)
    thread.start()

    async def start() -> Emulator:
        emulator = Emulator(directory, clock=clock or ScaledClock(None), port=0, **settings)
        return await emulator.__aenter__()

    try:
        emulator = asyncio.run_coroutine_threadsafe(start(), loop).result(60)
        ca = authority_path(directory)
        try:
            yield Emulated(
                emulator=emulator,
                loop=loop,
                context=ssl.create_default_context(cafile=str(ca)),
                ca=ca,
            )
        finally:
            asyncio.run_coroutine_threadsafe(emulator.__aexit__(None, None, None), loop).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: object) -> None:
        return None


def _answer(status: int, headers: Any, body: bytes) -> Answer:
    return Answer(status, {name.lower(): value for name, value in headers.items()}, body)
