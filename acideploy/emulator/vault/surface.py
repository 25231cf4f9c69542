"""Key Vault as a surface: vaults as resources, those that were deleted, a site for each."""

from __future__ import annotations

import re

from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.operations import operations_route
from acideploy.emulator.arm.routes import Call, Provider, Route, json_response
from acideploy.emulator.arm.stored import Asked, StoredType, system_data
from acideploy.emulator.cloud import Cloud
from acideploy.emulator.store import Document
from acideploy.emulator.vault.deleted import (
    NAMESPACE,
    deleted_routes,
    find_deleted,
    forget_deleted,
    keep_deleted,
    site_name,
)
from acideploy.emulator.vault.document import (
    check_vault,
    invalid_value,
    properties_of,
    shown_vault,
)
from acideploy.emulator.vault.plane import secrets_app
from acideploy.emulator.vault.policies import policy_routes

VERSIONS = (
    "2026-02-01",
    *("2025-05-01", "2024-12-01-preview", "2024-11-01", "2024-04-01-preview", "2023-07-01"),
    *("2023-02-01", "2022-11-01", "2022-07-01", "2021-11-01-preview", "2021-10-01"),
    *("2021-06-01-preview", "2021-04-01-preview", "2020-04-01-preview", "2019-09-01"),
    *("2018-02-14", "2016-10-01"),
)
_OPERATIONS = (
    ("register/action", "Subscription", "Register Subscription", "Registers a subscription"),
    ("vaults/read", "Key Vault", "View Key Vault", "View the properties of a key vault"),
    (
        "vaults/write",
        "Key Vault",
        "Update Key Vault",
        "Create a new key vault or update the properties of an existing key vault",
    ),
    ("vaults/delete", "Key Vault", "Delete Key Vault", "Delete a key vault"),
    (
        "vaults/accessPolicies/write",
        "Access Policy",
        "Update Access Policy",
        "Update an existing access policy by merging or replacing, or add a new access policy to "
        "a vault.",
    ),
)
_NAME = re.compile(r"(?!.*--)[A-Za-z][-A-Za-z0-9]{1,22}[A-Za-z0-9]")


class KeyVault:
    """`Microsoft.KeyVault`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._vaults = StoredType(
            namespace=NAMESPACE,
            name="vaults",
            versions=VERSIONS,
            describe=self._describe,
            deleted=keep_deleted,
            # The service answers 200 for new ones, too.
            created=200,
            show=shown_vault,
        )
        below = f"/subscriptions/{{subscription}}/providers/{NAMESPACE}"
        self.provider = Provider(
            namespace=NAMESPACE,
            types=(self._vaults.resource_type(),),
            other_types=dict.fromkeys(
                (
                    "checkNameAvailability",
                    "deletedVaults",
                    "locations",
                    "locations/deletedVaults",
                    "locations/deletedVaults/purge",
                    "locations/operationResults",
                    "operations",
                    "vaults/accessPolicies",
                    "managedHSMs",
                    "deletedManagedHSMs",
                ),
                VERSIONS,
            ),
            routes=(
                *self._vaults.routes(),
                *policy_routes(self._vaults),
                *deleted_routes(below),
                operations_route(NAMESPACE, "Microsoft Key Vault", _OPERATIONS, data_actions=True),
                Route("POST", below + "/checkNameAvailability", self._check_name),
                # az lists them beside the vaults.
                Route("GET", below + "/managedHSMs", _list_none),
                Route("GET", below + "/deletedManagedHSMs", _list_none),
            ),
        )

    async def resume(self) -> None:
        for vault in self._vaults.all(self._cloud):
            await self._open(vault["name"])

    async def close(self) -> None:
        pass

    async def _open(self, name: str) -> str:
        app = secrets_app(self._cloud, lambda: self._named(name))
        return await self._cloud.open_site(site_name(name), app)

    def _named(self, name: str) -> Document | None:
        wanted = name.lower()
        vaults = self._vaults.all(self._cloud)
        return next((each for each in vaults if each["name"].lower() == wanted), None)

    async def _describe(self, asked: Asked) -> Document:
        call, given = asked.call, asked.properties
        gone = find_deleted(call.cloud, asked.name)
        if given.get("createMode") == "recover":
            if gone is None:
                raise invalid_value("createMode")
            given = {**gone["properties"], **given}
        elif gone:
            raise ArmError(
                409,
                "ConflictError",
                "A vault with the same name already exists in deleted state. You need to either "
                "recover or purge existing key vault. Follow this link "
                "https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft "
                "delete.",
            )
        if not asked.known and not gone and (reason := self._taken(asked.name)):
            raise ArmError(409 if reason[0] != "AccountNameInvalid" else 400, *_as_error(reason))
        check_vault(given)
        properties = properties_of(given, await self._open(asked.name))
        forget_deleted(call.cloud, asked.name)
        return {
            "id": asked.id,
            "name": asked.name,
            "type": f"{NAMESPACE}/vaults",
            "location": asked.location,
            "tags": asked.tags,
            "systemData": system_data(call, asked.known),
            "properties": properties,
        }

    def _taken(self, name: str) -> tuple[str, str] | None:
        """Why a new vault cannot have a name: a reason and a message."""
        if not _NAME.fullmatch(name):
            return (
                "AccountNameInvalid",
                f"The vault name '{name}' is invalid. A vault's name must be between 3-24 "
                "alphanumeric characters. The name must begin with a letter, end with a letter or "
                "digit, and not contain consecutive hyphens.",
            )
        if self._named(name) or find_deleted(self._cloud, name):
            return (
                "AlreadyExists",
                f"The vault name '{name}' is already in use. Vault names are globally unique so it "
                "is possible that the name is already taken. If you are sure that the vault name "
                "was not taken then it is possible that a vault with the same name was recently "
                "deleted but not purged after being placed in a recoverable state.",
            )
        return None

    async def _check_name(self, call: Call) -> Response:
        reason = self._taken(str((await call.body()).get("name", "")))
        if reason is None:
            return json_response(200, {"nameAvailable": True})
        code, message = reason
        return json_response(200, {"nameAvailable": False, "reason": code, "message": message})


def _as_error(reason: tuple[str, str]) -> tuple[str, str]:
    codes = {"AccountNameInvalid": "VaultNameNotValid", "AlreadyExists": "VaultAlreadyExists"}
    return codes[reason[0]], reason[1]


async def _list_none(call: Call) -> Response:
    return json_response(200, {"value": []})
