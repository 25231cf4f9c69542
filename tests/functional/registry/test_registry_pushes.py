"""What a push sends, and asks for, and what it does not."""

from __future__ import annotations

import os
import shutil

import pytest

from acideploy.errors import RegistryError
from acideploy.events import ignore
from acideploy.image import Compression
from acideploy.image.compression import Packing
from acideploy.registry import Artifact
from acideploy.registry.acr import AcrRegistry
from acideploy.registry.push import push
from tests.functional.conftest import Trust
from tests.parts.acr import RunningAcr
from tests.parts.faults import (
    ExpiredToken,
    Fault,
    ResetAfter,
    ResetBefore,
    ResetInBody,
    server_error,
)
from tests.parts.proxy import RunningProxy
from tests.parts.registry import REPOSITORIES, RunningRegistry
from tests.registries import InstantClock, artifact_of, assert_whole, blob_of, owner

CONTENT = os.urandom(3_000_000)
# Tests share a registry: nobody else looks for this one.
PLACE = "pushed/again"


def put(
    registry: AcrRegistry, artifact: Artifact, tag: str = "1", former: str | None = None
) -> bool:
    return push(
        artifact,
        registry=registry,
        repository=PLACE,
        tag=tag,
        clock=InstantClock(),
        emit=ignore,
        former=former,
    )


def packing(compression: Compression = "none") -> Packing:
    """A tar that nobody has measured."""
    parts = [CONTENT[start : start + 100_000] for start in range(0, len(CONTENT), 100_000)]
    return Packing(lambda: parts, compression, size=len(CONTENT))


def test_what_a_tag_meant_before_is_not_asked_for_again(
    proxy_part: RunningProxy, trust: Trust, clock: InstantClock
) -> None:
    trust(proxy_part)
    opened = AcrRegistry(proxy_part.host, clock=clock)
    below, above, changed = (blob_of(os.urandom(100)) for _ in range(3))
    put(opened, artifact_of(below, above))
    proxy_part.traffic.clear()
    after = artifact_of(below, changed)
    assert put(opened, after) is True
    asked = {each.path.rpartition("/")[2] for each in proxy_part.traffic.select("HEAD")}
    assert asked == {changed.descriptor.digest, after.blobs[-1].descriptor.digest}
    assert opened.find_manifest(PLACE, "1") == after.manifest


def test_what_a_former_image_has_is_not_asked_for_under_another_tag(
    proxy_part: RunningProxy, trust: Trust, clock: InstantClock
) -> None:
    trust(proxy_part)
    opened = AcrRegistry(proxy_part.host, clock=clock)
    below, above, changed = (blob_of(os.urandom(100)) for _ in range(3))
    before = artifact_of(below, above)
    put(opened, before, "before")
    proxy_part.traffic.clear()
    after = artifact_of(below, changed)
    assert put(opened, after, "after", former=before.manifest.digest) is True
    asked = {each.path.rpartition("/")[2] for each in proxy_part.traffic.select("HEAD")}
    assert asked == {changed.descriptor.digest, after.blobs[-1].descriptor.digest}
    assert opened.find_manifest(PLACE, "after") == after.manifest


def test_a_former_image_that_is_gone_is_no_matter(
    proxy_part: RunningProxy, trust: Trust, clock: InstantClock
) -> None:
    trust(proxy_part)
    opened = AcrRegistry(proxy_part.host, clock=clock)
    after = artifact_of(blob_of(os.urandom(100)))
    assert put(opened, after, "alone", former="sha256:" + "0" * 64) is True
    assert opened.find_manifest(PLACE, "alone") == after.manifest


def test_a_blob_that_the_registry_lost_is_sent_again(
    own_registry: RunningRegistry, clock: InstantClock
) -> None:
    opened = AcrRegistry(own_registry.host, clock=clock)
    lost = blob_of(os.urandom(100))
    put(opened, artifact_of(lost))
    shutil.rmtree(own_registry.blob_path(lost.descriptor.digest).parent)
    shutil.rmtree(own_registry.directory / REPOSITORIES / PLACE / "_layers")
    after = artifact_of(lost, blob_of(os.urandom(100)))
    assert put(opened, after) is True
    assert opened.find_manifest(PLACE, "1") == after.manifest
    assert_whole(own_registry)


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_blob_that_nobody_can_have_is_sent_once_and_not_asked_for(
    proxy_part: RunningProxy, trust: Trust, clock: InstantClock, compression: Compression
) -> None:
    trust(proxy_part)
    opened = AcrRegistry(proxy_part.host, clock=clock)
    counted: list[int] = []
    sent = opened.push_new("new", packing(compression), title="model", advance=counted.append)
    assert [each.method for each in proxy_part.traffic] == ["POST", "PATCH", "PUT"]
    assert sum(each.request_body_bytes for each in proxy_part.traffic) < 1.01 * len(CONTENT)
    assert sum(counted) == len(CONTENT)
    stored = b"".join(opened.chunks("new", sent))
    assert stored == b"".join(packing(compression).chunks(lambda count: None))


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
@pytest.mark.parametrize(
    "fault", [ResetBefore(), ResetInBody(1_000_000), ResetAfter(), server_error(503)], ids=str
)
def test_a_blob_that_breaks_off_is_begun_anew(
    proxy_part: RunningProxy, trust: Trust, clock: InstantClock, method: str, fault: Fault
) -> None:
    trust(proxy_part)
    opened = AcrRegistry(proxy_part.host, clock=clock)
    rule = proxy_part.fail(fault, method=method)
    counted: list[int] = []
    sent = opened.push_new("broken/new", packing(), title="model", advance=counted.append)
    assert rule.used
    assert sum(counted) == len(CONTENT)
    assert b"".join(opened.chunks("broken/new", sent)) == CONTENT


def test_a_blob_that_had_arrived_is_not_sent_again(
    proxy_part: RunningProxy, trust: Trust, clock: InstantClock
) -> None:
    trust(proxy_part)
    opened = AcrRegistry(proxy_part.host, clock=clock)
    proxy_part.fail(ResetAfter(), method="PUT")
    opened.push_new("arrived", packing(), title="model", advance=lambda count: None)
    assert len(proxy_part.traffic.select("PATCH")) == 1


def test_a_token_that_ends_in_the_middle_of_a_blob_is_renewed(
    acr_part: RunningAcr, trust: Trust
) -> None:
    trust(acr_part)
    opened = AcrRegistry(acr_part.host, login=owner, clock=InstantClock())
    acr_part.proxy.fail(ExpiredToken(), method="PATCH")
    sent = opened.push_new("anew", packing(), title="model", advance=lambda count: None)
    assert acr_part.registry.gives_out("anew", sent.digest)


def test_a_blob_that_never_arrives_is_told(
    proxy_part: RunningProxy, trust: Trust, clock: InstantClock
) -> None:
    trust(proxy_part)
    opened = AcrRegistry(proxy_part.host, clock=clock)
    proxy_part.fail(ResetInBody(1_000_000), method="PATCH", times=None)
    counted: list[int] = []
    with pytest.raises(RegistryError, match=r"cannot push model iris:1 to never"):
        opened.push_new("never", packing(), title="model iris:1", advance=counted.append)
    assert sum(counted) == 0
