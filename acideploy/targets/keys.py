"""What a service's keys may be, and how new ones are made."""

from __future__ import annotations

import re
import secrets
import string

from acideploy.config.problem import Problem
from acideploy.errors import ConfigurationError

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 32


def check_key(key: str | None) -> None:
    """Raises ConfigurationError for what no header can carry."""
    if key is not None and not re.fullmatch(r"[!-~]+", key):
        problem = Problem(
            code="bad-key",
            severity="error",
            message="a key has a character that no HTTP header can carry",
            hint="use letters, digits and punctuation, without blanks",
        )
        raise ConfigurationError([problem])


def new_key() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
