"""Who may do what in a registry, and what those are told who may not."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import jwt
import pytest

from acideploy.emulator.acr.data.registry import Scopes
from tests.emulated import Answer, Emulated
from tests.emulated_registry import ADMIN, LAYER, EmulatedRegistry, basic, open_registry

VISIT = "authentication required, visit https://aka.ms/acr/authorization for more information."
NOBODY = "00000000-0000-0000-0000-000000000000"
ALL = "pull,push,delete,metadata_read,metadata_write"


@pytest.fixture
def registry(azure: Emulated) -> EmulatedRegistry:
    return open_registry(azure)


def claims(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the claims of a token."""
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def refused(answer: Answer, error: str) -> bool:
    return answer.status == 401 and f'error="{error}"' in answer.headers["www-authenticate"]


def test_a_request_without_a_token_is_told_where_to_get_one(registry: EmulatedRegistry) -> None:
    answer = registry.ask("GET", "/v2/a/b/manifests/v1", user=None)
    host = registry.host
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == (
        f'Bearer realm="https://{host}/oauth2/token",service="{host}",scope="repository:a/b:pull"'
    )
    assert answer.json == {
        "errors": [
            {
                "code": "UNAUTHORIZED",
                "message": VISIT,
                "detail": [{"Type": "repository", "Name": "a/b", "Action": "pull"}],
            }
        ]
    }


def test_the_ping_is_refused_without_a_scope(registry: EmulatedRegistry) -> None:
    answer = registry.ask("GET", "/v2/", user=None)
    host = registry.host
    assert answer.headers["www-authenticate"] == (
        f'Bearer realm="https://{host}/oauth2/token",service="{host}"'
    )
    error = f'{{"errors":[{{"code":"UNAUTHORIZED","message":"{VISIT}","detail":null}}]}}\n'
    assert answer.body.decode() == error


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v2/a/blobs/x", "repository:a:pull"),
        ("POST", "/v2/a/blobs/uploads/", "repository:a:pull,push"),
        (
            "POST",
            "/v2/a/blobs/uploads/?mount=x&from=b",
            "repository:a:pull,push repository:b:pull",
        ),
        ("PUT", "/v2/a/manifests/v1", "repository:a:pull,push"),
        ("DELETE", "/v2/a/manifests/v1", "repository:a:delete"),
        ("GET", "/v2/_catalog", "registry:catalog:*"),
        ("GET", "/acr/v1/_catalog", "registry:catalog:*"),
        ("GET", "/acr/v1/a%2Fb", "repository:a/b:metadata_read"),
        ("GET", "/acr/v1/a/_tags/v1", "repository:a:metadata_read"),
        ("PATCH", "/acr/v1/a/_manifests/x", "repository:a:metadata_write"),
        ("DELETE", "/acr/v1/a", "repository:a:delete"),
    ],
)
def test_every_request_names_the_scope_it_needs(
    registry: EmulatedRegistry, method: str, path: str, scope: str
) -> None:
    answer = registry.ask(method, path, user=None)
    assert f'scope="{scope}"' in answer.headers["www-authenticate"]
    token = registry.access_token(scope)
    assert registry.ask(method, path, token=token).status != 401
    other = registry.access_token("repository:other:pull")
    assert refused(registry.ask(method, path, token=other), "insufficient_scope")


def test_tokens_are_as_those_of_azure(registry: EmulatedRegistry) -> None:
    header, refresh = claims(registry.refresh_token())
    assert (header["alg"], header["typ"]) == ("RS256", "JWT")
    assert re.fullmatch(r"[A-Z2-7]{4}(:[A-Z2-7]{4}){11}", header["kid"])
    assert set(header) == {"alg", "typ", "kid"}
    assert list(refresh) == [
        *("jti", "sub", "nbf", "exp", "iat", "iss", "aud", "version", "rid"),
        *("grant_type", "permissions", "roles"),
    ]
    assert refresh["exp"] - refresh["iat"] == 11700
    assert refresh["aud"] == registry.host
    assert refresh["permissions"] == {"actions": ["read", "write", "delete"], "notActions": None}
    _, access = claims(registry.access_token("repository:a:metadata_read"))
    assert list(access) == [
        *("jti", "sub", "nbf", "exp", "iat", "iss", "aud", "version", "rid"),
        *("access", "roles", "grant_type"),
    ]
    assert access["exp"] - access["iat"] == 4500
    assert access["access"] == [{"type": "repository", "name": "a", "actions": ["metadata_read"]}]


