"""A deploy to Azure: make the image, write down what is asked for, ask for it, wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from acideploy.ahead import ahead
from acideploy.clock import Clock
from acideploy.events import Emit, Finished, Started
from acideploy.image import Compression
from acideploy.parts import Parts
from acideploy.plan import Wanted
from acideploy.registry.descriptor import digest_to_hex
from acideploy.registry.push import push
from acideploy.stopwatch import Stopwatch
from acideploy.targets import Service
from acideploy.targets.aci.comparison import Comparison
from acideploy.targets.aci.draft import PushedImage, draft
from acideploy.targets.aci.group import DEPLOY_TAG, VERSION
from acideploy.targets.aci.pull import choose_pull
from acideploy.targets.aci.target import AciTarget
from acideploy.targets.aci.turn import require_idle, require_ours, unchanged_since
from acideploy.targets.aci.view import state_of


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
        return _taken_up(present, wanted.name, target=target, wait=wait, emit=emit)
    require_idle(present, wanted.name)
    if present and comparison.changes_only_tags:
        return _tagged(present, wanted, target=target, emit=emit)
    return _next_revision(
        wanted,
        comparison,
        target=target,
        parts=parts,
        compression=compression,
        wait=wait,
        clock=clock,
        emit=emit,
    )


def _next_revision(
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
    watch = Stopwatch(clock)
    # A new token takes ten seconds, in which the image can be made.
    pull = ahead(
        lambda: choose_pull(target.azure, secrets=target.secrets, login=parts.login, clock=clock)
    )
    image = _pushed(
        wanted,
        target=target,
        parts=parts,
        compression=compression,
        former=comparison.image_digest,
        watch=watch,
        clock=clock,
        emit=emit,
    )
    # That took a while. The keys of another deploy are not to be replaced.
    path = target.path(wanted.name)
    allow = unchanged_since(comparison.present, wanted.name)
    allow(target.azure.manager.get(path, VERSION))
    new = draft(wanted, comparison, image=image, pull=pull(), target=target, clock=clock, emit=emit)
    tags = new.keep(target)
    watch.lap("keys, record")
    service = target.apply(
        new.revision,
        tags,
        pull=new.pull,
        wait=wait,
        replacing=comparison.replaces,
        confidential=new.confidential,
        watch=watch,
        allow=allow,
        emit=emit,
    )
    # The service promises nothing of requests that cross: the later one has won.
    require_ours(target.azure.manager.get(path, VERSION), tags[DEPLOY_TAG], wanted.name)
    emit(watch.summed(f"deployed revision {new.revision.number} of {wanted.name}"))
    return service


def _taken_up(
    present: Mapping[str, Any], name: str, *, target: AciTarget, wait: bool, emit: Emit
) -> Service:
    """A service that is what is wanted already, or will be, which is waited for."""
    emit(Started(task="service", title=f"Service {name}"))
    emit(Finished(task="service", outcome="reused", detail="unchanged"))
    revision = target.revision_of(present)
    if wait and revision and state_of(present) != "Healthy":
        present = target.wait(revision, emit=emit)
    return target.described(present, revision)


def _tagged(
    present: Mapping[str, Any], wanted: Wanted, *, target: AciTarget, emit: Emit
) -> Service:
    target.tag(present, wanted.tags)
    emit(Started(task="service", title=f"Service {wanted.name}"))
    emit(Finished(task="service", outcome="done", detail="its tags were changed"))
    return target.find(wanted.name)


def _pushed(
    wanted: Wanted,
    *,
    target: AciTarget,
    parts: Parts,
    compression: Compression,
    former: str | None,
    watch: Stopwatch,
    clock: Clock,
    emit: Emit,
) -> PushedImage:
    """The image, in the registry. `former` is the digest of the one that the service has."""
    # Azure gives the container its variables: another value is no other image.
    image = parts.images.build(replace(wanted, variables={}), compression=compression, emit=emit)
    watch.lap("image")
    repository = f"services/{target.azure.workspace.group_name(wanted.name)}"
    push(
        image.artifact,
        registry=parts.registry,
        repository=repository,
        tag=digest_to_hex(image.digest)[:12],
        clock=clock,
        emit=emit,
        former=former,
    )
    watch.lap("push")
    reference = f"{target.azure.workspace.registry}/{repository}@{image.digest}"
    return PushedImage(reference=reference, id=image.id)
