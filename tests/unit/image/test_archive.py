"""The archive that `docker load` takes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from acideploy.image import Image, Layer
from acideploy.image.archive import archive_size, docker_archive
from acideploy.image.layer import text_entry
from tests.service_images import files_layer, image, members

TAG = "localhost/acideploy/echo-svc:1"


@pytest.fixture
def layers() -> list[Layer]:
    return [files_layer([text_entry(f"{name}.txt", name * 700)], name) for name in ("a", "b", "c")]


def _read(made: Image, without: frozenset[str] = frozenset()) -> dict[str, bytes]:
    return members(b"".join(docker_archive(made, tag=TAG, without=without)))


def test_it_names_the_image_its_config_and_every_layer(layers: list[Layer]) -> None:
    made = image(layers, Cmd=["python3"])
    found = _read(made)
    (listed,) = json.loads(found["manifest.json"])
    assert listed["RepoTags"] == [TAG]
    assert f"sha256:{hashlib.sha256(found[listed['Config']]).hexdigest()}" == made.id
    digests = [hashlib.sha256(found[name]).hexdigest() for name in listed["Layers"]]
    assert [f"sha256:{digest}" for digest in digests] == [layer.diff_id for layer in layers]


def test_layers_that_are_left_out_are_named_all_the_same(layers: list[Layer]) -> None:
    found = _read(image(layers), frozenset({layers[0].diff_id, layers[1].diff_id}))
    (listed,) = json.loads(found["manifest.json"])
    assert len(listed["Layers"]) == 3
    assert set(found) == {"manifest.json", listed["Config"], listed["Layers"][2]}


def test_a_layer_that_comes_twice_is_written_once(layers: list[Layer]) -> None:
    archive = b"".join(docker_archive(image([layers[0], layers[0]]), tag=TAG))
    assert archive.count(b"a" * 700) == 1


@pytest.mark.parametrize("left_out", [0, 1, 3])
def test_its_size_is_known_beforehand(layers: list[Layer], left_out: int) -> None:
    made, without = image(layers), frozenset(each.diff_id for each in layers[:left_out])
    archive = b"".join(docker_archive(made, tag=TAG, without=without))
    assert archive_size(made, tag=TAG, without=without) == len(archive)


def test_a_layer_is_asked_for_piece_by_piece(layers: list[Layer]) -> None:
    """What has been given away is not held: the next piece is made when it is asked for."""
    given = 0

    def chunks() -> Iterator[bytes]:
        nonlocal given
        for chunk in layers[0].blob.chunks():
            for start in range(0, len(chunk), 100):
                given += 1
                yield chunk[start : start + 100]

    slow = replace(layers[0], blob=replace(layers[0].blob, chunks=chunks))
    archive = docker_archive(image([slow]), tag=TAG)
    # manifest.json and the config are three pieces each: header, content, padding.
    taken = [next(archive) for _ in range(6 + 1 + 2)]
    assert (len(taken[-1]), given) == (100, 2)


def test_a_layer_beyond_eight_gib_has_a_header_that_says_so(layers: list[Layer]) -> None:
    size = 9 * 1024**3
    blob = layers[0].blob
    large = replace(layers[0], blob=replace(blob, descriptor=replace(blob.descriptor, size=size)))
    archive = docker_archive(image([large]), tag=TAG)
    header = [next(archive) for _ in range(7)][-1]
    assert f"size={size}".encode() in header
