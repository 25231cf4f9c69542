"""`model package`: the image of a service, without a service."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from acideploy.clock import Clock
from acideploy.disk import storage_error
from acideploy.events import Emit
from acideploy.image import Image
from acideploy.image.reference import ImageReference, parse_image_reference
from acideploy.parts import Parts
from acideploy.plan import Wanted
from acideploy.progress import progress
from acideploy.registry.descriptor import digest_to_hex
from acideploy.registry.directory import DirectoryRegistry
from acideploy.registry.layout import ImageLayout
from acideploy.registry.push import push
from acideploy.request import PackageRequest, ToArchive, ToContext, ToLayout

# Stands before images that are in no registry.
_NO_HOST = "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What was written, and where: what docker or skopeo call it, or a path.

    `digest` and `size` (bytes of its layers) are those of an image, None of a Dockerfile.
    """

    location: str
    digest: str | None = None
    size: int | None = None


def package(
    wanted: Wanted,
    request: PackageRequest,
    *,
    parts: Parts,
    directory: Path,
    clock: Clock,
    emit: Emit,
) -> Package:
    """Makes what is wanted, and writes it where the request says. Paths are below `directory`."""
    destination = request.destination
    if isinstance(destination, ToContext):
        # Most packages are images.
        from acideploy.image.dockerfile import write_context

        folder = directory / destination.folder
        write_context(wanted, folder, store=parts.store, emit=emit)
        return Package(location=str(destination.folder / "Dockerfile"))
    image = parts.images.build(wanted, compression=request.compression, emit=emit)
    label = request.image_label or digest_to_hex(image.digest)[:12]
    here = parts.host or _NO_HOST
    name = parse_image_reference(f"{request.image_name}:{label}", registry=here)
    if isinstance(destination, ToArchive):
        _write_archive(image, name, directory / destination.file, clock=clock, emit=emit)
        location = str(destination.file)
    else:
        location = _push(image, name, destination, parts, directory, clock, emit)
    return Package(location=location, digest=image.digest, size=image.size)


def _push(
    image: Image,
    name: ImageReference,
    destination: ToLayout | None,
    parts: Parts,
    directory: Path,
    clock: Clock,
    emit: Emit,
) -> str:
    """To the layout that is named, else to the registry of the image's name, else ours."""
    registry = parts.registry
    if destination:
        place = directory / destination.directory
        registry = DirectoryRegistry(ImageLayout(place, clock=clock))
    elif name.host not in (_NO_HOST, parts.host):
        registry = parts.open_registry(name.endpoint)
    push(
        image.artifact,
        registry=registry,
        repository=name.repository,
        tag=name.tag,
        clock=clock,
        emit=emit,
    )
    if isinstance(registry, DirectoryRegistry):
        typed = destination.directory if destination else registry.location
        return f"oci:{typed}:{name.repository}:{name.tag}"
    return str(name)


def _write_archive(
    image: Image, name: ImageReference, file: Path, *, clock: Clock, emit: Emit
) -> None:
    """The file is there whole or not at all."""
    # Most packages go to a registry.
    from acideploy.image.archive import archive_size, docker_archive

    tag = f"{name.repository}:{name.tag}"
    total = archive_size(image, tag=tag)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, scratch = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
        try:
            with (
                os.fdopen(descriptor, "wb") as archive,
                progress("archive", str(file), total=total, clock=clock, emit=emit) as advance,
            ):
                for chunk in docker_archive(image, tag=tag):
                    archive.write(chunk)
                    advance(len(chunk))
            os.chmod(scratch, 0o644)
            os.replace(scratch, file)
        except BaseException:
            with suppress(OSError):
                os.unlink(scratch)
            raise
    except OSError as error:
        raise storage_error("write", file, error) from error
