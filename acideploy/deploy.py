"""The core of every deploy: make the environment, lay a revision out, run it, wait for it."""

from __future__ import annotations

from acideploy.environment.venv import VenvBuilder
from acideploy.events import Emit, Finished, Started
from acideploy.models import ModelStore
from acideploy.plan import Plan, Wanted
from acideploy.targets import Service
from acideploy.targets.local import LocalTarget


def deploy(
    wanted: Wanted,
    plan: Plan,
    *,
    builder: VenvBuilder,
    store: ModelStore,
    target: LocalTarget,
    wait: bool,
    emit: Emit,
) -> Service:
    """Carries the plan out and returns the service. Call within `target.changing`."""
    if plan.keeps_service:
        emit(Started(task="service", title=f"Service {wanted.name}"))
        service = target.relabel(wanted)
        emit(Finished(task="service", outcome="reused", detail="unchanged"))
        return service
    target.check_port(wanted)
    environment = builder.build(wanted.environment, emit=emit)
    return target.apply(wanted, environment, store=store, wait=wait, emit=emit)
