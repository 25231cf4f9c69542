"""What a deploy to Azure will ask for: a revision, what of it is secret, and how it is pulled."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from acideploy.clock import Clock
from acideploy.config.problem import Problem
from acideploy.events import Emit, Noticed
from acideploy.plan import Wanted
from acideploy.secret_names import without_passwords
from acideploy.targets.aci.comparison import Comparison, given_secrets
from acideploy.targets.aci.group import (
    DEPLOY_TAG,
    PART_TAG,
    RECORD_TAG,
    REVISION_TAG,
    Confidential,
    Pull,
    group_body,
    without_secrets,
)
from acideploy.targets.aci.record import Revision
from acideploy.targets.aci.target import AciTarget

_INSIGHTS = "2020-02-02"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedImage:
    """`reference` is `<registry>/<repository>@<digest>`, `id` the digest of its config."""

    reference: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Nobody has been asked for anything yet; `keep` writes down what is to be found again."""

    revision: Revision
    confidential: Confidential
    pull: Pull

    def keep(self, target: AciTarget) -> Mapping[str, str]:
        """Keeps the secrets and the record; returns the tags of a group that has the revision."""
        target.keep(self.revision, self.confidential)
        digest = target.revisions(self.revision.service).write(self.revision)
        return {
            **self.revision.group["tags"],
            RECORD_TAG: digest,
            DEPLOY_TAG: secrets.token_hex(8),
        }


def draft(
    wanted: Wanted,
    comparison: Comparison,
    *,
    image: PushedImage,
    pull: Pull,
    target: AciTarget,
    clock: Clock,
    emit: Emit,
) -> Draft:
    """The next revision. Keys are kept, and made where there are none. Raises AzureError."""
    confidential = _confidential(wanted, target, emit)
    number = 1 + _newest(wanted.name, comparison, target)
    body = group_body(
        wanted,
        workspace=target.azure.workspace,
        image=image.reference,
        number=number,
        marks={f"{PART_TAG}{name}": digest for name, digest in comparison.parts.items()},
        pull=pull,
        confidential=confidential,
    )
    revision = _revision(wanted, comparison, image, number, body, confidential, clock)
    return Draft(revision=revision, confidential=confidential, pull=pull)


def _revision(
    wanted: Wanted,
    comparison: Comparison,
    image: PushedImage,
    number: int,
    body: Mapping[str, Any],
    confidential: Confidential,
    clock: Clock,
) -> Revision:
    serving = wanted.serving
    return Revision(
        number=number,
        service=wanted.name,
        created_time=clock.now().isoformat(),
        image=image.reference,
        image_id=image.id,
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


def _newest(name: str, comparison: Comparison, target: AciTarget) -> int:
    """The number of the newest revision, healthy or not; 0 for none."""
    present = (comparison.present or {}).get("tags") or {}
    known = max(target.revisions(name).numbers(), default=0)
    return max(known, int(present.get(REVISION_TAG, 0)))


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
    given = given_secrets(wanted)
    secret = dict(given.variables)
    if serving.app_insights_enabled and (key := insights_key(target)):
        secret["AML_APP_INSIGHTS_KEY"] = key
    return replace(given, keys=keys, variables=secret)


def insights_key(target: AciTarget) -> str | None:
    """Of the workspace's Application Insights; None where there is none."""
    where = target.azure.workspace.insights_id
    found = target.azure.manager.get(where, _INSIGHTS) if where else None
    return str(found["properties"]["InstrumentationKey"]) if found else None


def _kept_here(where: str) -> Problem:
    return Problem(
        code="keys-kept-here",
        severity="note",
        message=f"the workspace has no Key Vault: the keys are kept in {where}",
        hint="acideploy folder attach --key-vault NAME",
    )
