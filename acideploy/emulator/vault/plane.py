"""The data plane of a vault: secrets over HTTP (https://learn.microsoft.com/rest/api/keyvault)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from acideploy.emulator.arm.routes import json_response
from acideploy.emulator.cloud import Cloud, new_id
from acideploy.emulator.store import Document
from acideploy.emulator.vault.access import check_permission, read_token
from acideploy.emulator.vault.errors import VaultError, bad_parameter
from acideploy.emulator.vault.secrets import RETENTION, Secrets, retention, version_of

# The longest page there is.
_PAGE = 25

_Answer = Callable[["_Asked"], Awaitable[Response]]


class _Asked:
    """A request that may pass: by a known caller, of a vault that is there."""

    def __init__(self, cloud: Cloud, request: Request, vault: Document, body: Document) -> None:
        self.cloud = cloud
        self.request = request
        self.vault = vault
        self.body = body
        self.secrets = Secrets(cloud, vault)
        # Ids are at the address that was asked: a client trusts no other with its token.
        self.base = f"https://{request.headers['host']}"

    @property
    def name(self) -> str:
        return str(self.request.path_params["name"])

    @property
    def version(self) -> str | None:
        return self.request.path_params.get("version")


def secrets_app(cloud: Cloud, find_vault: Callable[[], Document | None]) -> Starlette:
    """The site of one vault."""

    def route(path: str, method: str, permission: str, answer: _Answer) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                asked = await _admit(cloud, request, find_vault(), permission)
                response = await answer(asked)
            except VaultError as error:
                response = json_response(error.status, error.body, error.headers)
            return _dressed(response, request, find_vault())

        return Route(path, endpoint, methods=[method])

    one, gone = "/secrets/{name}", "/deletedsecrets/{name}"
    return Starlette(
        routes=[
            route("/secrets", "GET", "list", _list),
            route(one, "PUT", "set", _set),
            route(one + "/versions", "GET", "list", _list_versions),
            route(one, "DELETE", "delete", _delete),
            *(
                each
                for path in (one, one + "/", one + "/{version}")
                for each in (
                    route(path, "GET", "get", _get),
                    route(path, "PATCH", "set", _change),
                )
            ),
            route("/deletedsecrets", "GET", "list", _list_deleted),
            route(gone, "GET", "get", _get_deleted),
            route(gone, "DELETE", "purge", _purge),
            route(gone + "/recover", "POST", "recover", _recover),
            route("/secrets/restore", "POST", "restore", _restore),
            route(one + "/backup", "POST", "backup", _backup),
        ]
    )


async def _admit(cloud: Cloud, request: Request, vault: Document | None, permission: str) -> _Asked:
    claims = read_token(cloud, request)
    if not request.query_params.get("api-version"):
        raise bad_parameter("api-version must be specified")
    if vault is None:
        raise VaultError(404, "VaultNotFound", "The vault was not found.")
    check_permission(vault, claims, permission)
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise bad_parameter(f"The request body is not valid JSON: {error}") from error
    if not isinstance(body, dict):
        raise bad_parameter("The request body must be an object.")
    return _Asked(cloud, request, vault, body)


async def _set(asked: _Asked) -> Response:
    secret = asked.secrets.add(asked.name, asked.body)
    return json_response(200, _bundle(asked, secret, secret["versions"][-1], value=True))


async def _get(asked: _Asked) -> Response:
    secret = asked.secrets.find(asked.name)
    version = version_of(secret, asked.version)
    if not version["enabled"]:
        message = "Operation get is not allowed on a disabled secret."
        raise VaultError(403, "Forbidden", message, inner="SecretDisabled")
    return json_response(200, _bundle(asked, secret, version, value=True))


async def _change(asked: _Asked) -> Response:
    secret, version = asked.secrets.change(asked.name, asked.version, asked.body)
    return json_response(200, _bundle(asked, secret, version))


async def _delete(asked: _Asked) -> Response:
    return json_response(200, _deleted(asked, asked.secrets.delete(asked.name)))


async def _list(asked: _Asked) -> Response:
    # One without its version stands for the newest.
    found = asked.secrets.all(deleted=False)
    return _page(
        asked, [_bundle(asked, each, each["versions"][-1], number=False) for each in found]
    )


async def _list_versions(asked: _Asked) -> Response:
    secret = asked.secrets.find(asked.name)
    # By their numbers, which say nothing of their age.
    versions = sorted(secret["versions"], key=lambda each: str(each["version"]))
    return _page(asked, [_bundle(asked, secret, each) for each in versions])


async def _list_deleted(asked: _Asked) -> Response:
    found = asked.secrets.all(deleted=True)
    return _page(asked, [_deleted(asked, each, number=False) for each in found])


async def _get_deleted(asked: _Asked) -> Response:
    return json_response(200, _deleted(asked, asked.secrets.find_deleted(asked.name)))


async def _purge(asked: _Asked) -> Response:
    asked.secrets.purge(asked.name)
    return Response(None, 204)


async def _recover(asked: _Asked) -> Response:
    secret = asked.secrets.recover(asked.name)
    return json_response(200, _bundle(asked, secret, secret["versions"][-1]))


async def _backup(asked: _Asked) -> Response:
    return json_response(200, {"value": asked.secrets.backup(asked.name)})


async def _restore(asked: _Asked) -> Response:
    secret = asked.secrets.restore(asked.body.get("value"))
    return json_response(200, _bundle(asked, secret, secret["versions"][-1]))


def _bundle(
    asked: _Asked, secret: Document, version: Document, *, value: bool = False, number: bool = True
) -> dict[str, Any]:
    """A version as it is shown: with its value, and with its number in its id, where wanted."""
    id = f"{asked.base}/secrets/{secret['name']}"
    kept = {name: version[name] for name in ("nbf", "exp") if version.get(name) is not None}
    return {
        **({"value": version["value"]} if value else {}),
        **({"contentType": version["contentType"]} if version.get("contentType") else {}),
        "id": f"{id}/{version['version']}" if number else id,
        "attributes": {
            "enabled": version["enabled"],
            **kept,
            "created": version["created"],
            "updated": version["updated"],
            "recoveryLevel": _recovery_level(asked.vault),
            "recoverableDays": retention(asked.vault),
        },
        "tags": version["tags"],
    }


def _recovery_level(vault: Document) -> str:
    kept = "Recoverable" if retention(vault) == RETENTION else "CustomizedRecoverable"
    is_protected = vault["properties"].get("enablePurgeProtection")
    return kept if is_protected else f"{kept}+Purgeable"


def _deleted(asked: _Asked, secret: Document, *, number: bool = True) -> dict[str, Any]:
    return {
        "recoveryId": f"{asked.base}/deletedsecrets/{secret['name']}",
        "deletedDate": secret["deletedDate"],
        "scheduledPurgeDate": secret["scheduledPurgeDate"],
        **_bundle(asked, secret, secret["versions"][-1], number=number),
    }


def _page(asked: _Asked, entries: list[dict[str, Any]]) -> Response:
    query = asked.request.query_params
    length, start = query.get("maxresults", str(_PAGE)), query.get("$skiptoken", "0")
    if not length.isdecimal() or not 1 <= int(length) <= _PAGE:
        raise bad_parameter(f"maxresults must be from 1 to {_PAGE}")
    if not start.isdecimal():
        raise bad_parameter("$skiptoken has an invalid value")
    end = int(start) + int(length)
    version = quote(query["api-version"])
    following = (
        f"{asked.base}{asked.request.url.path}?api-version={version}&$skiptoken={end}"
        f"&maxresults={length}"
    )
    return json_response(
        200,
        {
            "value": entries[int(start) : end],
            "nextLink": following if end < len(entries) else None,
        },
    )


def _dressed(response: Response, request: Request, vault: Document | None) -> Response:
    asked = request.headers.get("x-ms-client-request-id")
    response.headers.update(
        {
            "cache-control": "no-cache",
            "pragma": "no-cache",
            "expires": "-1",
            "strict-transport-security": "max-age=31536000;includeSubDomains",
            "x-content-type-options": "nosniff",
            "x-ms-request-id": new_id(),
            "x-ms-keyvault-region": vault["location"] if vault else "westeurope",
            "x-ms-keyvault-network-info": "conn_type=Ipv4;addr=127.0.0.1;"
            "act_addr_fam=InterNetwork;",
            "x-ms-keyvault-service-version": "1.9.2203.1",
            **({"x-ms-client-request-id": asked} if asked else {}),
        }
    )
    return response
