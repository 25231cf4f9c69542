"""What a service's environment is given."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from acideploy.errors import UnsupportedError
from acideploy.serving import (
    LEFT_TO_USERS,
    requirements,
    runtime_directory,
    supported_pythons,
)


def test_every_python_from_3_7_to_3_13_has_a_stack() -> None:
    assert supported_pythons() == ("3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


@pytest.mark.parametrize("python", supported_pythons())
def test_the_stack_pins_the_application_the_server_and_cors(python: str) -> None:
    stack = requirements(python)
    names = {Requirement(line).name for line in stack.requirements}
    constrained = {Requirement(line).name for line in stack.constraints}
    assert names - {"granian"} == {"azureml-inference-server-http", "flask-cors"}
    assert "granian" in names or (python == "3.7" and "gunicorn" in constrained)


@pytest.mark.parametrize("python", supported_pythons())
def test_every_line_is_an_exact_pin_that_is_there_once(python: str) -> None:
    stack = requirements(python)
    lines = [Requirement(line) for line in (*stack.requirements, *stack.constraints)]
    assert all([specifier.operator for specifier in line.specifier] == ["=="] for line in lines)
    assert len({line.name for line in lines}) == len(lines)


@pytest.mark.parametrize("python", supported_pythons())
def test_what_scripts_use_themselves_is_not_constrained(python: str) -> None:
    names = {Requirement(line).name for line in requirements(python).constraints}
    assert not names & LEFT_TO_USERS
    assert "flask" in names


def test_a_patch_version_gets_the_stack_of_its_minor_version() -> None:
    assert requirements("3.8.18") == requirements("3.8")


@pytest.mark.parametrize("python", ["2.7", "3.6.15", "3.14", "4", "banana", ""])
def test_another_python_is_refused_with_those_that_can_be_used(python: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        requirements(python)
    assert caught.value.hint == "use python 3.7 to 3.13"


def test_the_runtime_can_be_started_as_a_module() -> None:
    assert (runtime_directory() / "__main__.py").is_file()
    assert (runtime_directory() / "standin" / "azureml" / "core" / "model.py").is_file()
