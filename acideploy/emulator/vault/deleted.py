"""Vaults that are deleted: they keep their name, address and secrets until they are purged."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.routes import Call, Route, empty_response, json_response
from acideploy.emulator.cloud import SUBSCRIPTION, Cloud, long_time, new_id
from acideploy.emulator.store import Document
from acideploy.emulator.vault.secrets import forget_secrets, retention

NAMESPACE = "Microsoft.KeyVault"
_KIND = "deleted vault"
_PURGE = "vault purge"


def deleted_routes(below: str) -> tuple[Route, ...]:
    """`below` is the path of the provider in a subscription."""
    one = below + "/locations/{location}/deletedVaults/{name}"
    return (
        Route("GET", below + "/deletedVaults", _list_deleted),
        Route("GET", one, _get_deleted),
        Route("POST", one + "/purge", _purge),
        Route("GET", below + "/locations/{location}/operationResults/{operation}", _show_purge),
    )


def find_deleted(cloud: Cloud, name: str) -> Document | None:
    """The resource that was deleted, by its name in any case."""
    found = cloud.store.get(_KIND, name.lower())
    return found["vault"] if found else None


def forget_deleted(cloud: Cloud, name: str) -> None:
    """Lets a vault be no longer deleted."""
    cloud.store.delete(_KIND, name.lower())


async def keep_deleted(cloud: Cloud, vault: Document) -> None:
    """Remembers a vault that is deleted, and closes it."""
    now, location = cloud.clock.now(), vault["location"]
    until = now + timedelta(days=retention(vault))
    shown = {
        "id": f"/subscriptions/{SUBSCRIPTION}/providers/{NAMESPACE}/locations/{location}"
        f"/deletedVaults/{vault['name']}",
        "name": vault["name"],
        "type": f"{NAMESPACE}/deletedVaults",
        "properties": {
            "vaultId": vault["id"],
            "location": location,
            "tags": vault["tags"],
            "deletionDate": long_time(now),
            "scheduledPurgeDate": long_time(until),
        },
    }
    cloud.store.put(_KIND, vault["name"].lower(), {"shown": shown, "vault": vault})
    await cloud.sites.close(site_name(vault["name"]))


def site_name(name: str) -> str:
    """What the site of a vault is called."""
    return f"vault:{name.lower()}"


async def _list_deleted(call: Call) -> Response:
    return json_response(200, {"value": [each["shown"] for each in call.cloud.store.list(_KIND)]})


def _deleted_one(call: Call) -> Document:
    found = call.cloud.store.get(_KIND, call["name"].lower())
    if found is None or found["vault"]["location"] != call["location"].lower():
        raise ArmError(
            404,
            "DeletedVaultNotFound",
            f"The specified deleted vault '{call['name']}' does not exist.",
        )
    return found


async def _get_deleted(call: Call) -> Response:
    return json_response(200, _deleted_one(call)["shown"])


async def _purge(call: Call) -> Response:
    name = _deleted_one(call)["vault"]["name"]
    forget_deleted(call.cloud, name)
    forget_secrets(call.cloud, name)
    await call.cloud.sites.close(site_name(name), forget=True)
    operation, now = new_id().replace("-", ""), call.cloud.clock.now()
    call.cloud.store.put(_PURGE, operation, {"time": now.timestamp()})
    url = (
        f"{call.cloud.url}/subscriptions/{SUBSCRIPTION}/providers/{NAMESPACE}/locations"
        f"/{call['location']}/operationResults/{operation}?api-version={call.api_version}"
    )
    return empty_response(202, {"location": url})


async def _show_purge(call: Call) -> Response:
    found = call.cloud.store.get(_PURGE, call["operation"])
    if found is None:
        raise ArmError(404, "NotFound", f"The operation '{call['operation']}' was not found.")
    # A vault is gone when the order to purge it is answered.
    time = _spaced(datetime.fromtimestamp(found["time"], timezone.utc))
    done = {"createdDateTime": time, "lastActionDateTime": time, "status": "Succeeded"}
    return json_response(200, done)


def _spaced(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ")
