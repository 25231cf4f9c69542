"""Azure's own client of Key Vault with a vault of the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.azure_python import azure_python, run_program
from tests.emulated import Emulated, emulated

VAULT = "resourceGroups/emulator/providers/Microsoft.KeyVault/vaults/emulator"

LIFE = """
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient

client = SecretClient(ASKED["url"], Credential(), **ASKED["options"])
first = client.set_secret("key", "one", content_type="text/plain", tags={"a": "b"})
second = client.set_secret("key", "two")
client.update_secret_properties("key", enabled=True, tags={"c": "d"})
for number in range(30):
    client.set_secret(f"many-{number}", "x")
newest, oldest = client.get_secret("key"), client.get_secret("key", first.properties.version)
deleted = client.begin_delete_secret("key").result()
try:
    client.get_secret("key")
    missing = "found"
except ResourceNotFoundError as error:
    missing = error.error.code
try:
    client.set_secret("key", "three")
    again = "made"
except HttpResponseError as error:
    again = error.error.code
client.begin_recover_deleted_secret("key").wait()
recovered = client.get_secret("key").value
client.begin_delete_secret("key").wait()
client.purge_deleted_secret("key")
print(json.dumps({
    "newest": [newest.value, newest.properties.tags],
    "oldest": [oldest.value, oldest.properties.content_type, oldest.properties.tags],
    "vault": newest.properties.vault_url,
    "deleted": deleted.name,
    "missing": missing,
    "again": again,
    "recovered": recovered,
    "left": len(list(client.list_properties_of_secrets())),
    "deleted left": len(list(client.list_deleted_secrets())),
}))
"""


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[Emulated]:
    with emulated(tmp_path / "emulator", seeded=True) as running:
        yield running


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_azures_own_client_does_all_that_it_can_with_secrets(seeded: Emulated, host: str) -> None:
    python = azure_python()
    url = seeded.arm("GET", VAULT, version="2023-07-01").json["properties"]["vaultUri"]
    url = url.replace("localhost", host)
    # At this address it makes sure, without being told, that its token is for this vault.
    options = {"verify_challenge_resource": False} if host == "localhost" else {}
    told = run_program(python, LIFE, seeded, url=url, options=options)
    assert told == {
        "newest": ["two", {"c": "d"}],
        "oldest": ["one", "text/plain", {"a": "b"}],
        "vault": url.rstrip("/"),
        "deleted": "key",
        "missing": "SecretNotFound",
        "again": "Conflict",
        "recovered": "two",
        "left": 30,
        "deleted left": 0,
    }
