"""What keeps Azure from running a container: its image, its volumes, its network, no room."""

from __future__ import annotations

import re
from collections.abc import Sequence

from acideploy.errors import AzureError
from acideploy.targets.aci.happened import Body, ContainerView, Happening

_PULL_WAITS = "ImagePullBackOff"
# Pulls that have to fail before it is believed, where the reason may pass.
_ANY_PULL = 3
_NETWORK = frozenset(
    {"JoinNetwork", "PrepareNetwork", "DelegateSubnet", "ProvisionNetworkInterface"}
)
_CAPACITY = "InsufficientCapacity"
_IMAGE = re.compile(r'image "([^"]+)"')
# Registries' codes and statuses, which only the text of the event has.
_UNKNOWN = re.compile(r"manifest unknown|MANIFEST_UNKNOWN|NAME_UNKNOWN|not found|\b404\b")
_REFUSED = re.compile(r"unauthorized|UNAUTHORIZED|DENIED|denied|authenticat|\b40[13]\b")
_LIMITED = re.compile(r"toomanyrequests|TOOMANYREQUESTS|\b429\b")
_OTHER_PLATFORM = re.compile(r"no match(ing)? .*(platform|manifest)|no matching manifest")
_FULL = re.compile(r"no space left", re.IGNORECASE)


def hosting_failure(
    group: Body,
    view: ContainerView,
    events: Sequence[Happening],
    *,
    service: str,
    detail: str | None,
) -> AzureError | None:
    """Why Azure cannot run the container; None while it may still."""
    failed = _gave_up(group)
    found = _no_room(group, events) or _no_image(group, view, events, failed)
    found = found or _no_volume(events, failed) or _no_network(events, failed)
    if found is None and failed:
        found = _given_up(group, events)
    if found is None:
        return None
    code, cause, hint = found
    return AzureError(f"service {service} failed: {cause}", hint=hint, detail=detail, code=code)


_Found = tuple[str, str, str]


def _gave_up(group: Body) -> bool:
    """An operation, whose body has events too, has a `status`."""
    state = group.get("properties", {}).get("provisioningState") or group.get("status")
    return bool(state == "Failed")


def _no_room(group: Body, events: Sequence[Happening]) -> _Found | None:
    if not any(event.name.startswith(_CAPACITY) for event in events):
        return None
    where = f" in {group['location']}" if "location" in group else ""
    requests = [
        (container.get("properties", {}).get("resources") or {}).get("requests") or {}
        for container in group.get("properties", {}).get("containers") or ()
    ]
    cpu = sum(each.get("cpu", 0) for each in requests)
    memory = sum(each.get("memoryInGB", 0) for each in requests)
    size = f" for {cpu:g} cores and {memory:g} GB" if cpu and memory else ""
    return _CAPACITY, f"Azure has no room{size}{where} at the moment", less_or_elsewhere()


def less_or_elsewhere() -> str:
    """The hint where a region is full."""
    return (
        "ask for less with `--cpu-cores` and `--memory-gb`, deploy elsewhere with `--location`, "
        "or try again later"
    )


def _no_image(
    group: Body, view: ContainerView, events: Sequence[Happening], failed: bool
) -> _Found | None:
    """An image that is not there will not be; what a registry refuses, it may still allow."""
    pulls = [e for e in events if e.name == "Failed" and "pull image" in e.message.lower()]
    waits = [e for e in events if e.name == "BackOff" and "pulling image" in e.message.lower()]
    if not pulls and not waits:
        return None
    # Only the failures say why.
    told = (pulls or waits)[-1].message
    times = max(sum(event.count for event in each) for each in (pulls, waits))
    match = _IMAGE.search(told)
    image = match[1] if match else "of the service"
    for pattern, enough, cause, hint in _pull_causes(image, _puller(group)):
        if pattern.search(told):
            return (_PULL_WAITS, cause, hint) if times >= enough or failed else None
    if times < _ANY_PULL and not failed:
        return None
    reason = told.partition('": ')[2].rstrip(".") or view.waits_for
    return (
        _PULL_WAITS,
        f"Azure cannot pull the image {image}" + (f": {reason}" if reason else ""),
        "`acideploy workspace show` tells the registry, which must be up and reachable",
    )


def _pull_causes(image: str, puller: str) -> tuple[tuple[re.Pattern[str], int, str, str], ...]:
    """What the text of a failure means, after how many, and what to do, most special first."""
    return (
        (
            _LIMITED,
            _ANY_PULL,
            f"the registry answers too many requests for the image {image}",
            "try again later, or take a base image from mcr.microsoft.com",
        ),
        (
            _OTHER_PLATFORM,
            1,
            f"the image {image} is for another kind of processor",
            "choose a base image for linux/amd64 with `--base-image`",
        ),
        (
            _FULL,
            1,
            f"the image {image} is larger than Azure has room for",
            "leave packages out of the conda file, or choose a smaller base image",
        ),
        (
            _REFUSED,
            2,
            f"the registry does not let Azure pull the image {image}",
            _allowing(image, puller),
        ),
        (
            _UNKNOWN,
            1,
            f"the registry has no image {image}",
            "deploy it again with `--overwrite`, which pushes what is missing",
        ),
    )


def _puller(group: Body) -> str:
    """The principal of the identity that pulls; empty where a user and a password do."""
    identities = (group.get("identity") or {}).get("userAssignedIdentities") or {}
    return next(((each or {}).get("principalId") or name for name, each in identities.items()), "")


def _allowing(image: str, puller: str) -> str:
    if not puller:
        return "deploy it again with `--overwrite`, which makes the login to the registry anew"
    registry = image.partition(".")[0]
    return (
        f"az role assignment create --assignee {puller} --role AcrPull "
        f"--scope $(az acr show -n {registry} --query id -o tsv)"
    )


def _no_volume(events: Sequence[Happening], failed: bool) -> _Found | None:
    mounts = [event for event in events if event.name in ("FailedMount", "FailedAttachVolume")]
    if sum(event.count for event in mounts) < 2 and not (mounts and failed):
        return None
    return (
        mounts[-1].name,
        f"Azure cannot mount a volume: {mounts[-1].message.rstrip('.')}",
        "deploy it again with `--overwrite`",
    )


def _no_network(events: Sequence[Happening], failed: bool) -> _Found | None:
    joins = [event for event in events if event.name in _NETWORK and event.warning]
    if sum(event.count for event in joins) < 2 and not (joins and failed):
        return None
    return (
        joins[-1].name,
        f"it cannot join the virtual network: {joins[-1].message.rstrip('.')}",
        "az network vnet subnet update --vnet-name VNET -n SUBNET -g GROUP "
        "--delegations Microsoft.ContainerInstance/containerGroups",
    )


def _given_up(group: Body, events: Sequence[Happening]) -> _Found:
    warnings = [event for event in events if event.warning]
    where = f" in {group['location']}" if "location" in group else ""
    told = f": {warnings[-1].message.rstrip('.')}" if warnings else ""
    return "Failed", f"Azure could not start it{where}{told}", less_or_elsewhere()
