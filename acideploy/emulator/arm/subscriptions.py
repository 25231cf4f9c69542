"""Tenants, the subscription, resource groups, and what all of a subscription's resources are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError, group_not_found, invalid_content
from acideploy.emulator.arm.locations import LOCATIONS, normalized
from acideploy.emulator.arm.routes import (
    Call,
    Provider,
    Route,
    empty_response,
    json_response,
)
from acideploy.emulator.cloud import SUBSCRIPTION, SUBSCRIPTION_NAME, TENANT, Cloud, new_id
from acideploy.emulator.store import Document

GROUP_KIND = "microsoft.resources/resourcegroups"
_OPERATION_KIND = "resource group deletion"
_NAME = re.compile(r"[-\w._()]{0,89}[-\w_()]")


def find_group(cloud: Cloud, subscription: str, name: str) -> Document | None:
    """A resource group by its name in any case; None when there is none."""
    return cloud.store.get(GROUP_KIND, group_key(subscription, name))


def group_key(subscription: str, name: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{name}".lower()


def make_group(cloud: Cloud, name: str, location: str, tags: dict[str, str] | None) -> Document:
    """Makes a resource group, or gives one that is there other tags."""
    group = {
        "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        **({} if tags is None else {"tags": tags}),
        "properties": {"provisioningState": "Succeeded"},
    }
    cloud.store.put(GROUP_KIND, group_key(SUBSCRIPTION, name), group)
    return group


def subscription_routes(providers: Sequence[Provider]) -> tuple[Route, ...]:
    """The routes of Resource Manager itself; `providers` are all there are."""
    by_namespace = {provider.namespace.lower(): provider for provider in providers}

    async def list_resources(call: Call) -> Response:
        return json_response(200, {"value": _resources(call, providers)})

    async def list_providers(call: Call) -> Response:
        return json_response(200, {"value": [_provider(each) for each in providers]})

    async def get_provider(call: Call) -> Response:
        provider = by_namespace.get(call["namespace"].lower())
        if provider is None:
            raise ArmError(
                404,
                "InvalidResourceNamespace",
                f"The resource namespace '{call['namespace']}' is invalid.",
                gateway=True,
            )
        return json_response(200, _provider(provider))

    async def delete_group(call: Call) -> Response:
        group = _group(call)
        prefix = group["id"].lower() + "/"
        for provider in providers:
            for type in provider.types:
                for resource in call.cloud.store.list(provider.kind(type), prefix):
                    await type.delete(call.cloud, resource)
        call.cloud.store.delete_below(prefix)
        call.cloud.store.delete(GROUP_KIND, group["id"].lower())
        operation = new_id()
        call.cloud.store.put(_OPERATION_KIND, operation, {})
        location = (
            f"{call.cloud.url}/subscriptions/{SUBSCRIPTION}/operationresults/{operation}"
            f"?api-version={call.api_version}"
        )
        return empty_response(202, {"location": location, "retry-after": "15"})

    subscription = "/subscriptions/{subscription}"
    group = subscription + "/resourceGroups/{group}"
    return (
        Route("GET", "/tenants", _list_tenants),
        Route("GET", "/subscriptions", _list_subscriptions),
        Route("GET", subscription, _get_subscription),
        Route("GET", subscription + "/locations", _list_locations),
        Route("GET", subscription + "/resourceGroups", _list_groups),
        Route("GET", group, _get_group),
        Route("HEAD", group, _head_group),
        Route("PUT", group, _put_group),
        Route("PATCH", group, _patch_group),
        Route("DELETE", group, delete_group),
        Route("GET", subscription + "/operationresults/{operation}", _get_operation),
        Route("GET", subscription + "/resources", list_resources),
        Route("GET", group + "/resources", list_resources),
        Route("GET", "/providers", list_providers),
        Route("GET", subscription + "/providers", list_providers),
        Route("GET", subscription + "/providers/{namespace}", get_provider),
        Route("POST", subscription + "/providers/{namespace}/register", get_provider),
    )


async def _list_tenants(call: Call) -> Response:
    tenant = {
        "id": f"/tenants/{TENANT}",
        "tenantId": TENANT,
        "countryCode": "US",
        "displayName": "acideploy emulator",
        "domains": ["emulator.onmicrosoft.com"],
        "tenantCategory": "Home",
        "defaultDomain": "emulator.onmicrosoft.com",
        "tenantType": "AAD",
    }
    return json_response(200, {"value": [tenant]})


def _subscription() -> Document:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "displayName": SUBSCRIPTION_NAME,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Internal_2014-09-01",
            "quotaId": "Internal_2014-09-01",
            "spendingLimit": "Off",
        },
    }


async def _list_subscriptions(call: Call) -> Response:
    count = {"type": "Total", "value": 1}
    return json_response(200, {"value": [_subscription()], "count": count})


async def _get_subscription(call: Call) -> Response:
    return json_response(200, _subscription())


async def _list_locations(call: Call) -> Response:
    locations = [
        {
            "id": f"/subscriptions/{SUBSCRIPTION}/locations/{name}",
            "name": name,
            "type": "Region",
            "displayName": title,
            "regionalDisplayName": title,
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
        }
        for name, title in LOCATIONS.items()
    ]
    return json_response(200, {"value": locations})


async def _list_groups(call: Call) -> Response:
    groups = call.cloud.store.list(GROUP_KIND, group_key(SUBSCRIPTION, ""))
    return json_response(200, {"value": groups})


def _group(call: Call) -> Document:
    if found := find_group(call.cloud, SUBSCRIPTION, call["group"]):
        return found
    raise group_not_found(call["group"])


async def _get_group(call: Call) -> Response:
    return json_response(200, _group(call))


async def _head_group(call: Call) -> Response:
    return empty_response(204 if find_group(call.cloud, SUBSCRIPTION, call["group"]) else 404)


async def _put_group(call: Call) -> Response:
    name, body = call["group"], await call.body()
    if not _NAME.fullmatch(name):
        raise ArmError(
            400,
            "InvalidResourceGroup",
            f"The provided resource group name '{name}' has these invalid characters or is longer "
            "than 90. The name can only be a letter, digit, '-', '.', '(', ')' or '_'.",
            gateway=True,
        )
    location = normalized(body.get("location", ""))
    if location not in LOCATIONS:
        raise ArmError(
            400,
            "LocationNotAvailableForResourceGroup",
            f"The provided location '{body.get('location', '')}' is not available for resource "
            f"group. List of available regions is '{','.join(LOCATIONS)}'.",
            gateway=True,
        )
    known = find_group(call.cloud, SUBSCRIPTION, name)
    if known and known["location"] != location:
        raise ArmError(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{location}'. The Resource group already exists in "
            f"location '{known['location']}'.",
            gateway=True,
        )
    spelt = known["name"] if known else name
    group = make_group(call.cloud, spelt, location, _tags(body))
    return json_response(200 if known else 201, group)


async def _patch_group(call: Call) -> Response:
    group, tags = _group(call), _tags(await call.body())
    if tags is not None:
        group = make_group(call.cloud, group["name"], group["location"], tags)
    return json_response(200, group)


def _tags(body: dict[str, Any]) -> dict[str, str] | None:
    tags = body.get("tags")
    if tags is not None and not isinstance(tags, dict):
        raise invalid_content("The request content was invalid: 'tags' is not an object.")
    return tags


async def _get_operation(call: Call) -> Response:
    if call.cloud.store.get(_OPERATION_KIND, call["operation"]) is None:
        raise ArmError(404, "NotFound", "The operation was not found.", gateway=True)
    return empty_response(200)


def _resources(call: Call, providers: Sequence[Provider]) -> list[Document]:
    prefix = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/"
    if group := call.parameters.get("group"):
        prefix = group_key(SUBSCRIPTION, group) + "/"
    wanted = _filter(call.query.get("$filter", ""))
    return [
        type.summary(document)
        for provider in providers
        for type in provider.types
        if wanted.get("resourcetype", provider.kind(type)) == provider.kind(type)
        for document in call.cloud.store.list(provider.kind(type), prefix)
        if wanted.get("name", document["name"].lower()) == document["name"].lower()
        and wanted.get("resourcegroup", _group_of(document)) == _group_of(document)
    ]


def _filter(text: str) -> dict[str, str]:
    """The `name eq 'value'` parts of a filter, in lower case; other parts are not understood."""
    if not text:
        return {}
    parts = [
        re.fullmatch(r"\s*(\w+)\s+eq\s+'([^']*)'\s*", part) for part in re.split(r"\band\b", text)
    ]
    if not all(parts):
        raise ArmError(
            400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query."
        )
    return {part[1].lower(): part[2].lower() for part in parts if part}


def _group_of(document: Document) -> str:
    return str(document["id"].split("/")[4].lower())


def _provider(provider: Provider) -> Document:
    titles = list(LOCATIONS.values())
    types = [(type.name, type.versions) for type in provider.types]
    types += provider.other_types.items()
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/providers/{provider.namespace}",
        "namespace": provider.namespace,
        "resourceTypes": [
            {"resourceType": name, "locations": titles, "apiVersions": list(versions)}
            for name, versions in types
        ],
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
    }
