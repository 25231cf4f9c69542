"""The user's code: what is part of it, and when it counts as changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from acideploy.code import code_of
from acideploy.config.values import InferenceConfig
from acideploy.errors import ConfigurationError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    directory = tmp_path / "src"
    (directory / "package").mkdir(parents=True)
    (directory / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    (directory / "package" / "__init__.py").write_text("")
    return directory


def _config(source: Path, script: str = "score.py") -> InferenceConfig:
    return InferenceConfig(entry_script=source / script, source_directory=source)


def _deployed(config: InferenceConfig, app_root: Path) -> set[str]:
    code_of(config).copy_to(app_root)
    return {str(path.relative_to(app_root)) for path in app_root.rglob("*") if path.is_file()}


def test_a_source_directory_keeps_its_name_under_the_app_root(source: Path, tmp_path: Path) -> None:
    code = code_of(_config(source))
    assert (code.entry_script, code.source_directory) == ("src/score.py", "src")
    assert _deployed(_config(source), tmp_path / "app") == {
        "src/score.py",
        "src/package/__init__.py",
    }


def test_without_a_source_directory_the_script_goes_alone(source: Path, tmp_path: Path) -> None:
    config = InferenceConfig(entry_script=source / "score.py")
    assert _deployed(config, tmp_path / "app") == {"score.py"}


def test_caches_version_control_and_virtual_environments_stay_behind(
    source: Path, tmp_path: Path
) -> None:
    for left_out in (".git/config", "__pycache__/score.pyc", "env/pyvenv.cfg", "env/lib/x.py"):
        (source / left_out).parent.mkdir(parents=True, exist_ok=True)
        (source / left_out).write_text("")
    assert _deployed(_config(source), tmp_path / "app") == {
        "src/score.py",
        "src/package/__init__.py",
    }


def test_a_pipe_in_the_source_directory_is_not_waited_for(source: Path, tmp_path: Path) -> None:
    os.mkfifo(source / "pipe")
    assert "src/pipe" not in _deployed(_config(source), tmp_path / "app")


def test_the_digest_is_the_same_for_the_same_content_at_another_time(source: Path) -> None:
    before = code_of(_config(source)).digest()
    os.utime(source / "score.py", (1, 1))
    assert code_of(_config(source)).digest() == before


@pytest.mark.parametrize("change", ["content", "name", "executable", "new file"])
def test_the_digest_changes_with_the_code(source: Path, change: str) -> None:
    before = code_of(_config(source)).digest()
    match change:
        case "content":
            (source / "score.py").write_text("")
        case "name":
            (source / "package").rename(source / "other")
        case "executable":
            (source / "score.py").chmod(0o755)
        case _:
            (source / "more.py").write_text("")
    assert code_of(_config(source)).digest() != before


def test_an_entry_script_outside_the_source_directory_is_refused(source: Path) -> None:
    (source.parent / "other.py").write_text("")
    with pytest.raises(ConfigurationError) as failure:
        code_of(_config(source, "../other.py"))
    assert failure.value.problems[0].code == "entry-script-outside"
