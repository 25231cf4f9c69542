"""Whether answers are as the services' own OpenAPI files say (`ACIDEPLOY_SPECS`)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

ROOT = Path(__file__).parents[1]
# Other versions are answered too; these are the ones whose shapes are checked.
_FILES = (
    "containerinstance/resource-manager/Microsoft.ContainerInstance/stable/2023-05-01/"
    "containerInstance.json",
    "containerregistry/resource-manager/Microsoft.ContainerRegistry/stable/2023-07-01/"
    "containerregistry.json",
    "containerregistry/resource-manager/Microsoft.ContainerRegistry/preview/2019-06-01-preview/"
    "containerregistry_build.json",
    "containerregistry/data-plane/Azure.ContainerRegistry/stable/2021-07-01/containerregistry.json",
)
# What the files say and the services do not do (azure-facts, part 1): statuses by operation.
_ALSO: Mapping[str, tuple[int, ...]] = {
    # Recorded: both are 204, whatever else the file has; a new registry is 200 or 201 by its year.
    "ContainerGroups_Start": (204,),
    "ContainerGroups_Restart": (204,),
    "Registries_Create": (200, 201),
    # An upload begins at the same address (`StartUpload` in the file's `x-ms-paths`).
    "ContainerRegistryBlob_MountBlob": (202,),
}

# Answers that are what a client put there, byte for byte.
_PUT_THERE = ("ContainerRegistry_GetManifest",)


@dataclass(frozen=True)
class Operation:
    """One method of one path in one file."""

    name: str
    method: str
    path: re.Pattern[str]
    # How many characters of the path are given.
    literals: int
    version: str
    responses: Mapping[str, Any]
    file: str


def directory() -> Path:
    given = os.environ.get("ACIDEPLOY_SPECS")
    return Path(given) if given else ROOT.parent / "shared" / "specs"


def problems(method: str, url: str, status: int, body: bytes) -> Iterator[str]:
    """How an answer breaks what its service's file says; nothing for unknown operations."""
    operation = _find(method, url)
    if operation is None:
        return
    known = operation.responses.get(str(status))
    if known is None:
        if status < 400:
            if status not in _ALSO.get(operation.name, ()):
                yield f"{operation.name}: status {status} is not in {operation.file}"
            return
        known = operation.responses.get("default", {})
    schema = known.get("schema")
    if operation.name in _PUT_THERE and status < 400:
        return
    if schema is None or method == "HEAD" or not body or schema.get("type") == "file":
        return
    yield from _check(operation, schema, body)


def _check(operation: Operation, schema: Mapping[str, Any], body: bytes) -> Iterator[str]:
    try:
        content = json.loads(body)
    except ValueError:
        yield f"{operation.name}: the answer is no JSON"
        return
    validator = Draft4Validator(_absolute(schema, operation.file), registry=_registry())
    for error in validator.iter_errors(content):
        place = "/".join(map(str, error.absolute_path))
        if re.fullmatch(r"errors/\d+/detail", place):
            continue  # recorded of registries as a list, and as null
        if error.validator == "enum" and str(error.instance).lower() in (
            str(each).lower() for each in error.validator_value
        ):
            continue  # recorded of tasks: spelt as it was put
        if operation.name == "AgentPools_Get" and "'location'" in error.message:
            continue  # recorded without one
        if error.message == "'workspaceKey' is a required property":
            continue  # in requests: no secret is answered
        yield f"{operation.name}: {place}: {error.message[:200]}"


def _find(method: str, url: str) -> Operation | None:
    parts = urlsplit(url)
    version = re.search(r"api-version=([\w-]+)", parts.query)
    is_arm = parts.path.lower().startswith(("/subscriptions", "/providers"))
    if re.search(r"/blobs/uploads/.", parts.path):
        return None  # in the file it is a link that leads anywhere
    # `{name}` may have slashes in it: of all that fit, the one that says most is meant.
    for operation in sorted(_operations(), key=lambda each: -each.literals):
        if operation.method != method or not operation.path.fullmatch(unquote(parts.path)):
            continue
        if not is_arm or (version and version[1] == operation.version):
            return operation
    return None


@cache
def _operations() -> tuple[Operation, ...]:
    operations = []
    for name in _FILES:
        path = directory() / "specification" / name
        if not path.is_file():
            continue
        text = json.loads(path.read_text())
        for template, methods in text["paths"].items():
            if template.startswith("/{"):
                continue  # the next page, wherever that may be
            words = re.split(r"\{[^}]+\}", template.split("?")[0])
            pattern = re.compile("([^/]+|.+/.+)".join(map(re.escape, words)), re.IGNORECASE)
            for method, operation in methods.items():
                if method in ("get", "put", "post", "patch", "delete", "head"):
                    operations.append(
                        Operation(
                            name=operation["operationId"],
                            method=method.upper(),
                            path=pattern,
                            literals=sum(map(len, words)),
                            version=text["info"]["version"],
                            responses=operation["responses"],
                            file=str(path),
                        )
                    )
    return tuple(operations)


def _absolute(schema: Any, file: str) -> Any:
    """The schema with references that say in which file they lie."""
    if isinstance(schema, dict):
        return {
            key: urljoin(Path(file).as_uri(), value)
            if key == "$ref" and isinstance(value, str)
            else _absolute(value, file)
            for key, value in schema.items()
        }
    return [_absolute(each, file) for each in schema] if isinstance(schema, list) else schema


@cache
def _registry() -> Any:
    def read(uri: str) -> Any:
        text = json.loads(Path(unquote(urlsplit(uri).path)).read_text())
        return Resource(contents=text, specification=DRAFT4)

    return Registry(retrieve=read)  # type: ignore[call-arg]
