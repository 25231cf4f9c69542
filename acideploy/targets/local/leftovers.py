"""What nothing uses any more: revisions, containers and images of a workspace's services."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from acideploy.errors import EngineError
from acideploy.targets.local import process
from acideploy.targets.local.container_server import remove_container_of
from acideploy.targets.local.engine import Engine
from acideploy.targets.local.engines import Engines
from acideploy.targets.local.folder import ServiceFolder
from acideploy.targets.local.naming import (
    container_name,
    image_prefix,
    is_image_of,
    service_labels,
    workspace_labels,
)


def remove_leftover_revisions(folder: ServiceFolder) -> None:
    """Ends and removes every revision but the current one.

    One whose engine does not answer is left for another time.
    """
    record = folder.record()
    current = record.current if record else None
    run = current.container if current else None
    for path in folder.revisions():
        if current is None or path.name != str(current.number):
            process.stop(path, clock=folder.clock)
            with suppress(EngineError):
                if engine := remove_container_of(path, folder.engines):
                    remove_unused_images(engine, folder.path, kept=run.image if run else None)
                shutil.rmtree(path, ignore_errors=True)


def remove_everything(folder: ServiceFolder) -> None:
    """Ends every revision, and removes their containers and images.

    Raises EngineError where one has a container whose engine does not answer.
    """
    process.stop(folder.path, clock=folder.clock)
    for path in folder.revisions():
        remove_container_of(path, folder.engines)
    for engine in folder.engines.connected():
        remove_containers(engine, service_labels(folder.path))
        remove_unused_images(engine, folder.path)


def remove_containers(engine: Engine, labels: dict[str, str], kept: Collection[str] = ()) -> None:
    """Removes all with these labels but those of the names that are kept."""
    for name in engine.containers(labels):
        if name not in kept:
            engine.remove(name)


def remove_unused_images(engine: Engine, service: Path, *, kept: str | None = None) -> None:
    """Removes the images of the service with this folder, but for one and those in use."""
    for image in engine.images():
        for name in image.tags:
            if name.startswith(image_prefix(service)) and name != kept:
                engine.remove_image(name)


def prune(services: Path, folders: Collection[ServiceFolder], engines: Engines) -> dict[str, int]:
    """Removes containers and images of the workspace that no service has any more.

    Returns the bytes of each image, by its name; nothing where no engine answers.
    """
    with suppress(EngineError):
        engines.find()
    runs = [run for folder in folders for each in folder.recorded() if (run := each.container)]
    for run in runs:
        with suppress(EngineError):
            engines.at(run.engine)
    containers = {container_name(path) for folder in folders for path in folder.revisions()}
    removed: dict[str, int] = {}
    for engine in engines.connected():
        remove_containers(engine, workspace_labels(services), kept=containers)
        for image in engine.images():
            for name in image.tags:
                used = any(name == run.image for run in runs)
                if is_image_of(name, services) and not used and engine.remove_image(name):
                    removed[name] = image.size
    return removed
