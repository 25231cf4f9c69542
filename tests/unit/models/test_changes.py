from __future__ import annotations

from datetime import datetime, timezone

import pytest

from acideploy.errors import ConflictError
from acideploy.models import Model, ModelChanges
from acideploy.models.changes import change_model
from acideploy.registry.descriptor import Descriptor

MODEL = Model(
    name="iris",
    version=1,
    root="model.pkl",
    size=1,
    digest="",
    layer=Descriptor(media_type="tar", digest="", size=0),
    diff_id="",
    created_time=datetime(2026, 1, 1, tzinfo=timezone.utc),
    description="old",
    tags={"stage": "dev", "team": "a"},
    properties={"commit": "abc"},
)


def test_tags_are_added_replaced_and_removed() -> None:
    changes = ModelChanges(add_tags={"stage": "prod", "new": "1"}, remove_tags=["team", "unknown"])
    assert change_model(MODEL, changes).tags == {"stage": "prod", "new": "1"}


def test_properties_are_added() -> None:
    changed = change_model(MODEL, ModelChanges(add_properties={"run": "7", "commit": "abc"}))
    assert changed.properties == {"commit": "abc", "run": "7"}


def test_a_property_never_changes() -> None:
    with pytest.raises(ConflictError, match="iris:1 has commit already"):
        change_model(MODEL, ModelChanges(add_properties={"commit": "def", "run": "7"}))


@pytest.mark.parametrize(("given", "kept"), [(None, "old"), ("", None), ("new", "new")])
def test_the_description_is_kept_removed_or_replaced(given: str | None, kept: str | None) -> None:
    assert change_model(MODEL, ModelChanges(description=given)).description == kept
