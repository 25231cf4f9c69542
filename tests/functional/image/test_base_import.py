"""Base images that a registry of Azure fetches by itself."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from acideploy.azure.import_image import import_image
from acideploy.clock import SystemClock
from acideploy.events import Emit, Event, Finished, Noticed, Started, ignore
from acideploy.image import Base
from acideploy.image.base import Importer, ensure_base
from acideploy.image.build import ImageBuilder
from acideploy.image.layer import layer_chunks, text_entry
from acideploy.image.read import place_of
from acideploy.image.reference import ImageReference, parse_image_reference
from acideploy.registry import Artifact, Manifest
from acideploy.registry.acr import AcrRegistry
from acideploy.registry.descriptor import describe, descriptor_to_json, to_json
from acideploy.registry.directory import DirectoryRegistry
from acideploy.registry.layout import ImageLayout
from tests.emulated import Emulated, emulated
from tests.emulated_models import (
    administrator,
    asked,
    forget,
    login_server,
    opened,
    registry_of,
    sign_in,
)
from tests.emulated_registries import make_registry
from tests.functional.image.conftest import Workshop
from tests.registries import InstantClock
from tests.tiny import CONFIG, base_artifact, put

INDEX = "application/vnd.oci.image.index.v1+json"
# Less than a page of a list, more than all else that is sent.
LARGE = 1 << 20


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    """A workspace with a registry, beside another registry that has base images."""
    with emulated(tmp_path_factory.mktemp("azure") / "emulator", seeded=True) as azure:
        make_registry(azure, "bases", adminUserEnabled=True)
        yield azure


@pytest.fixture
def azure(running: Emulated, monkeypatch: pytest.MonkeyPatch) -> Emulated:
    sign_in(running, monkeypatch)
    return running


@pytest.fixture
def source(azure: Emulated) -> AcrRegistry:
    found = azure.arm(
        "GET", "providers/Microsoft.ContainerRegistry/registries", version="2023-07-01"
    )
    return registry_of(azure, next(x["id"] for x in found.json["value"] if x["name"] == "bases"))


def large_artifact(seed: int) -> Artifact:
    """A base image whose one layer is a megabyte that no other has."""
    noise = random.Random(seed).randbytes(LARGE).hex()
    layer = b"".join(layer_chunks([text_entry("etc/noise", noise)], mtime=0))
    config = {
        **CONFIG,
        "rootfs": {"type": "layers", "diff_ids": [describe(layer, "").digest]},
        "history": [{"created_by": "ADD noise"}],
    }
    return base_artifact(config, layers=[layer])


def bring(
    azure: Emulated,
    source: Any,
    name: str,
    *,
    told: list[Event] | None = None,
    login: tuple[str, str] | None = None,
    by: Importer | None = None,
    **workspace: Any,
) -> Base:
    ours, clock = registry_of(azure), SystemClock()
    fetch = partial(import_image, opened(azure, **workspace), clock=clock)
    emit = (told if told is not None else []).append

    def ask(image: ImageReference, repository: str, tag: str) -> bool:
        return fetch(image, repository, tag, login, emit)

    return ensure_base(
        parse_image_reference(name),
        source=source,
        registry=ours,
        clock=clock,
        emit=emit,
        importer=by or ask,
    )


def layer_bytes(azure: Emulated) -> tuple[int, int]:
    """Bytes of blobs that went out of the registries and into them, configurations included."""
    seen = [each for each in asked(azure) if "/blobs/" in each["path"]]
    return sum(each["bytesOut"] for each in seen), sum(each["bytesIn"] for each in seen)


@pytest.mark.parametrize("login", [False, True], ids=["by its id", "by a password"])
def test_no_byte_of_a_layer_passes_through_this_machine(
    azure: Emulated, source: AcrRegistry, login: bool
) -> None:
    name = f"{source.location}/python{int(login)}:3"
    image = large_artifact(int(login))
    put(source, f"python{int(login)}", image, tag="3")
    given = administrator(azure, _id_of(azure, "bases"))
    forget(azure)
    told: list[Event] = []
    base = bring(
        azure, source, name, told=told, login=(given.username, given.password) if login else None
    )
    out, into = layer_bytes(azure)
    # With a password the emulator itself comes as any client does.
    assert (out < LARGE or login, into) == (True, 0)
    assert base.digest == image.manifest.digest
    begun = [each for each in told if isinstance(each, Started) and each.task.startswith("import ")]
    assert len(begun) == 1
    assert not [each for each in told if isinstance(each, Noticed)]
    pushed = [each for each in told if isinstance(each, Finished) and each.task.startswith("push")]
    assert {each.outcome for each in pushed} <= {"reused"}
    repository = f"bases/{source.location.replace(':', '-')}/python{int(login)}"
    assert registry_of(azure).tags(repository) == ("3",)
    forget(azure)
    assert bring(azure, source, name).digest == base.digest
    assert [each for each in asked(azure) if each["path"].endswith("/importImage")] == []


def test_of_a_list_of_platforms_ours_is_imported(azure: Emulated, source: AcrRegistry) -> None:
    wanted, other = large_artifact(10), base_artifact({**CONFIG, "architecture": "arm64"})
    for artifact in (wanted, other):
        put(source, "list", artifact, tag=None)
    listed = [
        {**descriptor_to_json(each.manifest.descriptor), "platform": {"os": "linux"} | platform}
        for each, platform in (
            (other, {"architecture": "arm64"}),
            (wanted, {"architecture": "amd64"}),
        )
    ]
    content = to_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed})
    source.push_manifest("list", Manifest(content=content, media_type=INDEX), tag="1")
    forget(azure)
    base = bring(azure, source, f"{source.location}/list:1")
    assert base.digest == wanted.manifest.digest
    assert layer_bytes(azure)[1] == 0


def test_a_tag_that_moved_on_is_imported_again(azure: Emulated, source: AcrRegistry) -> None:
    name = f"{source.location}/moving:1"
    digests = []
    for seed in (20, 21, 20):
        image = large_artifact(seed)
        put(source, "moving", image, tag="1")
        forget(azure)
        assert bring(azure, source, name).digest == image.manifest.digest
        assert layer_bytes(azure)[1] == 0
        digests.append(image.manifest.digest)
    repository = f"bases/{source.location.replace(':', '-')}/moving"
    found = registry_of(azure).find_manifest(repository, "1")
    assert found
    assert found.digest == digests[-1]


def test_what_the_service_cannot_reach_goes_through_this_machine(
    azure: Emulated, tmp_path: Path
) -> None:
    here = DirectoryRegistry(ImageLayout(tmp_path / "here", clock=SystemClock()))
    image = large_artifact(30)
    put(here, "base", image, tag="1")
    told: list[Event] = []
    base = bring(azure, here, "localhost:1/base:1", told=told)
    assert base.digest == image.manifest.digest
    assert layer_bytes(azure)[1] > LARGE
    (notice,) = [each.problem for each in told if isinstance(each, Noticed)]
    assert (notice.code, notice.severity) == ("base-image-not-imported", "note")
    assert "localhost:1 cannot be reached" in notice.message


def test_who_may_not_import_copies(azure: Emulated, source: AcrRegistry) -> None:
    put(source, "refused", large_artifact(40), tag="1")
    rule = {"path": "/importImage$", "status": 403, "code": "AuthorizationFailed"}
    assert azure.ask("POST", "/_emulator/faults", rule).status == 201
    told: list[Event] = []
    bring(azure, source, f"{source.location}/refused:1", told=told)
    assert [each.problem.code for each in told if isinstance(each, Noticed)] == [
        "base-image-not-imported"
    ]


def test_another_image_than_the_one_that_was_looked_at_is_not_taken(
    azure: Emulated, source: AcrRegistry
) -> None:
    wanted, other = large_artifact(50), large_artifact(51)
    put(source, "swapped", wanted, tag="1")

    def swap(image: ImageReference, repository: str, tag: str) -> bool:
        put(registry_of(azure), repository, other, tag=tag)
        return True

    base = bring(azure, source, f"{source.location}/swapped:1", by=swap)
    assert base.digest == wanted.manifest.digest
    found = registry_of(azure).find_manifest(
        f"bases/{source.location.replace(':', '-')}/swapped", "1"
    )
    assert found
    assert found.digest == wanted.manifest.digest


def test_without_the_registrys_id_nothing_is_asked(azure: Emulated, source: AcrRegistry) -> None:
    put(source, "unnamed", base_artifact(), tag="1")
    told: list[Event] = []
    forget(azure)
    bring(azure, source, f"{source.location}/unnamed:1", told=told, registry_id=None)
    assert not [each for each in told if isinstance(each, Noticed)]
    assert [each for each in asked(azure) if "importImage" in each["path"]] == []


def test_a_broken_import_does_not_hold_up_for_ever(azure: Emulated) -> None:
    rule = {"path": "/operationResults/", "status": 503, "count": None}
    assert azure.ask("POST", "/_emulator/faults", rule).status == 201
    clock = InstantClock()
    told: list[Event] = []
    try:
        fetch = partial(import_image, opened(azure, clock=clock), clock=clock)
        image = parse_image_reference(f"{login_server(azure)}/none:1")
        assert fetch(image, "bases/none", "1", None, told.append) is False
    finally:
        azure.ask("DELETE", "/_emulator/faults")
    assert sum(clock.slept) < 60


def test_an_image_is_made_with_the_login_of_its_base_image(workshop: Workshop) -> None:
    parts, asked_for = workshop.parts, []

    def fetch(image: ImageReference, repository: str, tag: str, login: object, emit: Emit) -> bool:
        asked_for.append((str(image), repository, tag, login))
        return False

    images = ImageBuilder(
        parts.registry,
        store=parts.store,
        environments=parts.layers,
        open_registry=lambda host, base: parts.open_registry(host),
        builder=lambda: pytest.fail("nothing is to be built"),
        clock=SystemClock(),
        mtime=0,
        import_image=fetch,
    )
    wanted = workshop.wanted(parts, models=())
    assert wanted.base
    base = replace(wanted.base, username="me", password="mine")
    image = images.build(replace(wanted, base=base), emit=ignore)
    name = parse_image_reference(base.name)
    repository, tag = place_of(name)
    ((fetched, *rest),) = asked_for
    assert fetched.startswith(f"{name.host}/{name.repository}@sha256:")
    assert rest == [repository, tag, ("me", "mine")]
    assert image.layers


def _id_of(azure: Emulated, name: str) -> str:
    found = azure.arm(
        "GET", "providers/Microsoft.ContainerRegistry/registries", version="2023-07-01"
    )
    return str(next(each["id"] for each in found.json["value"] if each["name"] == name))
