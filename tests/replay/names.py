"""What was called one thing when it was recorded and is called another thing here."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote, urlsplit

from acideploy.emulator.cloud import SUBSCRIPTION, TENANT

NULL_ID = "00000000-0000-0000-0000-000000000000"
# The version that the recorder of Azure ML's extension put in place of every other.
_PSEUDO_VERSION = "0000-00-00"
_ML_VERSION = "2023-08-01-preview"


class Names:
    """Learns from each answer what the next requests must say instead of what was recorded."""

    def __init__(self) -> None:
        # Paths of addresses that an answer gave, and where they lead here.
        self._addresses: dict[str, str] = {}
        self._values: dict[str, str] = {}

    def address(self, recorded: str) -> str | None:
        """Where an address leads that an answer has given; None when none has."""
        parts = urlsplit(recorded)
        return self._addresses.get(_key(parts.path))

    def path(self, path: str) -> str:
        """A path and query of Resource Manager with the names of here."""
        path = re.sub(rf"(?i)/subscriptions/{NULL_ID}", f"/subscriptions/{SUBSCRIPTION}", path)
        return self.text(
            path.replace(f"api-version={_PSEUDO_VERSION}", f"api-version={_ML_VERSION}")
        )

    def text(self, text: str) -> str:
        for recorded in sorted(self._values, key=len, reverse=True):
            text = text.replace(recorded, self._values[recorded])
        return text

    def body(self, body: Any) -> Any:
        """A request's body with the names of here."""
        text = json.dumps(body)
        text = re.sub(rf"(?i)/subscriptions/{NULL_ID}", f"/subscriptions/{SUBSCRIPTION}", text)
        return json.loads(
            self.text(text).replace(f'"tenant": "{NULL_ID}"', f'"tenant": "{TENANT}"')
        )

    def call(self, recorded: str, ours: str) -> None:
        """From now on what is recorded as one is the other."""
        if recorded and recorded != ours and recorded != NULL_ID:
            self._values[recorded] = ours

    def learn(self, recorded: Any, ours: Any) -> None:
        """Learns from two answers that should say the same: addresses, numbers of runs."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            for key in recorded.keys() & ours.keys():
                if key in ("runId", "loginServer"):
                    self.call(str(recorded[key]), str(ours[key]))
                self.learn(recorded[key], ours[key])
        elif isinstance(recorded, list) and isinstance(ours, list):
            for one, other in zip(recorded, ours, strict=False):
                self.learn(one, other)
        elif isinstance(recorded, str) and isinstance(ours, str):
            self.lead(recorded, ours)

    def lead(self, recorded: str, ours: str) -> None:
        """An address that was recorded leads to this one."""
        is_address = recorded.startswith(("https://", "/v2/"))
        if is_address and ours.startswith(("https://", "/v2/")):
            self._addresses[_key(urlsplit(recorded).path)] = ours


def _key(path: str) -> str:
    return unquote(path).lower()
