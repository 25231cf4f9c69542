"""What a conda file asks for, in the terms of a process on this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from acideploy.config.problem import Place
from acideploy.config.values import CondaEnvironment, Environment, Requirement
from acideploy.environment.channels import CondaSettings
from acideploy.environment.lock import EnvironmentLock
from acideploy.environment.request import EnvironmentRequest, request_environment
from acideploy.errors import DependencyError

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


def _requirement(text: str) -> Requirement:
    return Requirement(text=text, place=Place(file="conda.yml", line=7, column=5, text=f"- {text}"))


def _environment(
    *, python: str | None = None, conda: Sequence[str] = (), pip: Sequence[str] = ()
) -> Environment:
    return Environment(
        conda=CondaEnvironment(
            place=Place(file="conda.yml"),
            python=_requirement(python) if python else None,
            packages=tuple(map(_requirement, conda)),
            pip=tuple(map(_requirement, pip)),
        )
    )


def _request(environment: Environment | None, **flags: object) -> EnvironmentRequest:
    return request_environment(environment, directory=Path("."), **flags)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "version"),
    [
        ("python=3.9", "3.9"),
        ("python=3.9.18", "3.9"),
        ("python==3.10.*", "3.10"),
        ("python 3.8.5", "3.8"),
        ("python=3.7.4", "3.7"),
        ("python=3.9.13=h6244533_1", "3.9"),
        ("python>=3.5.2,<3.9", "3.8"),
        ("python>3.7,<3.10", "3.9"),
        ("python", RUNNING),
    ],
)
def test_the_python_version_is_the_one_that_the_file_asks_for(asked: str, version: str) -> None:
    assert _request(_environment(python=asked)).python == version


def test_a_python_that_cannot_serve_is_refused_with_its_line_and_the_way_out() -> None:
    with pytest.raises(DependencyError) as failure:
        _request(_environment(python="python=3.6.2"))
    assert "'python=3.6.2' cannot be served" in failure.value.message
    assert str(failure.value.place) == "conda.yml:7:5"
    assert "`--python 3.7`" in str(failure.value.hint)


def test_the_python_flag_wins_over_the_file() -> None:
    assert _request(_environment(python="python=3.6.2"), python="3.11").python == "3.11"


def test_without_a_version_the_running_interpreter_is_taken_and_said() -> None:
    request, problems = request_environment(None, directory=Path("."))
    assert request.python == RUNNING
    assert [problem.code for problem in problems] == ["python-not-given"]


def test_azureml_defaults_is_replaced_by_the_pinned_serving_stack() -> None:
    request = _request(_environment(python="python=3.11", pip=["azureml-defaults==1.20.0"]))
    assert not any("azureml-defaults" in line for line in request.requirements)
    assert any(line.startswith("azureml-inference-server-http==") for line in request.requirements)
    assert any(line.startswith("granian==") for line in request.requirements)


def test_full_azureml_keeps_the_original() -> None:
    environment = _environment(python="python=3.11", pip=["azureml-defaults==1.20.0"])
    assert "azureml-defaults==1.20.0" in _request(environment, full_azureml=True).requirements


def test_a_pin_of_the_user_is_not_doubled_by_one_of_the_serving_stack() -> None:
    environment = _environment(python="python=3.11", pip=["azureml_inference_server_http==1.4.0"])
    lines = [line for line in _request(environment).requirements if "server" in line]
    assert lines == ["azureml_inference_server_http==1.4.0"]


def test_conda_packages_are_taken_from_pypi_under_their_name_there() -> None:
    conda = ["numpy=1.26", "pytorch::pytorch=2.1.0", "py-xgboost<=1.7", "nomkl", "pip=20.2"]
    request, problems = request_environment(
        _environment(python="python=3.11", conda=conda), directory=Path("."), no_conda=True
    )
    assert request.conda is None
    assert request.lines == ("numpy==1.26.*", "torch==2.1.0.*", "xgboost<=1.7")
    told = {problem.code: problem.message for problem in problems}
    assert "numpy==1.26.*, torch==2.1.0.*, xgboost<=1.7" in told["conda-package-from-pypi"]
    assert told["conda-package-left-out"].endswith(": nomkl")
    assert all(problem.place and problem.place.line == 7 for problem in problems)


def test_conda_packages_are_left_to_conda_with_the_interpreter() -> None:
    environment = _environment(python="python=3.11.4", conda=["numpy=1.26", "x::y"], pip=["flask"])
    request = _request(environment, settings=CondaSettings(alias="https://mirror"))
    assert request.conda is not None
    assert request.conda.specs == ("python=3.11.4", "numpy=1.26", "https://mirror/x::y")
    assert request.conda.channels == ("https://mirror/conda-forge",)
    assert request.lines == ("flask",)


def test_a_process_needs_no_conda_for_the_interpreter_alone_and_an_image_does() -> None:
    environment = _environment(python="python=3.11", conda=["pip=20.2"], pip=["flask"])
    assert _request(environment).conda is None
    image = _request(environment, for_image=True)
    assert image.conda is not None
    assert image.conda.specs == ("python=3.11", "pip=20.2")


def test_the_python_flag_wins_in_the_conda_part_too() -> None:
    environment = _environment(python="python=3.6.2", conda=["numpy"])
    request = _request(environment, python="3.11", for_image=True)
    assert request.conda is not None
    assert request.conda.specs == ("python=3.11", "numpy")


def test_a_user_managed_image_takes_nothing_from_conda() -> None:
    environment = replace(_environment(python="python=3.11", conda=["numpy"]), user_managed=True)
    assert _request(environment, for_image=True).conda is None


def test_the_digest_follows_the_conda_part_and_not_a_login() -> None:
    environment = _environment(python="python=3.11", conda=["numpy"])

    def digest(alias: str) -> str:
        return _request(environment, settings=CondaSettings(alias=alias)).digest

    assert digest("https://mirror") == digest("https://user:secret@mirror")
    assert digest("https://mirror") != digest("https://other")


def test_a_request_is_the_same_after_being_written_down() -> None:
    environment = _environment(python="python=3.11", conda=["numpy"], pip=["flask"])
    lock = EnvironmentLock(python="3.11.4", platform="linux-64")
    request = _request(environment, lock=lock)
    again = EnvironmentRequest.from_json(json.loads(json.dumps(request.to_json())))
    assert (again.digest, again.lock) == (request.digest, lock)
    assert again.conda is not None
    assert request.conda is not None
    assert again.conda.specs == request.conda.specs


@pytest.mark.parametrize(
    "line",
    ["git+https://x/y", "y @ git+ssh://git@x/y@main", "-e .", "--editable ./y", "hg+https://x"],
)
def test_what_no_hash_can_name_is_refused_at_its_place(line: str) -> None:
    environment = _environment(python="python=3.11", pip=[line])
    _, problems = request_environment(environment, directory=Path("."))
    assert [(problem.code, problem.severity) for problem in problems] == [
        ("no-fixed-file", "error")
    ]
    assert problems[0].place is not None
    assert problems[0].place.line == 7


def test_a_range_that_pip_cannot_say_is_warned_of() -> None:
    environment = _environment(python="python=3.11", conda=["numpy=1.1|1.2"])
    request, problems = request_environment(environment, directory=Path("."), no_conda=True)
    assert request.lines == ("numpy",)
    assert "conda-range-unknown" in [problem.code for problem in problems]


def test_what_only_conda_has_is_refused_by_its_line() -> None:
    with pytest.raises(DependencyError) as failure:
        _request(_environment(python="python=3.11", conda=["numpy", "r-base"]), no_conda=True)
    assert "the conda package r-base" in failure.value.message
    assert str(failure.value.place) == "conda.yml:7:5"


@pytest.mark.parametrize("line", ["scikit learn", "numpy==", "numpy=>1.0"])
def test_a_line_that_pip_cannot_read_is_an_error_at_its_place(line: str) -> None:
    environment = _environment(python="python=3.11", pip=[line])
    _, problems = request_environment(environment, directory=Path("."))
    assert [(problem.code, problem.severity) for problem in problems] == [
        ("bad-requirement", "error")
    ]
    assert problems[0].place is not None
    assert problems[0].place.line == 7


@pytest.mark.parametrize(
    "line", ["-r hashed.txt", "--extra-index-url https://x/y", "./a.whl", "a.whl"]
)
def test_options_urls_and_paths_are_handed_on(tmp_path: Path, line: str) -> None:
    (tmp_path / "hashed.txt").write_text("numpy==2.0 --hash=sha256:00\n")
    (tmp_path / "a.whl").touch()
    environment = _environment(python="python=3.11", pip=[line])
    request, problems = request_environment(environment, directory=tmp_path)
    assert (request.lines, problems) == ((line,), ())


def test_the_digest_follows_a_folder_that_a_line_names(tmp_path: Path) -> None:
    environment = _environment(python="python=3.11", pip=["./package"])
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text("V = 1\n")
    before = request_environment(environment, directory=tmp_path)[0].digest
    (tmp_path / "package" / "module.py").write_text("V = 2\n")
    assert request_environment(environment, directory=tmp_path)[0].digest != before


def test_the_digest_follows_what_is_asked_and_nothing_else() -> None:
    environment = _environment(python="python=3.11", pip=["numpy"])
    again = _environment(python="python=3.11.4", pip=["numpy"])
    other = _environment(python="python=3.11", pip=["numpy==2.0"])
    assert _request(environment).digest == _request(again).digest
    assert _request(environment).digest != _request(other).digest


def test_the_digest_follows_the_files_that_a_line_names(tmp_path: Path) -> None:
    environment = _environment(python="python=3.11", pip=["-r more.txt"])
    (tmp_path / "more.txt").write_text("numpy\n")
    before = request_environment(environment, directory=tmp_path)[0].digest
    (tmp_path / "more.txt").write_text("numpy==2.0\n")
    assert request_environment(environment, directory=tmp_path)[0].digest != before


def test_the_serving_stack_stands_in_for_azureml_defaults_of_a_requirement_file(
    tmp_path: Path,
) -> None:
    (tmp_path / "more.txt").write_text("azureml-defaults\nnumpy==2.0\n")
    environment = _environment(python="python=3.11", pip=["-r more.txt"])
    request, _ = request_environment(environment, directory=tmp_path)
    assert request.lines == ("numpy==2.0",)
    assert request.azureml_replaced


def test_a_request_survives_being_written_down() -> None:
    request = _request(_environment(python="python=3.11", pip=["flask==3.1.3", "numpy"]))
    again = EnvironmentRequest.from_json(request.to_json())
    assert again.digest == request.digest
    assert again.requirements == request.requirements


def test_a_base_image_is_said_to_be_of_no_use_here() -> None:
    environment = Environment(base_image="mcr.microsoft.com/x", user_managed=True)
    _, problems = request_environment(environment, directory=Path("."))
    unused = [problem for problem in problems if problem.code == "container-only"]
    assert [(problem.severity, "mcr.microsoft.com/x" in problem.message) for problem in unused] == [
        ("warning", True)
    ]


def test_an_image_with_its_own_packages_is_asked_for_none(tmp_path: Path) -> None:
    environment = replace(_environment(python="python=3.5", pip=["nope"]), user_managed=True)
    request, problems = request_environment(environment, directory=tmp_path, for_image=True)
    assert (request.lines, request.conda, list(problems)) == ((), None, [])


def test_what_has_to_be_built_is_said_and_not_refused() -> None:
    environment = Environment(base_dockerfile="FROM x\n", extra_dockerfile_steps=Path("steps"))
    _, problems = request_environment(environment, directory=Path("."), for_image=True)
    told = [each for each in problems if each.code == "needs-build"]
    assert [(each.severity, str(each.place)) for each in told] == [
        ("note", "docker.baseDockerfile"),
        ("note", "steps"),
    ]
