"""Whether something can be done with a service now, and that nobody else changes it meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from acideploy.errors import BusyError, ServiceFailedError
from acideploy.targets.aci.group import DEPLOY_TAG
from acideploy.targets.aci.view import is_moving, state_of

# Raises BusyError where the group as it is now, None for none, is not to be changed.
Allow: TypeAlias = Callable[[Mapping[str, Any] | None], None]


def require_idle(group: Mapping[str, Any] | None, service: str) -> None:
    """Raises BusyError where an operation on the group is under way."""
    if group and is_moving(group):
        raise under_way(service)


def under_way(service: str) -> BusyError:
    return BusyError(
        f"another operation on service {service} is under way",
        hint=f"acideploy service show -n {service} --wait, and run this again",
    )


def require_running(group: Mapping[str, Any], service: str) -> None:
    """Raises ServiceFailedError where the service was stopped."""
    if state_of(group) == "Stopped":
        raise ServiceFailedError(
            f"service {service} is stopped", hint=f"acideploy service start -n {service}"
        )


def unchanged_since(then: Mapping[str, Any] | None, service: str) -> Allow:
    """Raises BusyError, for the group as it is later, where somebody has deployed to it."""

    def allow(now: Mapping[str, Any] | None) -> None:
        if (theirs := _deploy_of(now)) and theirs != _deploy_of(then):
            raise BusyError(
                f"somebody else has changed service {service} meanwhile", hint="run this again"
            )

    return allow


def require_ours(group: Mapping[str, Any] | None, deploy: str, service: str) -> None:
    """Raises BusyError where the group is what another deploy, of another tag, has made it."""
    if (theirs := _deploy_of(group)) and theirs != deploy:
        raise BusyError(
            f"another deploy of service {service} took its place",
            hint=f"acideploy service show -n {service} --wait",
        )


def _deploy_of(group: Mapping[str, Any] | None) -> str | None:
    """What tells one deploy, or change of keys, from another."""
    return ((group or {}).get("tags") or {}).get(DEPLOY_TAG)
