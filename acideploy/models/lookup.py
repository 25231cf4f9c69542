"""Which models there are, and what to say of one that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from acideploy.errors import NotFoundError
from acideploy.models import ModelReference
from acideploy.models.names import from_reference
from acideploy.registry.descriptor import Descriptor, Index

_LAST_VERSION = "acideploy.last-version."
_DELETED = "acideploy.deleted-versions."
_VERSIONS_SHOWN = 5


def find_version(index: Index, reference: ModelReference) -> tuple[int, Descriptor]:
    """The version meant, the newest where none is given, and its manifest. Raises NotFoundError."""
    versions = versions_of(index, reference.name)
    version = max(versions, default=None) if reference.version is None else reference.version
    if version is None or version not in versions:
        names = {found for found, _ in all_models(index)}
        last = last_version(index, reference.name)
        raise not_found(reference, sorted(versions), sorted(names), last=last)
    return version, versions[version]


def versions_of(index: Index, name: str) -> dict[int, Descriptor]:
    return {version: each for (found, version), each in all_models(index).items() if found == name}


def all_models(index: Index) -> Mapping[tuple[str, int], Descriptor]:
    """The manifests of models by name and version; other images in the layout are left out."""
    return {
        model: each
        for each in index.manifests
        if (model := from_reference(each.reference)) is not None
    }


def last_version(index: Index, name: str) -> int:
    """The highest version that `name` ever had, deleted ones included; 0 for a new name."""
    noted = index.annotations.get(_LAST_VERSION + name, "0")
    return max([int(noted) if noted.isdigit() else 0, *versions_of(index, name)])


def note_version(index: Index, name: str, version: int) -> Index:
    """The index that remembers the version even when it is deleted."""
    last = max(version, last_version(index, name))
    return index.with_annotation(_LAST_VERSION + name, str(last))


def is_taken(index: Index, name: str, version: int) -> bool:
    """Whether that version is there, or was and has been deleted."""
    deleted = index.annotations.get(_DELETED + name, "").split()
    return str(version) in deleted or version in versions_of(index, name)


def note_deleted(index: Index, name: str, version: int) -> Index:
    """The index that remembers that there was such a version."""
    deleted = index.annotations.get(_DELETED + name, "").split()
    noted = index.with_annotation(_DELETED + name, " ".join([*deleted, str(version)]))
    return note_version(noted, name, version)


def not_found(
    reference: ModelReference, versions: Sequence[int], names: Sequence[str], *, last: int = 0
) -> NotFoundError:
    """What to say where there are these `versions` of the name, and models of these `names`.

    `last` is the highest version that there ever was, where that is known.
    """
    name = reference.name
    if not versions:
        return NotFoundError(
            f"there is no model {name}", hint=_hint(name, list(names), reference.version)
        )
    shown = ", ".join(str(version) for version in versions[-_VERSIONS_SHOWN:])
    if len(versions) > _VERSIONS_SHOWN:
        shown = f"{versions[0]}, ..., {shown}"
    had = reference.version is not None and 0 < reference.version <= last
    return NotFoundError(
        f"model {name} has no version {reference.version}{' any more' if had else ''}: "
        f"it has version{'s' if len(versions) > 1 else ''} {shown}",
        hint=f"acideploy model list -n {name}",
    )


def _hint(name: str, names: list[str], version: int | None) -> str:
    if not names:
        return f"acideploy model register -n {name} -p <file or folder>"
    folded = {each.lower(): each for each in names}
    close = difflib.get_close_matches(name.lower(), folded, n=1)
    if not close:
        return "acideploy model list"
    meant = folded[close[0]]
    return (
        f"did you mean {meant if version is None else f'{meant}:{version}'}? acideploy model list"
    )
