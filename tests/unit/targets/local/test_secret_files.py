"""Files that only the user of a container can read."""

from __future__ import annotations

import io
import tarfile

import pytest

from acideploy.targets.local.secret_files import owner_of, secret_archive

PASSWD = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1001::/home/ada:/bin/sh\n"


@pytest.mark.parametrize(
    ("user", "owner"),
    [
        ("", (0, 0)),
        ("root", (0, 0)),
        ("ada", (1000, 1001)),
        ("1000", (1000, 1001)),
        ("ada:50", (1000, 50)),
        ("2000", (2000, 0)),
        ("2000:2001", (2000, 2001)),
    ],
)
def test_the_owner_is_the_user_of_the_container(user: str, owner: tuple[int, int]) -> None:
    assert owner_of(user, PASSWD) == owner


def test_nobody_else_can_read_them() -> None:
    archive = secret_archive({"keys.json": b"{}"}, owner=(1000, 1001))
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found = {each.name: (each.mode, each.uid, each.gid) for each in tar}
    assert found == {
        "var/acideploy": (0o700, 1000, 1001),
        "var/acideploy/keys.json": (0o600, 1000, 1001),
    }
