"""What may change of a registered model."""

from __future__ import annotations

from dataclasses import replace

from acideploy.errors import ConflictError
from acideploy.models import Model, ModelChanges


def change_model(model: Model, changes: ModelChanges) -> Model:
    """The model as changed; an empty description removes it, an unknown tag is gone already.

    Raises ConflictError where a property would change.
    """
    taken = [
        key
        for key, value in changes.add_properties.items()
        if model.properties.get(key, value) != value
    ]
    if taken:
        raise ConflictError(
            f"properties never change, and {model.id} has {', '.join(sorted(taken))} already",
            hint="use a tag, or register a new version with other properties",
        )
    description = model.description if changes.description is None else changes.description
    tags = {key: value for key, value in model.tags.items() if key not in changes.remove_tags}
    return replace(
        model,
        tags={**tags, **changes.add_tags},
        properties={**model.properties, **changes.add_properties},
        description=description or None,
    )
