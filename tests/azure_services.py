"""Services that are deployed to an emulator in this process: nothing is installed, nothing runs.

The base image brings its interpreter and packages by name only.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from acideploy.api import ConfigurationFiles, DeployRequest, Workspace, open_workspace
from acideploy.attachment import AzureChoice
from acideploy.clock import Clock
from acideploy.credentials import credential_for
from acideploy.emulator.cloud import SUBSCRIPTION
from acideploy.events import Emit, ignore
from acideploy.image.layer import Entry, layer_chunks, sorted_with_folders, text_entry
from acideploy.parts import assemble, open_aci
from acideploy.registry.acr import AcrRegistry
from acideploy.targets import Service
from acideploy.targets.aci.target import AciTarget
from tests.answering_runtime import AnsweringRuntime
from tests.emulated import Answer, Emulated
from tests.registries import InstantClock
from tests.tiny import base_artifact, put

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/emulator"
GROUPS = f"{GROUP}/providers/Microsoft.ContainerInstance/containerGroups"
_PACKAGES = ("azureml_inference_server_http-1.0", "granian-1.0")
_SCRIPT = "def init():\n    pass\n\n\ndef run(data):\n    return data\n"


def target_of(workspace: Workspace, *, clock: Clock) -> AciTarget:
    """What runs the services of a workspace in Azure, for a look behind its answers."""
    azure = workspace.azure
    assert azure is not None
    parts = assemble(workspace.directory, registry=azure.workspace.registry, clock=clock)
    return open_aci(azure, parts, directory=workspace.directory, clock=clock)


@dataclass(frozen=True, kw_only=True)
class AzureServices:
    """A folder with a project, and deploys of it. Pauses take no time."""

    azure: Emulated
    runtime: AnsweringRuntime
    home: Path
    project: Path
    clock: Clock = field(default_factory=InstantClock)
    # What is named of the workspace.
    parts: Mapping[str, str] = field(default_factory=lambda: {"workspace_name": "emulator"})

    def workspace(self, *, emit: Emit = ignore) -> Workspace:
        """As a new command would open it."""
        origins = tuple((part, "a flag") for part in self.parts)
        return Workspace(
            self.home,
            working_directory=self.project,
            clock=self.clock,
            azure_choice=AzureChoice(
                subscription=SUBSCRIPTION,
                resource_group="emulator",
                origins=origins,
                **self.parts,  # type: ignore[arg-type]  # all of them are text
            ),
            emit=emit,
        )

    def opened(self, *, emit: Emit, **given: Any) -> Workspace:
        """What a command works with, where pauses take no time."""
        known = open_workspace(emit=emit, **given)
        return Workspace(
            known.directory,
            working_directory=self.project,
            clock=self.clock,
            attachment=known.attachment,
            azure_choice=known.azure_choice,
            emit=emit,
        )

    def deploy(self, name: str = "web", *, emit: Emit = ignore, **request: Any) -> Service:
        files = ConfigurationFiles(
            inference_config=Path("inference.json"), deployment_config=Path("deployment.json")
        )
        wanted = replace(DeployRequest(name=name, files=files, overwrite=True), **request)
        return self.workspace(emit=emit).deploy(wanted)

    def write(self, name: str, content: object) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        (self.project / name).write_text(text)

    def groups(self) -> list[Any]:
        """Every container group that there is."""
        answer = self.azure.arm("GET", GROUPS)
        return [self.azure.arm("GET", each["id"]).json for each in answer.json["value"]]

    def secrets(self) -> set[str]:
        """The names of the secrets in the workspace's vault."""
        found, page = set(), f"{self.vault}/secrets?api-version=7.4"
        while page:
            answer = self._ask_vault("GET", page).json
            found |= {each["id"].rpartition("/")[2] for each in answer["value"]}
            page = answer.get("nextLink")
        return found

    def purge(self, secret: str) -> None:
        """Takes a secret away for good, if there is one."""
        for kind in ("secrets", "deletedsecrets"):
            self._ask_vault("DELETE", f"{self.vault}/{kind}/{secret}?api-version=7.4")

    @cached_property
    def mark(self) -> str:
        """What the names of the workspace's groups end in."""
        azure = self.workspace().azure
        assert azure is not None
        return azure.workspace.mark

    @cached_property
    def vault(self) -> str:
        """Its URL."""
        path = f"{GROUP}/providers/Microsoft.KeyVault/vaults/emulator"
        found = self.azure.arm("GET", path, version="2023-07-01").json
        return str(found["properties"]["vaultUri"]).rstrip("/")

    def _ask_vault(self, method: str, url: str) -> Answer:
        login = {"Authorization": f"Bearer {self.azure.token(self.vault)}"}
        return self.azure.ask(method, url, headers=login)


def set_up(azure: Emulated, runtime: AnsweringRuntime, *, folder: Path) -> AzureServices:
    """A project in `folder`, with its base image in the registry of the emulator's workspace."""
    services = AzureServices(
        azure=azure, runtime=runtime, home=folder / "home", project=folder / "folder"
    )
    host = azure.emulator.registry
    assert host is not None
    registry = AcrRegistry(host, login=lambda: credential_for(host), clock=InstantClock())
    put(registry, "base/python", base_artifact(layers=[_layer()], config=_config()), tag="1")
    environment = {
        "docker": {"baseImage": f"{host}/base/python:1"},
        "python": {"userManagedDependencies": True, "interpreterPath": "/usr/bin/python"},
    }
    services.write("score.py", _SCRIPT)
    services.write("inference.json", {"entryScript": "score.py", "environment": environment})
    services.write("deployment.json", {"computeType": "ACI"})
    return services


def own_addresses() -> IPv4Address:
    """The first of a few hundred loopback addresses that belong to this process."""
    return IPv4Address("127.128.0.1") + (os.getpid() % (1 << 13)) * (1 << 9)


def can_listen() -> bool:
    """Whether this user may listen where Azure's containers do: Linux wants it allowed."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((str(own_addresses()), 80))
        except OSError:
            return False
    return True


def _layer() -> bytes:
    site = "usr/lib/python3/site-packages"
    entries = [
        Entry(path="usr/bin/python", kind="file", content=b"", executable=True),
        *(text_entry(f"{site}/{name}.dist-info/METADATA", "\n") for name in _PACKAGES),
    ]
    return b"".join(layer_chunks(sorted_with_folders(entries), mtime=0))


def _config() -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(_layer()).hexdigest()}"
    return {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["PATH=/usr/bin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [digest]},
        "history": [{"created_by": "ADD rootfs"}],
    }
