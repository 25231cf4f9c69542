"""Environments: the object, the keys before it, a directory, a mere name."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.config import Checked, read_inference_config
from acideploy.config.values import BaseImageRegistry, Environment, InferenceConfig, Override

FULL = """
environment:
  name: my-env
  version: "1"
  environmentVariables: {A: "1", B: ""}
  inferencingStackVersion: latest
  python:
    userManagedDependencies: false
    interpreterPath: python3
    condaDependencies:
      name: project
      channels: [conda-forge]
      dependencies: ["python=3.6.2", numpy, {pip: [azureml-defaults, "scikit-learn==0.22"]}]
  docker:
    baseImage: base:1
    baseImageRegistry: {address: a.io, username: u, password: p}
"""


def _read(
    tmp_path: Path,
    text: str,
    *overrides: Override,
    environment_directory: Path | None = None,
) -> Checked[InferenceConfig]:
    (tmp_path / "score.py").write_text("def init(): pass\ndef run(data): pass\n")
    (tmp_path / "ic.yml").write_text("entryScript: score.py\n" + text)
    return read_inference_config(
        Path("ic.yml"),
        overrides=overrides,
        cwd=tmp_path,
        environment_directory=environment_directory,
    )


def _environment(checked: Checked[InferenceConfig]) -> Environment:
    assert checked.value is not None, checked.problems
    assert checked.value.environment is not None
    return checked.value.environment


def _errors(checked: Checked[InferenceConfig]) -> list[str]:
    return [each.code for each in checked.problems if each.severity == "error"]


def test_an_environment_object_is_read_whole(tmp_path: Path) -> None:
    environment = _environment(_read(tmp_path, FULL))
    assert (environment.name, environment.version) == ("my-env", "1")
    assert dict(environment.variables) == {"A": "1", "B": ""}
    assert environment.interpreter_path == "python3"
    assert environment.base_image == "base:1"
    assert environment.base_image_registry == BaseImageRegistry(
        address="a.io", username="u", password="p"
    )
    conda = environment.conda
    assert conda is not None
    assert conda.channels == ("conda-forge",)
    assert conda.python is not None
    assert conda.python.text == "python=3.6.2"
    assert [each.text for each in conda.packages] == ["numpy"]
    assert [each.text for each in conda.pip] == ["azureml-defaults", "scikit-learn==0.22"]
    assert conda.pip[1].place.line == 14
    assert environment.details["name"] == "my-env"


def test_the_older_keys_make_an_environment_too(tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text("dependencies: [python=3.8, {pip: [numpy]}]")
    (tmp_path / "steps").write_text("RUN true")
    environment = _environment(
        _read(
            tmp_path,
            "runtime: python\ncondaFile: env.yml\nbaseImage: base:1\n"
            "extraDockerfileSteps: steps\nbaseImageRegistry: a.io",
        )
    )
    assert environment.base_image == "base:1"
    assert environment.base_image_registry == BaseImageRegistry(address="a.io")
    assert environment.extra_dockerfile_steps == tmp_path / "steps"
    assert environment.conda is not None
    assert environment.details["docker"] == {"baseImage": "base:1"}


@pytest.mark.parametrize(
    "text",
    ["environment: my-env", "environment: {name: my-env, version: 1}", "environment: {version: 2}"],
)
def test_an_environment_that_is_only_named_is_refused_with_what_to_write(
    tmp_path: Path, text: str
) -> None:
    checked = _read(tmp_path, text)
    assert _errors(checked) == ["environment-reference"]
    assert "condaFile" in (checked.problems[0].hint or "")


def test_a_named_environment_of_a_flag_is_refused_at_the_flag(tmp_path: Path) -> None:
    flag = Override(key="environment.name", value="x", flag="--environment-name")
    checked = _read(tmp_path, "", flag)
    assert _errors(checked) == ["environment-reference"]
    assert str(checked.problems[0].place) == "--environment-name"


def test_the_file_s_environment_wins_over_flags_and_that_is_said(tmp_path: Path) -> None:
    flag = Override(key="environment.name", value="x", flag="--environment-name")
    checked = _read(tmp_path, FULL, flag, environment_directory=tmp_path)
    assert _environment(checked).name == "my-env"
    warned = [each.place and each.place.file for each in checked.problems]
    assert warned == ["--environment-name", "--environment-directory"]


def test_each_older_key_beside_an_environment_is_refused_at_its_place(tmp_path: Path) -> None:
    checked = _read(tmp_path, "runtime: python\nenableGpu: false\nbaseImage: x\n" + FULL)
    errors = [each for each in checked.problems if each.severity == "error"]
    assert [each.code for each in errors] == ["environment-and-flat-keys"] * 2
    assert [each.place and each.place.line for each in errors] == [2, 4]


def test_an_image_and_a_dockerfile_together_are_refused(tmp_path: Path) -> None:
    text = "environment: {docker: {baseImage: a, baseDockerfile: FROM b}}"
    assert _errors(_read(tmp_path, text)) == ["base-image-and-dockerfile"]


def test_a_conda_file_that_the_retired_tool_never_loaded_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text("dependencies: [python=3.8]")
    checked = _read(tmp_path, "environment: {python: {condaDependenciesFile: env.yml}}")
    assert _environment(checked).conda is not None
    assert "now-read" in [each.code for each in checked.problems]


def test_false_in_quotes_is_false(tmp_path: Path) -> None:
    checked = _read(tmp_path, 'environment: {python: {userManagedDependencies: "false"}}')
    assert _environment(checked).user_managed is False


def test_an_environment_directory_is_read_with_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "env"
    folder.mkdir()
    (folder / "azureml_environment.json").write_text(
        '{"name": "e", "docker": {"baseImage": "x"}, "spark": {"packages": []}}'
    )
    (folder / "conda_dependencies.yml").write_text("dependencies: [python=3.8]")
    (folder / "BaseDockerfile").write_text("FROM y\n")
    checked = _read(tmp_path, "", environment_directory=Path("env"))
    environment = _environment(checked)
    assert (environment.name, environment.base_image) == ("e", None)
    assert environment.base_dockerfile == "FROM y\n"
    assert environment.conda is not None


def test_an_environment_directory_without_its_json_file_is_refused(tmp_path: Path) -> None:
    assert _errors(_read(tmp_path, "", environment_directory=tmp_path)) == ["file-not-found"]


def test_an_environment_directory_beside_older_keys_is_refused(tmp_path: Path) -> None:
    (tmp_path / "azureml_environment.json").write_text("{}")
    checked = _read(tmp_path, "runtime: python", environment_directory=tmp_path)
    assert _errors(checked) == ["environment-and-flat-keys"]


def test_a_registry_s_password_is_never_told(tmp_path: Path) -> None:
    text = FULL.replace("password: p", "password: [hunter2]")
    assert "hunter2" not in repr(_read(tmp_path, text))
