"""Lists of the distribution protocol (specification: "Content Discovery")."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from acideploy.emulator.acr.data import locks
from acideploy.emulator.acr.data.answers import json_answer, page
from acideploy.emulator.acr.data.contents import Contents
from acideploy.emulator.acr.data.errors import not_found, unsupported
from acideploy.emulator.acr.data.images import OCI_INDEX
from acideploy.emulator.acr.data.names import check_digest
from acideploy.emulator.acr.data.rows import Manifest

_PAGE = 100


class Listings:
    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    def catalogue(self, request: Request) -> Response:
        """`_catalog`, of Docker's protocol and of Azure's own."""
        _check_method(request)
        path = request.scope["path"]
        names = [
            each.name
            for each in self._contents.tables.repositories()
            if locks.attributes(each)["listEnabled"]
        ]
        order = "" if path.startswith("/acr/") else None
        shown, headers = page(request, names, key=str, path=path, default=_PAGE, order=order)
        return json_answer({"repositories": list(shown)}, headers=headers)

    async def tags(self, request: Request, repository: str, reference: str) -> Response:
        _check_method(request)
        if reference != "list":
            raise not_found()
        self._contents.repository(repository)
        names = [
            each.name
            for each in self._contents.tables.tags(repository)
            if locks.attributes(each)["listEnabled"]
        ]
        shown, headers = page(request, names, key=str, path=f"/v2/{repository}/tags/list")
        return json_answer({"name": repository, "tags": list(shown)}, headers=headers)

    async def referrers(self, request: Request, repository: str, digest: str) -> Response:
        """What has this digest as its subject: an index, and an empty one where nothing has."""
        _check_method(request)
        referrers = [
            _descriptor(each)
            for each in self._contents.tables.referrers(repository, check_digest(digest))
        ]
        headers = {"content-type": OCI_INDEX}
        if wanted := request.query_params.get("artifactType"):
            referrers = [each for each in referrers if each.get("artifactType") == wanted]
            headers["oci-filters-applied"] = "artifactType"
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": referrers}
        return json_answer(index, headers=headers)


def _descriptor(manifest: Manifest) -> dict[str, object]:
    described = manifest.described
    return {
        "mediaType": manifest.media_type,
        "digest": manifest.digest,
        "size": len(manifest.body),
        **{
            name: described[name] for name in ("annotations", "artifactType") if described.get(name)
        },
    }


def _check_method(request: Request) -> None:
    if request.method not in ("GET", "HEAD"):
        raise unsupported()
