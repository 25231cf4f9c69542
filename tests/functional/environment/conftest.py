"""A machine: a folder with a wheel and a conda channel, a registry, a place to install to."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.environment.conda_part import CondaPart
from acideploy.environment.layers import EnvironmentLayers
from acideploy.environment.request import EnvironmentRequest
from acideploy.events import Event, ignore
from acideploy.image import Compression, Layer
from acideploy.registry.directory import DirectoryRegistry
from acideploy.registry.layout import ImageLayout
from acideploy.serving import ServingStack
from tests.parts.conda_package import PLACEHOLDER, index, write_package
from tests.tiny import wheel

WHEEL = "./tiny-1.0-py3-none-any.whl"
PYTHON = "/opt/acideploy/environment/bin/python"


class Machine:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.registry = DirectoryRegistry(ImageLayout(folder / "layout", clock=SystemClock()))
        self.layers = EnvironmentLayers(
            self.registry, scratch=folder / "scratch", clock=SystemClock(), mtime=0
        )
        wheel(folder)

    @property
    def channel(self) -> Path:
        return self.folder / "channel"

    def make_channel(self, *, big: str = "1.0") -> None:
        """A channel with a Python, and packages of each kind."""
        write_python(self.channel)
        write_package(
            self.channel,
            name="big",
            version=big,
            files={
                "lib/libbig.so.1": PLACEHOLDER.encode() + b"\0" + big.encode() + noise(5_000_000),
                "share/big.txt": f"{PLACEHOLDER}/share {big}\n".encode(),
            },
            depends=["python"],
        )
        write_package(
            self.channel,
            name="greeter",
            version="1.0",
            noarch="python",
            files={"site-packages/greeter.py": b"def main(): print('hello')\n"},
            entry_points=["greet = greeter:main"],
            depends=["python"],
            format="tar.bz2",
        )
        index(self.channel)

    def request(self, *lines: str, conda: tuple[str, ...] = ()) -> EnvironmentRequest:
        return EnvironmentRequest(
            python="3.11",
            lines=lines or (WHEEL,),
            directory=self.folder,
            stack=ServingStack(python="3.11", requirements=(), constraints=()),
            conda=CondaPart(channels=(self.channel.as_uri(),), specs=conda) if conda else None,
        )

    def ensure(
        self,
        request: EnvironmentRequest | None = None,
        *,
        compression: Compression = "none",
        emit: Callable[[Event], None] = ignore,
    ) -> tuple[Layer, ...]:
        return self.layers.ensure(
            request or self.request(), python=PYTHON, compression=compression, emit=emit
        )


def write_python(channel: Path, *, version: str = "3.11.7") -> None:
    """A Python that cannot run: nothing of an environment is run while it is made."""
    write_package(
        channel,
        name="python",
        version=version,
        files={
            "bin/python3.11": b"\x7fELF not really\0",
            "lib/python3.11/os.py": f"prefix = '{PLACEHOLDER}'\n".encode(),
        },
        depends=["libz"],
    )
    write_package(channel, name="libz", version="1.2", files={"lib/libz.so": b"\x7fELF\0"})


def noise(size: int) -> bytes:
    """Bytes that no compression makes smaller, the same ones each time."""
    import random

    return random.Random(0).randbytes(size)


def contents(layer: Layer) -> dict[str, bytes]:
    """The files of a layer, by path in the image; a link is where it points to."""
    with tarfile.open(fileobj=io.BytesIO(b"".join(layer.blob.chunks()))) as archive:
        return {
            f"/{each.name}": each.linkname.encode() if each.issym() else _read(archive, each)
            for each in archive
            if not each.isdir()
        }


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None
    return file.read()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "conda-cache"))
    return Machine(tmp_path / "machine")
