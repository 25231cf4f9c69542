"""With what Azure pulls the images of a workspace.

https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from acideploy.azure.open import Azure
from acideploy.azure.workspace import AzureWorkspace
from acideploy.clock import Clock
from acideploy.errors import AzureError
from acideploy.observe import wait_for
from acideploy.registry.authentication import Password
from acideploy.targets.aci.group import Pull
from acideploy.targets.aci.secrets import Secrets

_VERSION = "2023-07-01"
_SCOPE = "acideploy-services"
# A token is made within seconds.
_TOKEN_SECONDS, _LOOK_EVERY = 60.0, 1.0


def choose_pull(
    azure: Azure, *, secrets: Secrets, login: Callable[[], Password | None], clock: Clock
) -> Pull:
    """The identity that is configured, else a token for the services' images, else the admin user.

    A registry that Resource Manager knows nothing of is pulled from with `login`. Raises
    AzureError where nothing is allowed.
    """
    workspace = azure.workspace
    if workspace.pull_identity:
        name = workspace.pull_identity.rpartition("/")[2]
        return Pull(kind=f"identity {name}", identity=workspace.pull_identity)
    if workspace.registry_id is None:
        known = login()
        if known is None:
            return Pull(kind="anonymous")
        return Pull(kind="login", username=known.username, password=known.password)
    try:
        return _token(azure, workspace.registry_id, secrets, clock)
    except AzureError as refused:
        if admin := _admin(azure, workspace.registry_id):
            return admin
        raise AzureError(
            f"Azure has nothing to pull images of {workspace.registry} with: no identity is "
            f"configured, no token can be made ({refused.message}), and its admin user is off",
            hint="acideploy folder attach --pull-identity ID, of an identity with the role AcrPull",
            status=refused.status,
            code=refused.code,
        ) from refused


def token_name(workspace: AzureWorkspace) -> str:
    return f"acideploy-pull-{workspace.mark}"


def known_token(workspace: AzureWorkspace, secrets: Secrets) -> Pull | None:
    """The token that was made earlier for the workspace's registry; None for none."""
    name = token_name(workspace)
    password = secrets.get(name).get(_key(workspace))
    return _pull_with(name, password) if password else None


def _pull_with(name: str, password: str) -> Pull:
    return Pull(kind=f"token {name}", username=name, password=password)


def _key(workspace: AzureWorkspace) -> str:
    """What a password is called among the workspace's secrets."""
    return workspace.registry.replace(":", "-")


def _token(azure: Azure, registry: str, secrets: Secrets, clock: Clock) -> Pull:
    """A token that may read the services' repositories, made once for the workspace."""
    # Its password is told once: a new one would take the old one away from groups that run.
    if known := known_token(azure.workspace, secrets):
        return known
    name, manager = token_name(azure.workspace), azure.manager
    manager.send(
        "PUT",
        f"{registry}/scopeMaps/{_SCOPE}",
        _VERSION,
        body={
            "properties": {
                "description": "the images of services that acideploy deploys",
                "actions": ["repositories/services/*/content/read"],
            }
        },
    )
    token = f"{registry}/tokens/{name}"
    manager.send(
        "PUT",
        token,
        _VERSION,
        body={"properties": {"scopeMapId": f"{registry}/scopeMaps/{_SCOPE}", "status": "enabled"}},
    )
    wait_for(
        lambda: _made(manager.get(token, _VERSION)),
        clock=clock,
        within=_TOKEN_SECONDS,
        every=_LOOK_EVERY,
        overdue=lambda: AzureError(f"token {name} is not made yet", hint="run this again"),
    )
    answer = manager.send(
        "POST",
        f"{registry}/generateCredentials",
        _VERSION,
        body={"tokenId": token, "name": "password1"},
    )
    password = str(answer.body["passwords"][0]["value"])
    secrets.put(name, {_key(azure.workspace): password})
    return _pull_with(name, password)


def _made(token: Mapping[str, Any] | None) -> bool | None:
    """None while it is being made."""
    state = (token or {}).get("properties", {}).get("provisioningState")
    return True if state == "Succeeded" else None


def _admin(azure: Azure, registry: str) -> Pull | None:
    """None where the admin user is off, or may not be asked for."""
    try:
        found = azure.manager.send("POST", f"{registry}/listCredentials", _VERSION).body
        return Pull(
            kind="admin user",
            username=found["username"],
            password=found["passwords"][0]["value"],
        )
    except AzureError:
        return None
