"""Whether the region has Container Instances, and room and quota for the service."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from acideploy.azure.open import Azure
from acideploy.config.problem import Problem
from acideploy.errors import AzureError
from acideploy.plan import Wanted
from acideploy.targets.aci.asking import number_at, text_at, value_at
from acideploy.targets.aci.checks import place_of
from acideploy.targets.aci.container import size_of

NAMESPACE = "Microsoft.ContainerInstance"
_VERSION = "2023-05-01"
_PROVIDER_VERSION = "2022-09-01"
_SIZE = "containerResourceRequirements"


def region_problems(wanted: Wanted, azure: Azure, region: str) -> Iterator[Problem]:
    scope = f"/subscriptions/{azure.workspace.subscription}/providers/{NAMESPACE}"
    provider = azure.manager.get(scope, _PROVIDER_VERSION)
    if text_at(provider, "registrationState") in ("NotRegistered", "Unregistered"):
        yield Problem(
            code="provider-not-registered",
            severity="error",
            message=f"the subscription is not registered for {NAMESPACE}",
            hint=f"az provider register --wait -n {NAMESPACE}",
        )
    offered = _regions(provider)
    if offered and region not in offered:
        similar = get_close_matches(region, offered, n=1)
        yield Problem(
            code="unknown-region",
            severity="error",
            message=f"there are no Container Instances in a region {region!r}",
            place=place_of(wanted.aci, "location"),
            hint=f"set location to {similar[0] if similar else azure.workspace.location}",
        )
        return
    yield from _capacity(wanted, azure, f"{scope}/locations/{region}/capabilities")


def _regions(provider: Any) -> tuple[str, ...]:
    for kind in value_at(provider, "resourceTypes") or ():
        if text_at(kind, "resourceType") == "containerGroups":
            return tuple(normalized(str(each)) for each in value_at(kind, "locations") or ())
    return ()


def _capacity(wanted: Wanted, azure: Azure, path: str) -> Iterator[Problem]:
    """The largest group that the region has for Linux, in a network or not, without a GPU."""
    address = "Private" if wanted.aci and wanted.aci.vnet_name else "Public"
    fitting = [
        each
        for each in azure.manager.list(path, _VERSION)
        if text_at(each, "osType") in ("Linux", "NotSpecified")
        and text_at(each, "ipAddressType") == address
        and text_at(each, "gpu") in (None, "None")
    ]
    if not fitting:
        return
    cpu, memory = size_of(wanted)
    most_cpu = max(number_at(each, "capabilities", "maxCpu") for each in fitting)
    most_memory = max(number_at(each, "capabilities", "maxMemoryInGB") for each in fitting)
    if cpu > most_cpu or memory > most_memory:
        yield Problem(
            code="resource-limit",
            severity="error",
            message=f"the region gives a container group at most {most_cpu:g} cores and "
            f"{most_memory:g} GB, and {cpu:g} and {memory:g} are asked for",
            place=place_of(wanted.aci, f"{_SIZE}.{'cpu' if cpu > most_cpu else 'memoryInGB'}"),
            hint="ask for less, or set location to another region",
        )


def quota_problems(
    wanted: Wanted, azure: Azure, region: str, present: Mapping[str, Any] | None
) -> Iterator[Problem]:
    path = (
        f"/subscriptions/{azure.workspace.subscription}/providers/{NAMESPACE}"
        f"/locations/{region}/usages"
    )
    try:
        usages = list(azure.manager.list(path, _VERSION))
    except AzureError as error:
        if error.status == 400:
            # No such region, of which another check tells.
            return
        raise
    replaced = present if normalized(text_at(present, "location") or "") == region else None
    needed = {
        "ContainerGroups": 0 if replaced else 1,
        "StandardCores": max(0, math.ceil(size_of(wanted).cpu - _cores(replaced))),
    }
    for usage in usages:
        name = text_at(usage, "name", "value") or ""
        limit, taken = number_at(usage, "limit"), number_at(usage, "currentValue")
        if needed.get(name, 0) > limit - taken:
            yield Problem(
                code="quota-reached",
                severity="error",
                message=f"quota {name} in {region}: {taken:g} of {limit:g} are taken, and "
                f"{needed[name]} more needed",
                hint="delete a service, set location to another region, or have the quota raised "
                "in the portal under Quotas",
            )


def _cores(group: Mapping[str, Any] | None) -> float:
    containers = value_at(group, "properties", "containers") or ()
    return sum(number_at(each, "properties", "resources", "requests", "cpu") for each in containers)


def normalized(region: str) -> str:
    """`West US` is `westus`."""
    return region.replace(" ", "").lower()
