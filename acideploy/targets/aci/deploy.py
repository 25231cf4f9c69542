"""A deploy to Azure: compare with what is there, make the image, ask for the group, wait for it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from acideploy.ahead import ahead
from acideploy.clock import Clock
from acideploy.config.problem import Problem
from acideploy.errors import BusyError, ConflictError
from acideploy.events import Emit, Finished, Noticed, Started
from acideploy.image import Compression
from acideploy.parts import Parts
from acideploy.plan import Wanted
from acideploy.registry.descriptor import digest_to_hex
from acideploy.registry.push import push
from acideploy.stopwatch import Stopwatch
from acideploy.targets import Keys, Service
from acideploy.targets.aci.changes import Change, are_of_tags, changes, verdict
from acideploy.targets.aci.confidential import differs
from acideploy.targets.aci.group import (
    DEPLOY_TAG,
    PART_TAG,
    RECORD_TAG,
    REVISION_TAG,
    VERSION,
    Confidential,
    Pull,
    group_body,
    is_secret,
    without_secrets,
)
from acideploy.targets.aci.pull import choose_pull
from acideploy.targets.aci.record import Revision, without_passwords
from acideploy.targets.aci.secrets import keys_name
from acideploy.targets.aci.target import AciTarget
from acideploy.targets.aci.view import container_of, is_moving, parts_of, state_of

# In place of a secret where only its presence counts.
_HIDDEN = "..."
_INSIGHTS = "2020-02-02"


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

    def require_unchanged(self, group: Mapping[str, Any] | None) -> None:
        """Raises BusyError where another deploy has changed the group since it was compared."""
        then, now = (_deploy_of(each) for each in (self.present, group))
        if now and now != then:
            raise BusyError(
                "another deploy of the service has changed it meanwhile", hint="run this again"
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


def deploy(
    wanted: Wanted,
    comparison: Comparison,
    *,
    target: AciTarget,
    parts: Parts,
    compression: Compression,
    wait: bool,
    clock: Clock,
    emit: Emit,
) -> Service:
    """Carries a deploy out; one that was broken off is taken up where it stands."""
    present = comparison.present
    if present and comparison.keeps:
        emit(Started(task="service", title=f"Service {wanted.name}"))
        emit(Finished(task="service", outcome="reused", detail="unchanged"))
        revision = target.revision_of(present)
        if wait and revision and state_of(present) != "Healthy":
            present = target.wait(revision, emit=emit)
        return target.described(present, revision)
    if present and is_moving(present):
        raise BusyError(
            f"another deploy of service {wanted.name} is under way",
            hint=f"acideploy service show -n {wanted.name} --wait, and run this again",
        )
    if present and comparison.changes_only_tags:
        target.tag(present, wanted.tags)
        emit(Started(task="service", title=f"Service {wanted.name}"))
        emit(Finished(task="service", outcome="done", detail="its tags were changed"))
        return target.find(wanted.name)
    watch = Stopwatch(clock)
    # A new token takes ten seconds, in which the image can be made.
    chosen = ahead(
        lambda: choose_pull(target.azure, secrets=target.secrets, login=parts.login, clock=clock)
    )
    image = parts.images.build(replace(wanted, variables={}), compression=compression, emit=emit)
    repository = f"services/{target.azure.workspace.group_name(wanted.name)}"
    push(
        image.artifact,
        registry=parts.registry,
        repository=repository,
        tag=digest_to_hex(image.digest)[:12],
        clock=clock,
        emit=emit,
        former=_image_digest(present),
    )
    watch.lap("image")
    # That took a while. The keys of another deploy are not to be replaced.
    comparison.require_unchanged(target.azure.manager.get(target.path(wanted.name), VERSION))
    pull = chosen()
    confidential = _confidential(wanted, target, emit)
    reference = f"{target.azure.workspace.registry}/{repository}@{image.digest}"
    revision = _revision(
        wanted,
        comparison,
        target=target,
        image=reference,
        image_id=image.id,
        pull=pull,
        confidential=confidential,
        clock=clock,
    )
    target.keep(revision, confidential)
    digest = target.revisions(wanted.name).write(revision)
    tags = {
        **revision.group["tags"],
        RECORD_TAG: digest,
        DEPLOY_TAG: secrets.token_hex(8),
    }
    watch.lap("keys, record")
    service = target.apply(
        revision,
        tags,
        pull=pull,
        wait=wait,
        replacing=comparison.replaces,
        confidential=confidential,
        watch=watch,
        allow=comparison.require_unchanged,
        emit=emit,
    )
    emit(watch.summed(f"deployed revision {revision.number} of {wanted.name}"))
    return service


def _image_digest(group: Mapping[str, Any] | None) -> str | None:
    """Of the image that a group runs; None where there is none, or only a tag is known."""
    return (
        str(container_of(group)["properties"]["image"]).partition("@")[2] or None if group else None
    )


def _deploy_of(group: Mapping[str, Any] | None) -> str | None:
    return ((group or {}).get("tags") or {}).get(DEPLOY_TAG)


def _revision(
    wanted: Wanted,
    comparison: Comparison,
    *,
    target: AciTarget,
    image: str,
    image_id: str,
    pull: Pull,
    confidential: Confidential,
    clock: Clock,
) -> Revision:
    known = max(target.revisions(wanted.name).numbers(), default=0)
    present = (comparison.present or {}).get("tags") or {}
    number = 1 + max(known, int(present.get(REVISION_TAG, 0)))
    body = group_body(
        wanted,
        workspace=target.azure.workspace,
        image=image,
        number=number,
        marks={f"{PART_TAG}{name}": digest for name, digest in comparison.parts.items()},
        pull=pull,
        confidential=confidential,
    )
    serving = wanted.serving
    return Revision(
        number=number,
        service=wanted.name,
        created_time=clock.now().isoformat(),
        image=image,
        image_id=image_id,
        parts=comparison.parts,
        group=without_secrets(body),
        models=tuple(model.id for model in wanted.models),
        environment=without_passwords(wanted.environment_details),
        environment_digest=comparison.parts["environment"],
        description=wanted.description,
        properties=wanted.properties,
        auth_enabled=bool(serving.auth_enabled),
        ssl_enabled=bool(serving.ssl_enabled),
        app_insights_enabled=bool(serving.app_insights_enabled),
        cname=serving.cname,
        certificate=confidential.certificate,
        entry_script=wanted.code.entry_script,
        source_directory=wanted.code.source_directory,
        origin=str(wanted.code.origin),
    )


def _confidential(wanted: Wanted, target: AciTarget, emit: Emit) -> Confidential:
    """The secrets of what is wanted; keys are kept, and made where there are none."""
    serving = wanted.serving
    keys = None
    if serving.auth_enabled:
        keys = target.ensure_keys(
            target.azure.workspace.group_name(wanted.name),
            primary=serving.primary_key,
            secondary=serving.secondary_key,
        )
        if target.azure.workspace.vault is None:
            emit(Noticed(problem=_kept_here(target.secrets.where)))
    given = _given_secrets(wanted)
    secret = dict(given.variables)
    if serving.app_insights_enabled and (key := insights_key(target)):
        secret["AML_APP_INSIGHTS_KEY"] = key
    return replace(given, keys=keys, variables=secret)


def insights_key(target: AciTarget) -> str | None:
    """Of the workspace's Application Insights; None where there is none."""
    where = target.azure.workspace.insights_id
    found = target.azure.manager.get(where, _INSIGHTS) if where else None
    return str(found["properties"]["InstrumentationKey"]) if found else None


def _text(path: Path | None) -> str | None:
    return path.read_text(encoding="ascii", errors="replace") if path else None


def _kept_here(where: str) -> Problem:
    return Problem(
        code="keys-kept-here",
        severity="note",
        message=f"the workspace has no Key Vault: the keys are kept in {where}",
        hint="acideploy folder attach --key-vault NAME",
    )


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
    return differs(target.secrets, group, number, _given_secrets(wanted))


def _given_secrets(wanted: Wanted) -> Confidential:
    serving = wanted.serving
    return Confidential(
        variables={name: value for name, value in wanted.variables.items() if is_secret(name)},
        certificate=_text(serving.ssl_certificate) if serving.ssl_enabled else None,
        certificate_key=_text(serving.ssl_key) if serving.ssl_enabled else None,
    )


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
