"""Managed identities, the tokens they get, and what roles say."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ManagedIdentityCredential

from acideploy.emulator.cloud import CLIENT, OBJECT, SUBSCRIPTION, TENANT
from tests.emulated import Emulated

IDENTITY = "resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine"
ASSIGNMENTS = "providers/Microsoft.Authorization/roleAssignments"
PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
VERSION = "2022-04-01"
SCOPE = "https://vault.azure.net/.default"


def _identity(azure: Emulated) -> dict[str, str]:
    azure.make_group()
    made = azure.arm("PUT", IDENTITY, {"location": "westus"}, version="2023-01-31")
    assert made.status == 201, made.body
    return {"id": made.json["id"], **made.json["properties"]}


def _claims(token: str) -> dict[str, str]:
    claims: dict[str, str] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _use(azure: Emulated, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Makes this process one that runs in the emulated cloud."""
    variables = {
        "machine": {"AZURE_POD_IDENTITY_AUTHORITY_HOST": azure.url},
        "app": {
            "IDENTITY_ENDPOINT": f"{azure.url}/msi/token",
            "IDENTITY_HEADER": azure.cloud.client_secret,
        },
    }[kind]
    for name, value in {**variables, "REQUESTS_CA_BUNDLE": str(azure.ca), "NO_PROXY": "*"}.items():
        monkeypatch.setenv(name, value)


def test_an_identity_keeps_its_ids_when_it_is_made_again(azure: Emulated) -> None:
    first = _identity(azure)
    again = azure.arm("PUT", IDENTITY, {"location": "westus", "tags": {"a": "b"}}, version=VERSION)
    assert again.code == "NoRegisteredProviderFound"
    again = azure.arm(
        "PUT", IDENTITY, {"location": "westus", "tags": {"a": "b"}}, version="2023-01-31"
    )
    assert (again.status, again.json["tags"]) == (200, {"a": "b"})
    assert {"id": again.json["id"], **again.json["properties"]} == first
    assert list(again.json) == ["location", "tags", "id", "name", "type", "properties"]
    assert "/resourcegroups/" in first["id"]


def test_a_federated_credential_is_made_changed_and_goes_with_its_identity(
    azure: Emulated,
) -> None:
    azure.make_group()
    _identity(azure)
    version, path = "2023-01-31", f"{IDENTITY}/federatedIdentityCredentials"

    def body(subject: str) -> dict[str, Any]:
        known = {"issuer": "https://issuer", "audiences": ["api://AzureADTokenExchange"]}
        return {"properties": {**known, "subject": subject}}

    made = azure.arm("PUT", f"{path}/one", body("a"), version=version)
    assert (made.status, made.headers["location"]) == (201, made.json["id"])
    assert azure.arm("PUT", f"{path}/one", body("b"), version=version).status == 200
    shown = azure.arm("GET", f"{path}/one", version=version).json
    assert shown["properties"]["subject"] == "b"
    assert azure.arm("GET", path, version=version).json["value"] == [shown]
    assert azure.arm("PUT", f"{path}/two", body(""), version=version).status == 400
    azure.arm("DELETE", IDENTITY, version=version)
    _identity(azure)
    assert azure.arm("GET", path, version=version).json["value"] == []


