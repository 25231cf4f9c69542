"""What runs the containers of a group: an engine, or nothing at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """A login at a registry, `localhost:8444`."""

    server: str
    username: str
    password: str


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image as the request names it, and what that name stood for when it was resolved."""

    name: str
    # `sha256:...` of the manifest.
    digest: str

    @property
    def pinned(self) -> str:
        """`nginx@sha256:...`: how events name it. A tag gives way to the digest."""
        repository, slash, last = self.name.partition("@")[0].rpartition("/")
        return f"{repository}{slash}{last.partition(':')[0]}@{self.digest}"


class ImageError(Exception):
    """An image cannot be had. `inaccessible`: name or login are wrong; else the registry is."""

    def __init__(self, message: str, *, inaccessible: bool = True) -> None:
        super().__init__(message)
        self.inaccessible = inaccessible


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A volume of the group in a container."""

    volume: str
    path: str
    read_only: bool = False


@dataclass(frozen=True, kw_only=True)
class ContainerOrder:
    """A container to run. `cpu` in cores, `memory` in GB (2**30 bytes); None: no limit."""

    name: str
    image: Image
    # None: what the image says. It replaces entry point and arguments, as ACI's does.
    command: tuple[str, ...] | None
    variables: Mapping[str, str]
    cpu: float | None
    memory: float | None
    mounts: tuple[Mount, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GroupOrder:
    """What the containers of a group share. `key` names it in the engine: letters, digits, `-`.

    `ports` are (port, "tcp" | "udp") pairs to reach from this machine, at the same number.
    `volumes` are folders: secret ones hold files, empty ones nothing.
    """

    key: str
    ports: tuple[tuple[int, str], ...]
    volumes: Mapping[str, Mapping[str, bytes]]


@dataclass(frozen=True, kw_only=True)
class Exit:
    """How a container ended. `killed`: not by itself, but for want of memory."""

    code: int
    killed: bool = False


class Stream(Protocol):
    """What a process in a container says, and what it is told: `exec` and `attach`."""

    async def read(self) -> bytes:
        """The next bytes; none at the end."""

    async def write(self, text: bytes) -> None: ...

    async def resize(self, *, rows: int, columns: int) -> None: ...

    async def close(self) -> None: ...


class Container(Protocol):
    """A container that was started."""

    # 64 hexadecimal digits.
    id: str

    async def wait(self) -> Exit:
        """Returns when it has ended."""

    async def kill(self) -> None:
        """Ends it, with a moment's grace; nothing when it has ended. It can still be read."""

    async def logs(self, *, tail: int | None = None, timestamps: bool = False) -> bytes:
        """What it has said so far, stdout and stderr as they came. Works when it has ended too."""

    def follow(self) -> AsyncIterator[bytes]:
        """What it says from now on, until it ends."""

    async def execute(
        self, command: tuple[str, ...], *, rows: int | None = None, columns: int | None = None
    ) -> Stream:
        """Starts another process in it, with a terminal when a size is given."""

    async def run(self, command: tuple[str, ...], *, seconds: float) -> int:
        """Runs a process to its end for a probe; returns its exit code, 124 after `seconds`."""

    async def remove(self) -> None:
        """Takes away what is left of it, logs included."""


class Group(Protocol):
    """A network and volumes, ready for containers."""

    # Where its ports answer on this machine: an address of the loopback network.
    address: str

    async def start(self, order: ContainerOrder) -> Container:
        """Starts a container. Raises ImageError, or ContainerError when it cannot be started."""

    async def remove(self) -> None:
        """Takes away network, volumes and all containers."""


class ContainerError(Exception):
    """The engine has the image but does not start the container: no such command, a port taken."""


class Runtime(Protocol):
    # False when nothing runs: groups say so.
    runs: bool

    async def resolve(self, name: str, credentials: Credentials | None) -> Image:
        """Which image a name stands for. Raises ImageError."""

    async def pull(self, image: Image, credentials: Credentials | None) -> None:
        """Brings an image to where it will run. Raises ImageError."""

    async def open(self, order: GroupOrder, *, address: str) -> Group:
        """Makes the network and the volumes of a group that will answer at `address`.

        Raises ContainerError, as when a port of the address is taken.
        """

    async def close(self) -> None:
        """Takes away everything that was made for groups."""
