"""An archive that an engine saved is the image that it was made of."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from acideploy.image.archive import docker_archive
from acideploy.image.compression import GZIP
from acideploy.image.layer import text_entry
from acideploy.image.saved import read_docker_archive
from tests.service_images import files_layer, image


def test_config_and_layers_are_those_of_the_image(tmp_path: Path) -> None:
    layers = [files_layer([text_entry(f"{name}.txt", name)], name) for name in ("a", "b")]
    # A layer that is there twice is one file.
    made = image([*layers, layers[0]], Cmd=["python3"])
    archive = tmp_path / "image.tar"
    archive.write_bytes(b"".join(docker_archive(made, tag="localhost/x:1")))
    found = read_docker_archive(archive)
    *blobs, config = found.blobs
    assert config.descriptor.digest == made.id
    assert [blob.descriptor.digest for blob in blobs] == [each.diff_id for each in made.layers]
    assert b"".join(blobs[1].chunks()) == b"".join(layers[1].blob.chunks())
    written = json.loads(found.manifest.content)
    assert [each["digest"] for each in written["layers"]] == [each.diff_id for each in made.layers]


def test_a_layer_that_is_saved_as_it_was_pulled_is_known_as_gzip(tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    layer = gzip.compress(b"layer")
    listed = json.dumps([{"Config": "config.json", "Layers": ["layer"]}]).encode()
    files = {"manifest.json": listed, "config.json": b"{}", "layer": layer}
    with tarfile.open(archive, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    blob, _ = read_docker_archive(archive).blobs
    assert (blob.descriptor.media_type, blob.descriptor.size) == (GZIP, len(layer))


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(b"")
    with pytest.raises((tarfile.TarError, KeyError)):
        read_docker_archive(tmp_path / "image.tar")