@pytest.mark.parametrize("kind", ["machine", "app"])
def test_without_a_name_azure_identity_gets_the_token_of_the_service_principal(
    azure: Emulated, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    _use(azure, monkeypatch, kind)
    claims = _claims(ManagedIdentityCredential().get_token(SCOPE).token)
    assert (claims["appid"], claims["oid"], claims["tid"]) == (CLIENT, OBJECT, TENANT)
    assert claims["aud"] == "https://vault.azure.net"


@pytest.mark.parametrize("kind", ["machine", "app"])
@pytest.mark.parametrize("name", ["client_id", "object_id", "resource_id"])
def test_azure_identity_gets_the_token_of_the_identity_that_it_names(
    azure: Emulated, monkeypatch: pytest.MonkeyPatch, kind: str, name: str
) -> None:
    made = _identity(azure)
    value = {
        "client_id": made["clientId"],
        "object_id": made["principalId"],
        "resource_id": made["id"],
    }[name]
    _use(azure, monkeypatch, kind)
    if name == "client_id":
        credential = ManagedIdentityCredential(client_id=value)
    else:
        credential = ManagedIdentityCredential(identity_config={name: value})
    claims = _claims(credential.get_token(SCOPE).token)
    assert (claims["appid"], claims["oid"]) == (made["clientId"], made["principalId"])


@pytest.mark.parametrize("kind", ["machine", "app"])
def test_an_identity_that_is_not_there_gets_no_token(
    azure: Emulated, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    _use(azure, monkeypatch, kind)
    credential = ManagedIdentityCredential(client_id="00000000-0000-0000-0000-000000000009")
    with pytest.raises(ClientAuthenticationError):
        credential.get_token(SCOPE)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/metadata/identity/oauth2/token?api-version=2018-02-01&resource=x", {}, 400),
        ("/metadata/identity/oauth2/token?resource=x", {"Metadata": "true"}, 400),
        ("/metadata/identity/oauth2/token?api-version=2018-02-01", {"Metadata": "true"}, 400),
        ("/msi/token?api-version=2019-08-01&resource=x", {}, 401),
        ("/msi/token?api-version=2019-08-01&resource=x", {"X-IDENTITY-HEADER": "no"}, 401),
    ],
)
def test_a_token_is_not_given_to_who_does_not_ask_for_it_properly(
    azure: Emulated, path: str, headers: dict[str, str], status: int
) -> None:
    assert azure.ask("GET", path, headers=headers).status == status


def test_a_role_is_assigned_once_listed_where_it_counts_and_goes_with_its_resource(
    azure: Emulated,
) -> None:
    principal = _identity(azure)["principalId"]
    role = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{PULL}"
    body = {"properties": {"roleDefinitionId": role, "principalId": principal}}
    scope = IDENTITY
    path = f"{scope}/{ASSIGNMENTS}"
    made = azure.arm("PUT", f"{path}/11111111-1111-1111-1111-111111111111", body, version=VERSION)
    assert (made.status, made.json["properties"]["principalId"]) == (201, principal)
    again = azure.arm("PUT", f"{path}/22222222-2222-2222-2222-222222222222", body, version=VERSION)
    assert (again.status, again.code) == (409, "RoleAssignmentExists")
    other = {"properties": {"roleDefinitionId": role, "principalId": OBJECT}}
    moved = azure.arm("PUT", f"{path}/11111111-1111-1111-1111-111111111111", other, version=VERSION)
    assert (moved.status, moved.code) == (400, "RoleAssignmentUpdateNotPermitted")
    mine = f"?$filter=principalId%20eq%20'{principal}'"
    for where, count in ((scope, 1), ("resourceGroups/rg", 1), ("", 1)):
        listed = azure.arm("GET", f"{where}/{ASSIGNMENTS}{mine}".lstrip("/"), version=VERSION)
        assert len(listed.json["value"]) == count, where
    at_scope = f"resourceGroups/rg/{ASSIGNMENTS}?$filter=atScope()"
    assert azure.arm("GET", at_scope, version=VERSION).json["value"] == []
    azure.arm("DELETE", IDENTITY, version="2023-01-31")
    assert azure.arm("GET", f"{ASSIGNMENTS}{mine}", version=VERSION).json["value"] == []


def test_a_role_is_found_by_its_name(azure: Emulated) -> None:
    path = "providers/Microsoft.Authorization/roleDefinitions"
    found = azure.arm("GET", f"{path}?$filter=roleName%20eq%20'AcrPull'", version=VERSION)
    assert [each["name"] for each in found.json["value"]] == [PULL]
    assert azure.arm("GET", f"{path}/{PULL}", version=VERSION).json == found.json["value"][0]
    missing = azure.arm("GET", f"{path}/{OBJECT}", version=VERSION)
    assert (missing.status, missing.code) == (404, "RoleDefinitionDoesNotExist")


def test_everyone_may_do_everything_everywhere(azure: Emulated) -> None:
    azure.make_group()
    for scope in ("", "resourceGroups/rg/", "resourceGroups/rg/providers/A.B/c/d/"):
        path = f"{scope}providers/Microsoft.Authorization/permissions"
        answer = azure.arm("GET", path, version=VERSION)
        allowed = answer.json["value"][0]
        assert (allowed["actions"], allowed["dataActions"]) == (["*"], ["*"]), scope
