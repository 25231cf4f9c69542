"""The part of Azure Container Registry's API that is its own: `/acr/v1`, and locks."""

from __future__ import annotations

import json
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.parts.acr_scopes import DATA_PATH, METADATA_PATH
from tests.parts.registry import REPOSITORIES, RunningRegistry
from tests.parts.traffic import Answer, Request, error_answer, json_answer

ATTRIBUTES = ("deleteEnabled", "writeEnabled", "readEnabled", "listEnabled")
DISALLOWED = (
    "The operation is disallowed on this registry, repository or image. View troubleshooting "
    "steps at https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-"
    "disallowed-operation"
)
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
ACCEPTED = Answer(status=202)


@dataclass
class Metadata:
    """What is known of repositories, tags and manifests, and what is locked.

    All but the locks is read from, and deleted in, the storage of the registry.
    """

    host: str
    registry: RunningRegistry
    _attributes: dict[tuple[str, str], dict[str, bool]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def attributes(self, repository: str, reference: str = "") -> dict[str, bool]:
        """The changeable attributes of a tag, a digest, or the repository itself."""
        with self._lock:
            return {**dict.fromkeys(ATTRIBUTES, True), **self._changed(repository, reference)}

    def forbids(self, request: Request) -> Answer | None:
        """The refusal of a request that some lock stands against."""
        found = DATA_PATH.fullmatch(request.path)
        if not found or found["kind"] != "manifests":
            return None
        name, reference = found["name"], found["reference"]
        match request.method:
            case "PUT":
                locked = self._locked(name, "writeEnabled", "", reference)
            case "DELETE":
                locked = self._forbids_deletion(name, reference)
            case _:
                locked = self._locked(name, "readEnabled", "", reference)
        return error_answer(405, "DENIED", DISALLOWED) if locked else None

    def answer(self, request: Request) -> Answer | None:
        """The answer to a request below `/acr/v1`; None for any other."""
        if request.path == "/acr/v1/_catalog":
            return self._catalogue(request)
        found = METADATA_PATH.fullmatch(request.path)
        if not found:
            return None
        name, kind, reference = found["name"], found["kind"], found["reference"]
        if name not in self.registry.repositories():
            detail = {"name": name}
            message = "repository name not known to registry"
            return error_answer(404, "NAME_UNKNOWN", message, detail=detail)
        if kind and not reference:
            return self._list(request, name, kind)
        if kind == "_tags" and reference not in self.registry.tags(name):
            return error_answer(404, "TAG_UNKNOWN", "the specified tag does not exist")
        if kind == "_manifests" and not self._link(name, reference).is_file():
            return error_answer(404, "MANIFEST_UNKNOWN", "manifest unknown")
        if request.method == "DELETE":
            return self._delete(name, kind, reference)
        if request.method == "PATCH":
            changes = json.loads(request.read())
            with self._lock:
                self._changed(name, reference or "").update(changes)
        return json_answer(200, self._describe(name, kind, reference))

    def _changed(self, repository: str, reference: str) -> dict[str, bool]:
        return self._attributes.setdefault((repository, reference), {})

    def _locked(self, repository: str, attribute: str, *references: str) -> bool:
        return any(not self.attributes(repository, each)[attribute] for each in references)

    def _forbids_deletion(self, repository: str, reference: str) -> bool:
        tags = self.registry.tags(repository)
        digest = tags.get(reference, reference)
        references = ["", digest, *(tag for tag, each in tags.items() if each == digest)]
        return any(
            self._locked(repository, attribute, *references)
            for attribute in ("deleteEnabled", "writeEnabled")
        )

    def _delete(self, name: str, kind: str | None, reference: str | None) -> Answer:
        if kind == "_manifests":
            # The protocol has its own request for this.
            return error_answer(405, "UNSUPPORTED", "The operation is unsupported.")
        references = [reference or "", *([] if kind else self.registry.tags(name))]
        for attribute in ("deleteEnabled", "writeEnabled"):
            if self._locked(name, attribute, "", *references):
                return error_answer(405, "DENIED", DISALLOWED)
        tags, digests = sorted(self.registry.tags(name)), self._digests(name)
        folder = self._folder(name)
        shutil.rmtree(folder / "_manifests" / "tags" / reference if reference else folder)
        with self._lock:
            for key in [each for each in self._attributes if each[0] == name]:
                if reference in (None, key[1]):
                    del self._attributes[key]
        if kind:
            return ACCEPTED
        return json_answer(202, {"manifestsDeleted": digests, "tagsDeleted": tags})

    def _catalogue(self, request: Request) -> Answer:
        names, link = _page(request, list(self.registry.repositories()), "/acr/v1/_catalog")
        return json_answer(200, {"repositories": names or None}, *link)

    def _list(self, request: Request, name: str, kind: str) -> Answer:
        if kind == "_tags":
            wanted = request.query.get("digest")
            tags = self.registry.tags(name).items()
            references = [tag for tag, digest in tags if wanted in (None, "", digest)]
        else:
            references = self._digests(name)
        if order := request.query.get("orderby"):
            references.sort(key=lambda each: self._updated(name, each), reverse=order == "timedesc")
        path = f"/acr/v1/{quote(name, safe='')}/{kind}"
        shown, link = _page(request, references, path)
        describe = self._tag if kind == "_tags" else self._manifest
        described = [describe(name, each) for each in shown]
        return json_answer(200, {**self._names(name), kind[1:]: described}, *link)

    def _describe(self, name: str, kind: str | None, reference: str | None) -> dict[str, Any]:
        if reference is None:
            return self._repository(name)
        if kind == "_tags":
            return {**self._names(name), "tag": self._tag(name, reference)}
        return {**self._names(name), "manifest": self._manifest(name, reference)}

    def _names(self, name: str) -> dict[str, Any]:
        return {"registry": self.host, "imageName": name}

    def _repository(self, name: str) -> dict[str, Any]:
        times = [self._updated(name, digest) for digest in self._digests(name)]
        return {
            **self._names(name),
            "createdTime": _time(min(times, default=0)),
            "lastUpdateTime": _time(max(times, default=0)),
            "manifestCount": len(times),
            "tagCount": len(self.registry.tags(name)),
            "changeableAttributes": self.attributes(name),
        }

    def _tag(self, name: str, tag: str) -> dict[str, Any]:
        created, updated = self._times(name, tag)
        return {
            "name": tag,
            "digest": self.registry.tags(name)[tag],
            "createdTime": _time(created),
            "lastUpdateTime": _time(updated),
            "signed": False,
            "changeableAttributes": self.attributes(name, tag),
        }

    def _manifest(self, name: str, digest: str) -> dict[str, Any]:
        manifest = self.registry.manifest(name, digest)
        when = _time(self._updated(name, digest))
        tags = [tag for tag, each in self.registry.tags(name).items() if each == digest]
        return {
            "digest": digest,
            "imageSize": sum(each["size"] for each in manifest.get("layers", ())),
            "createdTime": when,
            "lastUpdateTime": when,
            "architecture": "amd64",
            "os": "linux",
            "mediaType": manifest.get("mediaType", OCI_MANIFEST),
            **({"tags": tags} if tags else {}),
            "changeableAttributes": self.attributes(name, digest),
        }

    def _folder(self, name: str) -> Path:
        return self.registry.directory / REPOSITORIES / name

    def _link(self, name: str, digest: str) -> Path:
        return self._folder(name) / "_manifests" / "revisions" / digest.replace(":", "/") / "link"

    def _digests(self, name: str) -> list[str]:
        links = (self._folder(name) / "_manifests" / "revisions").glob("*/*/link")
        return sorted(link.read_text() for link in links)

    def _updated(self, name: str, reference: str) -> float:
        """When a tag or a manifest was last put."""
        if ":" in reference:
            return self._link(name, reference).stat().st_mtime
        return self._times(name, reference)[1]

    def _times(self, name: str, tag: str) -> tuple[float, float]:
        """When a tag was first put, and last."""
        folder = self._folder(name) / "_manifests" / "tags" / tag
        links = [each.stat().st_mtime for each in (folder / "index").glob("*/*/link")]
        updated = (folder / "current" / "link").stat().st_mtime
        return min([updated, *links]), updated


def _page(
    request: Request, references: list[str], path: str
) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """The references after `last`, `n` at the most, and the header that leads to the rest."""
    last, order = request.query.get("last"), request.query.get("orderby", "")
    if last in references:
        references = references[references.index(last) + 1 :]
    elif last and not order:
        references = [each for each in references if each > last]
    count = int(request.query.get("n") or 100)
    shown = references[:count]
    if len(shown) == len(references):
        return shown, ()
    following = f"{path}?last={quote(shown[-1], safe='')}&n={count}&orderby={order}"
    return shown, (("Link", f'<{following}>; rel="next"'),)


def _time(seconds: float) -> str:
    fraction = f"{seconds % 1:.7f}"[1:]
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + fraction + "Z"
