"""With what Azure pulls images: an identity, a token, the admin user, or a clear answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acideploy.azure.open import open_manager
from acideploy.errors import AzureError
from acideploy.events import Event, Noticed
from acideploy.registry.authentication import Password
from acideploy.targets.aci.group import Pull
from acideploy.targets.aci.pull import choose_pull
from acideploy.targets.aci.target import AciTarget
from tests.azure_services import GROUP, AzureServices
from tests.container_groups import fault
from tests.emulated import Emulated
from tests.registries import InstantClock

REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/emulator"
FORBIDDEN = {"status": 403, "code": "AuthorizationFailed", "message": "you may not"}
UNSUPPORTED = {"status": 400, "code": "FeatureNotSupported", "message": "not in this tier"}


def chosen(target: AciTarget, **workspace: Any) -> Pull:
    azure = replace(
        target.azure,
        manager=open_manager(target.azure.cloud, clock=InstantClock()),
        workspace=replace(target.azure.workspace, **workspace),
    )

    def login() -> Password | None:
        return Password(username="me", password="mine")

    return choose_pull(azure, secrets=target.secrets, login=login, clock=InstantClock())


def admin(azure: Emulated, *, enabled: bool) -> None:
    body = {"properties": {"adminUserEnabled": enabled}}
    assert azure.arm("PATCH", REGISTRY, body, version="2023-07-01").status in (200, 201)


def test_an_identity_goes_before_everything(target: AciTarget) -> None:
    pull = chosen(target, pull_identity=f"{GROUP}/puller")
    assert (pull.identity, pull.username, pull.reason) == (f"{GROUP}/puller", None, None)


def test_a_token_is_made_once_for_the_workspace(azure: Emulated, target: AciTarget) -> None:
    admin(azure, enabled=True)
    first, second = chosen(target), chosen(target)
    assert first == second
    assert first.username == f"acideploy-pull-{target.azure.workspace.mark}"
    assert first.reason is None


@pytest.mark.parametrize("rule", [FORBIDDEN, UNSUPPORTED])
def test_the_admin_user_stands_in_for_a_token_that_is_refused(
    azure: Emulated, target: AciTarget, rule: dict[str, Any]
) -> None:
    admin(azure, enabled=True)
    fault(azure, path="/scopeMaps/", **rule)
    pull = chosen(target)
    assert (pull.kind, pull.reason) == ("admin user", rule["message"])


def test_without_an_admin_user_it_is_said_what_there_is_not(
    azure: Emulated, target: AciTarget
) -> None:
    admin(azure, enabled=False)
    fault(azure, path="/scopeMaps/", **FORBIDDEN)
    with pytest.raises(AzureError, match="you may not") as caught:
        chosen(target)
    assert "admin user is off" in str(caught.value)
    assert "folder attach --pull-identity" in (caught.value.hint or "")


@pytest.mark.parametrize(("method", "fails"), [("PUT", "scopeMaps"), ("POST", "listCredentials")])
@pytest.mark.parametrize("how", [{"reset": True}, {"status": 503}])
def test_what_is_no_refusal_is_no_reason_for_the_admin_user(
    azure: Emulated, target: AciTarget, method: str, fails: str, how: dict[str, Any]
) -> None:
    admin(azure, enabled=True)
    if fails == "listCredentials":
        fault(azure, path="/scopeMaps/", **FORBIDDEN)
    fault(azure, method=method, path=f"/{fails}", count=None, **how)
    with pytest.raises(AzureError) as caught:
        chosen(target)
    assert "pull images" not in str(caught.value)


def test_a_deploy_says_that_the_admin_user_stands_in(services: AzureServices) -> None:
    admin(services.azure, enabled=True)
    fault(services.azure, path="/scopeMaps/", **UNSUPPORTED)
    heard: list[Event] = []
    assert services.deploy(emit=heard.append).state == "Healthy"
    [note] = [
        each.problem
        for each in heard
        if isinstance(each, Noticed) and each.problem.code == "pull-fallback"
    ]
    assert "admin user" in note.message
    assert "not in this tier" in note.message
