"""What was called one thing when it was recorded and is called another thing here."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from acideploy.emulator.cloud import OBJECT, SUBSCRIPTION, TENANT

NULL_ID = "00000000-0000-0000-0000-000000000000"
# The version that the recorder of Azure ML's extension put in place of every other.
_PSEUDO_VERSION = "0000-00-00"
_ML_VERSION = "2023-08-01-preview"
_ID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# A version of a secret, as its id ends.
_VERSION = re.compile(r"https://.+/([0-9a-f]{32})")


class Names:
    """Learns from each answer what the next requests must say instead of what was recorded."""

    def __init__(self) -> None:
        # Paths of addresses that an answer gave, and where they lead here.
        self._addresses: dict[str, str] = {}
        self._values: dict[str, str] = {}

    def address(self, recorded: str) -> str | None:
        """Where an address leads that an answer has given; None when none has."""
        return self._addresses.get(_key(recorded))

    def path(self, path: str) -> str:
        """A path and query of Resource Manager with the names of here."""
        path = re.sub(rf"(?i)/subscriptions/{_ID}", f"/subscriptions/{SUBSCRIPTION}", path)
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
        text = re.sub(rf"(?i)/subscriptions/{_ID}", f"/subscriptions/{SUBSCRIPTION}", text)
        text = re.sub(rf'("tenant(?:Id)?": )"{_ID}"', rf'\1"{TENANT}"', text)
        # Whoever was let in then is who asks here.
        text = re.sub(rf'("objectId": )"{_ID}"', rf'\1"{OBJECT}"', text)
        return json.loads(self.text(text))

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
            if recorded.keys() == {"value"} and isinstance(recorded["value"], str):
                self.call(recorded["value"], str(ours.get("value")))  # a secret's backup
        elif isinstance(recorded, list) and isinstance(ours, list):
            for one, other in zip(recorded, ours, strict=False):
                self.learn(one, other)
        elif isinstance(recorded, str) and isinstance(ours, str):
            self.lead(recorded, ours)

    def lead(self, recorded: str, ours: str) -> None:
        """An address that was recorded leads to this one."""
        is_address = recorded.startswith(("https://", "/v2/"))
        if is_address and ours.startswith(("https://", "/v2/")):
            self._addresses[_key(recorded)] = ours
            then, now = _VERSION.fullmatch(recorded), _VERSION.fullmatch(ours)
            if then and now and then[1] not in self._values:
                self.call(then[1], now[1])


def _key(address: str) -> str:
    """Addresses are the same by their path, and by where in a list they go on."""
    parts = urlsplit(address)
    return unquote(parts.path).lower() + (skip_token(address) or "")


def skip_token(address: str) -> str | None:
    """Where in a list an address goes on; None for its beginning."""
    query = parse_qs(urlsplit(address).query)
    return next((query[name][0] for name in query if name.lower() == "$skiptoken"), None)
