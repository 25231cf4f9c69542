from __future__ import annotations

import pytest

from acideploy.errors import UnsupportedError
from acideploy.models.aml_place import BlobPath, DatastorePath, Place, place_of

WORKSPACE = "subscriptions/s/resourcegroups/g/workspaces/w"
ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
RUN = "ExperimentRun/dcid.job1/outputs/m"


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("azureml://datastores/d/paths/a/b.pkl", DatastorePath(datastore="d", path="a/b.pkl")),
        # As v1 wrote it, and as it is written by hand.
        ("azureml://datastores/d/a/b", DatastorePath(datastore="d", path="a/b")),
        ("azureml://datastores/d/paths/a/b/", DatastorePath(datastore="d", path="a/b")),
        (
            f"azureml://{WORKSPACE}/datastores/d/paths/a",
            DatastorePath(datastore="d", path="a", workspace=ID),
        ),
        (
            f"azureml://{WORKSPACE.replace('groups', 'Groups')}/datastores/d/paths/a",
            DatastorePath(datastore="d", path="a", workspace=ID),
        ),
        (
            "azureml://jobs/job1/outputs/artifacts/paths/outputs/m/",
            DatastorePath(datastore="workspaceartifactstore", path=RUN),
        ),
        (
            f"azureml://{WORKSPACE}/jobs/job1/outputs/artifacts/outputs/m",
            DatastorePath(datastore="workspaceartifactstore", path=RUN, workspace=ID),
        ),
        # A folder may be called anything.
        (
            "azureml://datastores/d/paths/jobs/j/outputs/artifacts/m",
            DatastorePath(datastore="d", path="jobs/j/outputs/artifacts/m"),
        ),
        (
            "https://acc.blob.core.usgovcloudapi.net/c/a%20b/m.pkl",
            BlobPath(
                account="acc", url="https://acc.blob.core.usgovcloudapi.net/c", path="a b/m.pkl"
            ),
        ),
        (
            "https://acc.z12.blob.storage.azure.net/c/m.pkl",
            BlobPath(account="acc", url="https://acc.z12.blob.storage.azure.net/c", path="m.pkl"),
        ),
    ],
)
def test_every_form_of_a_place_is_read(uri: str, place: Place) -> None:
    assert place_of(uri, named="m:1") == place


@pytest.mark.parametrize(
    "uri",
    [
        "azureml://jobs/job1/outputs/named/paths/m",
        "azureml://datastores/d/paths/",
        "azureml://datastores/d/paths/a/../../b",
        "azureml://registries/r/models/m/versions/1",
        "runs:/1234/model",
        "https://example.org/c/m.pkl",
        "https://acc.blob.core.windows.net/c",
        "http://acc.blob.core.windows.net/c/m",
        "https://acc.blob.example.org/c/m.pkl",
        "https://acc.blob.core.windows.net.example.org/c/m.pkl",
        "https://acc.blob.core.windows.net:444/c/m.pkl",
        "https://user@acc.blob.core.windows.net/c/m.pkl",
        "wasbs://c@acc.blob.core.windows.net/m",
    ],
)
def test_another_place_is_refused_with_what_to_do(uri: str) -> None:
    with pytest.raises(UnsupportedError, match="m:1") as caught:
        place_of(uri, named="m:1")
    assert "acideploy model register -n m " in (caught.value.hint or "")


def test_a_signature_in_an_address_is_not_told() -> None:
    with pytest.raises(UnsupportedError) as caught:
        place_of("https://example.org/c/m.pkl?sig=secret", named="m:1")
    assert "secret" not in str(caught.value)
