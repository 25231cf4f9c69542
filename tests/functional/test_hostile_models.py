"""What cannot be registered is refused by name, and a refusal leaves nothing behind."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.errors import AcideployError, ConfigurationError, StorageError
from acideploy.events import Event, Started
from acideploy.image.layer import source_date_epoch
from acideploy.models import ModelDraft
from acideploy.models.store import LayoutModelStore
from acideploy.models.unpack import unpack_layer

IRIS = ModelDraft(name="iris")
UNPRIVILEGED = 65534


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(directory: Path) -> LayoutModelStore:
    return LayoutModelStore(directory, clock=SystemClock())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"x" * 100_000)
    return folder


def assert_nothing_is_left(directory: Path) -> None:
    """Nor is a version lost: the next registration is the first."""
    for place in ("blobs/sha256", "uploads"):
        assert not (directory / place).exists() or os.listdir(directory / place) == []
    file = directory.parent / "file"
    file.touch()
    assert LayoutModelStore(directory, clock=SystemClock()).register(file, IRIS).id == "iris:1"


def bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))


def make_outside_link(folder: Path) -> None:
    (folder.parent / "secret").touch()
    (folder / "bad").symlink_to("../secret")


def make_detour(folder: Path) -> None:
    """Each link looks harmless; together they lead out."""
    (folder / "here").symlink_to(".")
    (folder / "bad").symlink_to("here/here/../..")


def make_foreign_name(folder: Path) -> None:
    with open(os.fsencode(folder) + b"/bad\xff", "w"):
        pass


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "outside link": (make_outside_link, r"bad -> \.\./secret leads out of the folder"),
    "detour": (make_detour, "bad -> here/here/../.. leads out of the folder"),
    "absolute link": (lambda f: (f / "bad").symlink_to("/etc/passwd"), "bad -> /etc/passwd leads"),
    "absolute link inside": (lambda f: (f / "bad").symlink_to(f / "weights.bin"), "is absolute"),
    "out and back": (
        lambda f: (
            (f.parent / "alias").symlink_to(f),
            (f / "bad").symlink_to("../alias/weights.bin"),
        ),
        "bad -> ../alias/weights.bin leads out of the folder, and back",
    ),
    "dangling link": (lambda f: (f / "bad").symlink_to("missing"), "bad -> missing leads nowhere"),
    "loop": (lambda f: (f / "bad").symlink_to("bad"), "bad -> bad leads nowhere"),
    "socket": (lambda f: bind(f / "bad"), "bad is a socket, not a file"),
    "pipe": (lambda f: os.mkfifo(f / "bad"), "bad is a named pipe, not a file"),
    "foreign name": (make_foreign_name, r"bad\\xff is not UTF-8"),
}


@pytest.mark.parametrize(("make", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_entry_is_refused_by_name(
    store: LayoutModelStore,
    directory: Path,
    folder: Path,
    make: Callable[[Path], object],
    message: str,
) -> None:
    make(folder)
    with pytest.raises(StorageError, match=message) as caught:
        store.register(folder, IRIS)
    assert caught.value.hint
    assert_nothing_is_left(directory)


def test_all_that_is_wrong_is_said_at_once(
    store: LayoutModelStore, directory: Path, folder: Path
) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("nowhere")
    with pytest.raises(StorageError, match="2 entries cannot be registered") as caught:
        store.register(folder, IRIS)
    assert len((caught.value.detail or "").splitlines()) == 2
    assert_nothing_is_left(directory)


def test_a_missing_an_empty_and_an_endless_path_are_refused(
    store: LayoutModelStore, directory: Path, tmp_path: Path
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "empty" / "sub").mkdir(parents=True)
    for path, message in {
        tmp_path / "missing": "missing does not exist",
        tmp_path / "loop": "cannot read .*loop",
        tmp_path / "empty": "empty has no files in it",
        Path("/"): "the root folder",
        Path("/dev/null"): "is a device",
        tmp_path / "nul\0": "does not exist",
    }.items():
        with pytest.raises(StorageError, match=message):
            store.register(path, IRIS)
    assert_nothing_is_left(directory)


def test_the_store_cannot_be_registered_in_itself(
    store: LayoutModelStore, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(StorageError, match="holds the model store itself"):
        store.register(tmp_path, IRIS)


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "", "-a", "a b", "ä", "a\n", "x" * 256])
def test_a_name_that_is_no_model_name_is_refused(
    store: LayoutModelStore, directory: Path, folder: Path, name: str
) -> None:
    with pytest.raises(ConfigurationError):
        store.register(folder, ModelDraft(name=name))
    assert not directory.exists()


def test_names_that_only_look_alike_are_different_models(
    store: LayoutModelStore, folder: Path
) -> None:
    for name in ("a..b", "a.b", "A.b", "a-2e2e-b", "a.", "a"):
        assert store.register(folder, ModelDraft(name=name)).id == f"{name}:1"
    assert len(store.list()) == 6


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach: pytest's own are for its user alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="changes the user, which only root can")
@pytest.mark.parametrize("unreadable", ["weights.bin", "sub"])
def test_an_unreadable_entry_is_refused_by_name(open_folder: Path, unreadable: str) -> None:
    folder = open_folder / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "weights.bin").touch()
    (folder / unreadable).chmod(0)
    answer = run(f"""
        import os
        from pathlib import Path
        from acideploy.clock import SystemClock
        from acideploy.errors import StorageError
        from acideploy.models import ModelDraft
        from acideploy.models.store import LayoutModelStore
        os.setuid({UNPRIVILEGED})
        store = LayoutModelStore(Path({str(open_folder / "store")!r}), clock=SystemClock())
        try:
            store.register(Path({str(folder)!r}), ModelDraft(name="iris"))
        except StorageError as error:
            print(error.message, error.hint)
    """)
    assert f"{unreadable} cannot be read chmod" in answer
    assert_nothing_is_left(open_folder / "store")


def change_when_started(change: Callable[[], object]) -> Callable[[Event], None]:
    def emit(event: Event) -> None:
        if isinstance(event, Started):
            change()

    return emit


CHANGES: dict[str, Callable[[Path], object]] = {
    "grows": lambda file: file.write_bytes(b"x" * 100_001),
    "shrinks": lambda file: file.write_bytes(b"x" * 99_999),
    "vanishes": lambda file: file.unlink(),
    "becomes a pipe": lambda file: (file.unlink(), os.mkfifo(file)),
    "becomes a link": lambda file: (file.rename(file.parent / "other"), file.symlink_to("other")),
    "becomes a folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_changes_while_it_is_read_is_named(
    store: LayoutModelStore, directory: Path, folder: Path, change: Callable[[Path], object]
) -> None:
    emit = change_when_started(lambda: change(folder / "weights.bin"))
    with pytest.raises(StorageError, match=r"weights\.bin"):
        store.register(folder, IRIS, emit=emit)
    assert_nothing_is_left(directory)


def test_an_interrupted_registration_leaves_nothing(
    store: LayoutModelStore, directory: Path, folder: Path
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.register(folder, IRIS, emit=change_when_started(interrupt))
    assert_nothing_is_left(directory)


def test_a_full_disk_is_said_and_leaves_nothing(directory: Path, folder: Path) -> None:
    (folder / "weights.bin").write_bytes(bytes(5_000_000))
    answer = run(f"""
        import resource
        from pathlib import Path
        from acideploy.clock import SystemClock
        from acideploy.errors import StorageError
        from acideploy.models import ModelDraft
        from acideploy.models.store import LayoutModelStore
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
        store = LayoutModelStore(Path({str(directory)!r}), clock=SystemClock())
        try:
            store.register(Path({str(folder)!r}), ModelDraft(name="iris"))
        except StorageError as error:
            print(error.message, error.hint)
    """)
    assert "cannot write" in answer
    assert "ACIDEPLOY_HOME" in answer
    assert_nothing_is_left(directory)


def test_a_model_larger_than_the_disk_is_refused_before_it_is_read(
    store: LayoutModelStore, directory: Path, folder: Path
) -> None:
    with (folder / "huge").open("wb") as file:
        file.truncate(8_000_000_000_000)
    with pytest.raises(StorageError, match="has 8,000,000,100,000 bytes"):
        store.register(folder, IRIS, emit=change_when_started(lambda: pytest.fail("began")))
    assert not directory.exists()


def test_a_store_that_cannot_be_written_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = LayoutModelStore(tmp_path / "file", clock=SystemClock())
    with pytest.raises(StorageError, match=r"cannot .*/file"):
        store.register(folder, IRIS)
    with pytest.raises(StorageError, match="cannot read"):
        store.list()


def test_text_that_is_not_utf8_is_kept(store: LayoutModelStore, folder: Path) -> None:
    model = store.register(folder, ModelDraft(name="iris", tags={"a": "b\udcff"}))
    assert store.list()[0].tags == model.tags


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


@pytest.mark.parametrize(
    "members",
    [
        [member("models/iris/1/../../../../evil")],
        [member("/evil")],
        [member("evil")],
        [member("models/iris/1/root/./x")],
        [member("models/iris/10/root")],
        [member("models/iris/1/root", tarfile.SYMTYPE, "/tmp"), member("models/iris/1/root/evil")],
        [
            member("models/iris/1/root", tarfile.DIRTYPE),
            member("models/iris/1/root/out", tarfile.SYMTYPE, "../../../.."),
        ],
        [member("models/iris/1/root", tarfile.LNKTYPE, "/etc/passwd")],
        [member("models/iris/1/root", tarfile.FIFOTYPE)],
        [member("models/iris/1/root", tarfile.CHRTYPE)],
        [member("models/iris/1/other")],
        [member("models/iris/1/root"), member("models/iris/1/root")],
        [],
    ],
)
def test_a_layer_that_would_write_elsewhere_is_refused(
    tmp_path: Path, members: list[tarfile.TarInfo]
) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(member("models/iris", tarfile.DIRTYPE))
        for each in members:
            tar.addfile(each)
    content = archive.getvalue()
    out = tmp_path / "a" / "b" / "out"
    out.mkdir(parents=True)
    with pytest.raises(StorageError):
        unpack_layer(
            iter([content]),
            folder="models/iris/1",
            root="root",
            directory=out,
            overwrite=False,
            advance=lambda count: None,
        )
    assert os.listdir(out) == []
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "out"]


def test_the_time_of_entries_comes_from_source_date_epoch() -> None:
    assert source_date_epoch({}) == 0
    assert source_date_epoch({"SOURCE_DATE_EPOCH": "1700000000"}) == 1_700_000_000
    for text in ("tomorrow", "-1", "1.5", "²"):
        with pytest.raises(AcideployError):
            source_date_epoch({"SOURCE_DATE_EPOCH": text})


def run(script: str) -> str:
    """What the script prints; it must not fail."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], check=True, capture_output=True, text=True
    ).stdout
