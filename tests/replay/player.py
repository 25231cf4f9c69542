"""Plays a recording to an emulator whose time goes as the recorded time went."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from acideploy.emulator.clock import ManualClock
from tests.emulated import START, Answer, Emulated, emulated
from tests.replay.bodies import as_far, exit_code, read_json, sent_bytes, written
from tests.replay.compare import differences
from tests.replay.logins import FORM, form, login
from tests.replay.names import NULL_ID, Names, skip_token
from tests.replay.prepare import needed
from tests.replay.recording import Exchange, read

# Seconds that an answer may take longer here than it was recorded, and the steps they go in.
_PATIENCE = 120
_STEP = 4.0


@dataclass(frozen=True)
class Difference:
    """Where an answer of the emulator is not like the recorded one."""

    file: str
    line: int
    request: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.request}: {self.text}"


def play(path: Path, directory: Path) -> list[Difference]:
    """The differences of one file, played to an emulator of its own in `directory`."""
    exchanges = read(path)
    start = next((each.time for each in exchanges if each.time), START)
    with emulated(directory, clock=ManualClock(start)) as azure:
        player = Player(azure, exchanges)
        return [
            Difference(path.stem, number, _short(exchange), text)
            for number, exchange in enumerate(exchanges, 1)
            for text in player.differences(exchange)
        ]


@dataclass
class Player:
    azure: Emulated
    exchanges: list[Exchange]
    names: Names = field(default_factory=Names)
    made: set[str] = field(default_factory=set)

    def differences(self, exchange: Exchange) -> list[str]:
        """Asks what was asked; returns how the answer differs, and learns from it."""
        self._go_to(exchange)
        self._prepare(exchange)
        answer = self._patiently(exchange)
        body = read_json(answer)
        found = list(
            differences(
                status=(exchange.status, answer.status),
                headers=(exchange.headers, answer.headers),
                body=(self.names.body(exchange.response), body),
            )
        )
        self.names.learn(exchange.response, body)
        for name in ("azure-asyncoperation", "location"):
            if name in exchange.headers and name in answer.headers:
                self.names.lead(exchange.headers[name], answer.headers[name])
        return found

    def _go_to(self, exchange: Exchange) -> None:
        """Moves the time on to that of the exchange, or else by next to nothing."""
        now = self.azure.cloud.clock.now()
        seconds = (exchange.time - now).total_seconds() if exchange.time else 0.0
        self.azure.advance(max(seconds, 0.001))

    def _patiently(self, exchange: Exchange) -> Answer:
        """The answer; a state that comes later here than it was recorded is waited for."""
        answer = self._ask(exchange)
        waited = 0.0
        while exchange.method == "GET" and not as_far(exchange, answer) and waited < _PATIENCE:
            self.azure.advance(_STEP)
            waited += _STEP
            answer = self._ask(exchange)
        return answer

    def _ask(self, exchange: Exchange) -> Answer:
        if exchange.is_arm:
            return self._ask_arm(exchange)
        if exchange.is_registry:
            return self._ask_registry(exchange)
        if exchange.is_vault:
            return self._ask_vault(exchange)
        url = self.names.address(exchange.url)
        if url is None:
            return Answer(0, {}, b'"no answer has given this address"')
        return self._send(exchange, url, {})

    def _ask_arm(self, exchange: Exchange) -> Answer:
        known = self.names.address(exchange.url)
        is_elsewhere = known and urlsplit(known).path.lower() != exchange.path.lower()
        if known and (is_elsewhere or skip_token(exchange.url)):
            url = known
        else:
            parts = urlsplit(exchange.url)
            url = self.azure.url + self.names.path(f"{parts.path}?{parts.query}")
        return self._send(exchange, url, {"Authorization": f"Bearer {self.azure.token()}"})

    def _ask_registry(self, exchange: Exchange) -> Answer:
        host = self._login_server(exchange)
        known = self.names.address(exchange.url)
        parts = urlsplit(exchange.url)
        if known:
            # An upload goes on at the address that the answer before gave, with its own state.
            query = dict(parse_qsl(urlsplit(known).query))
            query |= {
                key: value for key, value in parse_qsl(parts.query) if not key.startswith("_")
            }
            target = f"{urlsplit(known).path}?{urlencode(query)}"
        else:
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = (
            {}
            if exchange.status == 401 or "/oauth2/" in target
            else login(self.azure, host, exchange.path)
        )
        return self._send(exchange, f"https://{host}{target}", headers)

    def _ask_vault(self, exchange: Exchange) -> Answer:
        host = self._site("vault", exchange, "Microsoft.KeyVault/vaults")
        self.names.call(exchange.host, host)
        parts = urlsplit(exchange.url)
        url = f"https://{host}{self.names.text(f'{parts.path}?{parts.query}')}"
        if skip_token(exchange.url):
            url = self.names.address(exchange.url) or url
        token = self.azure.token("https://vault.azure.net")
        headers = {} if exchange.status == 401 else {"Authorization": f"Bearer {token}"}
        return self._send(exchange, url, headers)

    def _send(self, exchange: Exchange, url: str, headers: dict[str, str]) -> Answer:
        body = exchange.request
        if isinstance(body, dict | list):
            media = body.get("mediaType") if isinstance(body, dict) else None
            if "/manifests/" in url:
                # What was refused was sent as what it is not.
                is_refused = exchange.status == 400
                kind = _OCI_MANIFEST if is_refused else media or _OCI_MANIFEST
                headers = {**headers, "Content-Type": kind}
            content: bytes | None = written(self.names.body(body), url)
        elif "/oauth2/" in url and isinstance(body, str):
            headers = {**headers, **FORM}
            content = form(self.azure, self._login_server(exchange), body)
        else:
            content = sent_bytes(body) if body else (b"" if exchange.method == "POST" else None)
            headers = {"Content-Type": "application/octet-stream", **headers}
        return self.azure.ask(exchange.method, url, content, headers=headers)

    def _login_server(self, exchange: Exchange) -> str:
        return self._site("registry", exchange, "Microsoft.ContainerRegistry/registries")

    def _site(self, word: str, exchange: Exchange, kind: str) -> str:
        """Where a registry or a vault is that the recording asks; it is made if it is not there."""
        name = exchange.host.partition(".")[0]
        if found := self.azure.cloud.sites.find(f"{word}:{name}".lower()):
            return found
        path = f"/subscriptions/{NULL_ID}/resourceGroups/rg/providers/{kind}/{name}/x/y"
        stand_in = Exchange("GET", f"https://management.azure.com{path}", "", 200, {}, "")
        self._prepare(stand_in)
        return self.azure.cloud.sites.find(f"{word}:{name}".lower()) or "localhost:1"

    def _prepare(self, exchange: Exchange) -> None:
        if group := exchange.group():
            self._prepare_group(exchange, group)
        if exchange.is_registry:
            self._prepare_registry(exchange)
        for resource, version, body in needed(exchange, self.made):
            path = self.names.path(resource)
            self._make_group(resource.split("/")[4], "westus")
            if self.azure.arm("GET", path, version=version).status != 404:
                continue
            # What cannot be made shows itself as a difference.
            if self.azure.arm("PUT", path, self.names.body(body), version=version).status == 201:
                self.azure.advance(60)
        if exchange.method == "PUT":
            self.made |= {resource.lower() for _, resource in exchange.parents()}
        self._arrange_exits(exchange)

    def _prepare_group(self, exchange: Exchange, group: str) -> None:
        is_subject = exchange.path.rstrip("/").lower().endswith(f"/resourcegroups/{group.lower()}")
        if is_subject and exchange.method == "PUT" and exchange.status == 201:
            self.made.add(f"group {group.lower()}")
            return
        answer = exchange.response if isinstance(exchange.response, dict) else {}
        self._make_group(group, answer.get("location", "westus"), answer if is_subject else {})

    def _make_group(self, group: str, location: str, answer: Any = None) -> None:
        """Makes a resource group unless the recording has made or used it before."""
        if f"group {group.lower()}" not in self.made:
            body = {"location": location, "tags": (answer or {}).get("tags")}
            self.azure.arm("PUT", f"resourceGroups/{group}", body)
            self.made.add(f"group {group.lower()}")

    def _arrange_exits(self, exchange: Exchange) -> None:
        """Has containers end as they did: what their images would do is not recorded."""
        if exchange.method != "PUT" or "/containergroups/" not in exchange.path.lower():
            return
        for later in self.exchanges[self.exchanges.index(exchange) + 1 :]:
            if (
                later.path.lower() == exchange.path.lower()
                and (code := exit_code(later)) is not None
            ):
                rule = {
                    "method": "PUT",
                    "path": re.escape(exchange.path.rsplit("/", 1)[1]),
                    "crash": {"exitCode": code, "after": 1},
                }
                self.azure.ask("POST", "/_emulator/faults", rule)
                return

    def _prepare_registry(self, exchange: Exchange) -> None:
        """Uploads that were begun before the recording, and blobs that are read from it."""
        self._login_server(exchange)
        upload = re.match(r"(/v2/(.+)/blobs/uploads/)[^/]+$", exchange.path)
        if not upload or self.names.address(exchange.url):
            return
        host = self._login_server(exchange)
        answer = self.azure.ask(
            "POST",
            f"https://{host}{quote(upload[1])}",
            b"",
            headers=login(self.azure, host, exchange.path),
        )
        if "location" in answer.headers:
            self.names.lead(exchange.url.partition(".azurecr.io")[2], answer.headers["location"])
            self.names.lead(exchange.url, answer.headers["location"])


_OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def _short(exchange: Exchange) -> str:
    words = unquote(urlsplit(exchange.url).path).split("/")
    return f"{exchange.method} .../{'/'.join(words[-3:])}"
