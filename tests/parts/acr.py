"""Azure Container Registry on loopback: a proxy that dresses Debian's registry up as one.

What the real service answers is in azure-facts.md, part 1, section 3. It knows nothing of
acideploy, so that a mistake of ours cannot hide on both sides.
"""

from __future__ import annotations

import contextlib
import html
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.parts.acr_metadata import Metadata
from tests.parts.acr_scopes import DATA_PATH, Identity
from tests.parts.acr_storage import Storage
from tests.parts.acr_tokens import Tokens
from tests.parts.http1 import Head
from tests.parts.proxy import RunningProxy, proxy
from tests.parts.registry import RunningRegistry
from tests.parts.traffic import Answer, Request, Traffic

# An access token of Microsoft Entra that may do everything, unless a test gives others.
ENTRA_TOKEN = "entra-access-token"
OWNER = Identity("owner")


@dataclass(frozen=True, kw_only=True)
class Acr:
    """The dress. Authorization is checked here, and ends here."""

    tokens: Tokens
    metadata: Metadata
    storage: Storage
    storage_url: str

    def answer(self, request: Request) -> Answer | None:
        answer = self._answer(request)
        if answer is None or request.path.startswith("/oauth2/"):
            return answer
        return replace(answer, headers=(*answer.headers, *_headers()))

    def forward(self, request: Request) -> Head:
        parts = urlsplit(request.head.target)
        # Clients of Azure write names with %2F.
        target = f"{request.path}?{parts.query}" if parts.query else request.path
        return Head(
            start=f"{request.method} {target} HTTP/1.1",
            headers=request.head.without("authorization"),
        )

    def backward(self, request: Request, head: Head) -> Head:
        kept = head.without("x-content-type-options", "docker-distribution-api-version")
        return replace(head, headers=(*kept, *_headers()))

    def _answer(self, request: Request) -> Answer | None:
        if request.path == "/oauth2/exchange":
            return self.tokens.exchange(request)
        if request.path == "/oauth2/token":
            return self.tokens.token(request)
        return (
            self.tokens.check(request)
            or self.metadata.forbids(request)
            or self.metadata.answer(request)
            or self._redirect(request)
        )

    def _redirect(self, request: Request) -> Answer | None:
        """Sends who reads a blob to where it is stored."""
        found = DATA_PATH.fullmatch(request.path)
        if not found or found["kind"] != "blobs" or request.method != "GET":
            return None
        repository, digest = found["name"], found["reference"]
        if not self.metadata.registry.gives_out(repository, digest):
            return None
        location = f"{self.storage_url}{self.storage.grant(repository, digest)}"
        return Answer(
            status=307,
            headers=(
                ("Content-Type", "text/html; charset=utf-8"),
                ("Docker-Content-Digest", digest),
                ("Location", location),
            ),
            body=f'<a href="{html.escape(location)}">Temporary Redirect</a>.\n\n'.encode(),
        )


def _headers() -> tuple[tuple[str, str], ...]:
    exposed = ("Docker-Content-Digest", "WWW-Authenticate", "Link", "X-Ms-Correlation-Request-Id")
    return (
        ("Server", "openresty"),
        ("Docker-Distribution-Api-Version", "registry/2.0"),
        ("X-Ms-Correlation-Request-Id", str(uuid.uuid4())),
        # Sent twice, as there.
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        *(("Access-Control-Expose-Headers", name) for name in exposed),
        ("X-Content-Type-Options", "nosniff"),
    )


@dataclass(frozen=True, kw_only=True)
class RunningAcr:
    """A registry that answers as Azure's does at `url`.

    `proxy` is its door, with faults and a record of the traffic; `storage` that of the blobs.
    """

    proxy: RunningProxy
    storage: RunningProxy
    dress: Acr
    registry: RunningRegistry

    @property
    def host(self) -> str:
        return self.proxy.host

    @property
    def url(self) -> str:
        return self.proxy.url

    @property
    def ca(self) -> Path:
        return self.proxy.ca

    @property
    def tls(self) -> bool:
        return True

    @property
    def tokens(self) -> Tokens:
        return self.dress.tokens

    @property
    def metadata(self) -> Metadata:
        return self.dress.metadata

    @property
    def traffic(self) -> Traffic:
        return self.proxy.traffic


@contextlib.contextmanager
def acr(registry: RunningRegistry, *, tokens: Tokens | None = None) -> Iterator[RunningAcr]:
    """Dresses up a registry. Who may come in stands in `tokens`; by default ENTRA_TOKEN may."""
    tokens = tokens or Tokens(entra={ENTRA_TOKEN: OWNER})
    files = Storage()
    with contextlib.ExitStack() as stack:
        storage = stack.enter_context(proxy(registry, dress=files))
        door = stack.enter_context(proxy(registry))
        tokens.host = door.host
        dress = Acr(
            tokens=tokens,
            metadata=Metadata(door.host, registry),
            storage=files,
            # Another host than that of the registry: clients drop the token on their way here.
            storage_url=f"https://127.0.0.1:{storage.port}",
        )
        door.dress = dress
        yield RunningAcr(proxy=door, storage=storage, dress=dress, registry=registry)
