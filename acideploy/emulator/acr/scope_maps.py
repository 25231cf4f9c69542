"""What scope maps allow: `repositories/foo/content/read`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from acideploy.emulator.acr.errors import registry_error

_ACTION = re.compile(
    r"(repositories/.+/(content/(read|write|delete)|metadata/(read|write))|gateway/.+)"
)
_ALL = "repositories/*/"
# By name: what it is for, and the actions.
SYSTEM_DEFINED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "_repositories_admin": (
        "Can perform all read, write and delete operations on the registry",
        (
            _ALL + "metadata/read",
            _ALL + "metadata/write",
            _ALL + "content/read",
            _ALL + "content/write",
            _ALL + "content/delete",
        ),
    ),
    "_repositories_pull": ("Can pull any repository of the registry", (_ALL + "content/read",)),
    "_repositories_pull_metadata_read": (
        "Can pull any repository of the registry and read its metadata",
        (_ALL + "content/read", _ALL + "metadata/read"),
    ),
    "_repositories_push": (
        "Can push to any repository of the registry",
        (_ALL + "content/read", _ALL + "content/write"),
    ),
    "_repositories_push_metadata_write": (
        "Can perform all read and write operations on the registry",
        (
            _ALL + "metadata/read",
            _ALL + "metadata/write",
            _ALL + "content/read",
            _ALL + "content/write",
        ),
    ),
}


def check_actions(actions: object) -> list[str]:
    """The actions of a request. Raises ArmError for none and for what is no action."""
    texts = actions if isinstance(actions, list) else []
    wrong = [each for each in texts if not isinstance(each, str) or not _ACTION.fullmatch(each)]
    if not texts or wrong:
        raise registry_error(
            400, "InvalidActions", f"The actions {wrong or actions} of the scope map are not valid."
        )
    return texts
