"""What is told of a registry that refuses, that is not there, or is not what it ought to be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from acideploy.errors import RegistryError, StorageError
from acideploy.registry.acr import AcrRegistry
from acideploy.registry.descriptor import describe
from tests.functional.conftest import Trust
from tests.parts.acr import RunningAcr
from tests.parts.authority import Authority
from tests.parts.faults import (
    ExpiredToken,
    Fault,
    ResetBefore,
    ResetInBody,
    Truncate,
    server_error,
    too_many_requests,
)
from tests.parts.fixtures import started
from tests.parts.process import free_port
from tests.parts.proxy import RunningProxy, proxy
from tests.parts.registry import RunningRegistry, registry
from tests.parts.traffic import Answer, error_answer
from tests.registries import InstantClock, artifact_of, blob_of, owner
from tests.tiny import put

MEGABYTE = 1 << 20


def silent(count: int) -> None:
    """Takes no note of an advance."""


@pytest.fixture
def door(proxy_part: RunningProxy, trust: Trust) -> RunningProxy:
    trust(proxy_part)
    return proxy_part


@pytest.fixture
def opened(door: RunningProxy, clock: InstantClock) -> AcrRegistry:
    return AcrRegistry(door.host, clock=clock)


# Not there at all.


def test_an_unknown_host_is_told_at_once(clock: InstantClock) -> None:
    with pytest.raises(RegistryError, match=r"there is no host contoso\.invalid") as caught:
        AcrRegistry("contoso.invalid", clock=clock).find_manifest("a", "1")
    assert caught.value.hint == "check the registry's name"
    assert clock.slept == []


def test_a_refused_connection_is_told_at_once(clock: InstantClock) -> None:
    host = f"localhost:{free_port()}"
    with pytest.raises(RegistryError, match=f"cannot pull a:1: {host} does not answer"):
        AcrRegistry(host, clock=clock).find_manifest("a", "1")
    assert clock.slept == []


def test_who_answered_before_is_waited_for(
    registry_part: RunningRegistry, trust: Trust, clock: InstantClock
) -> None:
    trust(registry_part)
    with proxy(registry_part) as door:
        opened = AcrRegistry(door.host, clock=clock)
        opened.find_manifest("a", "1")
    with pytest.raises(RegistryError, match="does not answer"):
        opened.find_manifest("a", "1")
    assert 10 < sum(clock.slept) < 60


def test_an_untrusted_certificate_is_told_at_once(
    registry_part: RunningRegistry, trust: Trust, clock: InstantClock, tmp_path: Path
) -> None:
    trust(Authority(tmp_path))
    opened = AcrRegistry(registry_part.host, clock=clock)
    with pytest.raises(RegistryError, match="certificate that is not trusted") as caught:
        opened.find_manifest("a", "1")
    assert "REQUESTS_CA_BUNDLE" in (caught.value.hint or "")
    assert clock.slept == []
    trust(registry_part)
    assert AcrRegistry(registry_part.host, clock=clock).find_manifest("a", "1") is None


def test_a_server_without_tls_is_told(trust: Trust, clock: InstantClock) -> None:
    with started(registry(tls=False)) as part:
        trust(part)
        with pytest.raises(RegistryError, match=part.host):
            AcrRegistry(part.host, clock=clock).find_manifest("a", "1")


# Refusals.


def test_a_read_only_registry_is_told_with_the_repository(
    trust: Trust, clock: InstantClock, tmp_path: Path
) -> None:
    with started(registry(directory=tmp_path)) as part:
        trust(part)
        artifact = artifact_of(blob_of(b"layer"))
        put(AcrRegistry(part.host, clock=clock), "kept", artifact, tag="1")
    with started(registry(directory=tmp_path, read_only=True)) as part:
        trust(part)
        opened = AcrRegistry(part.host, clock=clock)
        assert opened.find_manifest("kept", "1") == artifact.manifest
        blob = blob_of(os.urandom(10), title="model iris:1")
        forbidden: dict[str, Callable[[], object]] = {
            "push model iris:1 to kept": lambda: opened.push_blob("kept", blob, advance=silent),
            "push kept:2": lambda: opened.push_manifest("kept", artifact.manifest, tag="2"),
            "delete kept@": lambda: opened.delete_manifest("kept", artifact.manifest.digest),
        }
        for doing, forbidden_call in forbidden.items():
            with pytest.raises(RegistryError, match=f"cannot {doing}.* answered 405") as caught:
                forbidden_call()
            assert "read-only" in (caught.value.hint or "")
    assert clock.slept == []


def test_a_full_disk_is_told_in_the_registrys_words(
    door: RunningProxy, opened: AcrRegistry
) -> None:
    detail = {"DriverName": "filesystem", "Err": {"Op": "write", "Err": 28}}
    full = error_answer(500, "UNKNOWN", "unknown error", detail=detail)
    door.fail(full, method="PUT", times=None)
    with pytest.raises(RegistryError, match=r'answered 500: unknown error \(\{"Op": "write"'):
        opened.push_blob("full", blob_of(b"x"), advance=silent)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 415])
def test_what_the_registry_will_not_do_is_asked_for_once(
    door: RunningProxy, opened: AcrRegistry, clock: InstantClock, status: int
) -> None:
    refused = error_answer(status, "DENIED", "no, because")
    door.fail(refused, method="PUT", times=None)
    manifest = artifact_of().manifest
    with pytest.raises(RegistryError, match="no, because") as caught:
        opened.push_manifest("refused", manifest, tag="1")
    assert caught.value.status == status
    assert clock.slept == []
    assert len(door.traffic.select("PUT")) == 1


@pytest.mark.parametrize("wait", [1, 30, 119])
def test_a_registry_is_given_the_time_that_it_asks_for(
    door: RunningProxy, opened: AcrRegistry, clock: InstantClock, wait: int
) -> None:
    door.fail(too_many_requests(retry_after=wait), times=2)
    assert opened.find_manifest("a", "1") is None
    assert len(clock.slept) == 2
    assert min(clock.slept) >= wait


def test_a_registry_that_asks_for_minutes_is_not_waited_for(
    door: RunningProxy, opened: AcrRegistry, clock: InstantClock
) -> None:
    door.fail(too_many_requests(retry_after=3600))
    with pytest.raises(RegistryError, match="answered 429: too many requests"):
        opened.find_manifest("a", "1")
    assert clock.slept == []


@pytest.mark.parametrize(
    "fault", [server_error(500), server_error(502), server_error(504), ResetBefore()], ids=str
)
def test_what_does_not_pass_is_told_in_the_end(
    door: RunningProxy, opened: AcrRegistry, clock: InstantClock, fault: Fault
) -> None:
    opened.find_manifest("a", "1")
    door.fail(fault, times=None)
    with pytest.raises(RegistryError, match="cannot pull a:1"):
        opened.find_manifest("a", "1")
    assert clock.slept == sorted(clock.slept)
    assert 5 < sum(clock.slept) < 60
    assert len(door.traffic) == 1 + 1 + len(clock.slept)


def test_a_gateway_that_answers_with_a_page_is_waited_for(
    door: RunningProxy, opened: AcrRegistry
) -> None:
    page = Answer(status=502, headers=(("Content-Type", "text/html"),), body=b"<html>\xff</html>")
    door.fail(page, times=2)
    assert opened.find_manifest("a", "1") is None
    door.fail(page, times=2)
    assert opened.tags("a") == ()


def test_what_is_no_registry_is_told(door: RunningProxy, opened: AcrRegistry) -> None:
    page = Answer(status=200, headers=(("Content-Type", "text/html"),), body=b"<html>hotel</html>")
    door.fail(page, times=None, method="POST")
    with pytest.raises(RegistryError, match="answered 200") as caught:
        opened.push_blob("hotel", blob_of(b"x"), advance=silent)
    assert "nothing answers in its place" in (caught.value.hint or "")


def test_an_expired_token_that_stays_expired_is_told(
    door: RunningProxy, opened: AcrRegistry
) -> None:
    door.fail(ExpiredToken(), times=None)
    with pytest.raises(RegistryError, match="no permission to"):
        opened.find_manifest("a", "1")


# Uploads and reads that break off.


def test_a_blob_that_breaks_off_is_taken_up_where_it_broke(
    door: RunningProxy, opened: AcrRegistry
) -> None:
    blob = blob_of(os.urandom(4 * MEGABYTE))
    opened.push_blob("broken", blob, advance=silent)
    door.traffic.clear()
    door.fail(Truncate(), method="GET", times=2)
    assert b"".join(opened.chunks("broken", blob.descriptor)) == b"".join(blob.chunks())
    received = sum(each.response_body_bytes for each in door.traffic)
    assert received <= 4 * MEGABYTE + 2 * 128 * 1024
    assert [each.status for each in door.traffic] == [200, 206, 206]


def test_a_read_that_always_breaks_off_at_once_is_told(
    door: RunningProxy, opened: AcrRegistry, clock: InstantClock
) -> None:
    blob = blob_of(os.urandom(100))
    opened.push_blob("broken/at/once", blob, advance=silent)
    door.fail(ResetBefore(), method="GET", times=None)
    with pytest.raises(RegistryError, match="cannot pull broken/at/once@sha256"):
        list(opened.chunks("broken/at/once", blob.descriptor))
    assert sum(clock.slept) < 60


def test_an_upload_that_breaks_off_is_told_as_it_is(
    door: RunningProxy, opened: AcrRegistry
) -> None:
    blob = blob_of(os.urandom(4 * MEGABYTE))
    door.fail(ResetInBody(2 * MEGABYTE), method="PUT")
    counted: list[int] = []
    assert opened.push_blob("again", blob, advance=counted.append) == "uploaded"
    assert sum(counted) == 4 * MEGABYTE
    assert min(counted) < 0


def test_a_source_that_fails_while_it_is_sent_is_told_and_not_tried_again(
    opened: AcrRegistry, clock: InstantClock, registry_part: RunningRegistry
) -> None:
    def changed() -> Iterator[bytes]:
        yield bytes(10)
        raise StorageError("score.py changed while it was read")

    blob = replace(blob_of(os.urandom(1000)), chunks=changed)
    with pytest.raises(StorageError, match=r"score\.py changed"):
        opened.push_blob("source", blob, advance=silent)
    assert clock.slept == []
    assert not registry_part.gives_out("source", blob.descriptor.digest)


# Where uploads go, and where blobs are.


@pytest.mark.parametrize("relative_urls", [True, False])
def test_uploads_go_where_the_registry_says(
    trust: Trust, clock: InstantClock, relative_urls: bool
) -> None:
    with started(registry(relative_urls=relative_urls)) as part:
        trust(part)
        artifact = artifact_of(blob_of(os.urandom(1000)))
        opened = AcrRegistry(part.host, clock=clock)
        put(opened, "where", artifact, tag="1")
        assert opened.find_manifest("where", "1") == artifact.manifest


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("relative", [True, False])
def test_blobs_are_read_where_they_are_stored(
    door: RunningProxy, opened: AcrRegistry, status: int, relative: bool
) -> None:
    blob = blob_of(os.urandom(1000))
    opened.push_blob("stored/here", blob, advance=silent)
    opened.push_blob("stored/there", blob, advance=silent)
    place = f"/v2/stored/there/blobs/{blob.descriptor.digest}"
    location = place if relative else f"{door.url}{place}"
    door.fail(Answer(status=status, headers=(("Location", location),)), path="stored/here")
    found = b"".join(opened.chunks("stored/here", blob.descriptor))
    assert found == b"".join(blob.chunks())


# Lists.


def test_every_page_of_a_list_is_read(
    acr_part: RunningAcr, trust: Trust, clock: InstantClock
) -> None:
    trust(acr_part)
    opened = AcrRegistry(acr_part.host, login=owner, clock=clock)
    artifact = artifact_of(blob_of(b"layer"))
    put(opened, "paged", artifact, tag="0")
    links = acr_part.registry.directory / "docker/registry/v2/repositories/paged/_manifests/tags"
    for number in range(1, 2500):
        place = links / str(number) / "current"
        place.mkdir(parents=True)
        (place / "link").write_text(artifact.manifest.digest)
    assert sorted(opened.tags("paged"), key=int) == [str(number) for number in range(2500)]
    assert "paged" in opened.repositories("")
    assert opened.repositories("page") == ("paged",)
    assert opened.tags("unknown") == ()


def test_links_to_pages_may_be_absolute(door: RunningProxy, opened: AcrRegistry) -> None:
    following = f'<{door.url}/v2/pages/tags/list?n=1000&last=a>; rel="next"'
    kind = ("Content-Type", "application/json")
    first = Answer(status=200, headers=(kind, ("Link", following)), body=b'{"tags": ["a"]}')
    last = Answer(status=200, headers=(kind,), body=b'{"tags": ["b"]}')
    door.fail(first, path="pages", nth=1)
    door.fail(last, path="pages", nth=2)
    assert opened.tags("pages") == ("a", "b")
    assert list(door.traffic)[-1].target == "/v2/pages/tags/list?n=1000&last=a"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"tags": 1}', b"\xff", b"<html>"])
def test_a_list_that_cannot_be_read_is_told(
    door: RunningProxy, opened: AcrRegistry, body: bytes
) -> None:
    kind = ("Content-Type", "application/json")
    door.fail(Answer(status=200, headers=(kind,), body=body), times=None)
    with pytest.raises(RegistryError, match="sent something that cannot be read"):
        opened.tags("broken")


@pytest.mark.parametrize("digest", [True, False])
def test_a_manifest_that_is_not_what_its_digest_says_is_refused(
    door: RunningProxy, opened: AcrRegistry, digest: bool
) -> None:
    told = describe(b"{}", "").digest
    headers = (("Content-Type", "application/json"), ("Docker-Content-Digest", told))
    door.fail(Answer(status=200, headers=headers, body=b'{"other": 1}'), times=None)
    with pytest.raises(RegistryError, match=f"something else than manifest {told}"):
        opened.find_manifest("wrong", told if digest else "1")
