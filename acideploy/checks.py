"""What can be known of a service before anything is made for it, beyond what the files say."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from acideploy.config.problem import Place, Problem
from acideploy.config.values import Serving


def certificate_problems(serving: Serving, *, now: datetime | None = None) -> tuple[Problem, ...]:
    """Whether the certificate and the key can be loaded, and belong together.

    With the time of day, also whether clients will trust it: its dates, names and chain.
    """
    certificate, key = serving.ssl_certificate, serving.ssl_key
    if not serving.ssl_enabled or certificate is None or key is None:
        return ()
    try:
        # The empty pass phrase keeps OpenSSL from asking for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        return (_unusable(certificate, key, error),)
    if now is None:
        return ()
    # For what is deployed to Azure: it takes longer to import than to check all else.
    from acideploy.certificates import trust_problems

    return trust_problems(certificate, cname=serving.cname, now=now)


def _unusable(certificate: Path, key: Path, error: Exception) -> Problem:
    file, message, hint = certificate, f"it and {key} are not a PEM certificate and its key", None
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        file = _unreadable(certificate) or key
        message = f"it cannot be read: {error.strerror}"
    elif "mismatch" in str(error).lower():
        message = f"it does not belong to the key {key}"
        hint = "name the two that belong together; a chain begins with the certificate of the key"
    elif "ENCRYPTED" in _text(key):
        file, message = key, "the key has a pass phrase, which no service could be asked for"
        hint = f"openssl pkey -in {key} -out plain.pem, and set sslKey to that"
    elif "BEGIN CERTIFICATE" not in _text(certificate):
        message = "it has no PEM certificate"
    elif "PRIVATE KEY" not in _text(key):
        file, message = key, "it has no PEM private key"
    return Problem(
        code="bad-certificate",
        severity="error",
        message=message,
        place=Place(file=str(file)),
        hint=hint
        or "give the certificate with its chain, and its key without a pass phrase, as PEM",
    )


def _unreadable(file: Path) -> Path | None:
    try:
        file.read_bytes()
    except OSError:
        return file
    return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def variable_problems(variables: Mapping[str, str]) -> tuple[Problem, ...]:
    """Environment variables that no process can be given."""
    return tuple(
        Problem(
            code="bad-variable",
            severity="error",
            message=f"a process cannot have the environment variable {name!r}",
            hint="a name has no `=`, and neither name nor value has a NUL character",
        )
        for name, value in variables.items()
        if not re.fullmatch(r"[^=\0]+", name) or "\0" in value
    )
