"""The administrator's passwords, and how much of a registry is used."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.acr.credentials import (
    ADMIN_PASSWORDS,
    admin_passwords,
    renew_admin_password,
)
from acideploy.emulator.acr.errors import registry_error
from acideploy.emulator.acr.registries import Registries
from acideploy.emulator.acr.registry_document import TYPE
from acideploy.emulator.acr.registry_routes import REGISTRY
from acideploy.emulator.arm.routes import Call, Route, json_response
from acideploy.emulator.store import Document

_GIB = 2**30
# By SKU: size in GiB, webhooks, scope maps and tokens.
_LIMITS = {"Basic": (10, 2, 100), "Standard": (100, 10, 500), "Premium": (500, 500, 50_000)}


class CredentialRoutes:
    def __init__(self, registries: Registries) -> None:
        self._registries = registries

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("POST", REGISTRY + "/listCredentials", self._list),
            Route("POST", REGISTRY + "/regenerateCredential", self._renew),
            Route("GET", REGISTRY + "/listUsages", self._usages),
        )

    async def _list(self, call: Call) -> Response:
        return self._credentials(call, self._administered(call))

    async def _renew(self, call: Call) -> Response:
        registry = self._administered(call)
        name = (await call.body()).get("name")
        if name not in ADMIN_PASSWORDS:
            raise registry_error(
                400, "InvalidPasswordName", f"The password name '{name}' is not valid."
            )
        renew_admin_password(call.cloud, registry, name)
        return self._credentials(call, registry)

    def _administered(self, call: Call) -> Document:
        """The registry of a request. Raises ArmError when it has no administrator."""
        registry = self._registries.of(call)
        if not registry["properties"]["adminUserEnabled"]:
            raise registry_error(
                400,
                "UnAuthorizedForCredentialOperations",
                f"Cannot perform credential operations for {registry['id']} as admin user is "
                "disabled. Kindly enable admin user as per docs: "
                "https://docs.microsoft.com/en-us/azure/container-registry/"
                "container-registry-authentication#admin-account",
            )
        return registry

    def _credentials(self, call: Call, registry: Document) -> Response:
        passwords = admin_passwords(call.cloud, registry)
        entries = [{"name": name, "value": passwords[name]} for name in ADMIN_PASSWORDS]
        return _answer(call, {"username": registry["name"], "passwords": entries})

    async def _usages(self, call: Call) -> Response:
        registry = self._registries.of(call)
        size, webhooks, others = _LIMITS[registry["sku"]["name"]]
        used = self._registries.content(registry).usage()
        counts = {
            "ScopeMaps": _count(call, registry, "scopeMaps"),
            "Tokens": _count(call, registry, "tokens"),
        }
        usages = [
            ("Size", size * _GIB, used, "Bytes"),
            ("Webhooks", webhooks, _count(call, registry, "webhooks"), "Count"),
        ]
        if call.api_version < "2019-12":
            return _usages(call, usages)
        if registry["sku"]["name"] == "Premium":
            usages += [
                ("Geo-replications", -1, _count(call, registry, "replications"), "Count"),
                ("IPRules", 100, 0, "Count"),
                ("VNetRules", 100, 0, "Count"),
                ("PrivateEndpointConnections", 200, 0, "Count"),
            ]
        if call.api_version >= "2023":
            usages += [(name, others, count, "Count") for name, count in counts.items()]
        return _usages(call, usages)


def _usages(call: Call, usages: list[tuple[str, int, int, str]]) -> Response:
    names = ("name", "limit", "currentValue", "unit")
    value = [dict(zip(names, usage, strict=True)) for usage in usages]
    return _answer(call, {"value": value})


def _count(call: Call, registry: Document, part: str) -> int:
    prefix = f"{registry['id']}/{part}/".lower()
    return len(call.cloud.store.list(f"{TYPE}/{part}".lower(), prefix))


def _answer(call: Call, body: Document) -> Response:
    return json_response(200, body, {"api-supported-versions": call.api_version})
