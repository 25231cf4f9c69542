"""Conda packages and channels, written by hand: the same files make the same bytes.

`write_package` writes one package file into a channel's folder, `index` makes the folder a channel.
Together they take milliseconds for a handful of small packages, so that tests make channels of
their own:

    write_package(tmp_path, name="a", version="1.0", files={"share/a.txt": b"a"}, depends=["b >=2"])
    write_package(tmp_path, name="b", version="2.0", format="tar.bz2")
    index(tmp_path)

https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html.
"""

from __future__ import annotations

import asyncio
import bz2
import hashlib
import io
import json
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import zstandard
from rattler.index import index_fs

# As conda-build writes it: as long as a prefix may get, so that any other fits in its place.
PLACEHOLDER = "/home/conda/build/_h_env" + "_placehold" * 23 + "_"
# 2023-11-14, in seconds since 1970.
TIME = 1_700_000_000
Format = Literal["conda", "tar.bz2"]


def write_package(
    directory: Path,
    *,
    name: str,
    version: str,
    build: str = "0",
    build_number: int = 0,
    subdir: str = "linux-64",
    files: Mapping[str, bytes | Path] | None = None,
    depends: Sequence[str] = (),
    constrains: Sequence[str] = (),
    noarch: Literal["python", "generic"] | None = None,
    entry_points: Sequence[str] = (),
    format: Format = "conda",
) -> Path:
    """The path of a new package file below the channel's folder.

    `files` are contents by path in the prefix; those of a noarch Python package lie in
    `site-packages/`. A Path that is a symbolic link is packed as one. Files that hold PLACEHOLDER
    are listed as such, as text or, where they have a NUL, as binary. Scripts (`#!`) and what lies
    in `bin/` can be executed. Packages that are `noarch` go into the folder of that name.
    """
    packed = [_packed(path, content) for path, content in sorted((files or {}).items())]
    subdir = "noarch" if noarch else subdir
    index: dict[str, Any] = {
        "arch": None if noarch else "x86_64",
        "build": build,
        "build_number": build_number,
        "constrains": list(constrains),
        "depends": list(depends),
        "license": "MIT",
        "name": name,
        "platform": None if noarch else "linux",
        "subdir": subdir,
        "timestamp": TIME * 1000,
        "version": version,
        **({"noarch": noarch} if noarch else {}),
    }
    about = [
        _json("info/about.json", {"license": "MIT", "summary": f"{name}, for tests"}),
        _packed("info/files", "".join(f"{each.path}\n" for each in packed).encode()),
        _json("info/index.json", index),
        _json("info/paths.json", {"paths": [each.listed() for each in packed], "paths_version": 1}),
    ]
    if noarch == "python":
        link = {"type": "python", "entry_points": list(entry_points)}
        about.append(_json("info/link.json", {"noarch": link, "package_metadata_version": 1}))
    path = directory / subdir / f"{name}-{version}-{build}.{format}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if format == "conda":
        _write_conda(path, about=about, files=packed)
    else:
        path.write_bytes(bz2.compress(_tar([*about, *packed])))
    return path


def files_below(folder: Path) -> dict[str, Path]:
    """All files and symbolic links in a folder that is laid out as the prefix will be."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in found}


def index(directory: Path) -> None:
    """Makes the folder a channel: writes the `repodata.json` of the packages that are there."""
    (directory / "noarch").mkdir(parents=True, exist_ok=True)
    asyncio.run(index_fs(directory, force=True))


@dataclass(frozen=True, kw_only=True)
class _Packed:
    """A file as it is in the package; one with a `target` is a symbolic link."""

    path: str
    content: bytes = b""
    executable: bool = False
    target: str | None = None

    def header(self) -> tarfile.TarInfo:
        header = tarfile.TarInfo(self.path)
        header.mtime = TIME
        header.mode = 0o755 if self.executable else 0o644
        header.size = len(self.content)
        if self.target is not None:
            header.type, header.linkname, header.mode = tarfile.SYMTYPE, self.target, 0o777
        return header

    def listed(self) -> dict[str, Any]:
        """What `info/paths.json` says of it."""
        listed: dict[str, Any] = {
            "_path": self.path,
            "path_type": "hardlink" if self.target is None else "softlink",
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "size_in_bytes": len(self.content),
        }
        # As conda-build does, which takes compiled modules as they are.
        if PLACEHOLDER.encode() in self.content and not self.path.endswith(".pyc"):
            listed["file_mode"] = "binary" if b"\0" in self.content else "text"
            listed["prefix_placeholder"] = PLACEHOLDER
        return listed


def _packed(path: str, content: bytes | Path) -> _Packed:
    if isinstance(content, Path):
        if content.is_symlink():
            return _Packed(path=path, target=os.readlink(content))
        executable = bool(content.stat().st_mode & stat.S_IXUSR)
        return _Packed(path=path, content=content.read_bytes(), executable=executable)
    executable = path.startswith("bin/") or content.startswith(b"#!")
    return _Packed(path=path, content=content, executable=executable)


def _json(path: str, content: Any) -> _Packed:
    return _Packed(path=path, content=json.dumps(content, indent=2, sort_keys=True).encode())


def _write_conda(path: Path, *, about: Iterable[_Packed], files: Iterable[_Packed]) -> None:
    members = {
        "metadata.json": json.dumps({"conda_pkg_format_version": 2}).encode(),
        f"pkg-{path.stem}.tar.zst": _zstd(_tar(files)),
        f"info-{path.stem}.tar.zst": _zstd(_tar(about)),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2023, 11, 14, 22, 13, 20)), content)


def _tar(files: Iterable[_Packed]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for each in files:
            tar.addfile(each.header(), io.BytesIO(each.content))
    return archive.getvalue()


def _zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(content)
