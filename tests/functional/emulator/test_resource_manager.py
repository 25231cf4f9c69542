"""What Resource Manager does before a provider is asked."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from acideploy.emulator.clock import ScaledClock
from tests.emulated import Emulated, emulated


def test_a_resource_group_is_made_shown_listed_and_deleted(azure: Emulated) -> None:
    made = azure.arm("PUT", "resourceGroups/Mine", {"location": "West US", "tags": {"a": "b"}})
    assert (made.status, made.json["location"]) == (201, "westus")
    assert azure.arm("PUT", "resourcegroups/mine", {"location": "westus"}).status == 200
    assert azure.arm("GET", "RESOURCEGROUPS/MINE").json["name"] == "Mine"
    assert [each["name"] for each in azure.arm("GET", "resourceGroups").json["value"]] == ["Mine"]
    deleted = azure.arm("DELETE", "resourceGroups/mine")
    assert (deleted.status, deleted.headers["retry-after"]) == (202, "15")
    assert azure.arm("GET", deleted.headers["location"]).status == 200
    assert azure.arm("GET", "resourceGroups/mine").code == "ResourceGroupNotFound"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/subscriptions/00000000-0000-0000-0000-000000000000", 404, "SubscriptionNotFound"),
        ("resourceGroups/none/providers/A.B/c/d", 404, "ResourceGroupNotFound"),
        ("providers/No.Such/things", 404, "InvalidResourceNamespace"),
        ("resourceGroups/x?api-version=", 400, "MissingApiVersionParameter"),
        ("resourceGroups/x?api-version=latest", 400, "InvalidApiVersionParameter"),
        ("no/such/path", 404, "NotFound"),
    ],
)
def test_what_is_not_there_is_answered_as_resource_manager_does(
    azure: Emulated, path: str, status: int, code: str
) -> None:
    answer = azure.arm("GET", path)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["x-ms-failure-cause"] == "gateway"


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "AuthenticationFailed"),
        ("Bearer nonsense", "InvalidAuthenticationToken"),
    ],
)
def test_a_request_without_a_valid_token_is_refused(
    azure: Emulated, authorization: str, code: str
) -> None:
    headers = {"Authorization": authorization}
    answer = azure.ask("GET", "/subscriptions?api-version=2022-09-01", headers=headers)
    assert (answer.status, answer.code) == (401, code)
    assert "authorization_uri=" in answer.headers["www-authenticate"]


def test_a_token_for_something_else_is_refused(azure: Emulated) -> None:
    headers = {"Authorization": f"Bearer {azure.token('https://vault.azure.net')}"}
    answer = azure.ask("GET", "/subscriptions?api-version=2022-09-01", headers=headers)
    assert answer.code == "InvalidAuthenticationTokenAudience"


def test_a_token_ends_with_its_time(still: Emulated) -> None:
    headers = {"Authorization": f"Bearer {still.token()}"}
    path = "/subscriptions?api-version=2022-09-01"
    assert still.ask("GET", path, headers=headers).status == 200
    still.advance(3600)
    assert still.ask("GET", path, headers=headers).code == "ExpiredAuthenticationToken"


def test_tokens_last_as_long_as_clients_believe(tmp_path: Path) -> None:
    """However fast the time of the cloud runs: a client keeps a token for an hour of its own."""
    with emulated(tmp_path, clock=ScaledClock(100_000)) as azure:
        token = azure.token()
        began = azure.cloud.clock.now()
        while (azure.cloud.clock.now() - began).total_seconds() < 2 * 3600:
            time.sleep(0.01)
        bearer = {"Authorization": f"Bearer {token}"}
        url = f"{azure.url}/subscriptions?api-version=2022-12-01"
        assert azure.ask("GET", url, headers=bearer).status == 200
