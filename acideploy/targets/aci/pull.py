"""With what Azure pulls the images of a workspace.

https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from acideploy.azure.open import Azure
from acideploy.azure.workspace import AzureWorkspace
from acideploy.clock import Clock
from acideploy.config.problem import Problem
from acideploy.errors import AzureError
from acideploy.observe import wait_for
from acideploy.registry.authentication import Password
from acideploy.targets.aci.group import Pull
from acideploy.targets.aci.secrets import Secrets

_VERSION = "2023-07-01"
_SCOPE = "acideploy-services"
# Not allowed, or not to be had of this registry. 409 is somebody who makes the same token.
_REFUSED = (400, 403, 405, 501)
_ATTACH = "acideploy folder attach --pull-identity ID, of an identity with the role AcrPull"
# A token is made within seconds.
_TOKEN_SECONDS, _LOOK_EVERY = 60.0, 1.0


def choose_pull(
    azure: Azure, *, secrets: Secrets, login: Callable[[], Password | None], clock: Clock
) -> Pull:
    """The identity that is configured, else a token for the services' images, else the admin user.

    A registry that Resource Manager knows nothing of is pulled from with `login`. Raises
    AzureError where nothing is allowed, and what is no refusal.
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
        if not _is_refusal(refused):
            raise
        admin = _admin(azure, workspace.registry_id, refused.message)
        if admin is None:
            raise _no_way(workspace.registry, refused) from refused
        return admin


def fallback(pull: Pull) -> Problem | None:
    """What there is to tell where it is not the way that comes first."""
    if pull.reason is None:
        return None
    return Problem(
        code="pull-fallback",
        severity="note",
        message=f"images are pulled with the registry's {pull.kind}, who may do everything there: "
        f"no token can be made for them ({pull.reason})",
        hint=_ATTACH,
    )


def _is_refusal(error: AzureError) -> bool:
    """Whether it is not allowed, or the registry cannot do it: another way may be open.

    What passes by itself, and what was not heard at all, is no reason for another way.
    """
    return error.status in _REFUSED and not error.temporary


def _no_way(registry: str, refused: AzureError) -> AzureError:
    return AzureError(
        f"Azure has nothing to pull images of {registry} with: no identity is configured, no token "
        f"can be made ({refused.message}), and its admin user is off or may not be asked for",
        hint=f"{_ATTACH}; or {refused.hint}" if refused.hint else _ATTACH,
        status=refused.status,
        code=refused.code,
    )


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
    name = token_name(azure.workspace)
    token = f"{registry}/tokens/{name}"
    _make(azure, registry, token, clock)
    answer = azure.manager.send(
        "POST",
        f"{registry}/generateCredentials",
        _VERSION,
        body={"tokenId": token, "name": "password1"},
    )
    password = str(answer.body["passwords"][0]["value"])
    secrets.put(name, {_key(azure.workspace): password})
    return _pull_with(name, password)


def _make(azure: Azure, registry: str, token: str, clock: Clock) -> None:
    """Makes the token and what it may, or leaves them as they are."""
    may = {
        "description": "the images of services that acideploy deploys",
        "actions": ["repositories/services/*/content/read"],
    }
    scope = f"{registry}/scopeMaps/{_SCOPE}"
    azure.manager.send("PUT", scope, _VERSION, body={"properties": may})
    wanted = {"scopeMapId": scope, "status": "enabled"}
    azure.manager.send("PUT", token, _VERSION, body={"properties": wanted})
    wait_for(
        lambda: _made(azure.manager.get(token, _VERSION)),
        clock=clock,
        within=_TOKEN_SECONDS,
        every=_LOOK_EVERY,
        overdue=lambda: AzureError(
            f"token {token.rpartition('/')[2]} is not made yet", hint="run this again"
        ),
    )


def _made(token: Mapping[str, Any] | None) -> bool | None:
    """None while it is being made."""
    state = (token or {}).get("properties", {}).get("provisioningState")
    return True if state == "Succeeded" else None


def _admin(azure: Azure, registry: str, reason: str) -> Pull | None:
    """None where the admin user is off, or may not be asked for."""
    try:
        found = azure.manager.send("POST", f"{registry}/listCredentials", _VERSION).body
    except AzureError as error:
        if not _is_refusal(error):
            raise
        return None
    password = found["passwords"][0]["value"]
    return Pull(kind="admin user", reason=reason, username=found["username"], password=password)
