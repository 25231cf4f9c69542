"""Files that most likely hold a secret, known by their names, and most of them by a line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase, translate
from pathlib import Path

from acideploy.disk import storage_error

# A key or a list of passwords is small; what is larger and is called so is something else.
_MAX_READ = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelySecret:
    """`what` is what the file likely holds; `line` counts from 1, where a line tells."""

    what: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """`names` are patterns, in lower case, for a name or for the end of a path.

    `tells` is in the line that gives the secret away. Where there is no such line, only what is
    `sure` by its name counts.
    """

    names: tuple[str, ...]
    what: str
    tells: bytes = rb"(?!)"
    sure: bool = False


_PRIVATE_KEY = rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"
# Not what another program fills in: `${TOKEN}`.
_VALUE = rb"[ \t]*[\"']?[^\s\"'${]"
_JSON_VALUE = rb'\s*:\s*"[^"$]'

_KINDS = (
    _Kind(names=(".env", ".env.*"), what="passwords among its settings", sure=True),
    _Kind(names=("*.key",), what="a private key", tells=_PRIVATE_KEY, sure=True),
    _Kind(
        # A certificate is a .pem as well, and no secret.
        names=("*.pem", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_*_sk"),
        what="a private key",
        tells=_PRIVATE_KEY,
    ),
    _Kind(names=("*.pfx", "*.p12", "*.jks", "*.ppk"), what="a private key", sure=True),
    _Kind(names=(".netrc", "_netrc"), what="a password", tells=rb"\bpassword\s+\S"),
    _Kind(names=(".pypirc",), what="a password", tells=rb"^\s*password\s*[=:]" + _VALUE),
    _Kind(names=(".npmrc",), what="a token", tells=rb"(_auth|_authToken|_password)\s*=" + _VALUE),
    _Kind(names=(".git-credentials", ".pgpass"), what="a password", sure=True),
    _Kind(
        names=(".aws/credentials",),
        what="a key of AWS",
        tells=rb"aws_secret_access_key\s*=" + _VALUE,
    ),
    _Kind(
        names=(".azure/*token*", ".azure/service_principal*"),
        what="a login to Azure",
        sure=True,
    ),
    _Kind(
        names=("kubeconfig", "*.kubeconfig", ".kube/config"),
        what="a login to Kubernetes",
        tells=rb"^\s*(client-key-data|token|password):" + _VALUE,
    ),
    _Kind(
        names=(".dockercfg", ".docker/config.json"),
        what="a login to a registry",
        tells=rb'"(auth|identitytoken)"' + _JSON_VALUE,
    ),
    _Kind(
        names=(
            "*auth*.json",
            "*cred*.json",
            "*key*.json",
            "*secret*.json",
            "*service*account*.json",
        ),
        what="a key or a password",
        tells=rb'"(private_key|client_?secret|password)"' + _JSON_VALUE,
    ),
)
# Copied into repositories on purpose, without values.
_SAMPLES = (".example", ".sample", ".template", ".dist")

_ANY = re.compile(
    "|".join(translate(name.rpartition("/")[2]) for kind in _KINDS for name in kind.names)
)


def likely_secret(name: str, file: Path, *, size: int) -> LikelySecret | None:
    """What a file with this name below the source directory most likely gives away.

    Opens small files with a suspicious name only. Raises StorageError.
    """
    path = f"/{name.lower()}"
    if not size or path.endswith(_SAMPLES) or not _ANY.match(path.rpartition("/")[2]):
        return None
    for kind in _KINDS:
        if any(fnmatchcase(path, f"*/{each}") for each in kind.names):
            return _told(kind, file, size)
    return None


def _told(kind: _Kind, file: Path, size: int) -> LikelySecret | None:
    line = _first_line(kind.tells, file) if size <= _MAX_READ else None
    return LikelySecret(what=kind.what, line=line) if line or kind.sure else None


def _first_line(tells: bytes, file: Path) -> int | None:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise storage_error("read", file, error) from error
    found = re.search(tells, content, re.IGNORECASE | re.MULTILINE)
    return content.count(b"\n", 0, found.start()) + 1 if found else None
