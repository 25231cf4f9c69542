"""The two keys of a service: kept beside it, and put into its container as a file."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from acideploy.clock import Clock
from acideploy.errors import AcideployError, StorageError, UnsupportedError
from acideploy.events import Emit
from acideploy.targets import Keys
from acideploy.targets.aci.group import DEPLOY_TAG, Pull
from acideploy.targets.aci.leftover import tell_leftover
from acideploy.targets.aci.put import body_of, put, tell_failed
from acideploy.targets.aci.record import Revision
from acideploy.targets.aci.secrets import Secrets, keys_name
from acideploy.targets.aci.turn import require_idle, unchanged_since
from acideploy.targets.keys import check_key, new_key

if TYPE_CHECKING:
    from acideploy.targets.aci.target import AciTarget


def kept_keys(secrets: Secrets, group: str) -> Keys:
    """Raises StorageError where they are gone."""
    kept = secrets.get(keys_name(group))
    try:
        return Keys(primary=kept["primaryKey"], secondary=kept["secondaryKey"])
    except KeyError as error:
        raise StorageError(
            f"the keys of {group} are not in {secrets.where}",
            hint=f"{secrets.recovery(keys_name(group))}; or deploy the service again: it gets new "
            "ones, or those of --primary-key and --secondary-key",
        ) from error


def ensure_keys(
    secrets: Secrets, group: str, *, primary: str | None, secondary: str | None
) -> Keys:
    """Those that are given, else those that are kept, else new ones; they are kept then."""
    for key in (primary, secondary):
        check_key(key)
    kept = secrets.get(keys_name(group))
    keys = Keys(
        primary=primary or kept.get("primaryKey") or new_key(),
        secondary=secondary or kept.get("secondaryKey") or new_key(),
    )
    if _values(keys) != kept:
        secrets.put(keys_name(group), _values(keys))
    return keys


def require_auth(revision: Revision | None, name: str) -> Revision:
    """Raises UnsupportedError where the service asks for no key."""
    if revision is None or not revision.auth_enabled:
        raise UnsupportedError(
            f"service {name} asks for no key",
            hint=f"acideploy service update -n {name} --auth-enabled true",
        )
    return revision


def regenerate_key(
    target: AciTarget,
    name: str,
    which: str,
    value: str | None,
    *,
    pull: Pull,
    clock: Clock,
    emit: Emit,
) -> Keys:
    """Replaces a key and changes the group in place: its container starts again.

    Raises BusyError where somebody else is at it, and StorageError where other secrets are gone.
    """
    check_key(value)
    group = target.group(name)
    revision = require_auth(target.revision_of(group), name)
    require_idle(group, name)
    known = target.confidential(revision)
    assert known.keys is not None
    keys = replace(known.keys, **{which: value or new_key()})
    tags = {**group["tags"], DEPLOY_TAG: random.token_hex(8)}
    secret = replace(known, keys=keys)
    body = body_of(target, revision, tags, pull=pull, confidential=secret, emit=emit)
    allow = unchanged_since(group, name)
    before = put(target, revision, body, replacing=False, allow=allow, clock=clock, emit=emit)
    try:
        # Not earlier: another deploy would take what Azure may not take from this one.
        target.secrets.put(keys_name(str(group["name"])), _values(keys))
    except AcideployError as error:
        again = f"acideploy service regen-key -n {name} --key {which}"
        tell_leftover(error, f"a {which} key that nobody knows; another is made with: {again}")
        raise
    try:
        target.wait(revision, before=before, deploy=tags[DEPLOY_TAG], emit=emit)
    except AcideployError as error:
        tell_failed(target, error, revision)
        raise
    return keys


def _values(keys: Keys) -> Mapping[str, str]:
    return {"primaryKey": keys.primary, "secondaryKey": keys.secondary}
