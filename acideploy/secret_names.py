"""What is called as secrets are, and so is shown to nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SECRET = re.compile(
    r"SECRET|PASSW|PWD|TOKEN|CREDENTIAL|CONNECTION_?STRING|(API|ACCESS|ACCOUNT|PRIVATE|STORAGE)_?KEY"
    r"|SAS(_|$)|_KEY$",
    re.IGNORECASE,
)
# `https://user:password@host/simple`.
_LOGIN = re.compile(r"(?<=:)//[^/@\s]+@")
_HIDDEN = "***"


def is_secret(variable: str) -> bool:
    """Whether a variable's name says that its value is a secret."""
    return bool(_SECRET.search(variable))


def without_passwords(told: Any) -> Any:
    """What JSON can say, with `***` for whatever is called as secrets are, or logs in to a URL."""
    if isinstance(told, Mapping):
        return {
            name: _HIDDEN
            if isinstance(value, str) and is_secret(str(name))
            else without_passwords(value)
            for name, value in told.items()
        }
    if isinstance(told, list | tuple):
        return [without_passwords(each) for each in told]
    return _LOGIN.sub(f"//{_HIDDEN}@", told) if isinstance(told, str) else told
