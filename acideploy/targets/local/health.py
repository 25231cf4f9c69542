"""What answers on a port of this machine."""

from __future__ import annotations

from http.client import HTTPException

from acideploy.targets.http import ANY_CERTIFICATE, Endpoint, answering_revision

ADDRESS, HOST = "127.0.0.1", "localhost"


def probe(port: int, *, tls: bool) -> str | None:
    """The revision that answers; `""` for something else, None for nothing.

    Raises TimeoutError where something takes the connection and says nothing.
    """
    certificate = ANY_CERTIFICATE if tls else None
    endpoint = Endpoint(address=ADDRESS, port=port, host=HOST, certificate=certificate)
    try:
        return answering_revision(endpoint)
    except TimeoutError:
        raise
    except ConnectionRefusedError:
        return None
    except (OSError, HTTPException):
        return ""
