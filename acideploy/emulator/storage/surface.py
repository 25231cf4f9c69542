"""Azure Storage as a surface: accounts and their keys; blobs are Azurite's."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.arm.routes import Call, Provider, Route, json_response
from acideploy.emulator.arm.stored import Asked, StoredType
from acideploy.emulator.cloud import Cloud
from acideploy.emulator.storage.accounts import (
    ACCOUNTS,
    NAMESPACE,
    account,
    forget_account,
    keys_of,
    refusal,
    renew_key,
)
from acideploy.emulator.storage.blobs import Blobs
from acideploy.emulator.store import Document

VERSIONS = (
    "2025-08-01",
    *("2025-06-01", "2025-01-01", "2024-01-01", "2023-05-01", "2023-04-01", "2023-01-01"),
    *("2022-09-01", "2022-05-01", "2021-09-01", "2021-08-01", "2021-06-01", "2021-05-01"),
    *("2021-04-01", "2021-02-01", "2021-01-01", "2019-06-01", "2019-04-01", "2018-11-01"),
)


class Storage:
    """`Microsoft.Storage`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._blobs = Blobs(cloud)
        # az and the SDKs take a PUT that is done at once as well as one to wait for.
        self._accounts = StoredType(
            namespace=NAMESPACE,
            name=ACCOUNTS,
            versions=VERSIONS,
            describe=self._describe,
            deleted=_deleted,
            created=200,
        )
        subscription = "/subscriptions/{subscription}"
        one = f"{subscription}/resourceGroups/{{group}}/providers/{NAMESPACE}/{ACCOUNTS}/{{name}}"
        check = f"{subscription}/providers/{NAMESPACE}/checkNameAvailability"
        self.provider = Provider(
            namespace=NAMESPACE,
            types=(self._accounts.resource_type(),),
            other_types={
                "checkNameAvailability": VERSIONS,
                "storageAccounts/listKeys": VERSIONS,
                "storageAccounts/regenerateKey": VERSIONS,
            },
            routes=(
                *self._accounts.routes(),
                Route("POST", one + "/listKeys", self._list_keys),
                Route("POST", one + "/regenerateKey", self._renew_key),
                Route("POST", check, _check_name),
            ),
        )

    async def resume(self) -> None:
        if self._accounts.all(self._cloud):
            await self._blobs.listen()

    async def close(self) -> None:
        await self._blobs.close()

    async def _describe(self, asked: Asked) -> Document:
        return account(asked, address=await self._blobs.listen())

    async def _list_keys(self, call: Call) -> Response:
        name = self._accounts.find(call)["name"]
        return json_response(200, {"keys": keys_of(call.cloud, name)})

    async def _renew_key(self, call: Call) -> Response:
        found, body = self._accounts.find(call), await call.body()
        keys = renew_key(call.cloud, found["name"], str(body.get("keyName", "")))
        return json_response(200, {"keys": keys})


async def _deleted(cloud: Cloud, document: Document) -> None:
    forget_account(cloud, document["name"])


async def _check_name(call: Call) -> Response:
    wrong = refusal(call.cloud, str((await call.body()).get("name", "")))
    if wrong is None:
        return json_response(200, {"nameAvailable": True})
    reason, message = wrong
    return json_response(200, {"nameAvailable": False, "reason": reason, "message": message})
