from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.config.deployment import read_deployment_config
from acideploy.config.inference import read_inference_config
from acideploy.config.values import Override


def hints(directory: Path, *overrides: Override) -> list[str | None]:
    """The hints of what is missing where neither file is given."""
    inference = read_inference_config(None, overrides=overrides, cwd=directory)
    deployment = read_deployment_config(None, cwd=directory)
    return [problem.hint for problem in (*inference.problems, *deployment.problems)]


@pytest.mark.parametrize(
    ("inference", "deployment"),
    [
        ("inferenceconfig.json", "deploymentconfig.json"),
        ("inferenceConfig.yml", "aciDeploymentConfig.yml"),
        ("inference_config.yaml", "deployment-config-aci.yml"),
        ("InferenceConfig.json", "deployconfig.json"),
    ],
)
def test_a_file_that_lies_here_and_was_not_given_is_named(
    tmp_path: Path, inference: str, deployment: str
) -> None:
    for name in (inference, deployment):
        (tmp_path / name).write_text("{}")
    assert hints(tmp_path) == [f"give -ic {inference}", f"give -dc {deployment}"]


def test_of_several_files_the_shortest_name_is_meant(tmp_path: Path) -> None:
    for name in ("aInferenceConfig.json", "inferenceconfig.json", "inferenceconfig.json.bk"):
        (tmp_path / name).write_text("{}")
    assert hints(tmp_path)[0] == "give -ic inferenceconfig.json"


@pytest.mark.parametrize("name", ["config.json", "inferenceconfig.py", "inferenceconfig"])
def test_other_files_are_not_meant(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}")
    assert "or give --entry-script" in str(hints(tmp_path)[0])


def test_a_folder_of_that_name_is_not_meant(tmp_path: Path) -> None:
    (tmp_path / "inferenceconfig.json").mkdir()
    assert "or give --entry-script" in str(hints(tmp_path)[0])


def test_a_file_that_was_given_is_not_asked_for_another(tmp_path: Path) -> None:
    for name in ("ic.json", "inferenceconfig.json"):
        (tmp_path / name).write_text("{}")
    (problem,) = read_inference_config(Path("ic.json"), cwd=tmp_path).problems
    assert "or give --entry-script" in str(problem.hint)
