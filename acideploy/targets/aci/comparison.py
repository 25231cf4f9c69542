"""What is wanted of a service in Azure beside what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acideploy.errors import ConflictError
from acideploy.plan import Wanted
from acideploy.secret_names import is_secret
from acideploy.targets import Keys
from acideploy.targets.aci.changes import Change, are_of_tags, changes, verdict
from acideploy.targets.aci.confidential import differs
from acideploy.targets.aci.group import (
    REVISION_TAG,
    Confidential,
    Pull,
    group_body,
)
from acideploy.targets.aci.secrets import keys_name
from acideploy.targets.aci.target import AciTarget
from acideploy.targets.aci.view import container_of, is_moving, parts_of, state_of

# In place of a secret where only its presence counts.
_HIDDEN = "..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is wanted beside what is there: `present` is the container group, None for none.

    `parts` are the names of what is wanted; `changed` what of them and of the group differs.
    """

    present: Mapping[str, Any] | None
    parts: Mapping[str, str]
    changed_parts: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def keeps(self) -> bool:
        """Whether the service is what is wanted already, or on its way there."""
        if self.present is None or self.changed_parts or self.changes:
            return False
        return is_moving(self.present) or state_of(self.present) in ("Healthy", "Transitioning")

    @property
    def changes_only_tags(self) -> bool:
        """Whether a service that is well gets other tags and nothing else."""
        if self.present is None or self.changed_parts or not self.changes:
            return False
        return are_of_tags(self.changes) and state_of(self.present) == "Healthy"

    @property
    def replaces(self) -> bool:
        """Whether the group has to be deleted first."""
        return self.present is not None and verdict(self.changes) == "replace"

    @property
    def image_digest(self) -> str | None:
        """Of the image that the group runs; None where there is none, or only a tag is known."""
        if self.present is None:
            return None
        return str(container_of(self.present)["properties"]["image"]).partition("@")[2] or None

    def contents(self) -> Iterator[tuple[str, str | None, str]]:
        """Each part whose content differs, with the names of what there is and what is wanted."""
        known = parts_of(self.present) if self.present else {}
        for name in self.changed_parts:
            yield name, known.get(name), self.parts.get(name, "given")

    def require_overwrite(self, name: str, given: bool) -> None:
        """Raises ConflictError where there is such a service and it may not be changed."""
        if not given and self.present is not None and not self.keeps:
            raise ConflictError(
                f"a service named {name!r} exists", hint="add `--overwrite` to replace it"
            )


def compare(wanted: Wanted, target: AciTarget) -> Comparison:
    """Looks at the group and at nothing else. Raises AzureError, StorageError."""
    present = target.observe(wanted.name)
    parts = wanted.parts()
    if present is None:
        return Comparison(present=None, parts=parts)
    known = parts_of(present)
    changed = [name for name, digest in parts.items() if known.get(name) != digest]
    if _keys_change(wanted, target):
        changed.append("keys")
    if "settings" not in changed and _secrets_change(wanted, target, present):
        changed.append("secret settings")
    return Comparison(
        present=present,
        parts=parts,
        changed_parts=tuple(changed),
        changes=changes(present, _as_present(wanted, target, present)),
    )


def given_secrets(wanted: Wanted) -> Confidential:
    """What of the given files is secret."""
    serving = wanted.serving
    return Confidential(
        variables={name: value for name, value in wanted.variables.items() if is_secret(name)},
        certificate=_text(serving.ssl_certificate) if serving.ssl_enabled else None,
        certificate_key=_text(serving.ssl_key) if serving.ssl_enabled else None,
    )


def _text(path: Path | None) -> str | None:
    return path.read_text(encoding="ascii", errors="replace") if path else None


def _keys_change(wanted: Wanted, target: AciTarget) -> bool:
    """Whether keys are given that are not those that are kept."""
    serving = wanted.serving
    if not serving.auth_enabled or not (serving.primary_key or serving.secondary_key):
        return False
    kept = target.secrets.get(keys_name(target.azure.workspace.group_name(wanted.name)))
    given = {"primaryKey": serving.primary_key, "secondaryKey": serving.secondary_key}
    return any(value and kept.get(name) != value for name, value in given.items())


def _secrets_change(wanted: Wanted, target: AciTarget, present: Mapping[str, Any]) -> bool:
    """Whether other secret variables or another TLS key are wanted than those that are kept."""
    number = int((present.get("tags") or {}).get(REVISION_TAG, 0))
    group = target.azure.workspace.group_name(wanted.name)
    return differs(target.secrets, group, number, given_secrets(wanted))


def _as_present(wanted: Wanted, target: AciTarget, present: Mapping[str, Any]) -> Mapping[str, Any]:
    """The group that is wanted, with what only a deploy would find out as it is there already."""
    serving = wanted.serving
    properties = present["properties"]
    logins = properties.get("imageRegistryCredentials") or [{}]
    hidden = [name for name in wanted.variables if is_secret(name)]
    if serving.app_insights_enabled and target.azure.workspace.insights_id:
        hidden.append("AML_APP_INSIGHTS_KEY")
    tags = present.get("tags") or {}
    return group_body(
        wanted,
        workspace=target.azure.workspace,
        image=str(container_of(present)["properties"]["image"]),
        number=int(tags.get(REVISION_TAG, 0)),
        marks={name: text for name, text in tags.items() if name.startswith("acideploy.")},
        pull=Pull(
            kind="present",
            identity=logins[0].get("identity"),
            username=logins[0].get("username"),
            password=_HIDDEN,
        ),
        confidential=Confidential(
            keys=Keys(primary=_HIDDEN, secondary=_HIDDEN) if serving.auth_enabled else None,
            variables=dict.fromkeys(hidden, _HIDDEN),
            certificate=_HIDDEN if serving.ssl_enabled else None,
            certificate_key=_HIDDEN if serving.ssl_enabled else None,
        ),
    )
