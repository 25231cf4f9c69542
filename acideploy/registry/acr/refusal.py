"""What to tell of a request that a registry did not fulfil."""

from __future__ import annotations

import json
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError

from acideploy.errors import RegistryError

_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})
# What an Azure role is called, and what it is in registries with permissions by repository.
_ROLES = {
    "pull": "AcrPull (or Container Registry Repository Reader)",
    "list": "AcrPull (or Container Registry Repository Catalog Lister)",
    "push": "AcrPush (or Container Registry Repository Writer)",
    "delete": "AcrDelete (or Container Registry Repository Contributor)",
    "lock": "AcrPush (or Container Registry Repository Contributor)",
}


def refusal(error: AzureError, host: str, doing: str, *, reached: bool) -> RegistryError:
    """The error for `cannot <doing>`. `reached` says whether the registry has answered before."""
    if isinstance(error, HttpResponseError) and error.response is not None:
        return _refused(error.response, host, doing)
    reason = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in reason or "certificate verify failed" in reason:
        return RegistryError(
            f"{host} shows a certificate that is not trusted",
            hint="name your certificate authority with REQUESTS_CA_BUNDLE",
        )
    if "NameResolution" in reason or "Name or service not known" in reason:
        return RegistryError(f"there is no host {host}", hint="check the registry's name")
    # Nobody there at the first request is a wrong name or port, and no passing trouble.
    absent = "refused" in reason and not reached
    return RegistryError(
        f"cannot {doing}: {host} does not answer",
        detail=reason,
        hint="check the network and the registry's name, and run this again",
        temporary=not absent,
    )


def _refused(response: Any, host: str, doing: str) -> RegistryError:
    status = response.status_code
    said = _said(response)
    verb = doing.partition(" ")[0]
    if status in (401, 403):
        role = _ROLES.get(verb)
        return RegistryError(
            f"no permission to {doing} ({host})" + (f": {said}" if said else ""),
            hint=f"log in with `docker login {host}` or `az login`"
            + (f"; the role that is needed is {role}" if role else ""),
            status=status,
        )
    read_only = status == 405
    return RegistryError(
        f"cannot {doing}: {host} answered {status}{f': {said}' if said else ''}",
        hint="the registry, or this repository or tag, is read-only" if read_only else None,
        status=status,
        temporary=status in _TEMPORARY,
        retry_after=_seconds(response.headers.get("Retry-After")),
    )


def _said(response: Any) -> str:
    """The registry's own words, shortened."""
    try:
        response.read()
        errors = json.loads(response.text())["errors"]
        words = "; ".join(str(each.get("message") or each.get("code")) for each in errors)
        detail = next((each["detail"] for each in errors if each.get("detail")), None)
    except (ValueError, KeyError, TypeError, AttributeError, AzureError):
        return ""
    # "unknown error" alone tells nothing: its detail names the full disk.
    cause = detail.get("Err") if isinstance(detail, dict) else None
    return f"{words} ({json.dumps(cause)})"[:300] if cause else words[:300]


def _seconds(text: str | None) -> float | None:
    """`Retry-After` in seconds; a date there is not waited for."""
    return float(text) if text and text.isdecimal() else None
