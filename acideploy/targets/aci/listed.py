"""All services of a workspace, looked at at the same time: a list alone does not tell states."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from acideploy.targets import Service
from acideploy.targets.aci.group import VERSION
from acideploy.targets.aci.view import service_name, tells_its_row

if TYPE_CHECKING:
    from acideploy.targets.aci.target import AciTarget

# Groups that are looked at at the same time.
_AT_ONCE = 16


def list_services(target: AciTarget, *, brief: bool) -> tuple[Service, ...]:
    """By their names. `brief` leaves away what only records tell, where groups tell the rest."""
    manager = target.azure.manager
    listed = manager.list(target.azure.workspace.groups, VERSION)
    paths = [str(each["id"]) for each in listed if service_name(each)]

    def look(path: str) -> Service | None:
        group = manager.get(path, VERSION)
        if group is None:
            return None
        enough = brief and tells_its_row(group)
        return target.described(group, None if enough else target.revision_of(group))

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
        found = [service for service in threads.map(look, paths) if service]
    return tuple(sorted(found, key=lambda service: service.name))
