"""The part of the API that is Azure's own, `/acr/v1`: what is there, attributes, deletion."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from acideploy.emulator.acr.data.answers import json_answer, page
from acideploy.emulator.acr.data.contents import Contents
from acideploy.emulator.acr.data.errors import manifest_unknown, tag_unknown, unsupported
from acideploy.emulator.acr.data.identities import Identities
from acideploy.emulator.acr.data.locks import attributes, read_attributes
from acideploy.emulator.acr.data.rows import Manifest, Repository, Tag

_PAGE = 100


class Metadata:
    """`kind` is `_tags`, `_manifests`, or nothing for the repository itself."""

    def __init__(self, contents: Contents, identities: Identities) -> None:
        self._contents = contents
        self._tables = contents.tables
        self._identities = identities

    async def answer(self, request: Request, name: str, kind: str, reference: str) -> Response:
        self._contents.repository(name)
        if kind and not reference:
            if request.method != "GET":
                raise unsupported()
            return self._list(request, name, kind)
        thing = self._thing(name, kind, reference)
        match request.method:
            case "GET":
                pass
            case "PATCH":
                changes = read_attributes(await _read(request))
                # Read anew: others may have changed it while the body came.
                thing = self._thing(name, kind, reference)
                self._tables.lock(name, reference, {**thing.locks, **changes})
            case "DELETE":
                return self._delete(name, kind, reference)
            case _:
                raise unsupported()
        return json_answer(self._describe(name, self._thing(name, kind, reference)))

    def _thing(self, name: str, kind: str, reference: str) -> Repository | Manifest | Tag:
        if not kind:
            return self._contents.repository(name)
        if kind == "_tags":
            tag = self._tables.tag(name, reference)
            if tag is None:
                raise tag_unknown()
            return tag
        manifest = self._tables.manifest(name, reference)
        if manifest is None:
            raise manifest_unknown()
        return manifest

    def _delete(self, name: str, kind: str, reference: str) -> Response:
        if kind == "_manifests":
            # The protocol has its own request for this.
            raise unsupported()
        if kind == "_tags":
            self._contents.delete_tag(name, reference)
            return Response(None, 202)
        digests, tags = self._contents.delete_repository(name)
        return json_answer({"manifestsDeleted": digests, "tagsDeleted": tags}, 202)

    def _list(self, request: Request, name: str, kind: str) -> Response:
        things: list[Tag] | list[Manifest]
        if kind == "_manifests":
            things = self._tables.manifests(name)
        elif digest := request.query_params.get("digest"):
            things = self._tables.tags_of(name, digest)
        else:
            things = self._tables.tags(name)
        listed = [each for each in things if attributes(each)["listEnabled"]]
        order = request.query_params.get("orderby", "")
        if order in ("timeasc", "timedesc"):
            listed.sort(key=lambda each: each.updated, reverse=order == "timedesc")
        shown, headers = page(
            request,
            listed,
            key=lambda each: each.name if isinstance(each, Tag) else each.digest,
            path=f"/acr/v1/{quote(name, safe='')}/{kind}",
            default=_PAGE,
            order=order,
        )
        described = [self._details(name, each) for each in shown]
        return json_answer({**self._names(name), kind[1:]: described}, headers=headers)

    def _describe(self, name: str, thing: Repository | Manifest | Tag) -> dict[str, Any]:
        match thing:
            case Repository():
                return {**self._names(name), **self._repository(thing)}
            case Tag():
                return {**self._names(name), "tag": self._details(name, thing)}
            case Manifest():
                return {**self._names(name), "manifest": self._details(name, thing)}

    def _names(self, name: str) -> dict[str, Any]:
        return {"registry": self._identities.login_server, "imageName": name}

    def _repository(self, repository: Repository) -> dict[str, Any]:
        return {
            "createdTime": repository.created,
            "lastUpdateTime": repository.updated,
            "manifestCount": len(self._tables.manifests(repository.name)),
            "tagCount": len(self._tables.tags(repository.name)),
            "changeableAttributes": attributes(repository),
        }

    def _details(self, name: str, thing: Manifest | Tag) -> dict[str, Any]:
        if isinstance(thing, Tag):
            return {
                "name": thing.name,
                "digest": thing.digest,
                "createdTime": thing.created,
                "lastUpdateTime": thing.updated,
                "signed": False,
                "changeableAttributes": attributes(thing),
            }
        described = thing.described
        tags = [tag.name for tag in self._tables.tags_of(name, thing.digest)]
        platform = {each: described[each] for each in ("architecture", "os") if described.get(each)}
        known = {"configMediaType": described.get("configMediaType"), "tags": tags}
        return {
            "digest": thing.digest,
            "imageSize": described["imageSize"],
            "createdTime": thing.created,
            "lastUpdateTime": thing.updated,
            **platform,
            "mediaType": thing.media_type,
            **{each: value for each, value in known.items() if value},
            "changeableAttributes": attributes(thing),
            **({"references": described["references"]} if "references" in described else {}),
        }


async def _read(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError):
        return None
