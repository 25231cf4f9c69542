"""What to tell of a request that a registry did not fulfil."""

from __future__ import annotations

import json
from typing import Any

from azure.core.exceptions import AzureError, DecodeError, HttpResponseError

from acideploy.errors import RegistryError

_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})
# To a manifest whose blobs have just been seen: where others push the same ones, docker's registry
# cannot tell for a moment.
_TEMPORARY_CODE = "MANIFEST_BLOB_UNKNOWN"
_NO_HOST = ("NameResolution", "Name or service not known", "failure in name resolution")
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
    answer: Any = error.response if isinstance(error, HttpResponseError) else None
    unreadable = isinstance(error, DecodeError) and (answer is None or answer.status_code < 400)
    if answer is not None and not unreadable:
        return _refused(answer, host, doing)
    reason = str(error)
    if unreadable:
        return RegistryError(
            f"cannot {doing}: {host} sent something that cannot be read",
            detail=reason,
            hint="run this again",
            temporary=True,
        )
    if "CERTIFICATE_VERIFY_FAILED" in reason or "certificate verify failed" in reason:
        return RegistryError(
            f"{host} shows a certificate that is not trusted",
            hint="name your certificate authority with REQUESTS_CA_BUNDLE",
        )
    if any(words in reason for words in _NO_HOST):
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
    errors = _errors(response)
    said = _said(errors)
    verb = doing.partition(" ")[0]
    if status in (401, 403):
        role = _ROLES.get(verb)
        return RegistryError(
            f"no permission to {doing} ({host})" + (f": {said}" if said else ""),
            hint=f"log in with `docker login {host}` or `az login`"
            + (f"; the role that is needed is {role}" if role else ""),
            status=status,
        )
    hint = None
    if status == 405:
        hint = "the registry, or this repository or tag, is read-only"
    elif status < 400:
        hint = f"check that {host} is a registry, and that nothing answers in its place"
    return RegistryError(
        f"cannot {doing}: {host} answered {status}{f': {said}' if said else ''}",
        hint=hint,
        status=status,
        temporary=status in _TEMPORARY or _TEMPORARY_CODE in [each.get("code") for each in errors],
        retry_after=_seconds(response.headers.get("Retry-After")),
    )


def _errors(response: Any) -> list[dict[str, Any]]:
    """What the registry says, in the form of the distribution specification; else nothing."""
    try:
        response.read()
        return [dict(each) for each in json.loads(response.text())["errors"]]
    except (ValueError, KeyError, TypeError, AzureError):
        return []


def _said(errors: list[dict[str, Any]]) -> str:
    """The registry's own words, shortened."""
    words = "; ".join(str(each.get("message") or each.get("code")) for each in errors)
    detail = next((each["detail"] for each in errors if each.get("detail")), None)
    # "unknown error" alone tells nothing: its detail names the full disk.
    cause = detail.get("Err") if isinstance(detail, dict) else None
    return f"{words} ({json.dumps(cause)})"[:300] if cause else words[:300]


def _seconds(text: str | None) -> float | None:
    """`Retry-After` in seconds; a date there is not waited for."""
    return float(text) if text and text.isdecimal() else None
