"""Environments as layers of images, made on any machine and kept in a registry by content.

A registry that has an environment has its layers: nothing is resolved, downloaded, built or
compressed. Of a new one, only the layers that it shares with no other are made.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import get_args

from acideploy.clock import Clock
from acideploy.disk import storage_error
from acideploy.environment.groups import groups
from acideploy.environment.kept import KeptEnvironments, KeptLayer
from acideploy.environment.lock import EnvironmentLock
from acideploy.environment.pip_lines import distribution
from acideploy.environment.platforms import IMAGE
from acideploy.environment.request import EnvironmentRequest
from acideploy.environment.scratch import scratch_folder
from acideploy.events import Emit, Finished, Started, one_at_a_time
from acideploy.image import Compression, Layer
from acideploy.image.contents import ENVIRONMENT, LOCK, layer_of
from acideploy.image.layer import Entry, text_entry
from acideploy.registry import Registry

# To be raised when the same packages are laid out in another way.
_FORMAT = "1"
# Each reads and hashes on cores of its own.
_AT_ONCE = 2


class EnvironmentLayers:
    """Environments for images in `registry`. `scratch` is a folder on a disk with room."""

    def __init__(self, registry: Registry, *, scratch: Path, clock: Clock, mtime: int) -> None:
        self._kept = KeptEnvironments(registry, clock=clock)
        self._scratch = scratch
        self._clock = clock
        self._mtime = mtime

    def find(
        self, request: EnvironmentRequest, compression: Compression
    ) -> tuple[Layer, ...] | None:
        """The layers, bottom first, if they have been made."""
        return tuple(kept.layer for kept in self._kept.find(_tag(request, compression))) or None

    def tags(self, request: EnvironmentRequest) -> Iterator[str]:
        """All tags that the environment of a request is kept under."""
        for compression in get_args(Compression):
            tag = _tag(request, compression)
            yield tag
            yield from (kept.tag for kept in self._kept.find(tag))

    def ensure(
        self, request: EnvironmentRequest, *, python: str, compression: Compression, emit: Emit
    ) -> tuple[Layer, ...]:
        """The layers, of which those that are missing are made.

        `python` is the interpreter in the image. Raises DependencyError.
        """
        task = "environment"
        emit(Started(task=task, title=f"E{request.title[1:]}"))
        try:
            if found := self.find(request, compression):
                emit(Finished(task=task, outcome="reused", detail="unchanged"))
                return found
            layers = self._make(request, python, compression, emit)
        except BaseException:
            emit(Finished(task=task, outcome="failed"))
            raise
        emit(Finished(task=task, outcome="done", detail=f"{len(layers)} layers"))
        return layers

    def _make(
        self, request: EnvironmentRequest, python: str, compression: Compression, emit: Emit
    ) -> tuple[Layer, ...]:
        # What most deploys need none of.
        from acideploy.environment.lock_file import write_lock
        from acideploy.environment.solve import solve

        try:
            with scratch_folder(self._scratch, request.image_digest, clock=self._clock) as folder:
                if found := self.find(request, compression):
                    return found
                lock = solve(request, platform=IMAGE, scratch=folder, emit=emit)
                text = write_lock(lock)
                layers = self._layers_of(lock, text, request, python, compression, folder, emit)
        except OSError as error:
            raise storage_error("write", error.filename or self._scratch, error) from error
        self._kept.keep_environment(_tag(request, compression), layers, lock=text)
        return tuple(kept.layer for kept in layers)

    def _layers_of(
        self,
        lock: EnvironmentLock,
        text: str,
        request: EnvironmentRequest,
        python: str,
        compression: Compression,
        scratch: Path,
        emit: Emit,
    ) -> tuple[KeptLayer, ...]:
        """Those of each group and one with the lock, made where the registry does not have them.

        `text` is the lock's.
        """
        from acideploy.environment.install import install_groups

        made_for = (_FORMAT, ENVIRONMENT, python, str(self._mtime))
        spread = {
            f"layer-{group.key(made_for=made_for)}{_suffix(compression)}": group
            for group in groups(lock, serving=_serving(request))
        }
        layers = {tag: self._kept.find(tag) for tag in spread}
        missing = {tag: group for tag, group in spread.items() if not layers[tag]}
        files = install_groups(
            missing, lock, request, python=python, scratch=scratch, clock=self._clock, emit=emit
        )
        make = partial(self._make_layer, compression=compression, emit=one_at_a_time(emit))
        # One is hashed while another one is on its way.
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
            started = {
                tag: threads.submit(make, tag, group.title, files[tag])
                for tag, group in missing.items()
            }
            tag = f"lock-{_short_digest(text + str(self._mtime))}{_suffix(compression)}"
            whole = threads.submit(make, tag, "lock", [text_entry(LOCK[1:], text)])
            layers |= {tag: making.result() for tag, making in started.items()}
            return (*(kept for each in layers.values() for kept in each), *whole.result())

    def _make_layer(
        self, tag: str, title: str, entries: list[Entry], *, compression: Compression, emit: Emit
    ) -> tuple[KeptLayer, ...]:
        layer = layer_of(
            entries,
            title=title,
            below=os.path.dirname(LOCK[1:]),
            mtime=self._mtime,
            compression=compression,
        )
        return (self._kept.keep_layer(tag, layer, emit=emit),)


def _serving(request: EnvironmentRequest) -> frozenset[str]:
    """The names of the serving stack's distributions."""
    stack = request.stack
    named = (distribution(pin) for pin in (*stack.requirements, *stack.constraints))
    return frozenset(name for name in named if name)


def _tag(request: EnvironmentRequest, compression: Compression) -> str:
    return f"{request.image_digest}{_suffix(compression)}"


def _suffix(compression: Compression) -> str:
    return "" if compression == "none" else f"-{compression}"


def _short_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
