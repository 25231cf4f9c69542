"""What each code means with which Azure refuses a container group, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable

from acideploy.errors import BusyError, ConflictError
from acideploy.targets.aci.answer import Meaning, Put
from acideploy.targets.aci.hosting import less_or_elsewhere

_DELEGATION = "Microsoft.ContainerInstance/containerGroups"
_LIMITS = re.compile(r"Limit: '(\d+)', Usage: '(\d+)',? Requested: '(\d+)'")
_REGIONS = re.compile(r"List of available regions[^']*'([^']+)'")
_BUSY = (
    "ContainerGroupTransitioning",
    "ConflictingConcurrentWriteNotAllowed",
    "AnotherOperationInProgress",
)


def meaning(put: Put) -> Meaning:
    """Of an answer with a code. One that is not known is told as it is, with its code."""
    if found := _BY_CODE.get(put.code.lower()):
        return found(put)
    return next((found(put) for part, found in _BY_PART if part in put.code.lower()), _other(put))


def _other(put: Put) -> Meaning:
    return Meaning(cause=f"{put.said.rstrip('.')} ({put.code})", hint=put.hint)


def _no_image(put: Put) -> Meaning:
    image = put.quoted("image", "of the service")
    registry = image.partition(".")[0] if "." in image.partition("/")[0] else "REGISTRY"
    return Meaning(
        cause=f"Azure finds no image {image}, or may not pull it",
        hint="`acideploy workspace show` tells how images are pulled; an identity needs a role: "
        "az role assignment create --assignee IDENTITY --role AcrPull "
        f"--scope $(az acr show -n {registry} --query id -o tsv)",
    )


def _registry_failed(put: Put) -> Meaning:
    server = put.quoted("registry", "of the image")
    is_hub = "docker.io" in server
    return Meaning(
        cause=f"the registry {server} answered Azure with an error",
        hint="take a base image from mcr.microsoft.com: Docker Hub limits the pulls of Azure"
        if is_hub
        else "run the same command again in a few minutes",
        temporary=True,
    )


def _quota(put: Put) -> Meaning:
    name = put.quoted("quota", "for container groups")
    numbers = _LIMITS.search(put.said)
    told = f" (limit {numbers[1]}, used {numbers[2]}, asked for {numbers[3]})" if numbers else ""
    return Meaning(
        cause=f"the subscription's quota {name} in {put.location} does not allow it{told}",
        hint="delete what is not needed (`acideploy service list`), ask for less with "
        "`--cpu-cores`, or deploy elsewhere with `--location`",
    )


def _no_room(put: Put) -> Meaning:
    if put.status is not None and put.status >= 500:
        return Meaning(
            cause="Azure Container Instances is not available at the moment",
            hint="run the same command again in a few minutes",
            temporary=True,
        )
    network = " in a virtual network" if "virtual network" in put.said else ""
    return Meaning(
        cause=f"{put.location} has no room for {put.cpu:g} cores and {put.memory:g} GB{network} "
        "at the moment",
        hint=less_or_elsewhere(),
    )


def _label(put: Put) -> Meaning:
    label = put.quoted("label", "that is asked for")
    if put.code.lower().startswith("invalid"):
        return Meaning(
            cause=f"the DNS name label {label} is not valid",
            hint="give 5 to 63 lowercase letters, digits and hyphens with `--dns-name-label`, "
            "a letter first",
        )
    if "notsupported" in put.code.lower():
        return Meaning(
            cause="a service in a virtual network has no DNS name label",
            hint="leave dnsNameLabel out, or vnetName and subnetName",
        )
    return Meaning(
        cause=f"the DNS name label {label} is taken in {put.location}",
        hint="choose another with `--dns-name-label`",
        kind=ConflictError,
    )


def _busy(put: Put) -> Meaning:
    return Meaning(
        cause="another operation on it is under way",
        hint=f"`acideploy service show -n {put.service}` tells its state; "
        "run the same command again when it has ended",
        kind=BusyError,
    )


def _not_in_place(put: Put) -> Meaning:
    return Meaning(
        cause="Azure does not change this of a service that runs",
        hint=f"acideploy service delete -n {put.service}, and deploy it again",
    )


def _content(put: Put) -> Meaning:
    path = re.search(r"Path '([^']+)'", put.said)
    told = f" (at {path[1]})" if path else ""
    return Meaning(
        cause=f"Azure does not understand what it was asked for{told}",
        hint="run it again with `--debug`, and report what it says to acideploy's makers",
    )


def _not_allowed(put: Put) -> Meaning:
    if "was not found" in put.said:
        return Meaning(cause=f"{put.said.rstrip('.')} ({put.code})", hint=put.hint)
    action = put.quoted("perform action", "")
    scope = put.quoted("(?:over|on) scope", "")
    cause = "you lack a permission"
    if action:
        cause += f", {action}" + (f", on {scope}" if scope else "")
    return Meaning(cause=cause, hint=put.hint)


def _not_registered(put: Put) -> Meaning:
    provider = put.quoted("namespace", "Microsoft.ContainerInstance")
    return Meaning(
        cause=f"the subscription is not registered for {provider}",
        hint=f"az provider register --wait -n {provider}",
    )


def _no_group(put: Put) -> Meaning:
    group = put.quoted("resource group", "of the workspace")
    return Meaning(
        cause=f"there is no resource group {group}",
        hint=f"name another with `--resource-group`, or: az group create -n {group} "
        f"-l {put.location}",
    )


def _no_subscription(put: Put) -> Meaning:
    return Meaning(
        cause=f"there is no subscription {put.quoted('subscription', 'of that id')} for you",
        hint="`az account list -o table` tells them; name one with `--subscription-id`",
    )


def _no_location(put: Put) -> Meaning:
    regions = _REGIONS.search(put.said)
    told = f": {regions[1].replace(',', ', ')}" if regions else ""
    return Meaning(
        cause=f"Azure Container Instances are not offered in {put.location}",
        hint=f"choose another region with `--location`{told}",
    )


def _elsewhere(put: Put) -> Meaning:
    there = put.quoted("in location", "another region")
    return Meaning(
        cause=f"it is in {there} already, and cannot move to {put.location}",
        hint=f"deploy with `--location {there}`, or first: acideploy service delete "
        f"-n {put.service}",
        kind=ConflictError,
    )


def _policy(put: Put) -> Meaning:
    name = re.search(r"policyAssignment[^}]*?'?name'?\W+([\w .-]+)", put.said)
    told = f" ({name[1].strip()})" if name else ""
    return Meaning(
        cause=f"a policy of the subscription forbids it{told}",
        hint="policies ask for tags (`--tag`), regions (`--location`) or a network "
        "(`--vnet-name`, `--subnet-name`); the policy's owner knows",
    )


def _login(put: Put) -> Meaning:
    return Meaning(
        cause=f"Azure does not accept its login to the registry ({put.code})",
        hint="`acideploy workspace show` tells how images are pulled; "
        "`acideploy folder attach` sets it",
    )


def _network(put: Put) -> Meaning:
    return Meaning(
        cause=f"it cannot use the virtual network: {put.said.rstrip('.')} ({put.code})",
        hint="az network vnet subnet update --vnet-name VNET -n SUBNET -g GROUP "
        f"--delegations {_DELEGATION}",
    )


_Read = Callable[[Put], Meaning]
_BY_CODE: dict[str, _Read] = {
    "inaccessibleimage": _no_image,
    "registryerrorresponse": _registry_failed,
    "serviceunavailable": _no_room,
    "invalidcontainergroupupdate": _not_in_place,
    "invalidrequestcontent": _content,
    "authorizationfailed": _not_allowed,
    "linkedauthorizationfailed": _not_allowed,
    "missingsubscriptionregistration": _not_registered,
    "subscriptionnotregistered": _not_registered,
    "resourcegroupnotfound": _no_group,
    "subscriptionnotfound": _no_subscription,
    "invalidresourcelocation": _elsewhere,
    "requestdisallowedbypolicy": _policy,
    **{code.lower(): _busy for code in _BUSY},
}
# What is part of several codes.
_BY_PART: tuple[tuple[str, _Read], ...] = (
    ("quota", _quota),
    ("dnsnamelabel", _label),
    ("dnslabel", _label),
    ("insufficientcapacity", _no_room),
    ("locationnotavailable", _no_location),
    ("invalidlocation", _no_location),
    ("imageregistry", _login),
    ("imageresitry", _login),
    ("invalidrequest", _content),
    ("subnet", _network),
    ("networkprofile", _network),
    ("virtualnetwork", _network),
)
