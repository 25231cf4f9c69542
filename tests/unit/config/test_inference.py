"""Inference configs: where the code is found, flags over the file, what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.config import Checked, read_inference_config
from acideploy.config.values import InferenceConfig, Override

SCORE = "def init(): pass\ndef run(data): return data\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with its configuration in `deploy` and scripts there, at the top and in `src`."""
    for name in ("score.py", "src/score.py", "deploy/score.py", "deploy/src/own.py"):
        _write(tmp_path / name, SCORE)
    _write(tmp_path / "src" / "env.yml", "dependencies: [python=3.8]")
    _write(tmp_path / "deploy" / "beside.yml", "dependencies: [python=3.9]")
    return tmp_path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _read(
    project: Path,
    text: str,
    *overrides: Override,
    directory: str = "",
    environment_directory: Path | None = None,
) -> Checked[InferenceConfig]:
    config = project / "deploy" / "inferenceconfig.yml"
    _write(config, text)
    return read_inference_config(
        config,
        overrides=overrides,
        cwd=project / directory,
        environment_directory=environment_directory,
    )


def _codes(checked: Checked[InferenceConfig], severity: str = "error") -> list[str]:
    return [each.code for each in checked.problems if each.severity == severity]


def _flag(key: str, value: object, flag: str = "--flag") -> Override:
    return Override(key=key, value=value, flag=flag)


@pytest.mark.parametrize(
    ("text", "directory", "script", "source", "notes"),
    [
        ("entryScript: score.py", "", "score.py", None, 0),
        ("entryScript: ./deploy/../score.py", "", "score.py", None, 0),
        ("entryScript: score.py", "deploy", "deploy/score.py", None, 0),
        ("entryScript: src/own.py", "", "deploy/src/own.py", None, 1),
        ("entryScript: score.py\nsourceDirectory: src", "", "src/score.py", "src", 0),
        ("entryScript: own.py\nsourceDirectory: src", "", "deploy/src/own.py", "deploy/src", 1),
        (
            "entryScript: src/own.py\nsourceDirectory: src",
            "deploy",
            "deploy/src/own.py",
            "deploy/src",
            1,
        ),
        ("entryScript: score.py\nsourceDirectory: .", "", "score.py", ".", 0),
        ("entryScript: score.py\nsourceDirectory: ''", "", "score.py", None, 0),
    ],
)
def test_code_is_found_from_the_current_directory_and_then_beside_the_config(
    project: Path, text: str, directory: str, script: str, source: str | None, notes: int
) -> None:
    checked = _read(project, text, directory=directory)
    assert checked.value is not None, checked.problems
    assert checked.value.entry_script == project / script
    assert checked.value.source_directory == (project / source if source else None)
    assert _codes(checked, "note") == ["path-beside-config"] * notes


def test_an_absolute_path_stays_as_it_is(project: Path) -> None:
    checked = _read(project, f"entryScript: {project}/src/score.py")
    assert checked.value is not None
    assert checked.value.entry_script == project / "src" / "score.py"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("entryScript: own.py", "there is one at deploy/src/own.py"),
        ("entryScript: Score.py", "did you mean score.py?"),
        ("entryScript: socre.py", "did you mean score.py?"),
        ("entryScript: src\\own.py", None),
        ("entryScript: src\\score.py", "write the path with / instead of \\"),
        ("entryScript: score.py\nsourceDirectory: sources", None),
        ("entryScript: score.py\nsourceDirectory: score.py", None),
        ("entryScript: score.py\ncondaFile: en.yml", None),
        ("entryScript: score.py\ncondaFile: src", None),
        (f"entryScript: {'x' * 300}.py", None),
        ('entryScript: "a\\0b.py"', None),
        ('entryScript: "src\\temp.py"', "write the path with / instead of \\"),
        ("entryScript: |\n  score.py\n", "write score.py"),
        ("entryScript: 'score.py '", "did you mean score.py?"),
        ("entryScript: src", None),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_with_what_is_near(
    project: Path, text: str, hint: str | None
) -> None:
    checked = _read(project, text)
    assert "path-not-found" in _codes(checked)
    assert all(each.message.isprintable() for each in checked.problems)
    if hint:
        assert hint in [each.hint for each in checked.problems]


@pytest.mark.parametrize("name", ["$(script)", "score.py ", "score.py\\n", "src\\temp.py"])
def test_a_path_that_is_misspelt_is_not_judged_as_a_module(project: Path, name: str) -> None:
    assert _codes(_read(project, f'entryScript: "{name}"')) == ["path-not-found"]


@pytest.mark.parametrize("text", ["entry_script: score.py", "EntryScript: score.py"])
def test_an_entry_script_under_another_name_is_pointed_out(project: Path, text: str) -> None:
    checked = _read(project, text)
    wrong = text.partition(":")[0]
    assert f"write entryScript instead of {wrong}" in [each.hint for each in checked.problems]


