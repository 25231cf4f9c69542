"""Who the user is to a registry: variables, what `docker login` keeps, what `az login` knows."""

from __future__ import annotations

import os
import threading
import warnings
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from acideploy.ahead import ahead
from acideploy.clock import Clock, SystemClock
from acideploy.errors import AzureError, RegistryError
from acideploy.registry.authentication import TOKEN_USER, Credential, Entra, Password

USERNAME_VARIABLE = "ACIDEPLOY_REGISTRY_USERNAME"
PASSWORD_VARIABLE = "ACIDEPLOY_REGISTRY_PASSWORD"

# What an Entra token for a registry's data is for, in every cloud.
_AUDIENCE = "https://containerregistry.azure.net/.default"
# Where Microsoft's own clouds have their sign-in.
_AUTHORITIES = (
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
)
_LOG_IN = "az login"
# A token that lasts no longer, in seconds, is not used any more.
_LEFT = 300.0
_OPENING = threading.Lock()
# Docker keeps its own registry under the name that it had first.
_DOCKER_HUB, _DOCKER_HUB_KEY = "registry-1.docker.io", "docker.io"


def password_in(variables: Mapping[str, str]) -> Password | None:
    """The user and the password that the environment variables name, both or none."""
    username, password = variables.get(USERNAME_VARIABLE), variables.get(PASSWORD_VARIABLE)
    return Password(username=username, password=password) if username and password else None


def credential_for(host: str) -> Credential:
    """What is known for the registry at `host`. Raises RegistryError when its token is asked."""
    return _docker_login(host) or Entra(token=_entra_token)


def _docker_login(host: str) -> Password | None:
    """What `docker login` has kept, in its file or with its helper programs."""
    from docker import auth
    from docker.errors import DockerException

    key = _DOCKER_HUB_KEY if host == _DOCKER_HUB else host
    try:
        with warnings.catch_warnings():
            # Of a helper that is not installed: where another login does, nobody needs to know.
            warnings.simplefilter("ignore")
            found = auth.load_config().resolve_authconfig(key) or {}
    except (DockerException, ValueError, TypeError, AttributeError):
        # A helper that is missing or fails, or a damaged file: the other ways to log in are left.
        return None
    if token := found.get("IdentityToken") or found.get("identitytoken"):
        return Password(username=TOKEN_USER, password=token)
    username = found.get("username") or found.get("Username")
    password = found.get("password") or found.get("Password")
    return Password(username=username, password=password) if username and password else None


def azure_token(scope: str, *, authority: str | None = None) -> str:
    """A Microsoft Entra token for `scope`, of whoever is logged in. Raises AzureError.

    `authority` is where the cloud has its sign-in, unless `AZURE_AUTHORITY_HOST` says so.
    """
    from azure.core.exceptions import ClientAuthenticationError

    chosen = os.environ.get("AZURE_AUTHORITY_HOST") or authority
    try:
        return _tokens(chosen).get(scope)
    except ClientAuthenticationError as error:  # azure-identity's own errors are of this kind
        if silent := _silence(chosen or f"https://{_AUTHORITIES[0]}"):
            raise AzureError(
                f"Microsoft Entra cannot be asked who you are: {silent.message}",
                hint=silent.hint,
                detail=str(error),
            ) from error
        raise AzureError("there is no Azure login to use", hint=_LOG_IN, detail=str(error)) from (
            error
        )


def _silence(authority: str) -> AzureError | None:
    """Why nobody answers at the sign-in; None where somebody does, whatever it is.

    azure-identity says both in the same way: that there is no login, and that it was not heard.
    """
    from azure.core.exceptions import AzureError as SdkError
    from azure.core.rest import HttpRequest

    from acideploy.azure.refusal import unanswered
    from acideploy.registry.acr.transport import open_transport

    url = authority if "://" in authority else f"https://{authority}"
    try:
        with open_transport() as transport:
            transport.send(HttpRequest("GET", f"{url.rstrip('/')}/common/discovery/keys"))
    except SdkError as error:
        return unanswered(str(error), url)
    return None


def get_ahead() -> None:
    """Begins to get the token that the registry of a workspace will want, for whoever waits last.

    `az` takes half a second for each audience: nobody has to wait for one after the other. What
    goes wrong is told to the one who asks for the token.
    """
    if not password_in(os.environ):
        ahead(lambda: azure_token(_AUDIENCE))


class Tokens:
    """The tokens of a login, each asked for once for as long as it lasts. Safe for threads.

    azure-identity keeps those that it gets itself; each one of `az login` is a run of `az`.
    """

    def __init__(self, credential: Any, *, clock: Clock) -> None:
        self._credential = credential
        self._clock = clock
        self._known: dict[str, Any] = {}
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def get(self, scope: str) -> str:
        """Raises what azure-identity raises where there is no login."""
        with self._lock:
            lock = self._locks[scope]
        with lock:
            known = self._known.get(scope)
            if known is None or known.expires_on - self._clock.now().timestamp() < _LEFT:
                known = self._known[scope] = self._credential.get_token(scope)
            return str(known.token)


def _tokens(authority: str | None) -> Tokens:
    # Without the lock two threads that are first would each have tokens of their own.
    with _OPENING:
        return _opened(authority)


@cache
def _opened(authority: str | None) -> Tokens:
    return Tokens(_login(authority), clock=SystemClock())


def _login(authority: str | None) -> Any:
    """The chain of azure-identity."""
    from azure.identity import DefaultAzureCredential

    # Of a cloud that is not Microsoft's, Microsoft's directory of clouds knows nothing.
    host = urlsplit(authority).hostname if authority else None
    given = {"authority": authority} if authority else {}
    is_private = host is not None and host not in _AUTHORITIES
    return DefaultAzureCredential(disable_instance_discovery=is_private, **given)


def _entra_token() -> str:
    try:
        return azure_token(_AUDIENCE)
    except AzureError as error:
        raise RegistryError(
            error.message,
            hint=f"{_LOG_IN}; or docker login; or set {USERNAME_VARIABLE} and {PASSWORD_VARIABLE}"
            if error.hint == _LOG_IN
            else error.hint,
            detail=error.detail,
        ) from error
