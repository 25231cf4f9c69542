"""Layers are the same bytes for the same files, and their size is known beforehand."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acideploy.errors import ConfigurationError, StorageError
from acideploy.image.layer import (
    Entry,
    file_entry,
    layer_chunks,
    layer_size,
    sorted_with_folders,
    source_date_epoch,
    text_entry,
)

BLOCK = 512
CHUNK = 1 << 20


def layer_of(entries: Sequence[Entry], *, mtime: int = 0) -> bytes:
    return b"".join(layer_chunks(entries, mtime=mtime))


def read(layer: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        return {each.name: each for each in archive}


def content_of(layer: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        file = archive.extractfile(name)
        assert file is not None
        return file.read()


SIZES = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK]


@pytest.mark.parametrize("size", SIZES)
def test_a_file_of_any_size_comes_back_and_the_size_of_the_layer_is_known(
    tmp_path: Path, size: int
) -> None:
    content = os.urandom(size)
    (tmp_path / "file").write_bytes(content)
    entries = [file_entry("file", tmp_path / "file"), text_entry("last", "x")]
    layer = layer_of(entries)
    assert content_of(layer, "file") == content
    assert content_of(layer, "last") == b"x"
    assert layer_size(entries, mtime=0) == len(layer)


@pytest.mark.parametrize(
    "path",
    [
        "short",
        "x" * 100,
        "x" * 101,
        "/".join(["folder" * 10] * 10),
        "größe ☃.txt",
        "ö" * 120,
        "a\nb",
        "trailing ",
        "\udcff not utf-8",
    ],
)
def test_a_name_of_any_kind_is_kept_and_its_length_counted(path: str) -> None:
    entries = [text_entry(path, "content")]
    layer = layer_of(entries)
    assert read(layer).keys() == {path}
    assert layer_size(entries, mtime=0) == len(layer)


@pytest.mark.parametrize("target", ["short", "x" * 100, "x" * 101, "../größe", "ö" * 120])
def test_a_link_is_kept_as_it_is(target: str) -> None:
    entries = [Entry(path="link", kind="link", target=target)]
    layer = layer_of(entries)
    assert read(layer)["link"].issym()
    assert read(layer)["link"].linkname == target
    assert layer_size(entries, mtime=0) == len(layer)


def test_pax_headers_are_there_only_where_they_are_needed() -> None:
    plain = layer_of([text_entry("folder/" + "x" * 90, "content"), text_entry("b", "c")])
    assert not any(each.pax_headers for each in read(plain).values())
    assert layer_of([text_entry("ö", "")]) != plain
    assert read(layer_of([text_entry("ö", "")]))["ö"].pax_headers == {"path": "ö"}


def test_a_file_beyond_what_the_old_form_can_tell_is_counted() -> None:
    """8 GiB and more, which nobody writes in a test."""
    size = 9 << 30
    entries = [Entry(path="huge", kind="file", source="/nowhere", size=size)]
    # An extended header with its content, the header, the file, the end.
    assert layer_size(entries, mtime=0) == 3 * BLOCK + size + 2 * BLOCK


def test_owners_times_and_modes_say_nothing_of_this_machine(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text("#!/bin/sh\n")
    plain = tmp_path / "data"
    plain.write_text("data")
    entries = sorted_with_folders([file_entry("a/run.sh", script), file_entry("a/data", plain)])
    script.chmod(0o700)
    executable = sorted_with_folders([file_entry("a/run.sh", script), file_entry("a/data", plain)])
    for chosen, mode in ((entries, 0o644), (executable, 0o755)):
        members = read(layer_of(chosen, mtime=7))
        assert {name: each.mode for name, each in members.items()} == {
            "a": 0o755,
            "a/data": 0o644,
            "a/run.sh": mode,
        }
        assert {(each.uid, each.gid, each.uname, each.gname) for each in members.values()} == {
            (0, 0, "", "")
        }
        assert {each.mtime for each in members.values()} == {7}


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o666, 0o640])
def test_modes_but_for_the_owners_execution_are_one(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_text("content")
    expected = layer_of([file_entry("file", path)])
    path.chmod(mode)
    os.utime(path, (1, 1))
    assert layer_of([file_entry("file", path)]) == expected


@given(st.permutations(["a/b", "a/c/d", "a-", "z", "ö", "a.b", "A"]))
def test_the_order_of_the_entries_does_not_matter(paths: list[str]) -> None:
    entries = sorted_with_folders(text_entry(path, path) for path in paths)
    names = [each.path for each in entries]
    assert names == ["A", "a", "a-", "a.b", "a/b", "a/c", "a/c/d", "z", "ö"]


def test_folders_that_are_there_underneath_are_left_out() -> None:
    entries = sorted_with_folders([text_entry("opt/acideploy/x/y", "")], below="opt/acideploy")
    assert [each.path for each in entries] == ["opt/acideploy/x", "opt/acideploy/x/y"]


names = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=60
).filter(lambda name: name not in (".", ".."))
trees = st.recursive(
    st.binary(max_size=1500), lambda children: st.dictionaries(names, children, max_size=4)
)


def entries_of(tree: object, path: str) -> list[Entry]:
    if isinstance(tree, bytes):
        return [Entry(path=path, kind="file", content=tree, size=len(tree))]
    assert isinstance(tree, dict)
    inside = [each for name in tree for each in entries_of(tree[name], f"{path}/{name}")]
    return [Entry(path=path, kind="folder"), *inside]


@given(trees, st.integers(0, 253_402_300_799))
def test_any_tree_comes_back_as_it_was(tree: object, mtime: int) -> None:
    entries = sorted_with_folders(entries_of(tree, "top"))
    layer = layer_of(entries, mtime=mtime)
    assert len(layer) == layer_size(entries, mtime=mtime)
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        found = {
            each.name: None if each.isdir() else archive.extractfile(each).read()  # type: ignore[union-attr]
            for each in archive
        }
    assert found == {each.path: each.content for each in entries}
    assert {int(each.mtime) for each in read(layer).values()} == {mtime}


# Files that are not what they were.


def entry_of(path: Path, content: bytes = b"content" * 1000) -> Entry:
    path.write_bytes(content)
    return file_entry("file", path)


def test_a_file_that_has_grown_or_shrunk_or_gone_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"", b"short", b"content" * 1001):
        entry = entry_of(path)
        path.write_bytes(content)
        with pytest.raises(StorageError, match="file changed while it was read"):
            layer_of([entry])
    entry = entry_of(path)
    path.unlink()
    with pytest.raises(StorageError, match="file changed while it was read"):
        layer_of([entry])


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    entry = entry_of(path, bytes(3 * CHUNK))
    chunks = layer_chunks([entry], mtime=0)
    next(chunks)
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    os.utime(path, (1, 1))
    with pytest.raises(StorageError, match="file changed while it was read"):
        list(chunks)


def test_nothing_waits_for_a_pipe_or_follows_a_link_that_has_taken_the_place(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    entry = entry_of(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(StorageError, match="file changed while it was read"):
        layer_of([entry])
    path.unlink()
    (tmp_path / "secret").write_bytes(b"content" * 1000)
    path.symlink_to("secret")
    with pytest.raises(StorageError, match="cannot read"):
        layer_of([entry])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot read .*missing"):
        file_entry("file", tmp_path / "missing")


def test_small_files_are_few_chunks() -> None:
    entries = [text_entry(f"{number:05}", "x" * 100) for number in range(5000)]
    assert len(list(layer_chunks(entries, mtime=0))) < 25


# The time.


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, 0), ("", 0), ("0", 0), ("1700000000", 1_700_000_000), ("253402300799", 253402300799)],
)
def test_the_time_is_that_of_source_date_epoch(text: str | None, expected: int) -> None:
    variables = {} if text is None else {"SOURCE_DATE_EPOCH": text}
    assert source_date_epoch(variables) == expected


@pytest.mark.parametrize(
    "text", ["-1", "1.5", "now", " 1", "1 ", "٣", "253402300800", "9" * 30, "9" * 5000]
)
def test_a_time_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        source_date_epoch({"SOURCE_DATE_EPOCH": text})
    assert caught.value.problems[0].code == "bad-source-date-epoch"
