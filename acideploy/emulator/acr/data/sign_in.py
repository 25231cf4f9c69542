"""`/oauth2`: tokens of a registry for those of Microsoft Entra, for passwords, for nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from acideploy.emulator.acr.data.access import Access, Caller
from acideploy.emulator.acr.data.answers import JSON
from acideploy.emulator.acr.data.errors import unsupported
from acideploy.emulator.acr.data.identities import Identities
from acideploy.emulator.acr.data.scopes import read_scopes

_Form = dict[str, list[str]]


class SignIn:
    def __init__(self, access: Access, identities: Identities) -> None:
        self._access = access
        self._identities = identities

    async def answer(self, request: Request) -> Response:
        if request.method == "POST":
            form = parse_qs((await request.body()).decode("utf-8", "replace"))
        elif request.method == "GET" and request.scope["path"] == "/oauth2/token":
            form = parse_qs(request.scope["query_string"].decode("latin-1"))
        else:
            raise unsupported()
        if _first(form, "service") != self._identities.login_server:
            return Response(None, 400)
        if request.scope["path"] == "/oauth2/exchange":
            return self._exchange(form)
        return self._token(request, form)

    def _exchange(self, form: _Form) -> Response:
        token = _first(form, "access_token")
        if _first(form, "grant_type") not in ("access_token", "access_token_refresh_token"):
            return Response(None, 400)
        return _answer({"refresh_token": self._access.refresh_token(token)})

    def _token(self, request: Request, form: _Form) -> Response:
        try:
            wanted = read_scopes(form.get("scope", []))
        except ValueError:
            return Response(None, 400)
        caller = self._caller(request, form)
        return _answer({"access_token": self._access.access_token(caller, wanted)})

    def _caller(self, request: Request, form: _Form) -> Caller:
        kind, _, credentials = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            return self._access.basic(credentials)
        if token := _first(form, "refresh_token"):
            return self._access.refreshing(token)
        if username := _first(form, "username"):
            return self._access.user(username, _first(form, "password"))
        return self._access.anonymous()


def _first(form: _Form, name: str) -> str:
    return form.get(name, [""])[0]


def _answer(content: dict[str, str]) -> Response:
    """In chunks, without a length, as the real ones are."""

    async def body() -> AsyncIterator[bytes]:
        yield json.dumps(content, separators=(",", ":")).encode()

    return StreamingResponse(body(), headers={"content-type": JSON})