def test_a_token_ends_with_its_time(still: Emulated) -> None:
    registry = open_registry(still)
    refresh = registry.refresh_token()
    access = registry.access_token("repository:a:pull")
    still.advance(4499)
    assert registry.ask("GET", "/v2/", token=access).status == 200
    still.advance(1)
    assert refused(registry.ask("GET", "/v2/", token=access), "invalid_token")
    form = {"grant_type": "refresh_token", "scope": "repository:a:pull", "refresh_token": refresh}
    still.advance(11699 - 4500)
    assert registry.sign_in("/oauth2/token", **form).status == 200
    still.advance(1)
    assert registry.sign_in("/oauth2/token", **form).status == 401


def test_other_tokens_are_refused(registry: EmulatedRegistry) -> None:
    for token in (
        registry.azure.token("https://containerregistry.azure.net"),
        registry.refresh_token(),
        open_registry(registry.azure, "other").access_token("repository:a:pull"),
        "nonsense",
    ):
        assert refused(registry.ask("GET", "/v2/a/manifests/v1", token=token), "invalid_token")
    vault = registry.azure.token("https://vault.azure.net")
    form = {"grant_type": "access_token", "access_token": vault}
    assert registry.sign_in("/oauth2/exchange", **form).status == 401


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/oauth2/exchange", {}),
        ("/oauth2/exchange", {"grant_type": "password"}),
        ("/oauth2/exchange", {"grant_type": "access_token", "service": "other"}),
        ("/oauth2/token", {"service": "repository:a:pull"}),
        ("/oauth2/token", {"scope": "a"}),
    ],
)
def test_a_request_for_a_token_that_makes_no_sense_is_400_and_empty(
    registry: EmulatedRegistry, path: str, form: dict[str, str]
) -> None:
    form = {"service": registry.host, **form}
    answer = registry.ask("POST", path, urlencode(form).encode(), user=None)
    assert (answer.status, answer.body) == (400, b"")


def test_docker_gets_its_token_with_a_password(registry: EmulatedRegistry) -> None:
    query = urlencode({"account": ADMIN[0], "client_id": "docker", "service": registry.host})
    path = f"/oauth2/token?{query}&offline_token=true"
    answer = registry.ask("GET", f"{path}&scope={quote('repository:a:pull,push')}")
    assert list(answer.json) == ["access_token"]
    token = answer.json["access_token"]
    assert registry.ask("POST", "/v2/a/blobs/uploads/", b"", token=token).status == 202
    assert registry.ask("GET", path, user=(ADMIN[0], "wrong")).status == 401
    # Several scopes, and the refresh token of `az acr login` as password.
    two = f"&scope={quote('repository:a:pull')}&scope={quote('repository:b:push')}"
    answer = registry.ask("GET", f"{path}{two}", user=(NOBODY, registry.refresh_token()))
    access = claims(answer.json["access_token"])[1]["access"]
    assert [(each["name"], each["actions"]) for each in access] == [
        ("a", ["pull"]),
        ("b", ["push"]),
    ]


def test_a_token_is_given_for_a_name_and_password_in_a_form(registry: EmulatedRegistry) -> None:
    form = {"grant_type": "password", "scope": "repository:a:*", "username": ADMIN[0]}
    answer = registry.sign_in("/oauth2/token", password=ADMIN[1], **form)
    (access,) = claims(answer.json["access_token"])[1]["access"]
    assert sorted(access["actions"]) == sorted(ALL.split(","))
    assert registry.sign_in("/oauth2/token", password="wrong", **form).status == 401


def test_the_answers_of_the_sign_in_come_in_chunks(registry: EmulatedRegistry) -> None:
    entra = registry.azure.token()
    answer = registry.sign_in("/oauth2/exchange", grant_type="access_token", access_token=entra)
    assert answer.headers["transfer-encoding"] == "chunked"
    assert "docker-distribution-api-version" not in answer.headers
    assert answer.headers["x-ms-ratelimit-remaining-calls-per-second"] == "166.65"


