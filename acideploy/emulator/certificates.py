"""The emulator's own certificate authority, and the certificate it answers with."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import trustme

# All that it is ever called: names that every machine resolves to itself.
NAMES = ("localhost", "127.0.0.1", "::1")


def authority_path(directory: Path) -> Path:
    """The certificate that clients are told to trust, PEM."""
    return directory / "ca.pem"


def server_context(directory: Path, *names: str) -> ssl.SSLContext:
    """TLS with a certificate for the loopback names and `names`.

    The authority is made once and kept in `directory`, so that what trusts it goes on trusting it.
    """
    authority = _authority(directory)
    certificate = authority.issue_cert(*NAMES, *names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    certificate.configure_cert(context)
    return context


def write_server_files(directory: Path, *names: str) -> tuple[Path, Path]:
    """Such a certificate with its chain, and its key, in files for a server of another program."""
    issued = _authority(directory).issue_cert(*NAMES, *names)
    certificate, private = directory / "server.pem", directory / "server.key"
    certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    _write_private(private, issued.private_key_pem.bytes())
    return certificate, private


def _authority(directory: Path) -> trustme.CA:
    public, private = authority_path(directory), directory / "ca.key"
    if public.is_file() and private.is_file():
        return trustme.CA.from_pem(public.read_bytes(), private.read_bytes())
    authority = trustme.CA(
        organization_name="acideploy emulator", organization_unit_name="for this machine only"
    )
    _write_private(private, authority.private_key_pem.bytes())
    authority.cert_pem.write_to_path(str(public))
    return authority


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
