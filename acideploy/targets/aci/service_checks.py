"""What Azure itself can tell before a service is made: whether there is room, and the way is free.

Nothing is changed by asking, and what cannot be asked is a note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from acideploy.azure.open import Azure
from acideploy.config.problem import Problem
from acideploy.errors import AcideployError, AzureError, NotFoundError
from acideploy.plan import Wanted
from acideploy.targets.aci.access_checks import pull_problems, vault_problems
from acideploy.targets.aci.asking import Check, text_at, value_at
from acideploy.targets.aci.checks import image_problems, place_of
from acideploy.targets.aci.group import dns_label
from acideploy.targets.aci.network_checks import network_problems
from acideploy.targets.aci.region_checks import (
    NAMESPACE,
    normalized,
    quota_problems,
    region_problems,
)

_VERSION = "2023-05-01"
_UNDER_WAY = frozenset({"Pending", "Creating", "Updating", "Repairing"})


def online_problems(
    wanted: Wanted,
    azure: Azure,
    *,
    present: Mapping[str, Any] | None,
    overwrite: bool,
    image_size: Callable[[], int] | None = None,
) -> tuple[Problem, ...]:
    """Of the service itself, region, quota, DNS label, network, registry, Key Vault and image.

    `present` is the container group as it is now, None for none. `image_size` finds out what is
    known of the image's bytes, and raises NotFoundError where its base image is nowhere. All
    questions are asked at once. Nothing for another target.
    """
    if wanted.aci is None:
        return ()
    checks = _checks(wanted, azure, present)
    if image_size:
        scope = azure.workspace.registry_id or azure.workspace.registry
        checks = (*checks, Check("image", scope, lambda: _image(image_size)))
    with ThreadPoolExecutor(max_workers=len(checks)) as pool:
        outcomes = list(pool.map(_outcome, checks))
    found = [each for outcome in outcomes if isinstance(outcome, tuple) for each in outcome]
    failed = [
        (check, outcome)
        for check, outcome in zip(checks, outcomes, strict=True)
        if isinstance(outcome, AcideployError)
    ]
    return (*_of_present(wanted, present, overwrite=overwrite), *found, *_not_checked(failed))


def _checks(wanted: Wanted, azure: Azure, present: Mapping[str, Any] | None) -> tuple[Check, ...]:
    workspace = azure.workspace
    assert wanted.aci is not None
    region = normalized(wanted.aci.location or workspace.location)
    subscription = f"/subscriptions/{workspace.subscription}"
    registry = workspace.registry_id or subscription
    return (
        Check("region", subscription, lambda: region_problems(wanted, azure, region)),
        Check("quota", subscription, lambda: quota_problems(wanted, azure, region, present)),
        Check("DNS label", subscription, lambda: _label(wanted, azure, region, present)),
        Check("virtual network", subscription, lambda: network_problems(wanted, azure, region)),
        Check("container registry", registry, lambda: pull_problems(azure)),
        Check("Key Vault", subscription, lambda: vault_problems(azure)),
    )


def _outcome(check: Check) -> tuple[Problem, ...] | AcideployError:
    try:
        return tuple(check.look())
    except AcideployError as error:
        return error


def _not_checked(failed: Sequence[tuple[Check, AcideployError]]) -> Iterator[Problem]:
    """One note for all that failed for the same reason, such as a network that is down."""
    reasons: dict[tuple[str, str | None], list[str]] = {}
    for check, error in failed:
        hint = error.hint
        if isinstance(error, AzureError) and error.status == 403:
            hint = f"az role assignment create --assignee YOU --role Reader --scope {check.scope}"
        reasons.setdefault((error.message, hint), []).append(check.what)
    for (message, hint), whats in reasons.items():
        yield Problem(
            code="not-checked",
            severity="note",
            message=f"{', '.join(whats)}: not checked, since {message}",
            hint=hint,
        )


def _of_present(
    wanted: Wanted, present: Mapping[str, Any] | None, *, overwrite: bool
) -> Iterator[Problem]:
    if present is None:
        return
    state = text_at(present, "properties", "provisioningState")
    if state in _UNDER_WAY:
        yield Problem(
            code="busy",
            severity="error",
            message=f"another operation on service {wanted.name} is under way: it is {state}",
            hint=f"wait until `acideploy service show -n {wanted.name}` says another state",
        )
    if not overwrite:
        yield Problem(
            code="service-exists",
            severity="error",
            message=f"a service named {wanted.name!r} exists",
            hint="add `--overwrite` to replace it",
        )


def _label(
    wanted: Wanted, azure: Azure, region: str, present: Mapping[str, Any] | None
) -> Iterator[Problem]:
    """Whether another group of the subscription has the label; of others' nobody can tell."""
    workspace = azure.workspace
    label = dns_label(wanted, workspace)
    if label is None:
        return
    own = text_at(present, "id") or f"{workspace.groups}/{workspace.group_name(wanted.name)}"
    path = f"/subscriptions/{workspace.subscription}/providers/{NAMESPACE}/containerGroups"
    for group in azure.manager.list(path, _VERSION):
        address = value_at(group, "properties", "ipAddress")
        # With another scope the name has a hash in it, and is nobody else's.
        scope = text_at(address, "autoGeneratedDomainNameLabelScope") or "Unsecure"
        if (
            (text_at(address, "dnsNameLabel") or "").lower() == label.lower()
            and scope == "Unsecure"
            and normalized(text_at(group, "location") or "") == region
            and (text_at(group, "id") or "").lower() != own.lower()
        ):
            yield Problem(
                code="dns-label-taken",
                severity="error",
                message=f"container group {text_at(group, 'name')} in {region} has the DNS label "
                f"{label!r} already",
                place=place_of(wanted.aci, "dnsNameLabel"),
                hint="set dnsNameLabel to another label, or delete that group",
            )


def _image(size: Callable[[], int]) -> Iterator[Problem]:
    try:
        yield from image_problems(size())
    except NotFoundError as error:
        yield Problem(
            code="base-image-not-found", severity="error", message=error.message, hint=error.hint
        )
