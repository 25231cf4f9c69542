"""Names of repositories, tags and content (OCI distribution specification 1.1, "Pull")."""

from __future__ import annotations

import re

from acideploy.emulator.acr.data.errors import digest_invalid, name_invalid

_WORD = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_WORD}(?:/{_WORD})*")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


def check_repository(name: str) -> None:
    if len(name) > 255 or not _REPOSITORY.fullmatch(name):
        raise name_invalid(name)


def is_tag(reference: str) -> bool:
    return _TAG.fullmatch(reference) is not None


def is_digest(reference: str) -> bool:
    return _DIGEST.fullmatch(reference) is not None


def check_digest(digest: str) -> str:
    if not is_digest(digest):
        raise digest_invalid(f"invalid digest {digest!r}" if digest else "digest missing")
    return digest
