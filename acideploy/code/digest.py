"""Names for content: the same on another day, for another user, in another order of the disk."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from acideploy.disk import storage_error


def digest_of(files: Iterable[tuple[str, Path]], *, begin: bytes = b"") -> str:
    """The same for the same names, contents and executable bits, in this order, after `begin`.

    Raises StorageError.
    """
    digest = hashlib.sha256(begin)
    for name, file in files:
        try:
            digest.update(os.fsencode(name) + b"\0" + _content_digest(file))
        except OSError as error:
            raise storage_error("read", file, error) from error
    return digest.hexdigest()


def _content_digest(file: Path) -> bytes:
    with file.open("rb") as content:
        # The owner's bit alone: the others depend on the umask, and what may be run on the user.
        mode = os.fstat(content.fileno()).st_mode
        digest = hashlib.sha256()
        while block := content.read(1 << 20):
            digest.update(block)
        return (b"x" if mode & stat.S_IXUSR else b"-") + digest.digest()
