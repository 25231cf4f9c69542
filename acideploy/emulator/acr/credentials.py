"""Who may use a registry: its administrator, and tokens with what their scope maps allow."""

from __future__ import annotations

import secrets
import string
from datetime import datetime

from acideploy.emulator.cloud import Cloud
from acideploy.emulator.store import Document

_KIND = "registry credentials"
_LETTERS = string.ascii_letters + string.digits
ADMIN_PASSWORDS = ("password", "password2")
TOKEN_PASSWORDS = ("password1", "password2")


def new_password() -> str:
    """52 letters and digits, as those of registries; the `+` and `/` of some would help nobody."""
    return "".join(secrets.choice(_LETTERS) for _ in range(52))


def admin_passwords(cloud: Cloud, registry: Document) -> Document:
    """The two passwords of the administrator by name; made when first asked for."""
    key = f"{registry['id'].lower()}/credentials"
    known = cloud.store.get(_KIND, key)
    if known is None:
        known = {name: new_password() for name in ADMIN_PASSWORDS}
        cloud.store.put(_KIND, key, known)
    return known


def renew_admin_password(cloud: Cloud, registry: Document, name: str) -> None:
    passwords = admin_passwords(cloud, registry) | {name: new_password()}
    cloud.store.put(_KIND, f"{registry['id'].lower()}/credentials", passwords)


def token_passwords(cloud: Cloud, token: str) -> list[Document]:
    """The passwords of a token, by the token's id: `creationTime`, `expiry`, `name`, `value`."""
    found = cloud.store.get(_KIND, f"{token.lower()}/credentials")
    return found["passwords"] if found else []


def keep_token_passwords(cloud: Cloud, token: str, passwords: list[Document]) -> None:
    cloud.store.put(_KIND, f"{token.lower()}/credentials", {"passwords": passwords})


def is_token_password(cloud: Cloud, token: str, password: str) -> bool:
    """Whether a password of a token is right and still valid."""
    now = cloud.clock.now()
    return any(
        secrets.compare_digest(each["value"].encode(), password.encode())
        and ("expiry" not in each or read_time(each["expiry"]) > now)
        for each in token_passwords(cloud, token)
    )


def read_time(text: str) -> datetime:
    """A time as services write it; digits beyond microseconds are dropped. Raises ValueError."""
    whole, dot, rest = text.replace("Z", "+00:00").partition(".")
    if not dot:
        return datetime.fromisoformat(whole)
    digits = rest[: len(rest) - len(rest.lstrip(string.digits))]
    return datetime.fromisoformat(f"{whole}.{digits[:6]:0<6}{rest[len(digits) :]}")
