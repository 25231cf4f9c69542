"""The emulator as a whole: its parts are put together here and nowhere else."""

from __future__ import annotations

import secrets
import ssl
from pathlib import Path
from types import TracebackType
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from acideploy.emulator.aci.engine import Engine
from acideploy.emulator.aci.no_engine import NoEngine
from acideploy.emulator.aci.runtime import Runtime
from acideploy.emulator.aci.surface import ContainerInstances
from acideploy.emulator.acr.surface import ContainerRegistries
from acideploy.emulator.aml.surface import MachineLearning
from acideploy.emulator.arm.app import ResourceManager
from acideploy.emulator.arm.routes import Provider
from acideploy.emulator.certificates import authority_path, server_context
from acideploy.emulator.clock import Clock, answered_at_once
from acideploy.emulator.cloud import FRONT, Cloud, new_id
from acideploy.emulator.control import Control
from acideploy.emulator.entra.routes import Entra
from acideploy.emulator.identity.authorization import Authorization
from acideploy.emulator.identity.endpoint import IdentityEndpoint
from acideploy.emulator.identity.identities import ManagedIdentity
from acideploy.emulator.insights.surface import Insights, ingestion_routes
from acideploy.emulator.metadata import CloudMetadata
from acideploy.emulator.network.surface import Networks
from acideploy.emulator.seed import NAME, seed
from acideploy.emulator.signer import Signer
from acideploy.emulator.sites import Sites
from acideploy.emulator.storage.surface import Storage
from acideploy.emulator.store import Store
from acideploy.emulator.vault.surface import KeyVault


class Surface(Protocol):
    """A provider of resources, with what it does beside answering Resource Manager."""

    provider: Provider

    async def resume(self) -> None:
        """Takes up again what was there when the emulator was last stopped."""

    async def close(self) -> None:
        """Ends what runs; the store keeps what `resume` needs."""


class Emulator:
    """Azure on loopback, from `async with` to its end. `cloud` is what its surfaces share.

    `directory` holds all state and is made when it is missing. `port` is the one of Resource
    Manager and Microsoft Entra, others follow it; 0 takes any that are free. `engine` is where the
    container engine answers; None: nothing runs, and nothing is built. `runtime` runs containers in
    its place. `seeded` has a workspace with all its parts be there from the first start on.
    """

    def __init__(
        self,
        directory: Path,
        *,
        clock: Clock,
        host: str = "127.0.0.1",
        port: int = 8443,
        engine: str | None = None,
        runtime: Runtime | None = None,
        dns_suffix: str | None = None,
        seeded: bool = False,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        store = Store(directory / "state.sqlite")
        names = () if host in ("127.0.0.1", "::1") else (host,)
        self.cloud = Cloud(
            directory=directory,
            clock=clock,
            store=store,
            sites=Sites(
                host=host,
                first_port=port,
                context=server_context(directory, *names),
                store=store,
            ),
            signer=Signer(directory / "tokens.key"),
            client_secret=_client_secret(store),
        )
        self.engine = engine
        self._seeded = seeded
        self._runtime = runtime or _runtime(self.cloud, engine)
        registries = ContainerRegistries(self.cloud, engine_host=engine)
        self._instances = ContainerInstances(
            self.cloud,
            self._runtime,
            login=registries.login_as,
            dns_suffix=dns_suffix,
        )
        self._surfaces: list[Surface] = [
            registries,
            Storage(self.cloud),
            KeyVault(self.cloud),
            Insights(self.cloud),
            MachineLearning(self.cloud),
            ManagedIdentity(self.cloud),
            Authorization(self.cloud),
            Networks(self.cloud),
            # After the registries, which its containers are pulled from.
            self._instances,
        ]
        providers = [surface.provider for surface in self._surfaces]
        self._manager = ResourceManager(self.cloud, providers)

    @property
    def registry(self) -> str | None:
        """The login server of the registry that is there from the start."""
        return self.cloud.sites.find(f"registry:{NAME}")

    async def __aenter__(self) -> Emulator:
        # What an emulator has left that was killed.
        await self._runtime.close()
        await self.cloud.open_site(FRONT, self._front())
        for surface in self._surfaces:
            await surface.resume()
        if self._seeded:
            with answered_at_once():
                await seed(self.cloud, self._manager.answer)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for surface in reversed(self._surfaces):
            await surface.close()
        await self.cloud.sites.close_all()
        self.cloud.store.close()

    def _front(self) -> Starlette:
        cloud = self.cloud
        return Starlette(
            routes=[
                *Control(cloud).routes(),
                *CloudMetadata(cloud).routes(),
                *IdentityEndpoint(cloud).routes(),
                *ingestion_routes(),
                *Entra(cloud).routes(),
                *self._instances.sockets(),
                Route("/{path:path}", _Answering(self._manager)),
            ]
        )


class _Answering:
    """Requests of every method for Resource Manager, as ASGI."""

    def __init__(self, manager: ResourceManager) -> None:
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response: Response = await self._manager.answer(Request(scope, receive))
        await response(scope, receive, send)


def _runtime(cloud: Cloud, engine: str | None) -> Runtime:
    if engine is None:
        return NoEngine()
    known = cloud.store.get("engine", "state") or {"id": new_id()}
    cloud.store.put("engine", "state", known)
    context = ssl.create_default_context(cafile=str(authority_path(cloud.directory)))
    return Engine(engine, state_id=known["id"], context=context)


def _client_secret(store: Store) -> str:
    known = store.get("client", "secret")
    if known is None:
        known = {"value": f"emulator-{secrets.token_hex(20)}"}
        store.put("client", "secret", known)
    return str(known["value"])
