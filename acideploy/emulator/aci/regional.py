"""What there is in a region beside groups: operations, usages, capabilities, images at hand."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.aci.groups import Groups
from acideploy.emulator.aci.quotas import QUOTAS
from acideploy.emulator.aci.record import NAMESPACE
from acideploy.emulator.aci.refusals import refuse
from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.locations import LOCATIONS, normalized
from acideploy.emulator.arm.routes import Call, Route, json_response
from acideploy.emulator.cloud import SUBSCRIPTION, new_id
from acideploy.emulator.store import Document

OTHER_TYPES = (
    "locations/usages",
    "locations/capabilities",
    "locations/cachedImages",
    "locations/operations",
    "operations",
)
_COUNTS_OF_GROUPS = ("ContainerGroups", "DedicatedContainerGroups", "ConfidentialContainerGroups")
# What the service had at hand in 2024, as far as it is known.
_CACHED = (
    ("Linux", "mcr.microsoft.com/azuredocs/aci-helloworld:latest"),
    ("Linux", "mcr.microsoft.com/azure-cli:latest"),
    ("Windows", "mcr.microsoft.com/windows/servercore:ltsc2019"),
    ("Windows", "mcr.microsoft.com/windows/nanoserver:1809"),
)
_OPERATIONS = (
    ("register/action", "Container Group", "Registers Container Instance", "Registers the "
     "subscription for the container instance resource provider and enables the creation of "
     "container groups."),
    ("containerGroups/read", "Container Group", "Get Container Groups", "Get all container goups."),
    ("containerGroups/write", "Container Group", "Create or Update Container Group",
     "Create or update a specific container group."),
    ("containerGroups/delete", "Container Group", "Delete Container Group",
     "Delete the specific container group."),
    ("containerGroups/restart/action", "Container Group", "Restart Container Group",
     "Restarts a specific container group."),
    ("containerGroups/stop/action", "Container Group", "Stop Container Group",
     "Stops a specific container group."),
    ("containerGroups/start/action", "Container Group", "Start Container Group",
     "Starts a specific container group."),
    ("containerGroups/containers/logs/read", "Container", "Get Container Logs",
     "Get logs for a specific container."),
    ("containerGroups/containers/exec/action", "Container", "Exec Container",
     "Exec into a specific container."),
    ("containerGroups/containers/attach/action", "Container", "Attach Container",
     "Attach to the output stream of a container."),
    ("locations/usages/read", "Usages", "Get Usages",
     "Get the usage information for a specific region."),
    ("locations/capabilities/read", "Capabilities", "Get Capabilities",
     "Get the capabilities for a specific region."),
    ("locations/cachedImages/read", "Cached Images", "Get Cached Images",
     "Gets the cached images for the subscription in a region."),
    ("locations/operations/read", "Operation", "Get Operation",
     "List the operations for Azure Container Instance service."),
    ("operations/read", "Operation", "Get Operation",
     "List the operations for Azure Container Instance service."),
)  # fmt: skip


def _usages(subscription: str, region: str, taken: dict[str, int]) -> list[Document]:
    scope = (
        f"/subscriptions/{subscription}/providers/Microsoft.ContainerInstance/locations/{region}"
    )
    return [
        {
            "id": f"{scope}/usages/{_segment(quota.name)}",
            "unit": "Count",
            "currentValue": taken[quota.name],
            "limit": quota.limit,
            "name": {"value": quota.name, "localizedValue": quota.title},
        }
        for quota in QUOTAS
    ]


def _segment(name: str) -> str:
    """Cores are written in camel case in ids, counts of groups are not."""
    return name if name in _COUNTS_OF_GROUPS else name[0].lower() + name[1:]


def _capabilities(region: str) -> list[Document]:
    return [
        {
            "resourceType": "containerGroups",
            "osType": os,
            "location": region,
            "ipAddressType": address,
            "gpu": "None",
            "capabilities": {"maxMemoryInGB": memory, "maxCpu": cpu, "maxGpuCount": 0},
        }
        for os, memory, cpu in (
            ("NotSpecified", 256.0, 32.0),
            ("Linux", 256.0, 32.0),
            ("Windows", 16.0, 4.0),
        )
        for address in ("Public", "Private")
    ]


def _cached_images() -> list[Document]:
    return [{"osType": os, "image": image} for os, image in _CACHED]


def _operations() -> list[Document]:
    return [
        {
            "name": f"Microsoft.ContainerInstance/{name}",
            "display": {
                "provider": "Microsoft Container Instance",
                "resource": resource,
                "operation": operation,
                "description": description,
            },
            "origin": "User",
        }
        for name, resource, operation, description in _OPERATIONS
    ]


class Regions:
    """What is asked of a region, and of the service as a whole."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups

    def routes(self) -> tuple[Route, ...]:
        namespace = f"/providers/{NAMESPACE}"
        location = f"/subscriptions/{{subscription}}{namespace}/locations/{{location}}"
        return (
            Route("GET", location + "/operations/{operation}", self._get_operation),
            Route("GET", location + "/usages", self._list_usages),
            Route("GET", location + "/capabilities", self._list_capabilities),
            Route("GET", location + "/cachedImages", self._list_cached_images),
            Route("GET", f"{namespace}/operations", self._list_operations),
        )

    async def _get_operation(self, call: Call) -> Response:
        found = self._groups.operations.find(call["operation"])
        if found is None:
            raise ArmError(404, "OperationNotFound", "The operation does not exist.")
        return _answer(call, found)

    async def _list_usages(self, call: Call) -> Response:
        region = _region(call)
        taken = self._groups.usage(region)
        return _answer(call, {"value": _usages(SUBSCRIPTION, region, taken)})

    async def _list_capabilities(self, call: Call) -> Response:
        return _answer(call, {"value": _capabilities(_region(call))})

    async def _list_cached_images(self, call: Call) -> Response:
        _region(call)
        return _answer(call, {"value": _cached_images()})

    async def _list_operations(self, call: Call) -> Response:
        return json_response(200, {"value": _operations()})


def _answer(call: Call, body: object) -> Response:
    headers = {"x-ms-request-id": f"{normalized(call['location'])}:{new_id()}"}
    return json_response(200, body, headers)


def _region(call: Call) -> str:
    region = normalized(call["location"])
    if region not in LOCATIONS:
        raise refuse("InvalidLocation", f"The location '{call['location']}' is invalid.")
    return region
