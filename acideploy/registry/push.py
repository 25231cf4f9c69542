"""An artifact to a registry: every blob first, several at a time, and the manifest last."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from acideploy.clock import Clock
from acideploy.events import Emit, one_at_a_time
from acideploy.progress import progress
from acideploy.registry import Artifact, Blob, Registry

# A home connection is full with this many, and a registry's limits are far away.
_AT_ONCE = 4
_TOLD = {"present": "already there", "mounted": "mounted", "uploaded": ""}


def push(
    artifact: Artifact,
    *,
    registry: Registry,
    repository: str,
    tag: str | None,
    clock: Clock,
    emit: Emit,
) -> bool:
    """Sees that the registry has the artifact; whether anything had to be done for that.

    `tag` means the artifact afterwards, and never one whose blobs are not all there. Running it
    again goes on where an earlier run was broken off.
    """
    found = registry.find_manifest(repository, tag or artifact.manifest.digest)
    if found and found.digest == artifact.manifest.digest:
        return False
    _push_blobs(artifact.blobs, registry=registry, repository=repository, clock=clock, emit=emit)
    registry.push_manifest(repository, artifact.manifest, tag=tag)
    return True


def _push_blobs(
    blobs: Sequence[Blob], *, registry: Registry, repository: str, clock: Clock, emit: Emit
) -> None:
    """Raises the first failure, when the others have been broken off."""
    stopped = threading.Event()
    tell = one_at_a_time(emit)

    def push_one(blob: Blob) -> None:
        if stopped.is_set():
            return
        size = blob.descriptor.size
        task = f"push {blob.descriptor.digest}"
        with progress(task, _titled(blob), total=size, clock=clock, emit=tell) as advance:

            def go_on(count: int) -> None:
                advance(count)
                if stopped.is_set() and count > 0:
                    raise _BrokenOffError

            pushed = registry.push_blob(repository, blob, advance=go_on)
            advance.outcome = "done" if pushed == "uploaded" else "reused"
            advance.detail = _TOLD[pushed]

    unique = {blob.descriptor.digest: blob for blob in blobs}.values()
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
        try:
            pushes = [threads.submit(push_one, blob) for blob in unique]
            for ended in wait(pushes, return_when=FIRST_EXCEPTION).done:
                ended.result()
        except BaseException:
            # Ctrl-C, too: nobody waits for the rest of a gigabyte.
            stopped.set()
            raise


class _BrokenOffError(Exception):
    """Ends an upload when another one has failed."""


def _titled(blob: Blob) -> str:
    return blob.title[:1].upper() + blob.title[1:]
