"""What a deploy to Azure would do: nothing is made, pushed or changed to find that out."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from acideploy.clock import Clock
from acideploy.errors import AzureError
from acideploy.events import Emit, ignore
from acideploy.image import Compression
from acideploy.parts import Parts
from acideploy.plan import KeysFate, Plan, Wanted
from acideploy.registry.authentication import Password
from acideploy.targets.aci.access_checks import may_make_token
from acideploy.targets.aci.changes import Change
from acideploy.targets.aci.comparison import Comparison
from acideploy.targets.aci.container import size_of
from acideploy.targets.aci.layers import foreseen_layers
from acideploy.targets.aci.plan import make_azure_plan
from acideploy.targets.aci.prices import price_of
from acideploy.targets.aci.pull import known_token, token_name
from acideploy.targets.aci.secrets import keys_name
from acideploy.targets.aci.target import AciTarget


def preview(
    wanted: Wanted,
    comparison: Comparison,
    *,
    target: AciTarget,
    parts: Parts,
    compression: Compression,
    cache: Path,
    clock: Clock,
    emit: Emit = ignore,
) -> Plan:
    """The plan. `cache` is where prices that were read are kept. Raises AzureError and others."""
    assert wanted.aci is not None
    workspace = target.azure.workspace
    location = wanted.aci.location or workspace.location
    content = [
        Change(field=part, before=before and before[:12], after=after[:12], in_place=True)
        for part, before, after in comparison.contents()
    ]
    return make_azure_plan(
        wanted,
        layers=()
        if comparison.keeps
        else foreseen_layers(
            wanted,
            parts=parts,
            compression=compression,
            repository=target.revisions(wanted.name).repository,
            former=comparison.image_digest,
            emit=emit,
        ),
        changes=(*content, *comparison.changes),
        present=comparison.present,
        price=price_of(*size_of(wanted), location, cache=cache, clock=clock),
        keys=_keys(wanted, target),
        pull=_pull(target, parts.login() if workspace.registry_id is None else None),
        group=workspace.group_name(wanted.name),
        location=location,
    )


def _pull(target: AciTarget, login: Password | None) -> str:
    """With what the image would be pulled: nothing is made to find that out."""
    workspace = target.azure.workspace
    if workspace.pull_identity:
        return f"identity {workspace.pull_identity.rpartition('/')[2]}"
    if workspace.registry_id is None:
        return f"registry login of {login.username}" if login else "without a login"
    if known := known_token(workspace, target.secrets):
        return known.kind
    with suppress(AzureError):
        if may_make_token(target.azure, workspace.registry_id):
            return f"a new token, {token_name(workspace)}, for the images of services"
    return "the registry's admin user, where it is on"


def _keys(wanted: Wanted, target: AciTarget) -> KeysFate:
    if not wanted.serving.auth_enabled:
        return "none"
    kept = target.secrets.get(keys_name(target.azure.workspace.group_name(wanted.name)))
    return "kept" if kept else "made"
