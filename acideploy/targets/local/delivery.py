"""The way of an image into an engine: pulled from a registry, or loaded from its layers."""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import suppress

from acideploy.clock import Clock
from acideploy.config.problem import Problem
from acideploy.errors import EngineError
from acideploy.events import Emit, Finished, Noticed, Started
from acideploy.image import Image
from acideploy.image.archive import archive_size, docker_archive
from acideploy.progress import Advance, progress
from acideploy.targets.local.engine import Engine
from acideploy.targets.local.runnable import ImageSource, ServiceImage

_TASK = "image"


def deliver(
    service_image: ServiceImage, engine: Engine, *, name: str, clock: Clock, emit: Emit
) -> None:
    """Sees that the engine has the image, under that name. Raises EngineError."""
    image = service_image.image
    if engine.has_image(name):
        emit(Started(task=_TASK, title=_title(engine)))
        emit(Finished(task=_TASK, outcome="reused", detail="unchanged"))
    elif not (
        service_image.source
        and _pulled(service_image.source, image, engine, name=name, clock=clock, emit=emit)
    ):
        _load(image, engine, name=name, clock=clock, emit=emit)


def _pulled(
    source: ImageSource, image: Image, engine: Engine, *, name: str, clock: Clock, emit: Emit
) -> bool:
    """Whether the engine could pull it. Says why where it could not."""
    try:
        with progress(_TASK, _title(engine), total=image.size, clock=clock, emit=emit) as advance:
            pulled: dict[str, int] = {}
            for line in engine.pull(
                source.reference, username=source.username, password=source.password
            ):
                current = (line.get("progressDetail") or {}).get("current")
                if line.get("status") == "Downloading" and isinstance(current, int):
                    layer = str(line.get("id"))
                    advance(current - pulled.get(layer, 0))
                    pulled[layer] = current
            engine.tag(source.reference, tag=name)
            # The one name that is left is ours, and is removed with the service.
            engine.remove_image(source.reference)
    except EngineError as error:
        emit(Noticed(problem=_not_pulled(error)))
        return False
    return True


def _load(image: Image, engine: Engine, *, name: str, clock: Clock, emit: Emit) -> None:
    """Leaves out what the engine has; all of it, if it should not take that."""
    present = _present(image, engine) if engine.skips_layers() else frozenset()
    if present:
        with suppress(EngineError):
            _load_without(present, image, engine, name=name, clock=clock, emit=emit)
            return
    _load_without(frozenset(), image, engine, name=name, clock=clock, emit=emit)


def _load_without(
    present: Set[str], image: Image, engine: Engine, *, name: str, clock: Clock, emit: Emit
) -> None:
    total = archive_size(image, tag=name, without=present)
    with progress(_TASK, _title(engine), total=total, clock=clock, emit=emit) as advance:
        engine.load(_counted(docker_archive(image, tag=name, without=present), advance))


def _counted(chunks: Iterator[bytes], advance: Advance) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        advance(len(chunk))


def _present(image: Image, engine: Engine) -> frozenset[str]:
    """The layers from the bottom up that one image of the engine has in just that order.

    An engine knows a layer by all those below it. Images of the same service are asked first:
    most have all but the code.
    """
    wanted = [layer.diff_id for layer in image.layers]
    best = 0
    ours_first = sorted(engine.images(), key=lambda each: "/acideploy/" not in " ".join(each.tags))
    for each in ours_first:
        if best >= len(wanted) - 1:
            break
        best = max(best, _common(wanted, engine.image_layers(each.id)))
    return frozenset(wanted[:best])


def _common(wanted: list[str], found: tuple[str, ...]) -> int:
    """How many of them are the same from the beginning."""
    for count, (one, other) in enumerate(zip(wanted, found, strict=False)):
        if one != other:
            return count
    return min(len(wanted), len(found))


def _title(engine: Engine) -> str:
    return f"Image for {engine.name}"


def _not_pulled(error: EngineError) -> Problem:
    return Problem(
        code="image-not-pulled",
        severity="note",
        message=f"the image is loaded from its layers here: {error.message}",
    )
