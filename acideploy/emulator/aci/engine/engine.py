"""A container engine as what runs the containers of groups."""

from __future__ import annotations

import ssl

from acideploy.emulator.aci.engine.api import EngineApi
from acideploy.emulator.aci.engine.group import LABEL, EngineGroup, remove_all
from acideploy.emulator.aci.engine.images import Images
from acideploy.emulator.aci.runtime import Credentials, GroupOrder, Image


class Engine:
    """Docker or Podman at `host`, as in DOCKER_HOST.

    All that it makes bears `state_id`. `context` trusts the emulator's registries.
    """

    runs = True

    def __init__(self, host: str, *, state_id: str, context: ssl.SSLContext) -> None:
        self._api = EngineApi(host)
        self._images = Images(self._api, context=context)
        self._state_id = state_id

    async def resolve(self, name: str, credentials: Credentials | None) -> Image:
        return await self._images.resolve(name, credentials)

    async def pull(self, image: Image, credentials: Credentials | None) -> None:
        await self._images.pull(image, credentials)

    async def open(self, order: GroupOrder, *, address: str) -> EngineGroup:
        group = EngineGroup(
            self._api, self._images, order, state_id=self._state_id, address=address
        )
        await group.open()
        return group

    async def clean_up(self) -> None:
        """Takes away what an emulator with this state left when it was killed."""
        await remove_all(self._api, {LABEL: self._state_id})

    async def close(self) -> None:
        await self.clean_up()
        await self._images.remove_brought()
