"""What is told where nobody can be logged in: for want of a login, or of the network."""

from __future__ import annotations

import pytest

from acideploy.credentials import azure_token, credential_for
from acideploy.emulator.cloud import CLIENT, TENANT
from acideploy.errors import AzureError, RegistryError
from acideploy.registry.authentication import Entra
from tests.emulated import Emulated

SCOPE = "https://management.azure.com/.default"
# Nobody listens there.
CLOSED = "https://127.0.0.1:1"


@pytest.fixture
def service_principal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("CLIENT_ID", CLIENT), ("TENANT_ID", TENANT), ("CLIENT_SECRET", "s")):
        monkeypatch.setenv(f"AZURE_{name}", value)


@pytest.mark.usefixtures("service_principal")
@pytest.mark.parametrize(
    ("authority", "words"),
    [
        (CLOSED, "127.0.0.1:1 does not answer"),
        ("https://login.nowhere.invalid", "login.nowhere.invalid cannot be found"),
    ],
)
def test_a_sign_in_that_nobody_reaches_is_no_missing_login(
    monkeypatch: pytest.MonkeyPatch, authority: str, words: str
) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", authority)
    with pytest.raises(AzureError, match=words) as caught:
        azure_token(SCOPE)
    assert "check the network" in (caught.value.hint or "")


@pytest.mark.usefixtures("service_principal")
def test_the_registry_is_told_of_it_in_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", CLOSED)
    credential = credential_for("contoso.azurecr.io")
    assert isinstance(credential, Entra)
    with pytest.raises(RegistryError, match="Microsoft Entra") as caught:
        credential.token()
    assert "login" not in (caught.value.hint or "")


def test_a_sign_in_that_refuses_asks_for_a_login(
    azure: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "another")
    # Another authority than that whose tokens are known already.
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", f"{azure.url}/")
    with pytest.raises(AzureError, match="no Azure login") as caught:
        azure_token(SCOPE)
    assert caught.value.hint == "az login"
