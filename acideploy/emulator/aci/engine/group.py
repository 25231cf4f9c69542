"""A group of containers: one network for all of them, and volumes that they share."""

from __future__ import annotations

import io
import logging
import re
import secrets
import tarfile
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from acideploy.emulator.aci.engine import pause
from acideploy.emulator.aci.engine.api import EngineApi, EngineRefusal
from acideploy.emulator.aci.engine.container import EngineContainer
from acideploy.emulator.aci.engine.images import Images
from acideploy.emulator.aci.runtime import (
    ContainerError,
    ContainerOrder,
    GroupOrder,
    ImageError,
    Mount,
)

# All that the emulator makes bears it, with the id of the emulator's state.
LABEL = "acideploy.emulator"
_GROUP_LABEL = "acideploy.emulator.group"
_VOLUMES = "volumes"
_GIB = 1 << 30
_LOG_LIMITS = {"max-size": "16m", "max-file": "2"}
# What engines say where the kernel, or the rights of a user, let nobody limit anything.
_NO_LIMITS = re.compile(r"cgroup|CFS|controller|NanoCPUs|swap limit", re.IGNORECASE)

_log = logging.getLogger(__name__)


class EngineGroup:
    """Network and volumes of a group. The waiting container owns its network and its ports."""

    def __init__(
        self, api: EngineApi, images: Images, order: GroupOrder, *, state_id: str, address: str
    ) -> None:
        self.address = address
        self._api = api
        self._images = images
        self._order = order
        # A group of the same key may still be on its way out.
        self._name = f"acideploy-{order.key}-{secrets.token_hex(3)}"
        self._labels = {LABEL: state_id, _GROUP_LABEL: self._name}
        self._limits = True

    async def open(self) -> None:
        """Makes it. Raises ContainerError, and leaves nothing then."""
        try:
            image = await self._pause_image()
            await self._api.call(lambda client: self._open(client, image))
        except EngineRefusal:
            await self.remove()
            raise

    async def start(self, order: ContainerOrder) -> EngineContainer:
        image = await self._images.local_id(order.image)
        if image is None:
            raise ImageError(f"the container engine has no image {order.image.pinned}")
        try:
            return await self._start(order, image)
        except EngineRefusal as refusal:
            if not self._limits or not _NO_LIMITS.search(str(refusal)):
                raise
            _log.warning("containers run without limits of cpu and memory: %s", refusal)
        self._limits = False
        return await self.start(order)

    async def remove(self) -> None:
        await remove_all(self._api, {_GROUP_LABEL: self._name})

    async def _pause_image(self) -> str:
        architecture = await self._api.architecture()
        if architecture not in pause.architectures():
            raise ContainerError(f"no container can wait on a processor {architecture}")
        name = pause.image_name(architecture)
        try:
            await self._api.call(lambda client: client.inspect_image(name))
        except EngineRefusal as refusal:
            if not refusal.missing:
                raise
            content = pause.file_system(architecture)
            await self._api.call(
                lambda client: client.import_image_from_data(content, repository=name)
            )
        return name

    def _open(self, client: Any, image: str) -> None:
        for volume in self._order.volumes:
            client.create_volume(self._volume_name(volume), labels=self._labels)
        bindings = {
            f"{port}/{protocol}": (self.address, port) for port, protocol in self._order.ports
        }
        made = client.create_container(
            image,
            command=[pause.PROGRAM],
            name=self._name,
            labels=self._labels,
            ports=list(self._order.ports),
            host_config=client.create_host_config(
                port_bindings=bindings,
                binds={
                    self._volume_name(each): {"bind": f"/{_VOLUMES}/{each}", "mode": "rw"}
                    for each in self._order.volumes
                },
            ),
        )
        # The engine may not see the files of this machine.
        if self._order.volumes:
            client.put_archive(made["Id"], "/", _folders(self._order.volumes))
        client.start(made["Id"])

    async def _start(self, order: ContainerOrder, image: str) -> EngineContainer:
        limits = await self._limits_of(order) if self._limits else {}

        def start(client: Any) -> str:
            made = client.create_container(
                image,
                entrypoint=list(order.command) if order.command else None,
                command=[] if order.command else None,
                name=f"{self._name}-{order.name}-{secrets.token_hex(3)}",
                environment=dict(order.variables),
                labels=self._labels,
                # ACI has probes of its own, and heeds none of the image's.
                healthcheck={"test": ["NONE"]},
                host_config=client.create_host_config(
                    network_mode=f"container:{self._name}",
                    binds=[self._bind(mount) for mount in order.mounts],
                    log_config={"type": "json-file", "config": _LOG_LIMITS},
                    **limits,
                ),
            )
            container = str(made["Id"])
            try:
                client.start(container)
            except BaseException:
                client.remove_container(container, force=True, v=True)
                raise
            return container

        container = await self._api.call(start)
        return EngineContainer(self._api, container, limited="mem_limit" in limits)

    async def _limits_of(self, order: ContainerOrder) -> dict[str, int]:
        limits = {}
        if order.cpu is not None:
            # More than there are is refused.
            limits["nano_cpus"] = int(min(order.cpu, await self._api.cpus()) * 10**9)
        if order.memory is not None:
            # The same with swap, which ACI has none of.
            limits["mem_limit"] = limits["memswap_limit"] = int(order.memory * _GIB)
        return limits

    def _bind(self, mount: Mount) -> str:
        # The image may have files at the path: they are hidden, not copied into the volume.
        mode = "ro" if mount.read_only else "rw"
        return f"{self._volume_name(mount.volume)}:{mount.path}:{mode},nocopy"

    def _volume_name(self, volume: str) -> str:
        return f"{self._name}-{volume}"


async def remove_all(api: EngineApi, labels: Mapping[str, str]) -> None:
    """Removes all containers and volumes with these labels."""
    wanted = {"label": [f"{name}={value}" for name, value in labels.items()]}
    found = await api.call(lambda client: client.containers(all=True, filters=wanted))
    # The owner of a network cannot go before those that use it, whose names begin with its own.
    for name in sorted((each["Names"][0].lstrip("/") for each in found), reverse=True):
        await _remove(api, partial(_remove_container, name=name))
    found = await api.call(lambda client: client.volumes(filters=wanted)["Volumes"])
    for volume in found or ():
        await _remove(api, partial(_remove_volume, name=volume["Name"]))


def _remove_container(client: Any, *, name: str) -> None:
    client.remove_container(name, force=True, v=True)


def _remove_volume(client: Any, *, name: str) -> None:
    client.remove_volume(name, force=True)


async def _remove(api: EngineApi, work: Callable[[Any], None]) -> None:
    try:
        await api.call(work)
    except EngineRefusal as refusal:
        # What is left is found again at the next start.
        if not refusal.missing:
            _log.warning("left behind: %s", refusal)


def _folders(volumes: Mapping[str, Mapping[str, bytes]]) -> bytes:
    """A tar file with the folder of each volume. Anybody may write where nothing was put."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as tar:
        for name, files in volumes.items():
            folder = tarfile.TarInfo(f"{_VOLUMES}/{name}/")
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755 if files else 0o777
            tar.addfile(folder)
            for path, content in files.items():
                member = tarfile.TarInfo(f"{_VOLUMES}/{name}/{path}")
                member.size, member.mode = len(content), 0o644
                tar.addfile(member, io.BytesIO(content))
        end = tar.offset
    # Podman reads no further than the mark of the end, two blocks, and breaks off if more comes.
    return output.getvalue()[: end + 2 * tarfile.BLOCKSIZE]
