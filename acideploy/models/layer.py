"""The layer of a model: one tar whose paths are those in a container."""

from __future__ import annotations

import os
from dataclasses import replace

from acideploy.image.layer import Entry
from acideploy.models.tree import Tree


def folder_of(name: str, version: int) -> str:
    """Where a model's files are in its layer, and in a container."""
    return f"var/azureml-app/azureml-models/{name}/{version}"


def layer_entries(tree: Tree, *, folder: str) -> tuple[Entry, ...]:
    """The files of `tree` at `folder`, which is `folder_of` the model."""
    parents = (os.path.dirname(folder), folder)
    return (
        *(Entry(path=path, kind="folder") for path in parents),
        *(replace(entry, path=f"{folder}/{entry.path}") for entry in tree.entries),
    )
