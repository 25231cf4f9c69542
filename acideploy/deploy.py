"""The core of a deploy to this machine: make what runs, start a revision of it, wait for it."""

from __future__ import annotations

from acideploy.clock import Clock
from acideploy.events import Emit, Finished, Started
from acideploy.image import Compression
from acideploy.parts import Parts
from acideploy.plan import Plan, Wanted
from acideploy.registry.descriptor import digest_to_hex
from acideploy.registry.push import push
from acideploy.targets import Service
from acideploy.targets.local.runnable import ImageSource, Runnable, ServiceImage


def deploy(
    wanted: Wanted,
    plan: Plan,
    *,
    parts: Parts,
    compression: Compression = "none",
    wait: bool,
    clock: Clock,
    emit: Emit,
) -> Service:
    """Carries the plan out and returns the service. Call within `target.changing`."""
    target = parts.target()
    if plan.keeps_service:
        emit(Started(task="service", title=f"Service {wanted.name}"))
        service = target.relabel(wanted)
        emit(Finished(task="service", outcome="reused", detail="unchanged"))
        return service
    target.check_port(wanted)
    runnable: Runnable = (
        _image(wanted, parts=parts, compression=compression, clock=clock, emit=emit)
        if wanted.runtime == "container"
        else parts.environments.build(wanted.environment, emit=emit)
    )
    return target.apply(wanted, runnable, store=parts.store, wait=wait, emit=emit)


def _image(
    wanted: Wanted, *, parts: Parts, compression: Compression, clock: Clock, emit: Emit
) -> ServiceImage:
    """The image; in the registry, where the workspace has one, for an engine to pull."""
    image = parts.images.build(wanted, compression=compression, emit=emit)
    if parts.host is None:
        return ServiceImage(image=image)
    repository = f"services/{wanted.name}"
    push(
        image.artifact,
        registry=parts.registry,
        repository=repository,
        tag=digest_to_hex(image.digest)[:12],
        clock=clock,
        emit=emit,
    )
    login = parts.login()
    source = ImageSource(
        reference=f"{parts.host}/{repository}@{image.digest}",
        username=login.username if login else None,
        password=login.password if login else None,
    )
    return ServiceImage(image=image, source=source)
