"""What is called as secrets are is shown to nobody."""

from __future__ import annotations

import pytest

from acideploy.secret_names import is_secret, without_passwords


@pytest.mark.parametrize("name", ["DB_PASSWORD", "apiKey", "SAS_URL", "GITHUB_TOKEN", "X_KEY"])
def test_a_variable_that_is_called_as_secrets_are_is_one(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["COLOUR", "KEYBOARD", "PATH", "SASKIA"])
def test_any_other_variable_is_none(name: str) -> None:
    assert not is_secret(name)


def test_passwords_are_hidden_wherever_they_are_nested() -> None:
    told = {
        "docker": {"baseImageRegistry": {"username": "me", "password": "p"}},
        "pip": ["--extra-index-url https://me:p@host/simple", "https://host/simple"],
    }
    assert without_passwords(told) == {
        "docker": {"baseImageRegistry": {"username": "me", "password": "***"}},
        "pip": ["--extra-index-url https://***@host/simple", "https://host/simple"],
    }
