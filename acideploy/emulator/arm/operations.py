"""`/providers/{namespace}/operations`: what a role can allow of a provider."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from acideploy.emulator.arm.routes import Call, Route, json_response

# The rest of the name, the resource, the operation, the description.
Operation = tuple[str, str, str, str]


def operations_route(
    namespace: str, title: str, operations: Sequence[Operation], *, data_actions: bool = False
) -> Route:
    """The list of a provider; `title` is what it calls itself.

    With `data_actions` each operation says that it is none.
    """
    listed = [
        {
            "name": f"{namespace}/{name}",
            "display": {
                "provider": title,
                "resource": resource,
                "operation": operation,
                "description": description,
            },
            **({"isDataAction": False} if data_actions else {}),
        }
        for name, resource, operation, description in operations
    ]

    async def answer(call: Call) -> Response:
        return json_response(200, {"value": listed})

    return Route("GET", f"/providers/{namespace}/operations", answer)
