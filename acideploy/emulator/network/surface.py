"""`Microsoft.Network` as far as groups in a subnet need it. Nothing is sent through it."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.arm.errors import ArmError
from acideploy.emulator.arm.routes import (
    Call,
    Provider,
    Route,
    empty_response,
    json_response,
)
from acideploy.emulator.arm.stored import StoredType
from acideploy.emulator.cloud import Cloud
from acideploy.emulator.network.changes import Changes
from acideploy.emulator.network.documents import (
    NAMESPACE,
    NETWORKS,
    SECURITY_GROUPS,
    add_subnet,
    network,
    security_group,
)
from acideploy.emulator.store import Document

VERSIONS = (
    *("2025-07-01", "2025-05-01", "2025-03-01"),
    *("2025-01-01", "2024-10-01", "2024-07-01", "2024-05-01", "2024-03-01", "2024-01-01"),
    *("2023-11-01", "2023-09-01", "2023-06-01", "2023-05-01", "2023-04-01", "2023-02-01"),
    *("2022-11-01", "2022-09-01", "2022-07-01", "2022-05-01", "2022-01-01", "2021-08-01"),
    *("2021-05-01", "2021-03-01", "2021-02-01", "2020-11-01", "2020-08-01", "2020-07-01"),
    *("2020-06-01", "2020-05-01", "2020-04-01", "2020-03-01", "2019-11-01", "2019-09-01"),
    *("2019-08-01", "2019-07-01", "2019-06-01", "2019-04-01", "2019-02-01", "2018-12-01"),
    *("2018-11-01", "2018-10-01", "2018-08-01", "2018-07-01", "2018-06-01", "2018-02-01"),
)
_POLICIES_SINCE = "2024-03-01"
_GROUPS = "microsoft.containerinstance/containergroups"
_LINK = "providers/Microsoft.ContainerInstance/serviceAssociationLinks/default"


class Networks:
    """`Microsoft.Network`: virtual networks with their subnets, and security groups."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._changes = Changes(cloud)
        self._networks = StoredType(
            namespace=NAMESPACE, name=NETWORKS, versions=VERSIONS, describe=network, show=_shown
        )
        self._groups = StoredType(
            namespace=NAMESPACE, name=SECURITY_GROUPS, versions=VERSIONS, describe=security_group
        )
        subscription = "/subscriptions/{subscription}"
        below = f"{subscription}/resourceGroups/{{group}}/providers/{NAMESPACE}"
        subnets = f"{below}/{NETWORKS}/{{name}}/subnets"
        subnet = subnets + "/{subnet}"
        self.provider = Provider(
            namespace=NAMESPACE,
            types=(self._networks.resource_type(), self._groups.resource_type()),
            other_types={
                f"{NETWORKS}/subnets": VERSIONS,
                "locations/operations": VERSIONS,
                "locations/operationResults": VERSIONS,
            },
            routes=(
                *self._routes(self._networks),
                *self._routes(self._groups),
                Route("GET", subnets, self._list_subnets),
                Route("GET", subnet, self._get_subnet),
                Route("PUT", subnet, self._put_subnet),
                Route("DELETE", subnet, self._delete_subnet),
                Route("DELETE", f"{subnet}/{_LINK}", self._delete_link),
                *self._changes.routes(),
            ),
        )

    async def resume(self) -> None:
        self._changes.resume(self._networks, self._groups)

    async def close(self) -> None:
        self._changes.close()

    def _routes(self, kind: StoredType) -> tuple[Route, ...]:
        """Those of a type, with a PUT and a DELETE that take their time and a GET with a tag."""

        async def get(call: Call) -> Response:
            found = kind.find(call)
            return _tagged(found, kind.show(found, call.api_version))

        async def put(call: Call) -> Response:
            document, is_new = await kind.make(call)
            headers = self._changes.begin(call, kind, document)
            shown = kind.show(document, call.api_version)
            return json_response(201 if is_new else 200, shown, headers)

        async def delete(call: Call) -> Response:
            try:
                document = kind.find(call)
            except ArmError:
                return empty_response(204)
            self._check_unused(*(document["properties"].get("subnets") or ()))
            await kind.remove(call.cloud, document)
            return empty_response(202, self._changes.delete(call, document))

        answers = {("GET", True): get, ("PUT", True): put, ("DELETE", True): delete}
        return tuple(
            Route(
                each.method,
                each.path,
                answers.get((each.method, each.path.endswith("}")), each.answer),
            )
            for each in kind.routes()
        )

    async def _list_subnets(self, call: Call) -> Response:
        return json_response(200, {"value": self._networks.find(call)["properties"]["subnets"]})

    async def _get_subnet(self, call: Call) -> Response:
        found = self._subnet(call, self._networks.find(call))
        if found is None:
            raise _subnet_not_found(call)
        return _tagged(found, found)

    async def _put_subnet(self, call: Call) -> Response:
        owner, body = self._networks.find(call), await call.body()
        properties = owner["properties"]
        known = self._subnet(call, owner)
        name = known["name"] if known else call["subnet"]
        add_subnet(owner["id"], properties["addressSpace"], properties["subnets"], name, body)
        headers = self._changes.begin(call, self._networks, owner)
        return json_response(200 if known else 201, self._subnet(call, owner), headers)

    async def _delete_subnet(self, call: Call) -> Response:
        try:
            owner = self._networks.find(call)
        except ArmError:
            return empty_response(204)
        known = self._subnet(call, owner)
        if known is None:
            return empty_response(204)
        self._check_unused(known)
        owner["properties"]["subnets"].remove(known)
        call.cloud.store.put(self._networks.kind, owner["id"].lower(), owner)
        return empty_response(202, self._changes.delete(call, owner))

    async def _delete_link(self, call: Call) -> Response:
        """What container instances leave in a subnet: here they leave nothing."""
        if (found := self._subnet(call, self._networks.find(call))) is None:
            raise _subnet_not_found(call)
        self._check_unused(found)
        return empty_response(204)

    def _subnet(self, call: Call, owner: Document) -> Document | None:
        subnets: list[Document] = owner["properties"]["subnets"]
        found = (each for each in subnets if each["name"].lower() == call["subnet"].lower())
        return next(found, None)

    def _check_unused(self, *subnets: Document) -> None:
        """Raises ArmError when container groups are in one of the subnets."""
        for group in self._cloud.store.list(_GROUPS):
            used = {
                str(each.get("id", "")).lower()
                for each in group.get("properties", {}).get("subnetIds") or ()
            }
            for subnet in subnets:
                if subnet["id"].lower() in used:
                    raise ArmError(
                        400,
                        "InUseSubnetCannotBeDeleted",
                        f"Subnet {subnet['name']} is in use by {group['id']} and "
                        "cannot be deleted. In order to delete the subnet, delete all the "
                        "resources within the subnet. See aka.ms/deletesubnet.",
                        error={"details": []},
                    )


def _tagged(document: Document, shown: Document) -> Response:
    return json_response(200, shown, {"etag": document["etag"]})


def _shown(document: Document, version: str) -> Document:
    properties = dict(document["properties"])
    if version < _POLICIES_SINCE:
        properties.pop("privateEndpointVNetPolicies", None)
    return {**document, "properties": properties}


def _subnet_not_found(call: Call) -> ArmError:
    return ArmError(
        404,
        "NotFound",
        f"Resource {call.request.url.path} not found.",
        error={"details": []},
    )
