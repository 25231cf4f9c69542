"""Base images: from any registry, in either form, for our platform, and whole."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acideploy.clock import SystemClock
from acideploy.errors import NotFoundError, RegistryError, UnsupportedError
from acideploy.events import Event, Noticed
from acideploy.image import Base
from acideploy.image.base import ensure_base
from acideploy.image.reference import ImageReference, parse_image_reference
from acideploy.registry import Artifact, Manifest, Registry
from acideploy.registry.acr import AcrRegistry
from acideploy.registry.descriptor import describe, descriptor_to_json, to_json
from acideploy.registry.directory import DirectoryRegistry
from acideploy.registry.layout import ImageLayout
from tests.parts.base_image import BaseImage, Variant, push
from tests.parts.proxy import RunningProxy
from tests.registries import InstantClock
from tests.tiny import CONFIG, DIFF_IDS, DOCKER, LAYERS, OCI, base_artifact, put

GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
INDEX = "application/vnd.oci.image.index.v1+json"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"


@pytest.fixture
def source(tmp_path: Path) -> DirectoryRegistry:
    """Where base images come from."""
    return DirectoryRegistry(ImageLayout(tmp_path / "source", clock=SystemClock()))


@pytest.fixture
def ours(tmp_path: Path) -> DirectoryRegistry:
    """Where images are made."""
    return DirectoryRegistry(ImageLayout(tmp_path / "ours", clock=SystemClock()))


def ensure(
    source: Registry, ours: Registry, name: str = "example.org/base:1", *, told: Any = None
) -> Base:
    return ensure_base(
        parse_image_reference(name),
        source=source,
        registry=ours,
        clock=InstantClock(),
        emit=(told if told is not None else []).append,
    )


def is_empty(registry: DirectoryRegistry) -> bool:
    return not Path(registry.location).exists()


def index_of(*platforms: tuple[Artifact, dict[str, str]], media_type: str = INDEX) -> Manifest:
    listed = [
        {**descriptor_to_json(artifact.manifest.descriptor), "platform": platform}
        for artifact, platform in platforms
    ]
    content = {"schemaVersion": 2, "mediaType": media_type, "manifests": listed}
    return Manifest(content=to_json(content), media_type=media_type)


@pytest.mark.parametrize("kinds", [OCI, DOCKER], ids=["oci", "docker"])
def test_a_base_image_is_brought_as_it_is_and_described_as_oci(
    source: DirectoryRegistry, ours: DirectoryRegistry, kinds: dict[str, str]
) -> None:
    artifact = base_artifact(kinds=kinds)
    put(source, "base", artifact, tag="1")
    base = ensure(source, ours)
    assert (base.name, base.digest) == ("example.org/base:1", artifact.manifest.digest)
    assert base.config == CONFIG
    assert [layer.diff_id for layer in base.layers] == DIFF_IDS
    assert {layer.blob.descriptor.media_type for layer in base.layers} == {OCI["layer"]}
    assert tuple(b"".join(layer.blob.chunks()) for layer in base.layers) == LAYERS
    assert ours.find_manifest("bases/example.org/base", "1") == artifact.manifest


@pytest.mark.parametrize(
    ("theirs", "ours_is"),
    [
        ("application/vnd.docker.image.rootfs.diff.tar.gzip", GZIP),
        ("application/vnd.oci.image.layer.v1.tar+zstd",) * 2,
        (GZIP, GZIP),
    ],
)
def test_compressed_layers_keep_their_compression(
    source: DirectoryRegistry, ours: DirectoryRegistry, theirs: str, ours_is: str
) -> None:
    put(source, "base", base_artifact(layer_type=theirs), tag="1")
    base = ensure(source, ours)
    assert {layer.blob.descriptor.media_type for layer in base.layers} == {ours_is}


@pytest.mark.parametrize("media_type", [INDEX, LIST])
def test_of_several_platforms_ours_is_taken(
    source: DirectoryRegistry, ours: DirectoryRegistry, media_type: str
) -> None:
    wanted = base_artifact()
    other = base_artifact({**CONFIG, "architecture": "arm64"})
    for artifact in (wanted, other):
        put(source, "base", artifact, tag=None)
    index = index_of(
        (other, {"os": "linux", "architecture": "arm64"}),
        (other, {"os": "unknown", "architecture": "unknown"}),
        (other, {"os": "windows", "architecture": "amd64"}),
        (wanted, {"os": "linux", "architecture": "amd64"}),
        media_type=media_type,
    )
    source.push_manifest("base", index, tag="1")
    assert ensure(source, ours).digest == wanted.manifest.digest
    by_digest = ensure(source, ours, f"example.org/base@{index.digest}")
    assert by_digest.digest == wanted.manifest.digest


def test_an_index_without_our_platform_is_refused(
    source: DirectoryRegistry, ours: DirectoryRegistry
) -> None:
    other = base_artifact({**CONFIG, "architecture": "arm64"})
    put(source, "base", other, tag=None)
    index = index_of((other, {"os": "linux", "architecture": "arm64"}))
    source.push_manifest("base", index, tag="1")
    with pytest.raises(UnsupportedError, match=r"example\.org/base:1 is not there for linux/amd64"):
        ensure(source, ours)
    assert is_empty(ours)


@pytest.mark.parametrize(
    ("platform", "said"),
    [
        ({"architecture": "arm64"}, "linux/arm64"),
        ({"os": "windows"}, "windows/amd64"),
        ({"os": None, "architecture": None}, "None/None"),
    ],
)
def test_an_image_for_another_platform_is_refused_before_it_is_copied(
    source: DirectoryRegistry, ours: DirectoryRegistry, platform: dict[str, str], said: str
) -> None:
    put(source, "base", base_artifact({**CONFIG, **platform}), tag="1")
    with pytest.raises(UnsupportedError, match=f"is for {said}, not linux/amd64") as caught:
        ensure(source, ours)
    assert "Azure Container Instances" in (caught.value.hint or "")
    assert is_empty(ours)


@pytest.mark.parametrize(
    "layer_type",
    [
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.cncf.model.weight.v1.tar",
        "text/plain",
    ],
)
def test_layers_that_are_elsewhere_or_no_layers_are_refused(
    source: DirectoryRegistry, ours: DirectoryRegistry, layer_type: str
) -> None:
    put(source, "base", base_artifact(layer_type=layer_type), tag="1")
    with pytest.raises(UnsupportedError, match=re.escape(f"has a layer of type {layer_type}")):
        ensure(source, ours)
    assert is_empty(ours)


def test_a_manifest_of_the_old_kind_is_refused(
    source: DirectoryRegistry, ours: DirectoryRegistry
) -> None:
    old = "application/vnd.docker.distribution.manifest.v1+json"
    source.push_manifest("base", Manifest(content=b"{}", media_type=old), tag="1")
    with pytest.raises(UnsupportedError, match="has a manifest of type"):
        ensure(source, ours)


def test_an_unknown_image_is_named(source: DirectoryRegistry, ours: DirectoryRegistry) -> None:
    with pytest.raises(NotFoundError, match=r"there is no base image docker\.io/library/none:1"):
        ensure(source, ours, "none:1")


def without(*keys: str) -> dict[str, Any]:
    return {key: value for key, value in CONFIG.items() if key not in keys}


DAMAGED: list[object] = [
    b"",
    b"nonsense",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'"text"',
    without("rootfs"),
    {**CONFIG, "rootfs": {}},
    {**CONFIG, "rootfs": []},
    {**CONFIG, "rootfs": {"diff_ids": None}},
    {**CONFIG, "rootfs": {"diff_ids": DIFF_IDS[:1]}},
    {**CONFIG, "rootfs": {"diff_ids": [*DIFF_IDS, *DIFF_IDS]}},
    {**CONFIG, "rootfs": {"diff_ids": [1, 2]}},
    {**CONFIG, "config": [1]},
    {**CONFIG, "config": "text"},
    {**CONFIG, "config": {"Env": "PATH=/bin"}},
    {**CONFIG, "config": {"Env": [1]}},
    {**CONFIG, "config": {"Labels": ["a"]}},
    {**CONFIG, "config": {"Labels": {"a": 1}}},
    {**CONFIG, "history": "text"},
    {**CONFIG, "history": ["text"]},
]


@pytest.mark.parametrize("config", DAMAGED)
def test_a_damaged_configuration_is_told_and_nothing_is_copied(
    source: DirectoryRegistry, ours: DirectoryRegistry, config: object
) -> None:
    put(source, "base", base_artifact(config), tag="1")
    with pytest.raises(
        (RegistryError, UnsupportedError), match=r"base image example\.org/base:1 "
    ) as caught:
        ensure(source, ours)
    assert "cannot be read" in str(caught.value) or "is for None/None" in str(caught.value)
    assert is_empty(ours)


@pytest.mark.parametrize(
    "content",
    [
        b"nonsense",
        b"[]",
        b"{}",
        b'{"layers": [], "config": {}}',
        b'{"layers": 1, "config": 2}',
        b'{"layers": [{}], "config": {"mediaType": "a", "size": 1, "digest": "sha256:../../etc"}}',
    ],
)
@pytest.mark.parametrize("media_type", [OCI["manifest"], INDEX])
def test_a_damaged_manifest_is_told(
    content: bytes, media_type: str, ours: DirectoryRegistry
) -> None:
    class Source:
        location = "somewhere"

        def find_manifest(self, repository: str, reference: str) -> Manifest:
            return Manifest(content=content, media_type=media_type)

    with pytest.raises((RegistryError, UnsupportedError), match="base image example"):
        ensure(Source(), ours)  # type: ignore[arg-type]
    assert is_empty(ours)


@pytest.mark.parametrize("history", [None, [], [{"created_by": "one"}]])
def test_a_base_without_a_history_is_taken(
    source: DirectoryRegistry, ours: DirectoryRegistry, history: object
) -> None:
    config = {**CONFIG, "history": history} if history is not None else without("history")
    put(source, "base", base_artifact(config), tag="1")
    assert len(ensure(source, ours).layers) == 2


def test_a_base_in_our_own_registry_is_not_copied(source: DirectoryRegistry) -> None:
    put(source, "base", base_artifact(), tag="1")
    base = ensure(source, source)
    assert base.layers[0].blob.mount_from == ("base",)
    assert source.find_manifest("bases/example.org/base", "1") is None


def test_a_base_that_was_brought_is_not_read_again(
    source: DirectoryRegistry, ours: DirectoryRegistry
) -> None:
    put(source, "base", base_artifact(), tag="1")
    first = ensure(source, ours)
    told: list[Event] = []
    again = ensure(source, ours, told=told)
    assert replace(again, layers=()) == replace(first, layers=())
    assert told == []


def test_a_tag_that_has_moved_is_followed_and_a_digest_is_not(
    source: DirectoryRegistry, ours: DirectoryRegistry
) -> None:
    old, new = base_artifact(), base_artifact({**CONFIG, "author": "another"})
    put(source, "base", old, tag="1")
    pinned = f"example.org/base@{old.manifest.digest}"
    assert ensure(source, ours).digest == ensure(source, ours, pinned).digest
    put(source, "base", new, tag="1")
    assert ensure(source, ours).digest == new.manifest.digest
    assert ensure(Nowhere(), ours, pinned).digest == old.manifest.digest


class Nowhere:
    """A registry that cannot be reached."""

    location = "nowhere"

    def find_manifest(self, repository: str, reference: str) -> Manifest | None:
        raise RegistryError("cannot pull base: example.org does not answer")


def test_a_base_that_is_out_of_reach_is_taken_as_it_was(
    source: DirectoryRegistry, ours: DirectoryRegistry
) -> None:
    with pytest.raises(RegistryError, match="does not answer"):
        ensure(Nowhere(), ours)  # type: ignore[arg-type]
    put(source, "base", base_artifact(), tag="1")
    first = ensure(source, ours)
    told: list[Event] = []
    assert ensure(Nowhere(), ours, told=told).digest == first.digest  # type: ignore[arg-type]
    [notice] = told
    assert isinstance(notice, Noticed)
    assert notice.problem.severity == "warning"
    assert "that was taken last time" in notice.problem.message


@pytest.mark.parametrize("variant", ["oci", "docker", "index"])
def test_a_debian_image_that_skopeo_pushed_is_taken(
    base_image_part: BaseImage, proxy_part: RunningProxy, trust: Any, variant: Variant
) -> None:
    trust(proxy_part)
    repository = f"debian/{variant}"
    push(base_image_part, proxy_part, repository, variant=variant)
    opened = AcrRegistry(proxy_part.host, clock=InstantClock())
    base = ensure(opened, opened, f"{proxy_part.host}/{repository}:latest")
    config = base_image_part.manifest("oci")["config"]["digest"]
    assert base.config == json.loads(base_image_part.blob(config).read_bytes())
    assert [layer.blob.descriptor.media_type for layer in base.layers] == [GZIP]


def test_names_of_images_are_those_of_docker() -> None:
    digest = describe(b"", "").digest
    expected = {
        "python:3.11": ("docker.io", "library/python", "3.11", None),
        "python": ("docker.io", "library/python", "latest", None),
        "me/app": ("docker.io", "me/app", "latest", None),
        "localhost:5000/app:1": ("localhost:5000", "app", "1", None),
        "a.azurecr.io/b/c": ("a.azurecr.io", "b/c", "latest", None),
        f"a.io/b@{digest}": ("a.io", "b", "latest", digest),
        f"a.io/b:1@{digest}": ("a.io", "b", "1", digest),
    }
    for text, (host, repository, tag, wanted) in expected.items():
        assert parse_image_reference(text) == ImageReference(
            host=host, repository=repository, tag=tag, digest=wanted
        )
