"""What pip calls a conda package specification.

The cases are those of conda's own documentation of package match specifications:
https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html
"""

from __future__ import annotations

import pytest

from acideploy.environment.conda_spec import CondaSpec, parse_conda_spec, pip_specifier


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("numpy", "numpy", ""),
        ("numpy=1.18", "numpy", "=1.18"),
        ("numpy==1.18.1", "numpy", "==1.18.1"),
        ("numpy 1.18.*", "numpy", "1.18.*"),
        ("numpy>=1.18,<2", "numpy", ">=1.18,<2"),
        ("numpy=1.18.1=py36_0", "numpy", "==1.18.1"),
        ("numpy 1.18.1 py36_0", "numpy", "==1.18.1"),
        ("scikit-learn=0.22.*", "scikit-learn", "=0.22.*"),
        ("numpy[version='>=1.8']", "numpy", ""),
    ],
)
def test_a_spec_has_a_name_and_a_version(text: str, name: str, version: str) -> None:
    assert parse_conda_spec(text) == CondaSpec(name=name, version=version)


def test_a_channel_is_not_part_of_the_name() -> None:
    spec = CondaSpec(name="pytorch", version="=1.4.0", channel="pytorch")
    assert parse_conda_spec("pytorch::pytorch=1.4.0") == spec


def test_what_is_no_spec_is_refused() -> None:
    assert parse_conda_spec("@!") is None


@pytest.mark.parametrize(
    ("conda", "pip"),
    [
        ("", ""),
        ("*", ""),
        ("=1.18", "==1.18.*"),
        ("1.18", "==1.18.*"),
        ("=1.18.*", "==1.18.*"),
        ("1.18*", "==1.18.*"),
        ("==1.18.1", "==1.18.1"),
        (">=1.18,<2", ">=1.18,<2"),
        (">=1.18.*", ">=1.18"),
        ("~=1.18.0", "~=1.18.0"),
        ("!=1.18.2", "!=1.18.2"),
    ],
)
def test_a_version_range_means_the_same_to_pip(conda: str, pip: str) -> None:
    assert pip_specifier(conda) == pip


@pytest.mark.parametrize("conda", ["1.1|1.2", ">=1.0|<0.5", "what ever it is"])
def test_a_range_that_pip_cannot_say_is_not_guessed(conda: str) -> None:
    assert pip_specifier(conda) is None
