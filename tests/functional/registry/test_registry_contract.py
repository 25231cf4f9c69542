"""What every registry does, whatever kind it is."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from acideploy.errors import AcideployError, RegistryError, StorageError
from acideploy.events import Advanced, Event, Finished, Started, ignore
from acideploy.registry import Artifact, Blob, Registry
from acideploy.registry.descriptor import describe
from acideploy.registry.push import push
from tests.functional.registry.conftest import Kept
from tests.registries import InstantClock, artifact_of, blob_of, manifest_of

MEGABYTE = 1 << 20


def silent(count: int) -> None:
    """Takes no note of an advance."""


def read(registry: Registry, repository: str, blob: Blob) -> bytes:
    return b"".join(registry.chunks(repository, blob.descriptor))


def put(registry: Registry, repository: str, artifact: Artifact, tag: str | None = "1") -> bool:
    return push(
        artifact,
        registry=registry,
        repository=repository,
        tag=tag,
        clock=InstantClock(),
        emit=ignore,
    )


def test_what_is_not_there_is_none(registry: Registry, repository: str) -> None:
    assert registry.find_manifest(repository, "1") is None
    assert registry.find_manifest(repository, describe(b"x", "").digest) is None
    put(registry, repository, artifact_of(blob_of(b"layer")))
    assert registry.find_manifest(repository, "2") is None
    assert registry.find_manifest(repository, describe(b"x", "").digest) is None


@pytest.mark.parametrize("size", [0, 1, MEGABYTE - 1, MEGABYTE, 3 * MEGABYTE + 1])
def test_a_blob_comes_back_as_it_went(registry: Registry, repository: str, size: int) -> None:
    content = os.urandom(size)
    sent: list[int] = []
    assert registry.push_blob(repository, blob_of(content), advance=sent.append) == "uploaded"
    assert sum(sent) == size
    assert read(registry, repository, blob_of(content)) == content


def test_a_blob_that_is_there_is_not_read_again(registry: Registry, repository: str) -> None:
    blob = blob_of(os.urandom(100))
    registry.push_blob(repository, blob, advance=silent)

    def unwanted() -> Iterator[bytes]:
        raise AssertionError("its bytes are not wanted")

    again = replace(blob, chunks=unwanted, mount_from=("elsewhere",))
    assert registry.push_blob(repository, again, advance=silent) == "present"


def test_a_blob_of_another_repository_is_taken_from_there(
    registry: Registry, repository: str
) -> None:
    blob = blob_of(os.urandom(100), mount_from=[f"{repository}/none", f"{repository}/source"])
    registry.push_blob(f"{repository}/source", blob, advance=silent)

    def unwanted() -> Iterator[bytes]:
        raise AssertionError("its bytes are not wanted")

    mounted = registry.push_blob(repository, replace(blob, chunks=unwanted), advance=silent)
    assert mounted in ("mounted", "present")
    assert len(read(registry, repository, blob)) == 100


def test_a_blob_that_no_repository_has_is_sent(registry: Registry, repository: str) -> None:
    blob = blob_of(os.urandom(100), mount_from=[f"{repository}/a", f"{repository}/b"])
    assert registry.push_blob(repository, blob, advance=silent) == "uploaded"
    assert len(read(registry, repository, blob)) == 100


def test_bytes_that_are_not_the_blob_are_refused(registry: Registry, repository: str) -> None:
    blob = blob_of(os.urandom(100))
    other = replace(blob, chunks=lambda: iter([bytes(100)]))
    sent: list[int] = []
    with pytest.raises((RegistryError, StorageError)):
        registry.push_blob(repository, other, advance=sent.append)
    with pytest.raises(AcideployError):
        read(registry, repository, blob)


def test_a_missing_blob_is_named(registry: Registry, repository: str) -> None:
    put(registry, repository, artifact_of(blob_of(b"layer")))
    missing = blob_of(os.urandom(10))
    with pytest.raises((RegistryError, StorageError), match=missing.descriptor.digest):
        read(registry, repository, missing)


@pytest.mark.parametrize("size", [100, 3 * MEGABYTE])
def test_a_damaged_blob_is_never_given_whole(kept: Kept, repository: str, size: int) -> None:
    content = os.urandom(size)
    blob = blob_of(content)
    kept.registry.push_blob(repository, blob, advance=silent)
    path = kept.path_of(blob.descriptor.digest)
    changed = bytes([content[0] ^ 1]) + content[1:]
    for damaged in (changed, content[:-1], changed + b"x"):
        path.write_bytes(damaged)
        given: list[bytes] = []
        with pytest.raises((RegistryError, StorageError)):
            given.extend(kept.registry.chunks(repository, blob.descriptor))
        assert sum(map(len, given)) < len(damaged)
    path.write_bytes(content)


def test_a_tag_and_the_digest_mean_the_same_manifest(registry: Registry, repository: str) -> None:
    artifact = artifact_of(blob_of(os.urandom(100)), blob_of(os.urandom(200)))
    assert put(registry, repository, artifact) is True
    assert registry.find_manifest(repository, "1") == artifact.manifest
    assert registry.find_manifest(repository, artifact.manifest.digest) == artifact.manifest
    assert put(registry, repository, artifact) is False


def test_a_manifest_needs_no_tag(registry: Registry, repository: str) -> None:
    artifact = artifact_of(blob_of(os.urandom(100)))
    assert put(registry, repository, artifact, tag=None) is True
    assert registry.find_manifest(repository, artifact.manifest.digest) == artifact.manifest
    assert put(registry, repository, artifact, tag=None) is False


def test_a_tag_moves(registry: Registry, repository: str) -> None:
    old, new = (artifact_of(blob_of(os.urandom(100))) for _ in range(2))
    put(registry, repository, old)
    assert put(registry, repository, new) is True
    assert registry.find_manifest(repository, "1") == new.manifest


def test_repositories_do_not_share_tags(registry: Registry, repository: str) -> None:
    put(registry, repository, artifact_of(blob_of(os.urandom(100))))
    assert registry.find_manifest(f"{repository}/other", "1") is None


def test_a_manifest_without_its_blobs_is_refused(registry: Registry, repository: str) -> None:
    there, missing = blob_of(os.urandom(100)), blob_of(os.urandom(100))
    registry.push_blob(repository, there, advance=silent)
    manifest = manifest_of(there, [missing])
    with pytest.raises((RegistryError, StorageError)):
        registry.push_manifest(repository, manifest, tag="1")
    assert registry.find_manifest(repository, "1") is None


def test_the_blobs_of_an_artifact_are_told_each_and_the_tag_comes_last(
    registry: Registry, repository: str
) -> None:
    first, second = blob_of(os.urandom(500_000), title="first"), blob_of(b"2", title="second")
    registry.push_blob(repository, second, advance=silent)
    artifact = artifact_of(first, second, first)
    told: list[Event] = []
    inside = threading.Lock()

    def emit(event: Event) -> None:
        assert inside.acquire(blocking=False), "one thing is told at a time"
        if isinstance(event, Finished):
            assert registry.find_manifest(repository, "1") is None
        told.append(event)
        inside.release()

    clock = InstantClock()
    assert push(artifact, registry=registry, repository=repository, tag="1", clock=clock, emit=emit)
    started = {each.title: each for each in told if isinstance(each, Started)}
    assert {title: each.total for title, each in started.items()} == {
        "First": 500_000,
        "Second": 1,
        "Configuration": artifact.blobs[-1].descriptor.size,
    }
    ended = {each.task: (each.outcome, each.detail) for each in told if isinstance(each, Finished)}
    assert ended[started["First"].task] == ("done", "")
    assert ended[started["Second"].task] == ("reused", "already there")
    done = [
        each.done
        for each in told
        if isinstance(each, Advanced) and each.task == started["First"].task
    ]
    assert done == sorted(done)
    assert done[-1] == 500_000


def test_one_blob_that_fails_ends_the_push_and_nothing_is_tagged(
    registry: Registry, repository: str
) -> None:
    good = [blob_of(os.urandom(1000), title=f"layer {number}") for number in range(6)]
    damaged = replace(blob_of(os.urandom(1000)), chunks=lambda: iter([bytes(1000)]))
    told: list[Event] = []
    artifact = artifact_of(*good, damaged)
    clock = InstantClock()
    with pytest.raises((RegistryError, StorageError)):
        push(
            artifact,
            registry=registry,
            repository=repository,
            tag="1",
            clock=clock,
            emit=told.append,
        )
    assert registry.find_manifest(repository, "1") is None
    ended = Finished(task=f"push {damaged.descriptor.digest}", outcome="failed")
    assert ended in told
    mended = artifact_of(*good, blob_of(b"other"))
    assert put(registry, repository, mended) is True


def test_an_interrupted_push_leaves_no_tag_and_goes_on_when_it_is_run_again(
    registry: Registry, repository: str
) -> None:
    first, second = blob_of(os.urandom(1000)), blob_of(os.urandom(1000))

    def interrupted() -> Iterator[bytes]:
        yield bytes(10)
        raise KeyboardInterrupt

    artifact = artifact_of(first, second)
    broken = Artifact(
        manifest=artifact.manifest,
        blobs=(first, replace(second, chunks=interrupted), artifact.blobs[-1]),
    )
    with pytest.raises(KeyboardInterrupt):
        put(registry, repository, broken)
    assert registry.find_manifest(repository, "1") is None
    assert put(registry, repository, artifact) is True
    assert read(registry, repository, second) == b"".join(second.chunks())


def test_many_threads_may_push_and_read_at_once(registry: Registry, repository: str) -> None:
    shared = blob_of(os.urandom(200_000))

    def work(number: int) -> bytes:
        own = blob_of(f"layer {number}".encode() * 1000)
        put(registry, repository, artifact_of(shared, own), tag=str(number))
        return read(registry, repository, own)

    with ThreadPoolExecutor(max_workers=8) as threads:
        contents = list(threads.map(work, range(16)))
    assert contents == [f"layer {number}".encode() * 1000 for number in range(16)]
    for number in range(16):
        assert registry.find_manifest(repository, str(number)) is not None
    assert read(registry, repository, shared) == b"".join(shared.chunks())
