"""What a list of blobs says of each.

https://learn.microsoft.com/rest/api/storageservices/list-blobs
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from xml.etree import ElementTree

from acideploy.errors import AzureError


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBlob:
    """`size` is in bytes; `md5` of all of them, where whoever uploaded the blob has said it."""

    name: str
    size: int
    etag: str
    md5: bytes | None = None


def read_page(content: bytes) -> tuple[list[StoredBlob], str]:
    """The blobs of a page, and what to ask the next one with."""
    try:
        root = ElementTree.fromstring(content)
        blobs = [
            StoredBlob(
                name=each.findtext("Name", ""),
                size=int(each.findtext("Properties/Content-Length", "0")),
                etag=_quoted(each.findtext("Properties/Etag", "")),
                md5=md5_of(each.findtext("Properties/Content-MD5")),
            )
            for each in root.iterfind("Blobs/Blob")
            if not _is_mark(each)
        ]
    except (ElementTree.ParseError, ValueError) as error:
        raise AzureError("the list of blobs cannot be read", detail=str(error)) from error
    return blobs, root.findtext("NextMarker") or ""


def _is_mark(blob: ElementTree.Element) -> bool:
    """Whether it is no file but what a folder leaves; names of metadata come in any case."""
    said = {each.tag.lower(): each.text for each in blob.iterfind("Metadata/*")}
    return said.get("hdi_isfolder") == "true"


def _quoted(etag: str) -> str:
    """As conditions want it; lists leave the quotes away."""
    return etag if etag.startswith('"') else f'"{etag}"'


def md5_of(text: str | None) -> bytes | None:
    try:
        return base64.b64decode(text) if text else None
    except binascii.Error:
        return None
