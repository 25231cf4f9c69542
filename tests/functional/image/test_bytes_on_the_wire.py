"""What leaves and enters the machine when an image is made: what has changed, and no model."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from acideploy.image import Compression
from acideploy.models import ModelDraft
from tests.functional.image.conftest import Workshop
from tests.parts.traffic import Exchange
from tests.registries import assert_whole

LARGE = 50_000_000
LITTLE = 100_000
# Model: its tags and its manifest. Base image: its manifest here and there, its configuration.
# Then the manifests of the packages and of the image itself.
HANDFUL = 7


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "weights.bin"
    with path.open("wb") as file:
        # What gzip cannot make small, either.
        file.write(os.urandom(20 * LITTLE))
        file.truncate(LARGE)
    return path


def traffic(workshop: Workshop) -> list[Exchange]:
    return [*workshop.door.traffic, *workshop.other.traffic]


def forget(workshop: Workshop) -> None:
    workshop.door.traffic.clear()
    workshop.other.traffic.clear()


def uploads(workshop: Workshop) -> list[Exchange]:
    return [each for each in traffic(workshop) if each.method not in ("GET", "HEAD")]


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_no_byte_of_a_registered_model_moves_when_it_is_packaged(
    workshop: Workshop, model_file: Path, compression: Compression
) -> None:
    model = workshop.register(model_file, compression=compression)
    assert model.size == LARGE
    assert model.layer.size > 20 * LITTLE
    # The base image and the packages are there from another service, of another model.
    (workshop.directory / "small").write_text("small")
    workshop.parts.store.register(workshop.directory / "small", ModelDraft(name="other"))
    workshop.package(name="earlier", models=["other"], compression=compression)
    forget(workshop)
    made = workshop.package(compression=compression)
    sent = sum(each.request_body_bytes for each in traffic(workshop))
    received = sum(each.response_body_bytes for each in traffic(workshop))
    assert sent < LITTLE
    assert received < LITTLE
    mounted = workshop.door.traffic.select("POST", "/v2/service/blobs/uploads/", 201)
    assert model.layer_digest in "".join(each.target for each in mounted).replace("%3A", ":")
    assert workshop.stored.gives_out("service", model.layer_digest)
    assert made.size is not None
    assert made.size > model.layer.size
    assert_whole(workshop.stored)


def test_a_changed_line_sends_little(workshop: Workshop, model_file: Path) -> None:
    workshop.register(model_file)
    before = workshop.package()
    (workshop.source / "score.py").write_text("def init(): print('changed')\n")
    forget(workshop)
    after = workshop.package()
    assert after.digest != before.digest
    assert workshop.stored.tags("service") == {"1": after.digest}
    assert sum(each.request_bytes for each in traffic(workshop)) < LITTLE
    assert sum(each.response_body_bytes for each in traffic(workshop)) < LITTLE
    # The code, the configuration and the manifest.
    assert len([each for each in uploads(workshop) if each.method == "PUT"]) == 3
    assert_whole(workshop.stored)


def test_where_nothing_changed_nothing_is_sent(workshop: Workshop, model_file: Path) -> None:
    workshop.register(model_file)
    before = workshop.package()
    forget(workshop)
    assert workshop.package() == before
    assert uploads(workshop) == []
    assert len(traffic(workshop)) <= HANDFUL
    assert sum(each.response_body_bytes for each in traffic(workshop)) < LITTLE


def test_two_services_share_what_is_the_same(workshop: Workshop, model_file: Path) -> None:
    workshop.register(model_file)
    workshop.package()
    blobs = workshop.stored.blobs()
    (workshop.source / "score.py").write_text("def init(): print('another')\n")
    workshop.package()
    assert len(workshop.stored.blobs() - blobs) == 3
