"""Several registrations at once, killed ones, and large ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from acideploy.clock import SystemClock
from acideploy.errors import NotFoundError
from acideploy.events import Event, Started
from acideploy.models import ModelChanges, ModelDraft, ModelReference
from acideploy.models.store import LayoutModelStore

IRIS = ModelDraft(name="iris")

REGISTER = """
import sys
from pathlib import Path
from acideploy.clock import SystemClock
from acideploy.models import ModelDraft
from acideploy.models.store import LayoutModelStore
store = LayoutModelStore(Path(sys.argv[1]), clock=SystemClock())
print(store.register(Path(sys.argv[2]), ModelDraft(name="iris")).version)
"""

# Stops for ever when the first bytes are written.
HANG = """
import signal
import acideploy.events as events
from acideploy.models.store import LayoutModelStore

def emit(event):
    if isinstance(event, events.Advanced):
        print("writing", flush=True)
        signal.pause()
"""

# The peak since the program was started: `ru_maxrss` would count that of the forked test run too.
MEMORY = """
model = store.find(ModelReference(name="iris"))
store.unpack(model, Path(sys.argv[3]))
status = Path("/proc/self/status").read_text().split()
print(int(status[status.index("VmHWM:") + 1]) // 1024)
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(directory: Path) -> LayoutModelStore:
    return LayoutModelStore(directory, clock=SystemClock())


def start(script: str, *arguments: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def test_ten_registrations_at_once_get_ten_versions_each_with_its_own_files(
    store: LayoutModelStore, directory: Path, tmp_path: Path
) -> None:
    processes: dict[str, subprocess.Popen[str]] = {}
    for number in range(10):
        path = tmp_path / f"{number}" / "model.txt"
        path.parent.mkdir()
        path.write_text(f"model {number}" * 50_000)
        processes[path.read_text()] = start(REGISTER, directory, path)
    answers = {int(process.communicate()[0]): text for text, process in processes.items()}
    assert sorted(answers) == list(range(1, 11))
    assert sorted(model.version for model in store.list()) == list(range(1, 11))
    for model in store.list():
        place = store.unpack(model, tmp_path / f"out{model.version}")
        assert place.read_text() == answers[model.version]
    assert os.listdir(directory / "uploads") == []


def test_two_registrations_that_overlap_get_different_versions(
    store: LayoutModelStore, tmp_path: Path
) -> None:
    (tmp_path / "slow").write_text("slow")
    (tmp_path / "fast").write_text("fast")

    def overtake(event: Event) -> None:
        if isinstance(event, Started):
            assert store.register(tmp_path / "fast", IRIS).version == 2

    assert store.register(tmp_path / "slow", IRIS, emit=overtake).version == 1
    assert [(model.version, model.root) for model in store.list()] == [(2, "fast"), (1, "slow")]
    assert store.register(tmp_path / "fast", IRIS).version == 3


def test_a_registration_that_is_overtaken_and_fails_loses_its_number(
    store: LayoutModelStore, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    def overtake_and_fail(event: Event) -> None:
        if isinstance(event, Started):
            store.register(tmp_path / "file", IRIS)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.register(tmp_path / "file", IRIS, emit=overtake_and_fail)
    assert [model.version for model in store.list()] == [2]
    assert store.register(tmp_path / "file", IRIS).version == 3


def test_deleting_leaves_a_running_registration_alone(
    store: LayoutModelStore, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("content")
    store.register(tmp_path / "file", IRIS)

    def delete(event: Event) -> None:
        if isinstance(event, Started):
            store.delete(ModelReference(name="iris", version=1))

    model = store.register(tmp_path / "file", IRIS, emit=delete)
    assert model.version == 2
    assert store.unpack(model, tmp_path / "out").read_text() == "content"


def test_a_killed_registration_leaves_nothing_and_frees_its_number(
    store: LayoutModelStore, directory: Path, tmp_path: Path
) -> None:
    path = tmp_path / "model.bin"
    with path.open("wb") as file:
        file.truncate(300_000_000)
    script = HANG + REGISTER.replace('name="iris")', 'name="iris"), emit=emit')
    process = start(script, directory, path)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    assert len(os.listdir(directory / "uploads")) == 1
    process.send_signal(signal.SIGKILL)
    process.wait()
    path.write_bytes(b"small")
    assert store.list() == ()
    model = store.register(path, IRIS)
    assert model.version == 1
    assert store.unpack(model, tmp_path / "out").read_bytes() == b"small"
    assert os.listdir(directory / "uploads") == []
    assert len(os.listdir(directory / "blobs" / "sha256")) == 3


def test_readers_are_never_disturbed_by_changes(store: LayoutModelStore, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store.register(tmp_path / "file", IRIS)
    stop = threading.Event()
    failures: list[BaseException] = []

    def read() -> None:
        while not stop.is_set():
            try:
                assert len(store.list()) >= 1
                store.find(ModelReference(name="iris", version=1))
            except BaseException as error:
                failures.append(error)
                return

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(30):
        changes = ModelChanges(add_tags={"number": str(number)})
        store.update(ModelReference(name="iris", version=1), changes)
        store.register(tmp_path / "file", IRIS)
        store.delete(ModelReference(name="iris"))
    stop.set()
    reader.join()
    assert failures == []


def test_two_downloads_to_one_folder_take_turns(store: LayoutModelStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    model = store.register(tmp_path / "file", IRIS)
    places: list[Path] = []
    threads = [
        threading.Thread(
            target=lambda: places.append(store.unpack(model, tmp_path / "out", overwrite=True))
        )
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert places == [tmp_path / "out" / "file"] * 5
    assert os.listdir(tmp_path / "out") == ["file"]


def test_what_a_killed_download_left_is_removed_by_the_next(
    store: LayoutModelStore, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "out" / ".acideploy-unpacking-x" / "part").mkdir(parents=True)
    store.unpack(store.register(tmp_path / "file", IRIS), tmp_path / "out")
    assert os.listdir(tmp_path / "out") == ["file"]


def test_memory_stays_the_same_over_any_size(directory: Path, tmp_path: Path) -> None:
    peaks = []
    for size in (1_000_000, 300_000_000):
        path = tmp_path / "model.bin"
        with path.open("wb") as file:
            file.truncate(size)
        script = f"from acideploy.models import ModelReference\n{REGISTER}{MEMORY}"
        output, _ = start(script, directory, path, tmp_path / f"out{size}").communicate()
        peaks.append(int(output.split()[-1]))
        assert (tmp_path / f"out{size}" / "model.bin").stat().st_size == size
    small, large = peaks
    assert large - small < 16, f"{small} MiB for 1 MB, {large} MiB for 300 MB"
    assert large < 100


def test_a_folder_of_many_files_is_registered(store: LayoutModelStore, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    for number in range(5000):
        path = folder / f"{number % 50}" / f"{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    place = store.unpack(store.register(folder, IRIS), tmp_path / "out")
    assert sum(path.is_file() for path in place.rglob("*")) == 5000


def test_a_model_deleted_before_it_is_unpacked_is_not_found(
    store: LayoutModelStore, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    model = store.register(tmp_path / "file", IRIS)
    store.delete(ModelReference(name="iris"))
    with pytest.raises(NotFoundError):
        store.unpack(model, tmp_path / "out")
    assert not (tmp_path / "out").exists()
