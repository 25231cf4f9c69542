"""An artifact to a registry: every blob first, several at a time, and the manifest last."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence, Set
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from acideploy.clock import Clock
from acideploy.errors import AcideployError
from acideploy.events import Emit, one_at_a_time
from acideploy.progress import progress
from acideploy.registry import Artifact, Blob, Manifest, Pushed, Registry

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
    former: str | None = None,
) -> bool:
    """Sees that the registry has the artifact; whether anything had to be done for that.

    `tag` means the artifact afterwards, and never one whose blobs are not all there. Running it
    again goes on where an earlier run was broken off. `former` is the tag or the digest of what the
    repository may have of the same kind: what it shares with that is not asked for.
    """
    found = registry.find_manifest(repository, tag or artifact.manifest.digest)
    if found and found.digest == artifact.manifest.digest:
        return False
    if found is None and former:
        found = registry.find_manifest(repository, former)

    def push_blobs(known: Set[str]) -> None:
        _push_blobs(artifact.blobs, known, registry, repository, clock=clock, emit=emit)

    # What is referred to until now is there: nobody needs to ask for each blob of it.
    known = _digests_in(found) if found else frozenset()
    push_blobs(known)
    try:
        registry.push_manifest(repository, artifact.manifest, tag=tag)
    except AcideployError:
        if not known:
            raise
        # Unless somebody has lost it.
        push_blobs(frozenset())
        registry.push_manifest(repository, artifact.manifest, tag=tag)
    return True


def _digests_in(manifest: Manifest) -> frozenset[str]:
    """Those of the blobs that a manifest refers to, as far as it can be read."""
    try:
        written = json.loads(manifest.content)
        return frozenset(each["digest"] for each in (*written["layers"], written["config"]))
    except (ValueError, KeyError, TypeError):
        return frozenset()


def _push_blobs(
    blobs: Sequence[Blob],
    known: Set[str],
    registry: Registry,
    repository: str,
    *,
    clock: Clock,
    emit: Emit,
) -> None:
    """Raises the first failure, when the others have been broken off.

    The repository is known to have the blobs with the digests `known`.
    """
    stopped = threading.Event()
    tell = one_at_a_time(emit)

    def push_one(blob: Blob) -> None:
        if stopped.is_set():
            return
        digest, size = blob.descriptor.digest, blob.descriptor.size
        task = f"push {digest}"
        with progress(task, _titled(blob), total=size, clock=clock, emit=tell) as advance:

            def go_on(count: int) -> None:
                advance(count)
                if stopped.is_set() and count > 0:
                    raise _BrokenOffError

            pushed: Pushed = (
                "present"
                if digest in known
                else registry.push_blob(repository, blob, advance=go_on)
            )
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
