"""A lock, written down and read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.environment.lock import EnvironmentLock, PipPackage, differences
from acideploy.environment.lock_file import read_lock, read_lock_file, read_pylock, write_lock
from acideploy.errors import DependencyError
from tests.unit.environment.test_groups import conda, lock, pip

URL = "https://host/packages"
FILE = {"size": 10, "hashes": {"sha256": "aa"}}


def packages(text: str, python: str = "3.9") -> list[PipPackage]:
    return list(read_pylock(text, python=python))


def test_a_lock_is_the_same_after_being_written() -> None:
    whole = lock(
        conda("python", "zlib"),
        conda("zlib", size=5),
        pip("a", size=3),
        PipPackage(name="b", version="2", location="./b-2-py3-none-any.whl", sha256="bb"),
        PipPackage(name="c", version="3", location=f"{URL}/c-3.tar.gz", sha256="cc", source=True),
        PipPackage(name="d", version="", location="./d", sha256="dd", source=True),
    )
    assert read_lock(write_lock(whole)) == whole


def test_the_pip_part_is_what_other_installers_read() -> None:
    text = write_lock(lock(pip("a", size=3)))
    assert 'lock-version = "1.0"' in text
    assert [(each.name, each.version, each.size) for each in packages(text)] == [("a", "1", 3)]


@pytest.mark.parametrize(
    ("python", "best"),
    [("3.9", "cp39-cp39-manylinux_2_28_x86_64"), ("3.13", "cp39-abi3-linux_x86_64")],
)
def test_the_wheel_that_fits_best_is_taken(python: str, best: str) -> None:
    tags = [
        "py3-none-any",
        "cp39-abi3-linux_x86_64",
        "cp39-cp39-manylinux2014_x86_64",
        "cp39-cp39-manylinux_2_28_x86_64",
    ]
    wheels = ", ".join(
        f'{{ url = "{URL}/a-1-{tag}.whl", hashes = {{ sha256 = "{number}" }} }}'
        for number, tag in enumerate(tags)
    )
    text = f'[[packages]]\nname = "a"\nversion = "1"\nwheels = [{wheels}]\n'
    assert packages(text, python)[0].location == f"{URL}/a-1-{best}.whl"


def test_a_login_is_not_written_down() -> None:
    text = (
        '[[packages]]\nname = "a"\nversion = "1"\n'
        'wheels = [{ url = "https://user:secret@host/a-1-py3-none-any.whl", '
        'hashes = { sha256 = "aa" } }]\n'
    )
    assert packages(text)[0].location == "https://host/a-1-py3-none-any.whl"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ('vcs = { type = "git", url = "https://x/y", commit-id = "0" }', "version control"),
        ('directory = { path = "a", editable = true }', "editable"),
    ],
)
def test_what_no_hash_can_name_is_refused(fields: str, reason: str) -> None:
    with pytest.raises(DependencyError, match=reason):
        packages(f'[[packages]]\nname = "a"\n{fields}\n')


@pytest.mark.parametrize("text", ["", "nonsense", "[tool.acideploy]\n", '{"a": 1}'])
def test_a_file_that_is_no_lock_is_named_with_the_way_out(tmp_path: Path, text: str) -> None:
    file = tmp_path / "pylock.toml"
    file.write_text(text)
    with pytest.raises(DependencyError, match=r"pylock\.toml is not a lock") as failure:
        read_lock_file(file)
    assert "acideploy environment lock" in str(failure.value.hint)


def test_differences_are_lines_as_diff_marks_them() -> None:
    before = lock(conda("numpy"), pip("a"), pip("gone"))
    after = lock(conda("numpy", version="2"), pip("a"), pip("new"))
    digest = {each.name: each.sha256[:12] for each in (*before.pip, *after.pip)}
    assert list(differences(before, after)) == [
        f"- gone 1 {digest['gone']}",
        f"+ new 1 {digest['new']}",
        "- numpy (conda) 1 0",
        "+ numpy (conda) 2 0",
    ]


def test_another_python_is_a_difference() -> None:
    before = EnvironmentLock(python="3.11.7", platform="linux-64")
    after = EnvironmentLock(python="3.11.8", platform="linux-64")
    assert list(differences(before, after)) == ["- python 3.11.7", "+ python 3.11.8"]
    assert before.digest != after.digest
