"""The image of a container that only waits: it holds the network of a group.

No registry can be relied on for it, so its only file, a program of a few instructions, is here.
"""

from __future__ import annotations

import hashlib
import io
import struct
import tarfile

PROGRAM = "/pause"

# Both block SIGINT and SIGTERM, wait for one of them and exit with 0. Blocked, because to the
# first process of a container a signal that it neither blocks nor handles is not delivered.
#
#     rt_sigprocmask(SIG_BLOCK, {SIGINT, SIGTERM}, NULL, 8);
#     while (rt_sigtimedwait({SIGINT, SIGTERM}, NULL, NULL, 8) < 0) {}
#     exit(0);
_CODE = {
    "amd64": """
        31ff 488d3534000000 31d2 41ba08000000 b80e000000 0f05
        488d3d1e000000 31f6 31d2 41ba08000000 b880000000 0f05 85c0 78e4
        31ff b83c000000 0f05
    """,
    "arm64": """
        000080d2 e1010010 020080d2 030180d2 e81080d2 010000d4
        40010010 010080d2 020080d2 030180d2 281180d2 010000d4 40ffff37
        000080d2 a80b80d2 010000d4
    """,
}
_SIGNALS = struct.pack("<Q", 1 << (2 - 1) | 1 << (15 - 1))
_MACHINES = {"amd64": 62, "arm64": 183}
_ADDRESS = 0x400000
_PAGE = 0x10000
_FILE_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")


def architectures() -> tuple[str, ...]:
    """The processors that there is a program for, as engines call them."""
    return tuple(_CODE)


def image_name(architecture: str) -> str:
    """The same for the same program, so that an engine is given it once."""
    digest = hashlib.sha256(program(architecture)).hexdigest()
    # Podman's import knows no tags.
    return f"localhost/acideploy-emulator-pause-{digest[:12]}"


def file_system(architecture: str) -> bytes:
    """A tar file of all that is in the image."""
    content = program(architecture)
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        member = tarfile.TarInfo(PROGRAM.lstrip("/"))
        member.size, member.mode = len(content), 0o755
        tar.addfile(member, io.BytesIO(content))
    return output.getvalue()


def program(architecture: str) -> bytes:
    """A static ELF executable (System V ABI, chapter 4): two headers and one segment of code."""
    code = bytes.fromhex(_CODE[architecture]) + _SIGNALS
    start = _FILE_HEADER.size + _SEGMENT.size
    size = start + len(code)
    identity = b"\x7fELF" + bytes([2, 1, 1])  # 64 bits, little-endian, version 1.
    header = _FILE_HEADER.pack(
        *(identity, 2, _MACHINES[architecture], 1),  # Executable, for this machine, version 1.
        *(_ADDRESS + start, _FILE_HEADER.size, 0, 0),  # Entry point, place of the segments.
        *(_FILE_HEADER.size, _SEGMENT.size, 1, 0, 0, 0),
    )
    readable, executable = 4, 1
    segment = _SEGMENT.pack(
        *(1, readable | executable, 0, _ADDRESS, _ADDRESS, size, size, _PAGE)  # To be loaded.
    )
    return header + segment + code
