"""Signs tokens, and reads those it signed: JSON Web Tokens, RS256 (RFC 7519)."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


class TokenError(Exception):
    """A token is not ours or not meant for this, or (`expired`) its time is over."""

    def __init__(self, message: str, *, expired: bool = False) -> None:
        super().__init__(message)
        self.expired = expired


class Signer:
    """The one key of the emulated cloud, kept in a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        self._key = _key(path)
        self._public = self._key.public_key()
        der = self._public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.key_id = base64.urlsafe_b64encode(hashlib.sha256(der).digest()[:20]).decode()[:27]

    def sign(self, claims: Mapping[str, Any], *, key_id: str | None = None) -> str:
        """A token with these claims. `key_id` stands in its header in place of this key's."""
        headers = {"kid": key_id or self.key_id, **({} if key_id else {"x5t": self.key_id})}
        return jwt.encode(dict(claims), self._key, algorithm="RS256", headers=headers)

    def read(self, token: str, *, now: datetime) -> dict[str, Any]:
        """The claims of a token that this key signed and that is valid at `now`.

        Raises TokenError. Whether it is meant for the reader is the reader's to check (`aud`).
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._public,
                algorithms=["RS256"],
                # The time is that of the cloud, which the library does not know.
                options={
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidTokenError as error:
            raise TokenError(str(error)) from error
        if claims.get("exp", 0) <= now.timestamp():
            raise TokenError("the token has expired", expired=True)
        return claims

    def public_keys(self) -> dict[str, Any]:
        """The JSON Web Key Set (RFC 7517) that others check tokens with."""
        numbers = self._public.public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "kid": self.key_id,
            "x5t": self.key_id,
            "n": _base64(numbers.n),
            "e": _base64(numbers.e),
        }
        return {"keys": [key]}


def _key(path: Path) -> rsa.RSAPrivateKey:
    if path.is_file():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    return key


def _base64(number: int) -> str:
    length = (number.bit_length() + 7) // 8
    return base64.urlsafe_b64encode(number.to_bytes(length, "big")).decode().rstrip("=")
