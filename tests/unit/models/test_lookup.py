from __future__ import annotations

import pytest

from acideploy.errors import NotFoundError
from acideploy.models import ModelReference
from acideploy.models.lookup import find_version, last_version, note_version
from acideploy.models.names import to_reference
from acideploy.registry.descriptor import MANIFEST, Index, describe


def index_of(*models: tuple[str, int]) -> Index:
    index = Index()
    for name, version in models:
        manifest = describe(f"{name}:{version}".encode(), MANIFEST)
        index = index.with_manifest(manifest, reference=to_reference(name, version))
    return index


def failure(index: Index, name: str, version: int | None = None) -> NotFoundError:
    with pytest.raises(NotFoundError) as caught:
        find_version(index, ModelReference(name=name, version=version))
    return caught.value


def test_a_bare_name_means_the_newest_version_by_number() -> None:
    version, _ = find_version(
        index_of(("iris", 2), ("iris", 10), ("iris", 9)), ModelReference(name="iris")
    )
    assert version == 10


def test_a_missing_version_is_answered_with_those_that_exist() -> None:
    error = failure(index_of(("iris", 1), ("iris", 2)), "iris", 9)
    assert error.message == "model iris has no version 9: it has versions 1, 2"
    assert error.hint == "acideploy model list -n iris"


def test_many_versions_are_named_shortly() -> None:
    index = index_of(*(("iris", version) for version in range(1, 101)))
    assert failure(index, "iris", 200).message.endswith("versions 1, ..., 96, 97, 98, 99, 100")


def test_a_deleted_version_is_said_to_have_been_there() -> None:
    index = index_of(("iris", 1), ("iris", 2), ("iris", 3)).without(to_reference("iris", 2))
    assert "has no version 2 any more" in failure(index, "iris", 2).message


@pytest.mark.parametrize(("typed", "meant"), [("irsi", "iris"), ("IRIS", "iris")])
def test_a_misspelt_name_is_answered_with_the_likely_one(typed: str, meant: str) -> None:
    error = failure(index_of(("iris", 1), ("churn", 1)), typed, 1)
    assert error.message == f"there is no model {typed}"
    assert f"did you mean {meant}:1?" in (error.hint or "")


def test_in_an_empty_store_the_hint_is_to_register() -> None:
    assert (failure(Index(), "iris").hint or "").startswith("acideploy model register -n iris")


def test_the_last_version_survives_its_deletion() -> None:
    index = note_version(index_of(("iris", 1)), "iris", 4)
    assert last_version(index.without(to_reference("iris", 1)), "iris") == 4
    assert last_version(index, "other") == 0


def test_a_lower_version_does_not_turn_the_count_back() -> None:
    index = note_version(note_version(Index(), "iris", 4), "iris", 2)
    assert last_version(index, "iris") == 4
