"""What the environment variables ask of the server. The scoring application reads its own."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

# Where the container contract has the application.
DEFAULT_APP_ROOT = "/var/azureml-app"


class SettingsError(Exception):
    """A variable has a value that the server cannot start with."""


@dataclass(frozen=True)
class Settings:
    """`worker_timeout` is in seconds. Paths are absolute."""

    app_root: Path
    host: str
    port: int
    workers: int
    worker_timeout: int
    preload: bool
    tls_certificate: Path | None
    tls_key: Path | None
    keys_file: Path | None
    revision: str | None
    cors: bool


def read_settings() -> Settings:
    """Reads the process's environment. Raises SettingsError, which names the variable."""
    app_root = Path(os.environ.get("AML_APP_ROOT") or DEFAULT_APP_ROOT).absolute()
    if not app_root.is_dir():
        raise SettingsError(f"AML_APP_ROOT: {app_root} is not a directory")
    certificate, key = _file("ACIDEPLOY_TLS_CERTIFICATE"), _file("ACIDEPLOY_TLS_KEY")
    if (certificate is None) != (key is None):
        missing = "ACIDEPLOY_TLS_KEY" if key is None else "ACIDEPLOY_TLS_CERTIFICATE"
        raise SettingsError(f"{missing} is missing: TLS needs a certificate and a key")
    if certificate is not None:
        _check_pair(certificate, key)
    return Settings(
        app_root=app_root,
        host=os.environ.get("ACIDEPLOY_HOST") or "0.0.0.0",
        port=_number("ACIDEPLOY_PORT", 5001, most=65535),
        workers=_number("WORKER_COUNT", 1),
        worker_timeout=_number("WORKER_TIMEOUT", 300),
        preload=os.environ.get("WORKER_PRELOAD", "").lower() == "true",
        tls_certificate=certificate,
        tls_key=key,
        keys_file=_file("ACIDEPLOY_KEYS_FILE"),
        revision=os.environ.get("ACIDEPLOY_REVISION") or None,
        cors=bool(os.environ.get("AML_CORS_ORIGINS")),
    )


def _check_pair(certificate: Path, key: Path | None) -> None:
    try:
        # The empty pass phrase keeps OpenSSL from asking for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise SettingsError(
            f"ACIDEPLOY_TLS_CERTIFICATE, ACIDEPLOY_TLS_KEY: {certificate} and {key} are not"
            f" a PEM certificate and its key without pass phrase ({error})"
        ) from None


def _number(name: str, default: int, *, most: int = 10**6) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise SettingsError(f"{name}: {text!r} is not a whole number from 1 to {most}")
    return int(text)


def _file(name: str) -> Path | None:
    text = os.environ.get(name)
    if not text:
        return None
    path = Path(text).absolute()
    if not path.is_file():
        raise SettingsError(f"{name}: there is no file {path}")
    return path
