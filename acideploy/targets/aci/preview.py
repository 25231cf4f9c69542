"""What a deploy to Azure would do: nothing is made, pushed or changed to find that out."""

from __future__ import annotations

from pathlib import Path

from acideploy.clock import Clock
from acideploy.image import Compression
from acideploy.parts import Parts
from acideploy.plan import KeysFate, Plan, PlannedLayer, Wanted
from acideploy.targets.aci.changes import Change
from acideploy.targets.aci.comparison import Comparison
from acideploy.targets.aci.container import size_of
from acideploy.targets.aci.plan import make_azure_plan
from acideploy.targets.aci.prices import price_of
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
        layers=_layers(wanted, parts, compression),
        changes=(*content, *comparison.changes),
        present=comparison.present,
        price=price_of(*size_of(wanted), location, cache=cache, clock=clock),
        keys=_keys(wanted, target),
        pull=f"identity {workspace.pull_identity}" if workspace.pull_identity else "registry login",
        group=workspace.group_name(wanted.name),
        location=location,
    )


def _layers(wanted: Wanted, parts: Parts, compression: Compression) -> tuple[PlannedLayer, ...]:
    """From the bottom; the environment's are known only where it has been made before."""
    known = parts.has_environment(wanted, compression)
    packages = PlannedLayer(
        action="reuse" if known else "make", title=wanted.environment.title, size=None
    )
    models = [
        PlannedLayer(
            action="mount",
            title=f"model {model.id}",
            size=model.size,
            source=f"models/{model.name}",
        )
        for model in wanted.models
    ]
    size = sum(path.stat().st_size for _, path in wanted.code.files())
    return (packages, *models, PlannedLayer(action="push", title="code", size=size))


def _keys(wanted: Wanted, target: AciTarget) -> KeysFate:
    if not wanted.serving.auth_enabled:
        return "none"
    kept = target.secrets.get(keys_name(target.azure.workspace.group_name(wanted.name)))
    return "kept" if kept else "made"
