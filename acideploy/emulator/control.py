"""The emulator's own routes, `/_emulator/...`: faults, what was asked, time."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from acideploy.emulator.clock import ManualClock
from acideploy.emulator.cloud import Cloud
from acideploy.emulator.faults import read_rule


class Control:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def routes(self) -> list[Route]:
        return [
            Route("/_emulator/faults", self._list_faults),
            Route("/_emulator/faults", self._add_faults, methods=["POST"]),
            Route("/_emulator/faults", self._clear_faults, methods=["DELETE"]),
            Route("/_emulator/requests", self._list_requests),
            Route("/_emulator/requests", self._clear_requests, methods=["DELETE"]),
            Route("/_emulator/clock", self._show_clock),
            Route("/_emulator/clock", self._move_clock, methods=["POST"]),
        ]

    async def _list_faults(self, request: Request) -> Response:
        return JSONResponse({"value": self._cloud.faults.describe()})

    async def _add_faults(self, request: Request) -> Response:
        """One rule, or a list of them: all are taken, or none."""
        try:
            text = json.loads(await request.body())
            rules = [read_rule(each) for each in (text if isinstance(text, list) else [text])]
        except ValueError as error:
            return _wrong(str(error))
        for rule in rules:
            self._cloud.faults.add(rule)
        return JSONResponse({"value": self._cloud.faults.describe()}, 201)

    async def _clear_faults(self, request: Request) -> Response:
        self._cloud.faults.clear()
        return Response(None, 204)

    async def _list_requests(self, request: Request) -> Response:
        return JSONResponse({"value": self._cloud.traffic.describe()})

    async def _clear_requests(self, request: Request) -> Response:
        self._cloud.traffic.clear()
        return Response(None, 204)

    async def _show_clock(self, request: Request) -> Response:
        return JSONResponse({"now": self._cloud.clock.now().isoformat()})

    async def _move_clock(self, request: Request) -> Response:
        """`{"advance": seconds}`, for a clock that stands still."""
        if not isinstance(self._cloud.clock, ManualClock):
            return _wrong("the clock runs by itself; it can be moved with --speed manual only")
        try:
            seconds = float(json.loads(await request.body())["advance"])
        except (ValueError, KeyError, TypeError):
            return _wrong('wanted: {"advance": SECONDS}')
        await self._cloud.clock.advance(seconds)
        return await self._show_clock(request)


def _wrong(message: str) -> Response:
    return JSONResponse({"error": {"code": "InvalidRule", "message": message}}, 400)
