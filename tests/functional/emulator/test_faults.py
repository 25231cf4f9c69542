"""Faults by rule, and the record of what was asked."""

from __future__ import annotations

import http.client
import urllib.error
from pathlib import Path

import pytest

from acideploy.emulator.cloud import CLIENT, TENANT
from tests.emulated import ARM, Emulated


def test_requests_fail_as_often_as_the_rule_says(azure: Emulated) -> None:
    rule = {"method": "GET", "path": "/resourceGroups$", "status": 429, "code": "TooManyRequests",
            "headers": {"Retry-After": "3"}, "skip": 1, "count": 2}  # fmt: skip
    assert azure.ask("POST", "/_emulator/faults", rule).status == 201
    answers = [azure.arm("GET", "resourceGroups") for _ in range(4)]
    assert [each.status for each in answers] == [200, 429, 429, 200]
    assert (answers[1].code, answers[1].headers["retry-after"]) == ("TooManyRequests", "3")


def test_chance_repeats_itself_with_the_same_seed(azure: Emulated) -> None:
    def outcome() -> list[int]:
        azure.ask("DELETE", "/_emulator/faults")
        rule = {"path": "resourceGroups", "status": 500, "count": None, "probability": 0.5}
        azure.ask("POST", "/_emulator/faults", {**rule, "seed": 7})
        return [azure.arm("GET", "resourceGroups").status for _ in range(12)]

    first = outcome()
    assert first == outcome()
    assert {200, 500} == set(first)


def test_a_reset_leaves_no_answer(azure: Emulated) -> None:
    azure.ask("POST", "/_emulator/faults", {"path": "resourceGroups", "reset": True})
    with pytest.raises((urllib.error.URLError, ConnectionError, http.client.HTTPException)):
        azure.arm("GET", "resourceGroups")
    assert azure.arm("GET", "resourceGroups").status == 200


def test_a_truncated_answer_is_shorter_than_it_says(azure: Emulated) -> None:
    azure.ask("POST", "/_emulator/faults", {"path": "/tenants", "truncate": True})
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        azure.arm("GET", "/tenants")


def test_a_token_can_be_expired_by_a_rule(azure: Emulated) -> None:
    azure.ask("POST", "/_emulator/faults", {"path": "resourceGroups", "expiredToken": True})
    assert azure.arm("GET", "resourceGroups").code == "ExpiredAuthenticationToken"


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ({"path": "x"}, "needs a fault"),
        ({"status": "500"}, "status"),
        ({"status": 42}, "status"),
        ({"statu": 500}, "statu"),
        ({"status": 500, "path": "("}, "path"),
        ([{"status": 500}, {"reset": 1}], "reset"),
        ("nonsense", "a rule is an object"),
    ],
)
def test_a_wrong_rule_is_refused_with_what_is_wrong(
    azure: Emulated, rule: object, named: str
) -> None:
    answer = azure.ask("POST", "/_emulator/faults", rule)
    assert answer.status == 400
    assert named in answer.json["error"]["message"]
    assert azure.ask("GET", "/_emulator/faults").json["value"] == []


def test_what_was_asked_is_counted_with_its_bytes(azure: Emulated) -> None:
    azure.ask("DELETE", "/_emulator/requests")
    answer = azure.arm("PUT", "resourceGroups/x", {"location": "westus"})
    [exchange] = azure.ask("GET", "/_emulator/requests").json["value"]
    assert exchange["method"] == "PUT"
    assert exchange["path"].endswith("/resourceGroups/x")
    assert exchange["status"] == 201
    assert exchange["bytesIn"] == len(b'{"location": "westus"}')
    assert exchange["bytesOut"] == len(answer.body)


def test_a_client_gets_a_token_for_its_secret_only(azure: Emulated) -> None:
    def ask(secret: str, tenant: str = TENANT, client: str = CLIENT) -> tuple[int, list[int]]:
        form = (
            f"grant_type=client_credentials&client_id={client}&client_secret={secret}"
            f"&scope={ARM}.default"
        )
        answer = azure.ask("POST", f"/{tenant}/oauth2/v2.0/token", form.encode())
        return answer.status, answer.json.get("error_codes", [])

    assert ask(azure.cloud.client_secret) == (200, [])
    assert ask("wrong") == (401, [7000215])
    assert ask(azure.cloud.client_secret, client="nobody") == (400, [700016])
    assert ask(azure.cloud.client_secret, tenant="elsewhere") == (400, [90002])


def test_azure_identity_signs_in(azure: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    from azure.identity import ClientSecretCredential

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(azure.ca))
    credential = ClientSecretCredential(
        TENANT,
        CLIENT,
        azure.cloud.client_secret,
        authority=azure.url,
        disable_instance_discovery=True,
    )
    token = credential.get_token(f"{ARM}.default").token
    headers = {"Authorization": f"Bearer {token}"}
    path = "/subscriptions?api-version=2022-09-01"
    assert azure.ask("GET", path, headers=headers).status == 200


def test_the_authority_is_made_once(tmp_path: Path) -> None:
    from acideploy.emulator.certificates import authority_path, server_context

    server_context(tmp_path)
    first = authority_path(tmp_path).read_bytes()
    server_context(tmp_path)
    assert authority_path(tmp_path).read_bytes() == first
