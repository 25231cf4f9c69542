"""Every request of every operation fails once, in every way that there is.

The operation succeeds all the same, or ends with an error that is meant for people. Run again it
succeeds, and at no time does a tag refer to a blob that is not there.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from acideploy.errors import AcideployError, NotFoundError
from acideploy.events import ignore
from acideploy.models import ModelChanges, ModelDraft, ModelReference
from acideploy.models.registry_store import RegistryModelStore
from acideploy.models.repositories import repository_of
from acideploy.registry.acr import AcrRegistry
from acideploy.registry.push import push
from tests.parts.acr import RunningAcr
from tests.parts.faults import (
    Corrupt,
    ExpiredToken,
    Fault,
    ResetAfter,
    ResetBefore,
    ResetInBody,
    Truncate,
    server_error,
    too_many_requests,
)
from tests.parts.proxy import RunningProxy
from tests.parts.traffic import Answer, Exchange
from tests.registries import InstantClock, artifact_of, assert_whole, blob_of, owner

RETRY_AFTER = 17
CONTENT = b"0123456789abcdef" * 5000
STRANGER = Answer(
    status=200, headers=(("Content-Type", "text/html"),), body=b"<html>Welcome to the hotel</html>"
)
# Each with the requests to which it makes a difference.
FAULTS: dict[str, tuple[Fault, Callable[[Exchange], object]]] = {
    "reset before": (ResetBefore(), lambda each: True),
    "reset in the body": (ResetInBody(5), lambda each: each.request_body_bytes),
    "reset after": (ResetAfter(), lambda each: True),
    "too many requests": (too_many_requests(retry_after=RETRY_AFTER), lambda each: True),
    "internal error": (server_error(500), lambda each: True),
    "unavailable": (server_error(503), lambda each: True),
    "expired token": (ExpiredToken(), lambda each: True),
    "truncated": (Truncate(), lambda each: each.response_body_bytes),
    "wrong bytes": (Corrupt(), lambda each: each.response_body_bytes),
    "a stranger answers": (STRANGER, lambda each: True),
}


# What passes by itself, and is tried again.
SURVIVED = {*FAULTS} - {"expired token", "wrong bytes", "a stranger answers"}
GIVEN = ModelReference(name="given", version=1)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A registry like Azure's, a folder with a file, and the model `given`, of that file."""

    part: RunningAcr
    folder: Path
    clock: InstantClock = field(default_factory=InstantClock)

    def open(self) -> AcrRegistry:
        """As a command does: with no token yet, and no connection."""
        return AcrRegistry(self.part.host, login=owner, clock=self.clock)

    def store(self, registry: AcrRegistry) -> RegistryModelStore:
        return RegistryModelStore(registry, clock=self.clock)

    def give(self, registry: AcrRegistry, name: str) -> None:
        """A model to work with."""
        self.store(registry).register(self.folder / "model", ModelDraft(name=name))

    def assert_whole(self, name: str) -> None:
        """What the repositories of this name have refers to nothing that they have not."""
        stored = self.part.registry
        for repository in (repository_of(name), f"model-claims/{name}", f"services/{name}"):
            for tag in stored.tags(repository):
                manifest = stored.manifest(repository, tag)
                for each in (manifest["config"], *manifest["layers"]):
                    assert stored.gives_out(repository, each["digest"]), (repository, tag)
                    content = stored.blob_path(each["digest"]).read_bytes()
                    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == each["digest"]


def register(bench: Bench, registry: AcrRegistry, name: str) -> None:
    draft = ModelDraft(name=name, tags={"a": "b"})
    model = bench.store(registry).register(bench.folder / "model", draft)
    stored = bench.part.registry.manifest(repository_of(name), str(model.version))
    assert stored["annotations"]["acideploy.tag.a"] == "b"
    attributes = bench.part.metadata.attributes(repository_of(name), str(model.version))
    assert attributes["writeEnabled"] is False


def unpack(bench: Bench, registry: AcrRegistry, name: str) -> None:
    store = bench.store(registry)
    place = store.unpack(store.find(GIVEN), bench.folder / name, overwrite=True)
    assert (place / "weights").read_bytes() == CONTENT


def update(bench: Bench, registry: AcrRegistry, name: str) -> None:
    store = bench.store(registry)
    assert store.update(GIVEN, ModelChanges(add_tags={"a": name})).tags == {"a": name}
    stored = bench.part.registry.manifest("models/given", "1")
    assert stored["annotations"]["acideploy.tag.a"] == name
    assert bench.part.metadata.attributes("models/given", "1")["writeEnabled"] is False


def delete(bench: Bench, registry: AcrRegistry, name: str) -> None:
    with contextlib.suppress(NotFoundError):
        bench.store(registry).delete(ModelReference(name=name, version=1))
    assert bench.part.registry.tags(repository_of(name)) == {}


def list_all(bench: Bench, registry: AcrRegistry, name: str) -> None:
    assert [model.id for model in bench.store(registry).list()] == ["given:1"]


def package(bench: Bench, registry: AcrRegistry, name: str) -> None:
    """An image on the model, whose layer is mounted, and on code that is new."""
    store = bench.store(registry)
    layer = store.layer(store.find(GIVEN)).blob
    code = blob_of(name.encode() * 5000, title="code")
    push(
        artifact_of(layer, code),
        registry=registry,
        repository=f"services/{name}",
        tag="1",
        clock=bench.clock,
        emit=ignore,
    )
    [stored, _] = bench.part.registry.manifest(f"services/{name}", "1")["layers"]
    assert stored["digest"] == layer.descriptor.digest


OPERATIONS = {each.__name__: each for each in (register, unpack, update, delete, list_all, package)}


@pytest.fixture
def bench(own_acr: RunningAcr, tmp_path: Path) -> Bench:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_bytes(CONTENT)
    bench = Bench(part=own_acr, folder=tmp_path)
    bench.give(bench.open(), "given")
    return bench


def requests_of(
    bench: Bench, operation: str, matters: Callable[[Exchange], object]
) -> tuple[tuple[RunningProxy, str, int], ...]:
    """Those of the operation, each as the nth of its method at the registry or its storage."""
    if operation == "delete":
        bench.give(bench.open(), "clean")
    proxies = (bench.part.proxy, bench.part.storage)
    for proxy in proxies:
        proxy.reset()
    OPERATIONS[operation](bench, bench.open(), "clean")
    return tuple(
        (proxy, method, nth)
        for proxy in proxies
        for method, count in Counter(each.method for each in proxy.traffic if matters(each)).items()
        for nth in range(1, count + 1)
    )


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_survives_or_explains_any_one_fault(
    bench: Bench, operation: str, fault: str
) -> None:
    failure, matters = FAULTS[fault]
    warm = bench.open()
    explained: list[str] = []
    for number, (proxy, method, nth) in enumerate(requests_of(bench, operation, matters)):
        name = f"m{number}"
        if operation == "delete":
            bench.give(warm, name)
        bench.clock.slept.clear()
        rule = proxy.fail(failure, nth=nth, method=method)
        try:
            OPERATIONS[operation](bench, bench.open(), name)
        except AcideployError as error:
            explained.append(f"{method} {nth}: {error.message}")
        assert rule.used
        bench.assert_whole(name)
        proxy.faults.clear()
        if fault == "too many requests":
            assert max(bench.clock.slept) >= RETRY_AFTER
        if explained and explained[-1].startswith(f"{method} {nth}:"):
            OPERATIONS[operation](bench, warm, name)
            bench.assert_whole(name)
    assert_whole(bench.part.registry)
    if fault in SURVIVED:
        assert explained == []
