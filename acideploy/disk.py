"""What to tell of a file or folder that cannot be read or written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from acideploy.errors import StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_OTHER_DISK = "free some space, or set ACIDEPLOY_HOME to a directory on another disk"
_PERMISSION = "check the owner and the permissions: ls -ld {path}"


def storage_error(verb: str, path: Path | str, error: OSError) -> StorageError:
    """The error for `cannot <verb> <path>`, with a hint where the cause is known."""
    reason = (error.strerror or str(error)).lower()
    hint = None
    if error.errno in _FULL:
        hint = _OTHER_DISK
    elif error.errno in (errno.EACCES, errno.EPERM):
        hint = _PERMISSION.format(path=shown(path))
    return StorageError(f"cannot {verb} {shown(path)}: {reason}", hint=hint)


def shown(path: Path | str) -> str:
    """`path` as text that any terminal and file can take: names may hold any byte."""
    text = os.fsencode(path).decode(errors="backslashreplace")
    return text if text.isprintable() else repr(text)
