"""Keys and certificates on their way into a container, where its user alone can read them.

They never are in the image, in variables, in arguments or in labels, which engines show to all.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

# In the container.
DIRECTORY = "/var/acideploy"


def secret_archive(files: Mapping[str, bytes], *, owner: tuple[int, int]) -> bytes:
    """A tar file, to be unpacked at `/`, of these files in `DIRECTORY`."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        folder = tarfile.TarInfo(DIRECTORY.lstrip("/"))
        folder.type, folder.mode = tarfile.DIRTYPE, 0o700
        folder.uid, folder.gid = owner
        archive.addfile(folder)
        for name, secret in files.items():
            entry = tarfile.TarInfo(f"{folder.name}/{name}")
            entry.size, entry.mode = len(secret), 0o600
            entry.uid, entry.gid = owner
            archive.addfile(entry, io.BytesIO(secret))
    return content.getvalue()


def owner_of(user: str, passwd: str) -> tuple[int, int]:
    """The numbers of the user that a container runs as, whose `/etc/passwd` this is.

    `user` is the image's: empty for root, a name or a number, and perhaps a group behind a colon.
    """
    name, _, group = user.partition(":")
    if not name:
        return 0, 0
    known = {
        fields[0]: fields for line in passwd.splitlines() if len(fields := line.split(":")) > 3
    }
    if name in known:
        uid, gid = known[name][2], known[name][3]
    else:
        by_number = (fields[3] for fields in known.values() if fields[2] == name)
        uid, gid = name, next(by_number, "0")
    return int(uid) if uid.isdigit() else 0, int(group) if group.isdigit() else int(gid)
