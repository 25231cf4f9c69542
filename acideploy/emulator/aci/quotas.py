"""What a region has room for, and how much of it is taken."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from acideploy.emulator.aci.refusals import no_capacity, quota_reached
from acideploy.emulator.store import Document

# The most that a group can have.
CPU_MOST = 31
MEMORY_MOST = 240


@dataclass(frozen=True, kw_only=True)
class Quota:
    name: str
    title: str
    limit: int


# As they are listed, with two titles that are wrong there, too.
QUOTAS = (
    Quota(name="ContainerGroups", title="Container Groups", limit=1000),
    Quota(name="StandardCores", title="Standard Cores", limit=4000),
    Quota(name="StandardSpotCores", title="Standard Spot Cores", limit=100),
    Quota(name="StandardK80Cores", title="Standard K80 Cores", limit=100),
    Quota(name="StandardP100Cores", title="Standard P100 Cores", limit=100),
    Quota(name="StandardV100Cores", title="Standard V100 Cores", limit=100),
    Quota(name="DedicatedContainerGroups", title="Dedicated Container Groups", limit=0),
    Quota(name="DedicatedCores", title="Dedicated Cores", limit=4000),
    Quota(name="ConfidentialContainerGroups", title="Dedicated Container Groups", limit=1000),
    Quota(name="ConfidentialCores", title="Dedicated Cores", limit=4000),
)


def usage(groups: Iterable[Document], region: str) -> dict[str, int]:
    """How much of each quota the groups of a region take; cores are rounded up at the end."""
    taken = dict.fromkeys((quota.name for quota in QUOTAS), 0.0)
    for group in groups:
        if group["location"] == region:
            for name, amount in _needs(group).items():
                taken[name] += amount
    return {name: math.ceil(amount) for name, amount in taken.items()}


def check_quotas(group: Document, others: Iterable[Document], region: str) -> None:
    """Raises ArmError when the region has not room enough, or no group can be that large."""
    cpu, memory = sizes(group)
    if cpu > CPU_MOST or memory > MEMORY_MOST:
        raise capacity_error(group, region)
    taken = usage(others, region)
    for quota in QUOTAS:
        needed = math.ceil(_needs(group).get(quota.name, 0))
        if needed and taken[quota.name] + needed > quota.limit:
            raise quota_reached(
                quota.name, region, limit=quota.limit, usage=taken[quota.name], requested=needed
            )


def sizes(group: Document) -> tuple[float, float]:
    """Cores and GB of memory that a group asks for."""
    requests = [
        each["properties"]["resources"]["requests"] for each in group["properties"]["containers"]
    ]
    return sum(each["cpu"] for each in requests), sum(each["memoryInGB"] for each in requests)


def capacity_error(group: Document, region: str) -> Exception:
    cpu, memory = sizes(group)
    properties = group["properties"]
    network = " virtual network" if properties.get("subnetIds") else ""
    return no_capacity(region, cpu=cpu, memory=memory, os=properties["osType"], network=network)


def _needs(group: Document) -> dict[str, float]:
    properties = group["properties"]
    sku, (cpu, _) = properties.get("sku", "Standard"), sizes(group)
    if sku in ("Dedicated", "Confidential"):
        return {f"{sku}ContainerGroups": 1, f"{sku}Cores": cpu}
    requests = (each["properties"]["resources"]["requests"] for each in properties["containers"])
    gpu = next((each["gpu"].get("sku") for each in requests if "gpu" in each), None)
    kind = "Spot" if properties.get("priority") == "Spot" else gpu or ""
    cores = f"Standard{kind}Cores"
    known = cores if any(quota.name == cores for quota in QUOTAS) else "StandardCores"
    return {"ContainerGroups": 1, known: cpu}
