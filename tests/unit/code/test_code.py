"""The user's code: what is part of it, and when it counts as changed."""

from __future__ import annotations

import os
from dataclasses import replace
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


def test_the_digest_is_the_same_for_another_umask_and_another_order_of_the_disk(
    source: Path, tmp_path: Path
) -> None:
    other = tmp_path / "again" / "src"
    names = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    for name in reversed(names):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_bytes((source / name).read_bytes())
        (other / name).chmod(0o600)
        (source / name).chmod(0o664)
    assert code_of(_config(other)).digest() == code_of(_config(source)).digest()


def test_only_the_owner_may_make_a_file_a_program(source: Path) -> None:
    before = code_of(_config(source)).digest()
    (source / "score.py").chmod(0o611)
    assert code_of(_config(source)).digest() == before


def test_the_digest_is_the_same_through_a_link(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(source)
    assert code_of(_config(tmp_path / "link")).digest() == code_of(_config(source)).digest()


def test_a_change_of_an_ignore_file_that_leaves_the_same_out_is_no_change(source: Path) -> None:
    before = code_of(_config(source)).digest()
    (source / ".gitignore").write_text("*.csv\n")
    assert code_of(_config(source)).digest() == before


def test_what_a_rule_leaves_out_is_neither_copied_nor_a_change(
    source: Path, tmp_path: Path
) -> None:
    (source / ".gitignore").write_text("*.csv\n")
    before = code_of(_config(source)).digest()
    (source / "data.csv").write_text("1")
    assert code_of(_config(source)).digest() == before
    assert _deployed(_config(source), tmp_path / "app") == {
        "src/score.py",
        "src/package/__init__.py",
    }


def test_the_code_stays_what_it_was_when_it_was_read(source: Path, tmp_path: Path) -> None:
    code = code_of(_config(source))
    (source / "late.py").write_text("")
    assert [name for name, _ in code.files()] == ["src/package/__init__.py", "src/score.py"]


def test_a_copy_has_the_digest_of_what_it_was_made_from(source: Path, tmp_path: Path) -> None:
    for name, text in {"package/.gitignore": "*\n!.gitignore", "package/a.py": ""}.items():
        (source / name).write_text(text)
    (source / ".amlignore").write_text("*.csv")
    code = code_of(_config(source))
    code.copy_to(tmp_path / "app")
    copy = replace(code, path=tmp_path / "app" / "src", selection=None)
    assert copy.digest() == code.digest()


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
