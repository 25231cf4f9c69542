"""Two packages of our own: a program with its prefix in it, and a module with an entry point."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.parts.conda_package import PLACEHOLDER, write_package

PREFIXED = "prefixed"
GREETER = "greeter"
# What the program prints behind its prefix, from where it has always been.
AFTER = b"\nand the rest is where it was\n"
# Machine code of x86-64 that writes the string behind it, up to its NUL, then what follows that.
STRING = bytes.fromhex(
    "488d3531000000"  # lea rsi, [rip + 0x31]
    "31d2"  # xor edx, edx
    "803c1600"  # cmp byte [rsi + rdx], 0
    "7404"  # je: two instructions on
    "ffc2"  # inc edx
    "ebf6"  # jmp: three instructions back
    "b801000000"  # mov eax, 1: write
    "89c7"  # mov edi, eax: standard output
    "0f05"  # syscall
)
REST = bytes.fromhex(
    "b801000000"  # mov eax, 1
    "0f05"  # syscall
    "31ff"  # xor edi, edi
    "b83c000000"  # mov eax, 60: exit
    "0f05"  # syscall
)


def write_prefixed(directory: Path) -> None:
    """Writes `prefixed`: `bin/prefixed` prints its prefix, `share/prefixed/prefix.txt` says it."""
    files = {
        "bin/prefixed": _program(f"{PLACEHOLDER}/share/prefixed".encode(), AFTER),
        "share/prefixed/prefix.txt": f"prefix = {PLACEHOLDER}\n".encode(),
    }
    write_package(directory, name=PREFIXED, version="1.0", build="h0_0", files=files)


def write_greeter(directory: Path) -> None:
    """Writes `greeter`, for every Python: `greet` prints hello."""
    write_package(
        directory,
        name=GREETER,
        version="1.0",
        build="pyh0_0",
        files={"site-packages/greeter.py": b"def main():\n    print('hello')\n"},
        depends=["python >=3.7"],
        noarch="python",
        entry_points=["greet = greeter:main"],
    )


def _program(string: bytes, after: bytes) -> bytes:
    """An ELF file that prints both; it needs no library, nor a compiler to be made."""
    # lea rsi, [rip + distance]; mov edx, length.
    distance = 5 + len(REST) + len(string) + 1
    code = STRING + b"\x48\x8d\x35" + struct.pack("<I", distance)
    code += b"\xba" + struct.pack("<I", len(after)) + REST
    start, headers = 0x400000, 64 + 56
    size = headers + len(code) + len(string) + 1 + len(after)
    identity = b"\x7fELF\2\1\1" + bytes(9)
    entry = start + headers
    # One header of a segment behind that of the file, no sections.
    header = struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, entry, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, start, start, size, size, 0x1000)
    return identity + header + segment + code + string + b"\0" + after
