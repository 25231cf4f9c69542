"""What to tell of a request that Azure did not fulfil: by its code, never by its words."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from acideploy.errors import AzureError

_TEMPORARY = frozenset({408, 429, 500, 502, 503, 504})
_NO_HOST = ("NameResolution", "Name or service not known", "failure in name resolution")
_NOT_ALLOWED = frozenset(
    {"AuthorizationFailed", "LinkedAuthorizationFailed", "Forbidden", "ForbiddenByRbac"}
)
# The least role for what an action is part of, by provider.
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
_ROLES = {
    "microsoft.containerinstance": "Azure Container Instances Contributor Role",
    "microsoft.containerregistry": "Contributor",
    "microsoft.machinelearningservices": "AzureML Data Scientist",
    "microsoft.keyvault": "Key Vault Secrets Officer",
    "microsoft.managedidentity": "Managed Identity Operator",
    "microsoft.network": "Network Contributor",
    "microsoft.storage": "Storage Blob Data Reader",
}


def refusal(response: Any, method: str, url: str) -> AzureError:
    """The error for an answer of 400 or above."""
    status = response.status_code
    code, message = _said(response)
    permission = _permission(code, message, url) if status in (401, 403) else None
    return AzureError(
        message or f"{urlsplit(url).hostname} answered {status} to {method} {urlsplit(url).path}",
        hint=permission,
        status=status,
        code=code,
        temporary=status in _TEMPORARY,
        retry_after=_seconds(response.headers.get("Retry-After")),
    )


def unanswered(reason: str, endpoint: str) -> AzureError:
    """The error where no answer came, or one that cannot be read."""
    host = urlsplit(endpoint).netloc
    if "certificate verify failed" in reason.replace("_", " ").lower():
        return AzureError(
            f"{host} shows a certificate that is not trusted",
            hint="name your certificate authority with REQUESTS_CA_BUNDLE",
        )
    if any(words in reason for words in _NO_HOST):
        return AzureError(
            f"{host} cannot be found", hint="check the network, and ACIDEPLOY_CLOUD if it is set"
        )
    return AzureError(
        f"{host} does not answer",
        detail=reason,
        hint="check the network, and run this again",
        temporary="refused" not in reason,
    )


def odd_answer(url: str) -> AzureError:
    """The error where an answer came that is none of Azure's: a page instead of a document."""
    return AzureError(
        f"{url.partition('?')[0]} answered with something that Azure does not say",
        hint="check the network: a proxy or a page to sign in at may have answered instead",
        temporary=True,
    )


def _said(response: Any) -> tuple[str | None, str | None]:
    """Code and message, in Resource Manager's form or one close to it; else nothing."""
    try:
        document = json.loads(response.text())
        error = document.get("error", document)
        inner = error.get("innererror") or {}
        return str(inner.get("code") or error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, None


def _permission(code: str | None, message: str | None, url: str) -> str:
    """The command that gives the permission that is missing, as far as it can be known."""
    if code not in _NOT_ALLOWED:
        return "az login"
    who = re.search(r"with object id '([^']+)'", message or "")
    action = re.search(r"perform action '([^']+)'", message or "")
    scope = re.search(r"(?:over|on) scope '([^']+)'", message or "")
    provider = (action[1] if action else urlsplit(url).path).lower()
    role = next((name for key, name in _ROLES.items() if key in provider), "Contributor")
    where = scope[1] if scope else urlsplit(url).path
    assignee = who[1] if who else "YOU"
    return f'az role assignment create --assignee {assignee} --role "{role}" --scope {where}'


def _seconds(text: str | None) -> float | None:
    """`Retry-After` in seconds; a date there is not waited for."""
    return float(text) if text and text.isdecimal() else None
