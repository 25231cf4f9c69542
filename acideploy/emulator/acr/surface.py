"""Azure Container Registry as a surface of the emulator: its parts are put together here."""

from __future__ import annotations

from acideploy.emulator.aci.runtime import Credentials
from acideploy.emulator.acr.agent_pool_routes import AgentPoolRoutes
from acideploy.emulator.acr.credential_routes import CredentialRoutes
from acideploy.emulator.acr.data.access import TOKEN_USER
from acideploy.emulator.acr.import_routes import ImportRoutes
from acideploy.emulator.acr.link_routes import LinkRoutes
from acideploy.emulator.acr.operations import Operations
from acideploy.emulator.acr.registries import Registries
from acideploy.emulator.acr.registry_document import summary
from acideploy.emulator.acr.registry_routes import RegistryRoutes
from acideploy.emulator.acr.replication_routes import ReplicationRoutes
from acideploy.emulator.acr.run_documents import Runs
from acideploy.emulator.acr.run_routes import RunRoutes
from acideploy.emulator.acr.running import Running
from acideploy.emulator.acr.storage import SITE, TaskStorage
from acideploy.emulator.acr.storage_site import StorageSite
from acideploy.emulator.acr.task_routes import TaskRoutes
from acideploy.emulator.acr.task_run_routes import TaskRunRoutes
from acideploy.emulator.acr.token_routes import TokenRoutes
from acideploy.emulator.acr.versions import REGISTRY_VERSIONS, TASK_VERSIONS, TOKEN_VERSIONS
from acideploy.emulator.acr.webhook_routes import WebhookRoutes
from acideploy.emulator.arm.operations import operations_route
from acideploy.emulator.arm.routes import Provider, ResourceType
from acideploy.emulator.cloud import Cloud
from acideploy.emulator.identity.assignments import may
from acideploy.emulator.identity.identities import find_identity
from acideploy.emulator.store import Document

_TASKS = ("tasks", "taskRuns", "agentPools", "runs", "scheduleRun", "listBuildSourceUploadUrl")
_TOKENS = ("scopeMaps", "tokens", "generateCredentials")
_OPERATIONS = (
    (
        "register/action",
        "",
        "Register the Container Registry Resource Provider",
        "Registers the subscription for the container registry resource provider and enables the "
        "creation of container registries.",
    ),
    (
        "registries/read",
        "Registries",
        "Get Container Registry or List Container Registries",
        "Gets the properties of the specified container registry or lists all the container "
        "registries under the specified resource group or subscription.",
    ),
    (
        "registries/write",
        "Registries",
        "Create or Update Container Registry",
        "Creates or updates a container registry with the specified parameters.",
    ),
    (
        "registries/delete",
        "Registries",
        "Delete Container Registry",
        "Deletes a container registry.",
    ),
    (
        "registries/pull/read",
        "Registries",
        "Pull images from container registry.",
        "Pull or Get images from a container registry.",
    ),
    (
        "registries/push/write",
        "Registries",
        "Push images to container registry.",
        "Push or Write images to a container registry.",
    ),
)
_PULL = "Microsoft.ContainerRegistry/registries/pull/read"


class ContainerRegistries:
    """The provider `Microsoft.ContainerRegistry`.

    `engine_host` is the address of the container engine that builds, None where there is none.
    """

    def __init__(self, cloud: Cloud, *, engine_host: str | None = None) -> None:
        self._cloud = cloud
        self._operations = Operations(cloud)
        self._registries = Registries(cloud)
        self._storage = TaskStorage(cloud)
        runs = Runs(cloud)
        self._running = Running(cloud, self._registries, runs, self._storage, engine_host)
        self._registry_routes = RegistryRoutes(cloud, self._registries, self._operations)
        self._replications = ReplicationRoutes(self._registries, self._operations)
        self._imports = ImportRoutes(cloud, self._registries, self._operations)
        run_routes = RunRoutes(self._registries, runs, self._running, self._storage)
        self.provider = Provider(
            namespace="Microsoft.ContainerRegistry",
            types=(
                ResourceType(
                    name="registries",
                    versions=REGISTRY_VERSIONS,
                    summary=summary,
                    delete=self._delete,
                ),
            ),
            other_types={
                **{f"registries/{name}": TASK_VERSIONS for name in _TASKS},
                **{f"registries/{name}": TOKEN_VERSIONS for name in _TOKENS},
                "registries/importImage": REGISTRY_VERSIONS,
                "registries/replications": REGISTRY_VERSIONS,
                "registries/webhooks": REGISTRY_VERSIONS,
                "registries/privateLinkResources": REGISTRY_VERSIONS,
                "registries/privateEndpointConnections": REGISTRY_VERSIONS,
                "operations": REGISTRY_VERSIONS,
                "checkNameAvailability": REGISTRY_VERSIONS,
                "locations": REGISTRY_VERSIONS,
                "locations/operationResults": REGISTRY_VERSIONS,
            },
            routes=(
                *self._registry_routes.routes(),
                *CredentialRoutes(self._registries).routes(),
                *WebhookRoutes(self._registries).routes(),
                *self._replications.routes(),
                *TokenRoutes(self._registries, self._operations).routes(),
                *LinkRoutes(self._registries).routes(),
                *self._imports.routes(),
                *run_routes.routes(),
                *TaskRoutes(self._registries).routes(),
                *TaskRunRoutes(self._registries, runs, run_routes).routes(),
                *AgentPoolRoutes(self._registries, self._operations).routes(),
                operations_route(
                    "Microsoft.ContainerRegistry",
                    "Microsoft ContainerRegistry",
                    _OPERATIONS,
                    data_actions=True,
                ),
            ),
        )

    def login_as(self, identity: str, server: str) -> Credentials | None:
        """What a user-assigned identity logs in with at a registry.

        None when there is no such registry here, or the identity has no role that pulls from it.
        """
        registry = next((each for each in self._registries.all() if _answers(each, server)), None)
        known = find_identity(self._cloud, resource=identity)
        if registry is None or known is None:
            return None
        principal = known["properties"]["principalId"]
        if not may(self._cloud, principal, _PULL, on=registry["id"]):
            return None
        token = self._registries.content(registry).refresh_token(principal)
        return Credentials(server=server, username=TOKEN_USER, password=token)

    async def resume(self) -> None:
        await self._cloud.open_site(SITE, StorageSite(self._cloud, self._storage).app())
        await self._registry_routes.resume()
        self._operations.resume()
        self._running.resume()

    async def close(self) -> None:
        await self._imports.close()
        await self._running.close()
        await self._replications.close()
        await self._registry_routes.close()
        await self._registries.close()

    async def _delete(self, cloud: Cloud, document: Document) -> None:
        await self._registries.forget(document)


def _answers(registry: Document, server: str) -> bool:
    return bool(registry["properties"]["loginServer"] == server)
