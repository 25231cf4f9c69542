"""What changes of a service without a restart: what it is called by, and its keys."""

from __future__ import annotations

from dataclasses import replace

from acideploy.errors import EngineError
from acideploy.plan import Wanted
from acideploy.targets import Keys
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.record import Record, Revision


def relabel(folder: ServiceFolder, record: Record, wanted: Wanted) -> None:
    """Takes over description, tags, properties and the keys that are given."""
    if record.current is None:
        return
    changed = replace(
        record.current,
        description=wanted.description,
        tags=wanted.tags,
        properties=wanted.properties,
    )
    if changed != record.current:
        folder.save(record, current=changed)
    serving = wanted.serving
    if serving.auth_enabled and (serving.primary_key or serving.secondary_key):
        set_keys(folder, changed, primary=serving.primary_key, secondary=serving.secondary_key)


def set_keys(
    folder: ServiceFolder,
    revision: Revision,
    *,
    primary: str | None = None,
    secondary: str | None = None,
) -> Keys:
    """Changes the keys that are given, in the file and in what runs; in neither if one fails."""
    file = folder.key_file(revision)
    before = file.read()
    keys = file.set(primary=primary, secondary=secondary)
    try:
        folder.server(revision).take_keys()
    except EngineError:
        if before:
            file.set(primary=before.primary, secondary=before.secondary)
        raise
    return keys
