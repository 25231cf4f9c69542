"""A terminal behind a websocket, as Container Instances offers one.

https://learn.microsoft.com/rest/api/container-instances/containers/execute-command
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from acideploy.errors import AzureError
from acideploy.registry.acr.transport import trusted

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_HINT = "Azure's port 19390 has to be open from here"


def converse(uri: str, password: str, typed: str, *, heard: Callable[[bytes], bool]) -> None:
    """Types a text into the terminal, and gives what it answers to `heard` until that is False.

    Returns, too, where the other side ends. Raises AzureError where there is no connection.
    """
    asyncio.run(_converse(uri, password, typed, heard))


async def _converse(uri: str, password: str, typed: str, heard: Callable[[bytes], bool]) -> None:
    from websockets.asyncio.client import connect
    from websockets.exceptions import WebSocketException

    try:
        async with connect(uri, ssl=trusted(), max_size=None) as connection:
            await connection.send(password)
            await connection.send(typed)
            await _listen(connection, heard)
    except (OSError, WebSocketException) as error:
        raise AzureError(f"the container's terminal broke off: {error}", hint=_HINT) from error


async def _listen(connection: ClientConnection, heard: Callable[[bytes], bool]) -> None:
    async for message in connection:
        if not heard(message.encode() if isinstance(message, str) else message):
            return
