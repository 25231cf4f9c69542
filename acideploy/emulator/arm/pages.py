"""Long lists, as much at a time as is asked for."""

from __future__ import annotations

from starlette.responses import Response

from acideploy.emulator.arm.errors import invalid_content
from acideploy.emulator.arm.routes import Call, json_response
from acideploy.emulator.store import Document


def page(call: Call, entries: list[Document]) -> Response:
    """As much of a list as `$top` asks for, and where it goes on."""
    top, start = call.query.get("$top"), call.query.get("$skiptoken", "0")
    if top is None:
        return json_response(200, {"value": entries})
    if not top.isdecimal() or not start.isdecimal():
        raise invalid_content("The request content was invalid: '$top' is not a number.")
    end = int(start) + int(top)
    value = entries[int(start) : end]
    following = {
        "nextLink": f"{call.cloud.url}{call.request.url.path}"
        f"?api-version={call.api_version}&$top={top}&$skiptoken={end}"
    }
    # A page that is full says that there is another, which may be empty.
    return json_response(200, {"value": value, **(following if len(value) == int(top) else {})})
