"""Lists of models and versions: what is asked for, in which order, a page at a time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from urllib.parse import quote_plus

from starlette.responses import Response

from acideploy.emulator.aml.answers import user_error
from acideploy.emulator.arm.routes import Call, json_response
from acideploy.emulator.store import Document

_TIMES = {"createdtime": "createdAt", "modifiedtime": "lastModifiedAt"}
_ARCHIVED: Mapping[str, Callable[[bool], bool]] = {
    "activeonly": lambda archived: not archived,
    "archivedonly": lambda archived: archived,
    "all": lambda archived: True,
}


def page(call: Call, documents: list[Document], *, path: str, size: int) -> Response:
    """A page of the documents, oldest first unless `$orderBy` says otherwise.

    `path` is what `nextLink` leads to, `size` the length of a page where `$top` says nothing.
    """
    view = _ARCHIVED.get(call.query.get("listViewType", "ActiveOnly").lower())
    if view is None:
        asked = call.query["listViewType"]
        raise user_error(call, 400, f"The value '{asked}' is not valid for ListViewType.")
    documents = [
        each
        for each in documents
        if view(each["properties"]["isArchived"]) and _is_asked_for(call, each)
    ]
    documents = _ordered(call, documents)
    start, top = _start(call), _top(call, size)
    answer: Document = {"value": documents[start : start + top]}
    if start + top < len(documents):
        answer["nextLink"] = _next(call, path, start + top)
    return json_response(200, answer)


def _is_asked_for(call: Call, document: Document) -> bool:
    properties, query = document["properties"], call.query
    asked = {"stage": properties.get("stage"), "description": properties.get("description")}
    return (
        all(query.get(name, value) == value for name, value in asked.items())
        and query.get("version", document["name"]) == document["name"]
        and _has_all(properties["tags"], query.get("tags", ""))
        and _has_all(properties["properties"], query.get("properties", ""))
    )


def _has_all(tags: Mapping[str, str], wanted: str) -> bool:
    """Whether there is each tag of `a,b=c`: by its name, or with its value."""
    pairs = [each.partition("=") for each in wanted.split(",") if each]
    return all(name in tags and (not equal or tags[name] == value) for name, equal, value in pairs)


def _ordered(call: Call, documents: list[Document]) -> list[Document]:
    name, _, direction = call.query.get("$orderBy", "createdtime asc").strip().partition(" ")
    time = _TIMES.get(name.lower())
    if time is None:
        raise user_error(call, 400, f"Ordering by '{name}' is not supported.")
    return sorted(
        documents,
        key=lambda each: (each["systemData"][time], age(each)),
        reverse=direction.strip().lower() == "desc",
    )


def age(document: Document) -> tuple[str, int, str]:
    """Orders documents by their making; those of the same moment by number."""
    name = document["name"]
    return document["systemData"]["createdAt"], int(name) if name.isdecimal() else 0, name


def _top(call: Call, size: int) -> int:
    text = call.query.get("$top", str(size))
    if not text.isdecimal() or int(text) == 0:
        raise user_error(call, 400, f"The value '{text}' is not valid for Top.")
    return int(text)


def _start(call: Call) -> int:
    token = call.query.get("$skipToken") or call.query.get("$skip")
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error) as error:
        raise user_error(call, 400, "The continuation token is not valid.") from error


def _next(call: Call, path: str, start: int) -> str:
    ours = ("api-version", "$skipToken", "$skip")
    kept = {name: value for name, value in call.query.items() if name not in ours}
    token = base64.urlsafe_b64encode(str(start).encode()).decode()
    query = {"api-version": call.api_version, **kept, "$skipToken": token}
    text = "&".join(f"{name}={quote_plus(value)}" for name, value in query.items())
    return f"{call.cloud.url}{path}?{text}"
