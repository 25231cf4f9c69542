"""The models that are registered in an Azure ML workspace, by v1 or by v2.

https://learn.microsoft.com/rest/api/azureml/model-versions and datastores
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from acideploy.azure.open import Azure
from acideploy.clock import Clock
from acideploy.errors import AzureError, NotFoundError, UnsupportedError
from acideploy.models import NAME, ModelReference
from acideploy.models.aml_datastore import Datastores
from acideploy.models.aml_place import place_of

if TYPE_CHECKING:
    from acideploy.azure.blob_list import StoredBlob
    from acideploy.azure.blobs import BlobReader

VERSION = "2023-04-01"
_INTEGER = re.compile(r"[1-9][0-9]*")
_NEWEST_FIRST = "$orderBy=createdtime%20desc"
# As many are told of when there is no such model.
_SHOWN = 100
# Flavours of MLflow by what v1 called the framework.
_FRAMEWORKS = {
    "sklearn": ("ScikitLearn", "sklearn_version"),
    "tensorflow": ("TensorFlow", "tensorflow_version"),
    "onnx": ("Onnx", "onnx_version"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AmlModel:
    """One version of a model in an Azure ML workspace; `uri` says where its files are."""

    name: str
    version: int
    id: str
    uri: str
    created: datetime
    description: str | None
    tags: Mapping[str, str]
    properties: Mapping[str, str]
    framework: str = "Custom"
    framework_version: str | None = None

    @property
    def named(self) -> str:
        return f"{self.name}:{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """`path` begins with the name of the registered file or folder; `size` is in bytes."""

    path: str
    size: int
    chunks: Callable[[], Iterator[bytes]]


class AmlModels:
    """The models of the Azure ML workspace of `azure`; none where there is no such workspace."""

    def __init__(self, azure: Azure, *, clock: Clock) -> None:
        self._manager = azure.manager
        self._workspace = azure.workspace
        self._models = f"{azure.workspace.id}/models"
        self._datastores = Datastores(azure, clock=clock)

    @property
    def workspace(self) -> str | None:
        """Its name."""
        return self._workspace.name

    def find(self, reference: ModelReference) -> AmlModel | None:
        """That version, or for a bare name the newest; None where there is none.

        Raises AzureError.
        """
        if self._workspace.name is None:
            return None
        versions = f"{self._models}/{reference.name}/versions"
        if reference.version is None:
            newest = self._manager.list(f"{versions}?{_NEWEST_FIRST}", VERSION)
            numbered = (each for each in newest if _INTEGER.fullmatch(each["name"]))
            found = next(numbered, None)
        else:
            found = self._manager.get(f"{versions}/{reference.version}", VERSION)
        return _read(reference.name, found) if found else None

    def versions(self, name: str) -> tuple[str, ...]:
        """The versions of a name, the newest first; they need not be numbers."""
        if self._workspace.name is None:
            return ()
        listed = self._manager.list(f"{self._models}/{name}/versions?{_NEWEST_FIRST}", VERSION)
        return tuple(each["name"] for each in islice(listed, _SHOWN))

    def names(self) -> tuple[str, ...]:
        """Names of models, a hundred at the most."""
        if self._workspace.name is None:
            return ()
        return tuple(
            each["name"] for each in islice(self._manager.list(self._models, VERSION), 100)
        )

    def files(self, model: AmlModel) -> Iterator[ModelFile]:
        """The files of a model, and what gives their bytes.

        Raises NotFoundError where there are none any more, UnsupportedError, AzureError.
        """
        reader, path = self._datastores.reader(place_of(model.uri, named=model.named))
        folder, _, root = path.rpartition("/")
        cut = len(folder) + 1 if folder else 0
        try:
            found = False
            for blob in reader.list(f"{path}/"):
                found = True
                yield _file(reader, blob, blob.name[cut:])
            if not found and (single := reader.find(path)):
                found = True
                yield _file(reader, single, root)
        except AzureError as error:
            if error.status not in (401, 403):
                raise
            raise _not_readable(model, reader.account, error) from error
        if not found:
            raise NotFoundError(
                f"model {model.named} is registered in the Azure ML workspace "
                f"{self._workspace.name}, but its files are gone: {path}",
                hint="register it anew",
            )


def _file(reader: BlobReader, blob: StoredBlob, path: str) -> ModelFile:
    # Blobs may be called anything.
    if any(part in ("", ".", "..") for part in path.split("/")) or "\0" in path:
        raise UnsupportedError(
            f"a file of the model cannot be written to a disk: {path!r}",
            hint="register the model without it",
        )
    return ModelFile(path=path, size=blob.size, chunks=lambda: reader.chunks(blob))


def _read(name: str, document: Any) -> AmlModel:
    said = document["properties"]
    framework, framework_version = _framework(said.get("flavors") or {})
    uri = said.get("modelUri")
    if not uri or not NAME.fullmatch(name):
        raise UnsupportedError(
            f"model {name}:{document['name']} of Azure ML has no files",
            hint="register it anew",
        )
    return AmlModel(
        name=name,
        version=int(document["name"]),
        id=document["id"],
        uri=uri,
        created=_time(document["systemData"]["createdAt"]),
        description=said.get("description") or None,
        tags=_texts(said.get("tags")),
        properties=_texts(said.get("properties")),
        framework=framework,
        framework_version=framework_version,
    )


def _framework(flavors: Mapping[str, Any]) -> tuple[str, str | None]:
    for flavor, (framework, key) in _FRAMEWORKS.items():
        if flavor in flavors:
            version = ((flavors[flavor] or {}).get("data") or {}).get(key)
            return framework, str(version) if version else None
    return "Custom", None


def _texts(given: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(name): "" if value is None else str(value) for name, value in (given or {}).items()}


def _time(text: str) -> datetime:
    """Of `2024-05-09T20:19:06.4446116+00:00`: Python reads six digits of a second at the most."""
    whole = re.sub(r"(\.\d{6})\d+", r"\1", text).replace("Z", "+00:00")
    return datetime.fromisoformat(whole)


def _not_readable(model: AmlModel, account: str, error: AzureError) -> AzureError:
    return AzureError(
        f"the files of model {model.named} may not be read from the storage account {account}",
        hint='az role assignment create --assignee YOU --role "Storage Blob Data Reader" '
        f"--scope $(az storage account show -n {account} --query id -o tsv)",
        detail=error.message,
        status=error.status,
        code=error.code,
    )
