"""Datastores of an Azure ML workspace: which container they mean, and what opens it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from acideploy.azure.blob_access import Access, AccountKey, Bearer, SharedAccess
from acideploy.azure.blobs import BlobReader, Container
from acideploy.azure.open import Azure
from acideploy.clock import Clock
from acideploy.credentials import azure_token
from acideploy.errors import AzureError, NotFoundError, UnsupportedError
from acideploy.models.aml_place import BlobPath, DatastorePath, Place, account_of

_VERSION = "2023-04-01"
_STORAGE_VERSION = "2023-01-01"
# What an Entra token for blobs is for, in every cloud.
_AUDIENCE = "https://storage.azure.com/.default"


class Datastores:
    """The datastores of the Azure ML workspace of `azure`."""

    def __init__(self, azure: Azure, *, clock: Clock) -> None:
        self._azure = azure
        self._clock = clock

    def reader(self, place: Place) -> tuple[BlobReader, str]:
        """What reads the container that a place is in, and the path there.

        An Entra token is tried first, then the keys that the workspace has of a datastore. Raises
        NotFoundError, UnsupportedError, AzureError.
        """
        if isinstance(place, BlobPath):
            container = Container(account=place.account, url=place.url)
            return self._open(container, lambda: self._secret_of(container)), place.path
        id = self._id(place)
        found = self._azure.manager.get(id, _VERSION)
        if found is None:
            raise NotFoundError(
                f"there is no datastore {place.datastore} any more: {id}",
                hint="register the model anew",
            )
        return self._open(self._container(found), lambda: self._secret(id)), place.path

    def _open(self, container: Container, secret: Callable[[], Access]) -> BlobReader:
        return BlobReader(container, ways=(self._token, secret), clock=self._clock)

    def _id(self, place: DatastorePath) -> str:
        return f"{place.workspace or self._azure.workspace.id}/datastores/{place.datastore}"

    def _container(self, datastore: Any) -> Container:
        said = datastore["properties"]
        name = said.get("containerName") or said.get("filesystem")
        if said.get("datastoreType") not in ("AzureBlob", "AzureDataLakeGen2") or not name:
            raise UnsupportedError(
                f"datastore {datastore['name']} is of the type {said.get('datastoreType')}: "
                "only blobs can be read",
                hint="download the model, then: acideploy model register",
            )
        return Container(account=said["accountName"], url=f"{self._blobs(said)}/{name}")

    def _blobs(self, said: Any) -> str:
        """Where the blobs of a datastore's account answer."""
        account, group = said["accountName"], said.get("resourceGroup")
        subscription = said.get("subscriptionId") or self._azure.workspace.subscription
        scope = f"/subscriptions/{subscription}/resourceGroups"
        provider = "providers/Microsoft.Storage/storageAccounts"
        id = f"{scope}/{group}/{provider}/{account}" if group else self._azure.workspace.storage_id
        try:
            found = (
                id and id.endswith(f"/{account}") and self._azure.manager.get(id, _STORAGE_VERSION)
            )
        except AzureError as error:
            # Who may read blobs need not be allowed to look at the account.
            if error.status != 403:
                raise
            found = None
        if found and (url := found["properties"].get("primaryEndpoints", {}).get("blob")):
            return str(url).rstrip("/")
        host = f"{account}.blob.{said.get('endpoint') or 'core.windows.net'}"
        if account_of(host) != account:
            raise UnsupportedError(
                f"the datastore's account {account} cannot be looked at, and {host} is not Azure's",
                hint=f"ask for the role Reader on the storage account {account}",
            )
        return f"https://{host}"

    def _token(self) -> Access:
        authority = self._azure.cloud.authority
        return Bearer(token=lambda: azure_token(_AUDIENCE, authority=authority))

    def _secret(self, id: str) -> Access:
        said = self._azure.manager.send("POST", f"{id}/listSecrets", _VERSION).body or {}
        if said.get("secretsType") == "AccountKey" and said.get("key"):
            return AccountKey(key=said["key"])
        if said.get("secretsType") == "Sas" and said.get("sasToken"):
            return SharedAccess(query=said["sasToken"])
        raise AzureError("the datastore has no key of its own", status=403)

    def _secret_of(self, container: Container) -> Access:
        """The key of whichever datastore means that container."""
        path = f"{self._azure.workspace.id}/datastores"
        for each in self._azure.manager.list(path, _VERSION):
            said = each["properties"]
            names = (said.get("accountName"), said.get("containerName") or said.get("filesystem"))
            if names == (container.account, container.url.rpartition("/")[2]):
                return self._secret(each["id"])
        raise AzureError(f"no datastore means {container.url}", status=403)
