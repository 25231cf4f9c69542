from __future__ import annotations

from acideploy.cli import model_shapes
from tests.unit.cli.fake_workspace import MODEL


def test_a_model_has_the_keys_of_the_old_one() -> None:
    shape = model_shapes.model(MODEL, full=False)
    old = (
        "name id version framework frameworkVersion createdTime tags properties description "
        "experimentName runId cpu memoryInGB gpu sampleInputDatasetId sampleOutputDatasetId"
    )
    assert list(shape) == old.split()
    assert shape["id"] == "iris:2"
    assert shape["experimentName"] == ""


def test_a_full_model_names_its_digests() -> None:
    shape = model_shapes.model(MODEL, full=True)
    assert (shape["digest"], shape["layerDigest"]) == ("sha256:def", "sha256:123")


def test_a_list_of_models_tells_their_size_and_tags() -> None:
    (row,) = model_shapes.model_list_table([model_shapes.model(MODEL, full=True)])
    assert (row["size"], row["tags"]) == ("1.0 kB", "stage=dev")


def test_a_model_table_leaves_out_what_is_long() -> None:
    assert list(model_shapes.model_table(model_shapes.model(MODEL, full=True))) == [
        "name",
        "version",
        "framework",
        "frameworkVersion",
        "createdTime",
        "tags",
    ]
