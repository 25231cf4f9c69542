"""A certificate authority for servers on loopback."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Authority:
    """Issues certificates for `localhost`. Its files lie in `directory`.

    `ca` is the file for `REQUESTS_CA_BUNDLE` and `SSL_CERT_FILE`; the folder it lies in holds
    nothing else, so that it serves as `--src-cert-dir` of skopeo and the like.
    """

    directory: Path
    _authority: trustme.CA = field(default_factory=trustme.CA, repr=False)

    def __post_init__(self) -> None:
        self.ca.parent.mkdir(parents=True, exist_ok=True)
        self._authority.cert_pem.write_to_path(self.ca)
        self.certificate.parent.mkdir(exist_ok=True)
        issued = self._authority.issue_cert("localhost", "127.0.0.1", "::1")
        issued.private_key_pem.write_to_path(self.key)
        issued.cert_chain_pems[0].write_to_path(self.certificate)

    @property
    def ca(self) -> Path:
        return self.directory / "trusted" / "ca.crt"

    @property
    def certificate(self) -> Path:
        return self.directory / "server" / "server.pem"

    @property
    def key(self) -> Path:
        return self.directory / "server" / "server.key"

    def server_context(self) -> ssl.SSLContext:
        """What a server on loopback wraps its connections in."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def client_context(self) -> ssl.SSLContext:
        """What trusts this authority, and no other."""
        return ssl.create_default_context(cafile=self.ca)
