"""Registered models: named, integer-versioned sets of files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from acideploy.config.problem import Problem
from acideploy.errors import ConfigurationError
from acideploy.events import Emit, ignore
from acideploy.image import Compression, Layer
from acideploy.registry import Blob
from acideploy.registry.descriptor import Descriptor

# The name rule of the retired service.
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-._]{0,254}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReference:
    """`name:version`, or a bare `name`, which is the newest version."""

    name: str
    version: int | None = None

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name}:{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One version of a registered model.

    `root` is the name of the registered file or folder; `size` its bytes; `digest` that of the
    manifest. `layer` is the one layer that holds the files under
    `var/azureml-app/azureml-models/<name>/<version>/<root>`, and `diff_id` the digest of its tar,
    which is the layer's own where that is not compressed. A model that is yet to be brought from
    elsewhere has no digests.
    """

    name: str
    version: int
    root: str
    size: int
    digest: str
    layer: Descriptor
    diff_id: str
    created_time: datetime
    framework: str = "Custom"
    framework_version: str | None = None
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.name}:{self.version}"

    @property
    def layer_digest(self) -> str:
        return self.layer.digest

    @property
    def is_here(self) -> bool:
        """Whether the store has it; else only how it is called and how large its files are."""
        return bool(self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDraft:
    """What a registration says about the files; the store adds the version."""

    name: str
    framework: str = "Custom"
    framework_version: str | None = None
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChanges:
    """Properties can be added, never changed. `description` None leaves it as it is."""

    add_tags: Mapping[str, str] = field(default_factory=dict)
    remove_tags: Sequence[str] = ()
    add_properties: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None


class ModelStore(Protocol):
    """Where models are kept: the local workspace's image layout, or a registry."""

    def register(
        self,
        path: Path,
        draft: ModelDraft,
        *,
        compression: Compression = "none",
        emit: Emit = ignore,
    ) -> Model:
        """Stores the file or folder as the next version of `draft.name`.

        Raises StorageError where a file cannot be read or kept, and leaves nothing behind then.
        """

    def add(self, model: Model, layer: Blob, *, emit: Emit = ignore) -> Model:
        """Keeps the model of another store, under its own version; `layer` gives its bytes.

        Raises ConflictError where that version is, or was, another model here.
        """

    def find(self, reference: ModelReference) -> Model:
        """Raises NotFoundError, which names what does exist."""

    def list(self, name: str | None = None) -> tuple[Model, ...]:
        """Every version, by name and then newest first."""

    def update(self, reference: ModelReference, changes: ModelChanges) -> Model:
        """Raises ConflictError where a property would change."""

    def delete(self, reference: ModelReference) -> None: ...

    def unpack(
        self, model: Model, directory: Path, *, overwrite: bool = False, emit: Emit = ignore
    ) -> Path:
        """Writes the registered file or folder into `directory`; returns its path there.

        Raises ConflictError where it is there already, unless `overwrite`.
        """

    def layer(self, model: Model) -> Layer:
        """The model's layer, for an image in the same registry."""


def parse_reference(text: str) -> ModelReference:
    """Reads `name:version` or `name`. Raises ConfigurationError."""
    name, colon, version = text.partition(":")
    if NAME.fullmatch(name) and (not colon or re.fullmatch(r"[1-9][0-9]*", version)):
        return ModelReference(name=name, version=int(version) if colon else None)
    raise ConfigurationError(
        [
            Problem(
                code="bad-model-reference",
                severity="error",
                message=f"{text!r} is not a model: expected name:version or name",
                hint="acideploy model list",
            )
        ]
    )


def check_name(name: str) -> None:
    """Raises ConfigurationError where a model cannot have that name."""
    if not NAME.fullmatch(name):
        raise ConfigurationError(
            [
                Problem(
                    code="bad-model-name",
                    severity="error",
                    message=f"{name!r} is not a model name",
                    hint="use 1 to 255 letters, digits, dashes, periods or underscores, "
                    "starting with a letter or digit",
                )
            ]
        )
