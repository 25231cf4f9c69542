"""The names that completion offers: read straight from the state directory, without the workspace.

Nothing here fails; where nothing can be read, there is nothing to offer.
"""

from __future__ import annotations

from pathlib import Path


def service_names() -> tuple[str, ...]:
    """The services of the local workspace, sorted."""
    from acideploy.home import home, services_directory

    try:
        entries = list(services_directory(home()).iterdir())
    except OSError:
        return ()
    return tuple(
        sorted(each.name for each in entries if each.is_dir() and not each.name.startswith("."))
    )


def model_ids() -> tuple[str, ...]:
    """`name:version` of every registered model, sorted."""
    from acideploy.home import home, store_directory
    from acideploy.models.names import model_ids

    return tuple(model_ids(store_directory(home())))


def model_names() -> tuple[str, ...]:
    """The names alone, sorted."""
    from acideploy.home import home, store_directory
    from acideploy.models.names import model_names

    return tuple(model_names(store_directory(home())))


def files(start: str) -> tuple[str, ...]:
    """Paths that begin with `start`; folders end with a slash."""
    folder, slash, _ = start.rpartition("/")
    try:
        entries = sorted(Path(folder + slash or ".").expanduser().iterdir())
    except OSError:
        return ()
    names = (folder + slash + entry.name + ("/" if entry.is_dir() else "") for entry in entries)
    return tuple(name for name in names if name.startswith(start))
