"""What serves a script, and what its environment needs for that.

`runtime/` is copied into services as `acideploy_serving` and is never imported here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acideploy.errors import UnsupportedError

if TYPE_CHECKING:
    from acideploy.models import Model

HERE = Path(__file__).parent

# The name that the runtime is copied to, and started by: `python -m acideploy_serving`.
RUNTIME_NAME = "acideploy_serving"

# The folder under the app root with every model, as `<name>/<version>/<file or folder>`.
MODELS = "azureml-models"

# Packages that scripts use themselves: whatever version a user asks for will do for serving.
LEFT_TO_USERS = frozenset(
    {
        "certifi",
        "charset-normalizer",
        "idna",
        "numpy",
        "pandas",
        "python-dateutil",
        "pytz",
        "requests",
        "scipy",
        "setuptools",
        "typing-extensions",
        "tzdata",
        "urllib3",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingStack:
    """Pip requirement lines. `requirements` are to be installed; `constraints` are versions known
    to work with them, to be dropped where the user's own pins say otherwise."""

    python: str
    requirements: tuple[str, ...]
    constraints: tuple[str, ...]


def runtime_directory() -> Path:
    """The folder to copy into a service as `RUNTIME_NAME`."""
    return HERE / "runtime"


def overrides(python_version: str) -> list[str]:
    """uv's arguments for what its serving stack needs other than its packages say, if any is."""
    file = HERE / "requirements" / f"{_minor(python_version)}-overrides.in"
    return ["--overrides", str(file)] if file.exists() else []


def model_directory(models: Sequence[Model]) -> str:
    """`AZUREML_MODEL_DIR` under the app root: the one model's own, else the models' root."""
    if len(models) == 1:
        return f"{MODELS}/{models[0].name}/{models[0].version}"
    return MODELS


def supported_pythons() -> tuple[str, ...]:
    """The Python versions that a service can run on, as `3.8`, oldest first."""
    versions = (path.stem for path in (HERE / "requirements").glob("*.txt"))
    return tuple(sorted(versions, key=lambda version: [int(part) for part in version.split(".")]))


def requirements(python_version: str) -> ServingStack:
    """The pinned serving stack for `3.8`, `3.8.18` and the like.

    Raises UnsupportedError for a Python version that nothing is pinned for.
    """
    minor = _minor(python_version)
    supported = supported_pythons()
    if minor not in supported:
        raise UnsupportedError(
            f"a service cannot run on python {python_version}",
            hint=f"use python {supported[0]} to {supported[-1]}",
        )
    asked = _names(HERE / "requirements" / "requirements.in")
    pins = _lines(HERE / "requirements" / f"{minor}.txt")
    return ServingStack(
        python=minor,
        requirements=tuple(pin for pin in pins if _name(pin) in asked),
        constraints=tuple(pin for pin in pins if _name(pin) not in asked | LEFT_TO_USERS),
    )


def _minor(python_version: str) -> str:
    series = re.match(r"\d+\.\d+", python_version)
    return series[0] if series else python_version


def _names(file: Path) -> frozenset[str]:
    return frozenset(map(_name, _lines(file)))


def _name(line: str) -> str:
    # Lines of ours are plain, and there are a hundred: packaging takes ten times as long.
    return re.split(r"[^\w.-]", line, maxsplit=1)[0]


def _lines(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