def test_a_script_outside_the_source_directory_is_refused(project: Path) -> None:
    checked = _read(project, "entryScript: ../score.py\nsourceDirectory: src")
    assert _codes(checked) == ["entry-script-outside"]


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("entryScript: score.py\nsourceDirectory: src\ncondaFile: env.yml", "python=3.8"),
        ("entryScript: score.py\nsourceDirectory: src\ncondaFile: beside.yml", "python=3.9"),
        ("entryScript: score.py\ncondaFile: src/env.yml", "python=3.8"),
        ("entryScript: score.py\ncondaFile: beside.yml", "python=3.9"),
    ],
)
def test_the_conda_file_belongs_to_the_source_directory_or_lies_beside_the_config(
    project: Path, text: str, python: str
) -> None:
    config = _read(project, text).value
    assert config is not None
    assert config.environment is not None
    assert config.environment.conda is not None
    assert config.environment.conda.python is not None
    assert config.environment.conda.python.text == python


def test_flags_win_over_the_file_and_can_fill_its_gaps(project: Path) -> None:
    checked = _read(
        project,
        "sourceDirectory: nowhere\ndescription: from the file",
        _flag("entryScript", "score.py"),
        _flag("sourceDirectory", project / "src"),
        _flag("description", "from the flag"),
        _flag("condaFile", None),
    )
    assert checked.value is not None
    assert checked.value.entry_script == project / "src" / "score.py"
    assert checked.value.description == "from the flag"
    assert checked.problems == ()


def test_flags_alone_are_enough(project: Path) -> None:
    checked = read_inference_config(None, overrides=[_flag("entryScript", "score.py")], cwd=project)
    assert checked.value == InferenceConfig(entry_script=project / "score.py")


def test_a_flag_s_path_is_not_looked_for_beside_the_config(project: Path) -> None:
    checked = _read(project, "{runtime: python}", _flag("entryScript", "src/own.py", "--es"))
    (problem,) = [each for each in checked.problems if each.severity == "error"]
    assert (problem.code, str(problem.place)) == ("path-not-found", "--es")


def test_nothing_about_the_environment_means_none(project: Path) -> None:
    config = _read(project, "entryScript: score.py\nenableGpu: false\nbaseImage:").value
    assert config is not None
    assert config.environment is None


def test_without_an_entry_script_the_reason_is_told(project: Path) -> None:
    assert _codes(_read(project, "runtime: python")) == ["missing-key"]
    assert _codes(_read(project, "code_configuration: {code: .}")) == ["v2-file"]
    (problem,) = [
        each for each in _read(project, "computeType: aci").problems if each.severity == "error"
    ]
    assert problem.hint is not None
    assert "-dc" in problem.hint


def test_a_file_s_description_is_used_and_that_is_said(project: Path) -> None:
    checked = _read(project, "entryScript: score.py\ndescription: hello")
    assert checked.value is not None
    assert checked.value.description == "hello"
    assert _codes(checked, "note") == ["now-read"]


def test_what_services_cannot_have_is_warned_of(project: Path) -> None:
    checked = _read(project, "entryScript: score.py\nenableGpu: true\nruntime: spark-py")
    assert _codes(checked, "warning") == ["ignored-key", "ignored-key"]


def test_an_unreplaced_variable_and_a_sample_value_are_pointed_out(project: Path) -> None:
    text = "entryScript: score.py\nbaseImage: $(image.name)\ndescription: costs $(all)\n"
    assert _codes(_read(project, text), "warning") == ["unreplaced-variable"]
    text = "entryScript: score.py\nenvironment: {environmentVariables: {X: EXAMPLE_VALUE}}"
    assert _codes(_read(project, text), "note") == ["sample-value"]


def test_a_service_s_own_variables_may_hold_anything(project: Path) -> None:
    checked = _read(
        project,
        "entryScript: score.py\n"
        "environment: {name: x, environmentVariables: {A: None, B: $(C)}, docker: {}}",
    )
    assert checked.problems == ()


def test_problems_of_config_conda_file_and_script_come_together(project: Path) -> None:
    _write(project / "score.py", "x = 1")
    _write(project / "env.yml", "channel: [x]\ndependencies: [python=3.8]")
    checked = _read(project, "entryScript: score.py\ncondaFile: env.yml\nentrySript: x")
    assert [(each.place and each.place.file, each.code) for each in checked.problems] == [
        (str(project / "deploy" / "inferenceconfig.yml"), "unknown-key"),
        ("env.yml", "unknown-key"),
        ("score.py", "missing-init"),
        ("score.py", "missing-run"),
    ]


def test_a_file_that_cannot_be_read_is_a_problem(project: Path) -> None:
    for path in (Path("missing.json"), Path("src")):
        checked = read_inference_config(path, cwd=project)
        assert checked.value is None
        assert len(checked.problems) == 1
