"""Changeable attributes: what may be done with a repository, a manifest or a tag."""

from __future__ import annotations

from typing import Any, Protocol

from acideploy.emulator.acr.data.errors import RegistryError, disallowed

ATTRIBUTES = ("deleteEnabled", "writeEnabled", "readEnabled", "listEnabled")


class Lockable(Protocol):
    @property
    def locks(self) -> dict[str, bool]: ...


def attributes(thing: Lockable) -> dict[str, bool]:
    return {name: thing.locks.get(name, True) for name in ATTRIBUTES}


def check(*names: str, things: list[Lockable | None]) -> None:
    """Raises RegistryError when one of the things forbids one of what is named."""
    if any(not attributes(thing)[name] for thing in things if thing for name in names):
        raise disallowed()


def read_attributes(content: Any) -> dict[str, bool]:
    """The body of a request that changes attributes. Others beside the four are ignored."""
    if not isinstance(content, dict):
        raise RegistryError(400, "INVALID_REQUEST", "the body is not an object of attributes")
    changes = {name: content[name] for name in ATTRIBUTES if content.get(name) is not None}
    if wrong := [name for name, value in changes.items() if not isinstance(value, bool)]:
        raise RegistryError(400, "INVALID_REQUEST", f"{wrong[0]} is not true or false")
    return changes
