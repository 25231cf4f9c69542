"""What a registry answers when it does not do what it is asked.

The codes are those of the OCI distribution specification 1.1, "Error Codes"; the words are those
of CNCF distribution, which Azure's registry is made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DISALLOWED = (
    "The operation is disallowed on this registry, repository or image. View troubleshooting "
    "steps at https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-"
    "disallowed-operation"
)


class RegistryError(Exception):
    """An error answer: `{"errors": [{"code": ..., "message": ..., "detail": ...}]}`, a status.

    `has_detail`: the member is there even when it is null.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        detail: Any = None,
        has_detail: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.headers = dict(headers or {})
        entry: dict[str, Any] = {"code": code, "message": message}
        if has_detail or detail is not None:
            entry["detail"] = detail
        self.body = {"errors": [entry]}


def name_invalid(name: str) -> RegistryError:
    return RegistryError(400, "NAME_INVALID", "invalid repository name", detail={"name": name})


def name_unknown(name: str) -> RegistryError:
    message = "repository name not known to registry"
    return RegistryError(404, "NAME_UNKNOWN", message, detail={"name": name})


def blob_unknown() -> RegistryError:
    return RegistryError(404, "BLOB_UNKNOWN", "blob unknown to registry")


def upload_unknown() -> RegistryError:
    return RegistryError(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")


def upload_invalid() -> RegistryError:
    """The state in the address is not the newest, or not ours."""
    return RegistryError(404, "BLOB_UPLOAD_INVALID", "blob upload invalid")


def digest_invalid(reason: str) -> RegistryError:
    message = "provided digest did not match uploaded content"
    return RegistryError(400, "DIGEST_INVALID", message, detail=reason)


def range_invalid(received: int) -> RegistryError:
    """A chunk does not begin where the last one ended; `received` bytes are there."""
    headers = {"Range": f"0-{max(received - 1, 0)}"}
    return RegistryError(416, "RANGE_INVALID", "invalid content range", headers=headers)


def manifest_unknown(message: str = "manifest unknown") -> RegistryError:
    return RegistryError(404, "MANIFEST_UNKNOWN", message)


def manifest_invalid(reason: Any = None) -> RegistryError:
    detail = {"Reason": reason or {}}
    return RegistryError(400, "MANIFEST_INVALID", "manifest invalid", detail=detail)


def manifest_blob_unknown(digest: str) -> RegistryError:
    message = "blob unknown to registry"
    return RegistryError(400, "MANIFEST_BLOB_UNKNOWN", message, detail={"digest": digest})


def tag_invalid(tag: str) -> RegistryError:
    return RegistryError(400, "TAG_INVALID", "manifest tag did not match URI", detail={"tag": tag})


def tag_unknown() -> RegistryError:
    return RegistryError(404, "TAG_UNKNOWN", "the specified tag does not exist")


def page_invalid(count: str) -> RegistryError:
    message = "invalid number of results requested"
    return RegistryError(400, "PAGINATION_NUMBER_INVALID", message, detail={"n": count})


def disallowed() -> RegistryError:
    """A lock stands against it."""
    return RegistryError(405, "DENIED", DISALLOWED)


def unsupported() -> RegistryError:
    return RegistryError(405, "UNSUPPORTED", "The operation is unsupported.")


def not_found() -> RegistryError:
    return RegistryError(404, "NOT_FOUND", "404 page not found")
