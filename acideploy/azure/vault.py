"""Secrets in a Key Vault.

https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from acideploy.azure.cloud import Cloud
from acideploy.azure.rest import Rest
from acideploy.clock import Clock
from acideploy.credentials import azure_token
from acideploy.errors import AzureError
from acideploy.observe import wait_for

_VERSION = "7.4"
# A deleted secret keeps its name until it is recovered, which takes some seconds.
_RECOVERY_SECONDS, _LOOK_EVERY = 60.0, 1.0


class VaultSecrets:
    """Secrets in the vault at `url`, each a few named values. Raises AzureError."""

    def __init__(self, url: str, *, cloud: Cloud, clock: Clock) -> None:
        self._url = url.rstrip("/")
        self._clock = clock
        scope = f"{_audience(self._url, cloud)}/.default"
        self._rest = Rest(
            self._url,
            token=lambda: azure_token(scope, authority=cloud.authority),
            clock=clock,
        )

    @property
    def where(self) -> str:
        return f"Key Vault {self._url}"

    def recovery(self, name: str) -> str:
        vault = (urlsplit(self._url).hostname or "").partition(".")[0]
        return f"az keyvault secret recover --vault-name {vault} --name {name}"

    def get(self, name: str) -> Mapping[str, str]:
        """The values; empty where there is no such secret."""
        found = self._rest.get(f"/secrets/{name}", _VERSION)
        return _values(found["value"]) if found else {}

    def put(self, name: str, values: Mapping[str, str]) -> None:
        body = {"value": json.dumps(dict(values)), "contentType": "application/json"}
        try:
            self._rest.send("PUT", f"/secrets/{name}", _VERSION, body=body)
        except AzureError as error:
            if error.status != 409:
                raise
            self._recover(name)
            self._rest.send("PUT", f"/secrets/{name}", _VERSION, body=body)

    def delete(self, name: str) -> None:
        """No error where there is none."""
        try:
            self._rest.send("DELETE", f"/secrets/{name}", _VERSION)
        except AzureError as error:
            if error.status != 404:
                raise

    def _recover(self, name: str) -> None:
        try:
            self._rest.send("POST", f"/deletedsecrets/{name}/recover", _VERSION)
        except AzureError as error:
            if error.status == 404:
                # It was not deleted: somebody else was writing it, or has recovered it.
                return
            raise
        wait_for(
            lambda: self._rest.get(f"/secrets/{name}", _VERSION),
            clock=self._clock,
            within=_RECOVERY_SECONDS,
            every=_LOOK_EVERY,
            overdue=lambda: AzureError(
                f"secret {name} of {self._url} was deleted, and is not yet recovered",
                hint="run this again in a minute",
            ),
        )


def _audience(url: str, cloud: Cloud) -> str:
    """What a token for the vault is asked for; a vault outside the cloud's names is its own."""
    host = urlsplit(url).hostname or ""
    return f"https://{cloud.vault_suffix}" if host.endswith(f".{cloud.vault_suffix}") else url


def _values(text: str) -> Mapping[str, str]:
    try:
        return {str(name): str(value) for name, value in json.loads(text).items()}
    except (ValueError, AttributeError):
        return {}
