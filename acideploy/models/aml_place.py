"""Where the files of a model of Azure ML are: what its URI says.

https://learn.microsoft.com/azure/machine-learning/how-to-access-data-interactive and
https://learn.microsoft.com/azure/machine-learning/how-to-manage-models
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from acideploy.errors import UnsupportedError

_WORKSPACE = (
    r"(?:subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)"
    r"/(?:providers/[^/]+/)?workspaces/(?P<workspace>[^/]+)/)?"
)
_DATASTORE = re.compile(
    rf"azureml://{_WORKSPACE}datastores/(?P<datastore>[^/]+)/(?:paths/)?(?P<path>(?!paths/?$).+)",
    re.IGNORECASE,
)
# What a job writes without having named an output, which is what v1 registered from runs.
_ARTIFACTS = re.compile(
    rf"azureml://{_WORKSPACE}jobs/(?P<job>[^/]+)/outputs/artifacts/(?:paths/)?(?P<path>.+)",
    re.IGNORECASE,
)
# Where Azure has its blobs. A token is sent nowhere else, whatever a URI says.
_STORAGE_HOST = re.compile(
    r"(?P<account>[a-z0-9]{3,24})(?:\.z\d+)?\.blob\."
    r"(?:core\.windows\.net|core\.usgovcloudapi\.net|core\.chinacloudapi\.cn|storage\.azure\.net)"
)
_ARTIFACT_STORE = "workspaceartifactstore"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatastorePath:
    """`workspace` is the id of the workspace that has it, None where the URI names none."""

    datastore: str
    path: str
    workspace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobPath:
    """A file or folder in a container: `url` is the container's, without a slash at its end."""

    account: str
    url: str
    path: str


Place: TypeAlias = DatastorePath | BlobPath


def place_of(uri: str, *, named: str) -> Place:
    """Reads a `modelUri`. `named` is the model's name and version, for errors.

    Raises UnsupportedError.
    """
    if (found := _DATASTORE.fullmatch(uri)) and _is_path(path := found["path"].strip("/")):
        return DatastorePath(datastore=found["datastore"], path=path, workspace=_workspace(found))
    if (found := _ARTIFACTS.fullmatch(uri)) and _is_path(path := found["path"].strip("/")):
        run = f"ExperimentRun/dcid.{found['job']}/{path}"
        return DatastorePath(datastore=_ARTIFACT_STORE, path=run, workspace=_workspace(found))
    if uri.startswith("https://") and (place := _blob_path(uri)):
        return place
    raise UnsupportedError(
        f"the files of model {named} are at {uri.partition('?')[0]}, which is not a file or folder "
        "in blob storage",
        hint=f"download them, then: acideploy model register -n {named.partition(':')[0]} "
        "-p <file or folder>",
    )


def _workspace(found: re.Match[str]) -> str | None:
    if found["workspace"] is None:
        return None
    return (
        f"/subscriptions/{found['subscription']}/resourceGroups/{found['group']}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{found['workspace']}"
    )


def account_of(host: str) -> str | None:
    """The storage account that a host is; None where that is not Azure's."""
    found = _STORAGE_HOST.fullmatch(host.lower())
    return found["account"] if found else None


def _blob_path(uri: str) -> BlobPath | None:
    """Of `https://<account>.blob.<cloud>/<container>/<path>`."""
    parts = urlsplit(uri)
    account = account_of(parts.netloc)
    container, _, path = unquote(parts.path).strip("/").partition("/")
    if not (account and container and _is_path(path)):
        return None
    return BlobPath(account=account, url=f"https://{parts.netloc}/{container}", path=path)


def _is_path(path: str) -> bool:
    """Whether it leads to something below the container, whose last part can be a file's name."""
    return bool(path) and all(part not in ("", ".", "..") for part in path.split("/"))
