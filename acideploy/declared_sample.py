"""What the entry script says that run() takes, as its own service describes it."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import Any

_SECONDS = 10.0


def declared_sample(port: int) -> bytes | None:
    """The body of a request with the samples of the script's `@input_schema`; None for none.

    `port` is that of the service on this machine, which speaks plain HTTP and asks for no key.
    """
    try:
        with closing(http.client.HTTPConnection("localhost", port, timeout=_SECONDS)) as service:
            service.request("GET", "/swagger.json?version=3")
            described = json.loads(service.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    return sample_in(described)


def sample_in(described: Any) -> bytes | None:
    """That of an OpenAPI document of the inference server's; None where it has none."""
    try:
        asked = described["components"]["schemas"]["ServiceInput"]
        # Of what is not described, the example is empty.
        return json.dumps(asked["example"]).encode() if asked["example"] else None
    except (KeyError, TypeError):
        return None
