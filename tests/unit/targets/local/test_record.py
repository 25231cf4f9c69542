"""What is written down about a service, and read again by another version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acideploy.config.values import Limits
from acideploy.errors import StorageError
from acideploy.targets.local.record import (
    ContainerRun,
    Record,
    Revision,
    read_record,
    write_record,
)

NOW = "2026-01-01T00:00:00+00:00"


def _revision(container: ContainerRun | None = None) -> Revision:
    return Revision(
        number=1,
        created_time=NOW,
        parts={},
        port=5000,
        models=("iris:1",),
        entry_script="score.py",
        source_directory=None,
        model_directory="azureml-models",
        origin="/home/ada",
        environment_request={},
        environment={},
        variables={},
        container=container,
    )


@pytest.mark.parametrize(
    "container",
    [
        None,
        ContainerRun(
            engine="unix:///var/run/docker.sock",
            image="localhost/acideploy/iris:1",
            image_digest="sha256:1",
            image_id="sha256:2",
            limits=Limits(memory_in_gb=1.5),
        ),
    ],
)
def test_what_is_written_is_read(tmp_path: Path, container: ContainerRun | None) -> None:
    record = Record(name="iris", created_time=NOW, updated_time=NOW, current=_revision(container))
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record


def test_a_record_from_before_containers_is_a_process(tmp_path: Path) -> None:
    record = Record(name="iris", created_time=NOW, updated_time=NOW, current=_revision())
    write_record(tmp_path, record)
    file = tmp_path / "service.json"
    written = json.loads(file.read_text())
    for later in ("container", "trial_port"):
        del written["current"][later]
    del written["switching"]
    file.write_text(json.dumps(written))
    found = read_record(tmp_path)
    assert found is not None
    assert found.current is not None
    assert (found.current.runtime, found.current.listening_port) == ("process", 5000)


def test_half_a_container_is_a_damaged_record(tmp_path: Path) -> None:
    record = Record(name="iris", created_time=NOW, updated_time=NOW, current=_revision())
    write_record(tmp_path, record)
    file = tmp_path / "service.json"
    written = json.loads(file.read_text())
    written["current"]["container"] = {"engine": "unix:///var/run/docker.sock"}
    file.write_text(json.dumps(written))
    with pytest.raises(StorageError, match=r"service\.json cannot be read"):
        read_record(tmp_path)
