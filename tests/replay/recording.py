"""Recordings: files with one request and its answer of the real service on each line."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Exchange:
    """A recorded request and answer. Bodies that are JSON are what it says; others are texts."""

    method: str
    url: str
    request: Any
    status: int
    headers: dict[str, str]
    response: Any

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.url).path)

    @property
    def is_arm(self) -> bool:
        return self.host == "management.azure.com"

    @property
    def is_registry(self) -> bool:
        return self.host.endswith(".azurecr.io")

    @property
    def is_vault(self) -> bool:
        return self.host.endswith(".vault.azure.net")

    @property
    def time(self) -> datetime | None:
        date = self.headers.get("date")
        return parsedate_to_datetime(date) if date else None

    def parents(self) -> list[tuple[str, str]]:
        """The resources the path goes through, from the outside: (type, id) pairs.

        The last one is the resource that the request is about, unless it is an action.
        """
        words = self.path.strip("/").split("/")
        lower = [word.lower() for word in words]
        if "providers" not in lower or not self.path.lower().startswith("/subscriptions/"):
            return []
        at = lower.index("providers")
        pairs = []
        kind = words[at + 1]
        for index in range(at + 2, len(words) - 1, 2):
            kind = f"{kind}/{words[index]}"
            pairs.append((kind, "/" + "/".join(words[: index + 2])))
        return pairs

    def group(self) -> str | None:
        """The resource group of the path."""
        words = self.path.strip("/").split("/")
        is_grouped = len(words) > 3 and words[2].lower() == "resourcegroups"
        return words[3] if is_grouped else None


def directory() -> Path:
    """Where the recordings are: `ACIDEPLOY_RECORDINGS`, or beside this checkout."""
    given = os.environ.get("ACIDEPLOY_RECORDINGS")
    return Path(given) if given else ROOT.parent / "shared" / "recordings"


def read(path: Path) -> list[Exchange]:
    """All exchanges of a file, in their order."""
    exchanges = []
    for line in path.read_text().splitlines():
        if line.strip():
            known = json.loads(line)
            exchanges.append(
                Exchange(
                    method=known["method"],
                    url=known["url"],
                    request=_body(known.get("request")),
                    status=known["status"],
                    headers={name.lower(): value for name, value in known["headers"].items()},
                    response=_body(known.get("response")),
                )
            )
    return exchanges


def _body(body: Any) -> Any:
    """Scrubbing has made texts of some JSON, some of it for good (`<secret>` without quotes)."""
    if isinstance(body, list) and len(body) == 1 and isinstance(body[0], str):
        return body[0]  # a text, as the recorder of the JavaScript libraries keeps it
    if body == "null":
        return None
    if not isinstance(body, str) or not body.startswith(("{", "[")):
        return body
    # The scrubber has put `<secret>` in place of a value, or of the brace that begins one.
    for secret in ("<secret>", '"<secret>",', "{"):
        with contextlib.suppress(ValueError):
            return json.loads(body.replace("<secret>", secret))
    return body
