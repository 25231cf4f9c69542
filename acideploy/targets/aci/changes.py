"""How a live container group differs from the one that a deploy asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from acideploy.targets.aci.facts import SECRET, TAG, VARIABLE, container_name, facts_of

Verdict: TypeAlias = Literal["keep", "in place", "replace"]

# Says that variables, certificate or authentication are others, secret or not.
_SETTINGS_TAG = "acideploy.part.settings"
_NOT_SHOWN = "(not shown)"

# What Azure changes only by deleting the group and making it anew.
# https://learn.microsoft.com/azure/container-instances/container-instances-update
_FIXED = frozenset(
    {
        *("cpu", "memoryInGB", "cpu limit", "memoryInGB limit"),
        *("osType", "restart policy", "sku", "priority", "zones", "location"),
        *("address type", "ports", "subnet", "name servers"),
        # Not said there; v1 wanted a new service for it.
        "customer-managed key",
    }
)
_FIXED_KINDS = ("container ",)
# What a private address, not given yet, leaves open.
_OF_ADDRESS = frozenset({"address type", "ports", "dnsNameLabel", "DNS label reuse"})
NAMING = frozenset({"dnsNameLabel", "DNS label reuse", "location", "address type"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A field in the user's words, None where there was or will be none. Secrets are not in it.

    `in_place` says whether Azure makes this change without the group being deleted.
    """

    field: str
    before: str | None
    after: str | None
    in_place: bool


def changes(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[Change, ...]:
    """What a deploy of the body `wanted` would change of the group whose GET gave `present`.

    What Azure never gives back is not compared: passwords, secure values, secret files. That one
    of them is another is known by the settings' digest, among the tags.
    """
    name = container_name(wanted)
    before, after = facts_of(present, main=name), facts_of(wanted, main=name)
    fields = [*after, *(each for each in before if each not in after)]
    if not present.get("properties", {}).get("ipAddress") and after.get("address type") != "Public":
        fields = [each for each in fields if each not in _OF_ADDRESS]
    found = [
        _change(field, before.get(field), after.get(field))
        for field in fields
        if before.get(field) != after.get(field)
    ]
    if _settings_differ(present, wanted) and all(_is_apart(each.field) for each in found):
        found.append(_change("secret settings", SECRET, SECRET))
    return tuple(found)


def verdict(changes: Iterable[Change]) -> Verdict:
    """What becomes of the group."""
    found = tuple(changes)
    if not found:
        return "keep"
    return "in place" if all(change.in_place for change in found) else "replace"


def are_of_tags(changes: Iterable[Change]) -> bool:
    """Whether tags alone change: a PATCH does that, and no container is started anew."""
    return all(change.field.startswith(TAG) for change in changes)


def _change(field: str, before: str | None, after: str | None) -> Change:
    fixed = field in _FIXED or field.startswith(_FIXED_KINDS)
    if field.startswith(VARIABLE) and before not in (None, SECRET) and after in (None, SECRET):
        # Whoever takes it away or makes it a secret may have reason to.
        before = _NOT_SHOWN
    return Change(field=field, before=before, after=after, in_place=not fixed)


def _settings_differ(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    there, asked = ((each.get("tags") or {}).get(_SETTINGS_TAG) for each in (present, wanted))
    return bool(there and asked and there != asked)


def _is_apart(field: str) -> bool:
    """Whether a change of the field says nothing of the settings."""
    return field.startswith(TAG) or field == "image"