def test_a_wrong_password_is_refused_at_the_door(registry: EmulatedRegistry) -> None:
    for user in ((ADMIN[0], "wrong"), ("other", ADMIN[1]), ("", "")):
        assert refused(registry.ask("GET", "/v2/", user=user), "invalid_token")
    headers = {"Authorization": "Basic %%%"}
    answer = registry.ask("GET", "/v2/", headers=headers, user=None)
    assert refused(answer, "invalid_token")


def test_a_token_of_the_registry_may_do_what_its_scope_map_says(
    registry: EmulatedRegistry,
) -> None:
    registry.push("models/iris", "v1")
    registry.push("other", "v1")
    reader = ("reader", "its password")
    actions = ["repositories/models/*/content/read", "repositories/models/iris/metadata/read"]
    registry.users.tokens[reader] = Scopes.of(actions)

    def status(method: str, path: str) -> int:
        return registry.ask(method, path, user=reader).status

    assert status("GET", "/v2/models/iris/manifests/v1") == 200
    assert status("GET", "/acr/v1/models%2Firis") == 200
    assert status("POST", "/v2/models/iris/blobs/uploads/") == 401
    assert status("DELETE", "/v2/models/iris/manifests/v1") == 401
    assert status("PATCH", "/acr/v1/models%2Firis") == 401
    assert status("GET", "/v2/other/manifests/v1") == 401
    assert status("GET", "/v2/_catalog") == 401
    # Asked for more, it is given what it may have.
    query = urlencode({"service": registry.host, "scope": "repository:models/iris:pull,push"})
    answer = registry.ask("GET", f"/oauth2/token?{query}", user=reader)
    (access,) = claims(answer.json["access_token"])[1]["access"]
    assert access["actions"] == ["pull"]


def test_anybody_reads_where_that_is_allowed(registry: EmulatedRegistry) -> None:
    digest = registry.push("a", "v1")
    form = {"grant_type": "password", "scope": "repository:a:pull,push,metadata_read"}
    assert registry.sign_in("/oauth2/token", **form).status == 401
    registry.users.anonymous_pull = True
    token = registry.sign_in("/oauth2/token", **form).json["access_token"]
    assert registry.ask("GET", f"/v2/a/manifests/{digest}", token=token).status == 200
    assert registry.ask("GET", "/acr/v1/a", token=token).status == 200
    begun = registry.ask("POST", "/v2/a/blobs/uploads/", b"", token=token)
    assert refused(begun, "insufficient_scope")
    # Nobody is let in without any token.
    assert registry.ask("GET", "/v2/a/manifests/v1", user=None).status == 401


def test_a_mount_needs_the_right_to_pull_from_its_source(registry: EmulatedRegistry) -> None:
    digest = registry.push_blob("secret", LAYER)
    path = f"/v2/a/blobs/uploads/?mount={digest}&from=secret"
    token = registry.access_token("repository:a:pull,push")
    assert refused(registry.ask("POST", path, b"", token=token), "insufficient_scope")
    assert registry.ask("HEAD", f"/v2/a/blobs/{digest}").status == 404
    token = registry.access_token("repository:a:pull,push repository:secret:pull")
    assert registry.ask("POST", path, b"", token=token).status == 201


def test_a_rule_makes_tokens_expire_and_the_registry_busy(registry: EmulatedRegistry) -> None:
    token = registry.access_token("repository:a:pull")
    for rule in ({"path": "^/v2/a/", "expiredToken": True}, {"path": "^/v2/a/", "quota": True}):
        registry.azure.ask("POST", "/_emulator/faults", json.dumps(rule).encode())
    busy = registry.ask("GET", "/v2/a/manifests/v1", token=token)
    assert (busy.status, busy.headers["retry-after"]) == (429, "10")
    registry.azure.ask("DELETE", "/_emulator/faults")
    rule = json.dumps({"path": "^/v2/a/", "expiredToken": True}).encode()
    registry.azure.ask("POST", "/_emulator/faults", rule)
    assert refused(registry.ask("GET", "/v2/a/manifests/v1", token=token), "invalid_token")
    assert registry.ask("GET", "/v2/a/manifests/v1", token=token).status == 404


def test_basic_is_read_in_any_case(registry: EmulatedRegistry) -> None:
    headers = {"Authorization": basic(*ADMIN).replace("Basic", "basic")}
    assert registry.ask("GET", "/v2/", headers=headers, user=None).status == 200
