"""What an image that brings its own interpreter has, and what it lacks to serve a script.

The layers are read, nothing is run. https://github.com/opencontainers/image-spec/blob/v1.1.0/layer.md
"""

from __future__ import annotations

import io
import json
import posixpath
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from packaging.utils import canonicalize_name

from acideploy.clock import Clock
from acideploy.errors import DependencyError, RegistryError
from acideploy.events import Emit, ignore
from acideploy.image import Base
from acideploy.image.compression import GZIP, TAR, decompressed
from acideploy.progress import progress
from acideploy.registry import Artifact, Blob, Manifest, Registry
from acideploy.registry.descriptor import (
    MANIFEST,
    describe,
    descriptor_from_json,
    descriptor_to_json,
    to_json,
)
from acideploy.registry.push import push

_SCORING = "azureml-inference-server-http"
_SERVERS = ("granian", "gunicorn")

_REPOSITORY = "surveys"
_TYPE = "application/vnd.acideploy.survey.v1+json"
_DISTRIBUTION = re.compile(r"(?P<folder>.*/(?P<name>[^/]+?)-[^/-]+\.(?:dist|egg)-info)(?:/.*)?")
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"


@dataclass(slots=True)
class Survey:
    """`distributions` are folders with metadata of Python packages, by path, with their names;
    `programs` are what can be run, and links, with where they lead (empty for a file)."""

    distributions: dict[str, str] = field(default_factory=dict)
    programs: dict[str, str] = field(default_factory=dict)

    def add(self, layer: Iterable[tarfile.TarInfo]) -> None:
        """Lays a layer over what is there."""
        added = Survey()
        for member in layer:
            path = "/" + posixpath.normpath(member.name).lstrip("./")
            folder, name = posixpath.split(path)
            if name == _OPAQUE:
                self._remove_below(folder)
            elif name.startswith(_WHITEOUT):
                self._remove_below(posixpath.join(folder, name.removeprefix(_WHITEOUT)))
            elif found := _DISTRIBUTION.fullmatch(path):
                # conda keeps unpacked packages, which no interpreter imports, below `pkgs`.
                if "/pkgs/" not in path:
                    added.distributions[found["folder"]] = canonicalize_name(found["name"])
            elif member.issym() or (member.isfile() and member.mode & 0o111):
                added.programs[path] = member.linkname if member.issym() else ""
        self.distributions |= added.distributions
        self.programs |= added.programs

    def has_program(self, name: str, *, path: str) -> bool:
        """Whether `name`, a path or a name on the PATH `path`, can be run."""
        if "/" in name:
            return self._real(name) in self.programs
        places = (posixpath.join(folder, name) for folder in path.split(":") if folder)
        return any(self._real(place) in self.programs for place in places)

    def _real(self, path: str) -> str:
        """The path with the links among its folders followed: `/bin` is `/usr/bin` on many."""
        parts = path.strip("/").split("/")
        for length in range(1, len(parts)):
            folder = "/" + "/".join(parts[:length])
            if target := self.programs.get(folder):
                place = posixpath.join(posixpath.dirname(folder), target)
                return self._real(posixpath.normpath(posixpath.join(place, *parts[length:])))
        return path

    def _remove_below(self, path: str) -> None:
        for found in (self.distributions, self.programs):
            for each in [each for each in found if each == path or each.startswith(f"{path}/")]:
                del found[each]


def require_serving(
    base: Base, python: str, *, registry: Registry, clock: Clock, emit: Emit
) -> None:
    """Sees that an image can serve a script by its own interpreter, a path or a name on its PATH.

    Raises DependencyError, with all that it lacks.
    """
    if any(layer.blob.descriptor.media_type not in (TAR, GZIP) for layer in base.layers):
        # zstd: what is in there shows when it runs.
        return
    found = _find(base, registry) or _make(base, registry, clock, emit)
    variables = dict(
        each.partition("=")[::2] for each in (base.config.get("config") or {}).get("Env") or ()
    )
    lacking = []
    if not found.has_program(python, path=variables.get("PATH", "/usr/local/bin:/usr/bin:/bin")):
        lacking.append(f"no interpreter {python!r}")
    names = set(found.distributions.values())
    if _SCORING not in names:
        lacking.append(f"no {_SCORING}")
    if not names.intersection(_SERVERS):
        lacking.append(f"neither {' nor '.join(_SERVERS)}")
    if lacking:
        raise DependencyError(
            f"the image {base.name} cannot serve a script: it has {', '.join(lacking)}",
            hint="install azureml-defaults in that image, and name its interpreter as "
            "interpreterPath; or leave userManagedDependencies out and have a conda file",
        )


def _make(base: Base, registry: Registry, clock: Clock, emit: Emit) -> Survey:
    found = Survey()
    total = sum(layer.blob.descriptor.size for layer in base.layers)
    with progress("survey", f"Look into {base.name}", total=total, clock=clock, emit=emit) as read:
        for layer in base.layers:
            chunks = _counted(layer.blob.chunks(), read)
            tar = decompressed(chunks, layer.blob.descriptor.media_type)
            try:
                with tarfile.open(fileobj=_Pipe(tar), mode="r|") as members:
                    found.add(members)
            except (tarfile.TarError, ValueError) as error:
                raise RegistryError(
                    f"{layer.blob.title} of {base.name} cannot be read: {error}"
                ) from error
    content = to_json({"distributions": found.distributions, "programs": found.programs})
    _keep(base, content, registry, clock)
    return found


def _counted(chunks: Iterable[bytes], advance: Callable[[int], None]) -> Iterator[bytes]:
    for chunk in chunks:
        advance(len(chunk))
        yield chunk


def _find(base: Base, registry: Registry) -> Survey | None:
    manifest = registry.find_manifest(_REPOSITORY, _tag(base))
    if manifest is None:
        return None
    try:
        config = descriptor_from_json(json.loads(manifest.content)["config"])
        return Survey(**json.loads(b"".join(registry.chunks(_REPOSITORY, config))))
    except (ValueError, KeyError, TypeError):
        return None


def _keep(base: Base, content: bytes, registry: Registry, clock: Clock) -> None:
    """For the next deploy on the same image."""
    config = describe(content, _TYPE)
    fields = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": _TYPE,
        "config": descriptor_to_json(config),
        "layers": [],
    }
    blob = Blob(descriptor=config, title="survey", chunks=lambda: iter([content]))
    manifest = Manifest(content=to_json(fields), media_type=MANIFEST)
    push(
        Artifact(manifest=manifest, blobs=(blob,)),
        registry=registry,
        repository=_REPOSITORY,
        tag=_tag(base),
        clock=clock,
        emit=ignore,
    )


def _tag(base: Base) -> str:
    return base.digest.replace(":", "-")


class _Pipe(io.RawIOBase):
    """Chunks as a file that is read once, from its beginning to its end."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        parts = [self._rest]
        length = len(self._rest)
        while length < size and (chunk := next(self._chunks, b"")):
            parts.append(chunk)
            length += len(chunk)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]
