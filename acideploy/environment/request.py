"""What an environment has to hold, in pip's terms, for a process on this machine."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from acideploy.code import content_digest
from acideploy.config.problem import Place, Problem
from acideploy.config.values import CondaEnvironment, Environment, Requirement
from acideploy.environment.conda_spec import parse_conda_spec, pip_specifier
from acideploy.environment.pip_lines import asks_for_azureml, distribution, pip_lines
from acideploy.errors import DependencyError
from acideploy.serving import ServingStack, supported_pythons
from acideploy.serving import requirements as serving_stack


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRequest:
    """A Python version (`3.11`), the user's requirement lines and the serving stack.

    Relative paths in `lines` are relative to `directory`. `azureml_replaced` says that the serving
    stack stands in for `azureml-defaults`; `python_given` and `full_azureml` are what the flags
    said, which an update keeps to. `origins` gives, for each canonical
    distribution name, the place in the user's files that asks for it.
    """

    python: str
    lines: tuple[str, ...]
    directory: Path
    stack: ServingStack
    azureml_replaced: bool = False
    python_given: bool = False
    full_azureml: bool = False
    origins: tuple[tuple[str, Requirement], ...] = ()

    @property
    def title(self) -> str:
        """What people are told of it."""
        return f"environment {self.digest} (Python {self.python})"

    @property
    def requirements(self) -> tuple[str, ...]:
        """The user's lines, then the serving stack's pins for what the user does not pin."""
        named = {name for name, _ in self.origins}
        pins = (pin for pin in self.stack.requirements if distribution(pin) not in named)
        return (*self.lines, *pins)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` makes the same request of; places are left out."""
        return {
            "python": self.python,
            "lines": list(self.lines),
            "directory": str(self.directory),
            "requirements": list(self.stack.requirements),
            "constraints": list(self.stack.constraints),
            "python_given": self.python_given,
            "full_azureml": self.full_azureml,
            "named": [name for name, _ in self.origins],
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> EnvironmentRequest:
        nowhere = Place(file="the deployed service")
        return cls(
            python=fields["python"],
            lines=tuple(fields["lines"]),
            python_given=fields.get("python_given", False),
            full_azureml=fields.get("full_azureml", False),
            directory=Path(fields["directory"]),
            stack=ServingStack(
                python=fields["python"],
                requirements=tuple(fields["requirements"]),
                constraints=tuple(fields["constraints"]),
            ),
            origins=tuple(
                (name, Requirement(text=name, place=nowhere)) for name in fields["named"]
            ),
        )

    @property
    def digest(self) -> str:
        """Names the environment on this machine by the content of what was asked."""
        return self._digest([sys.platform, platform.machine()])

    @property
    def image_digest(self) -> str:
        """Names the environment in an image, wherever that is made."""
        return self._digest(["image", "linux", "amd64"])

    def _digest(self, platform: list[str]) -> str:
        asked = {
            "python": self.python,
            "platform": platform,
            "requirements": self.requirements,
            "constraints": self.stack.constraints,
            "files": [digest for line in self.lines for digest in self._local_files(line)],
        }
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]

    def _local_files(self, line: str) -> list[str]:
        """The digests of what a line names: `-r more.txt`, `./package.whl`, `./folder`."""
        words = re.split(r"[\s=@]+", line)
        named = (word for word in words if "." in word or "/" in word)
        paths = (self.directory / word for word in named if "://" not in word)
        return [content_digest(path) for path in paths if path.exists()]


def request_environment(
    environment: Environment | None,
    *,
    directory: Path,
    python: str | None = None,
    full_azureml: bool = False,
    for_image: bool = False,
) -> tuple[EnvironmentRequest, tuple[Problem, ...]]:
    """Turns the environment of an inference config into a request, with notes on what differs here.

    `for_image` is for a container, else it is for a process on this machine. `python` replaces the
    version that the file asks for. Raises DependencyError where it cannot have what is asked for.
    """
    conda = environment.conda if environment else None
    version, problems = _choose_python(conda, python)
    lines: list[str] = []
    origins: list[tuple[str, Requirement]] = []
    if conda:
        lines, origins, translated = pip_lines(
            conda, full_azureml=full_azureml, where="an image" if for_image else "a local process"
        )
        problems += translated
    if environment:
        problems += _needs_build(environment) if for_image else _unused_here(environment)
    request = EnvironmentRequest(
        python=version,
        lines=tuple(lines),
        directory=directory,
        stack=serving_stack(version),
        python_given=python is not None,
        full_azureml=full_azureml,
        azureml_replaced=bool(conda and asks_for_azureml(conda)) and not full_azureml,
        origins=tuple(origins),
    )
    return request, tuple(problems)


def _choose_python(
    conda: CondaEnvironment | None, override: str | None
) -> tuple[str, list[Problem]]:
    if override:
        return _supported(override, override, Place(file="--python")), []
    default = _default_python()
    if conda is None or conda.python is None:
        return default, [
            Problem(
                code="python-not-given",
                severity="note",
                message=f"no Python version is asked for, using {default}",
                hint=f"add `python={default}` to the dependencies of the conda file",
            )
        ]
    asked = conda.python
    spec = parse_conda_spec(asked.text)
    version = spec.version if spec else ""
    if exact := re.match(r"={0,2}\s*(\d+\.\d+)", version):
        return _supported(exact[1], asked.text, asked.place), []
    return _newest_within(version, default, asked), []


def _default_python() -> str:
    """The version of this interpreter, which is surely here, where a service can run on it."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    supported = supported_pythons()
    return running if running in supported else supported[-1]


def _newest_within(version: str, default: str, asked: Requirement) -> str:
    """For a range: the running interpreter's version where it fits, else the newest."""
    try:
        allowed = SpecifierSet(pip_specifier(version) or "")
    except InvalidSpecifier:
        allowed = SpecifierSet()
    for candidate in (default, *reversed(supported_pythons())):
        # The last patch release stands for the series: `<3.8` leaves out 3.8, `>3.7` takes 3.7.17.
        if allowed.contains(f"{candidate}.99"):
            return candidate
    raise _python_unsupported(asked.text, asked.place)


def _supported(version: str, asked: str, place: Place) -> str:
    minor = ".".join(version.split(".")[:2])
    if minor not in supported_pythons():
        raise _python_unsupported(asked, place)
    return minor


def _python_unsupported(asked: str, place: Place) -> DependencyError:
    oldest, *_, newest = supported_pythons()
    # What is not pinned then comes in the releases nearest to those of the script's days.
    nearest = oldest if re.search(r"\b3\.[0-6]\b", asked) else _default_python()
    return DependencyError(
        f"{asked!r} cannot be served: the serving stack needs Python {oldest} to {newest}",
        place=place,
        hint=f"add `--python {nearest}` to run it with that version, or change the file",
    )


def _unused_here(environment: Environment) -> list[Problem]:
    """What only a container can use."""
    unused = {
        "base image": environment.base_image,
        "base Dockerfile": environment.base_dockerfile and "given inline",
        "extra Dockerfile steps": environment.extra_dockerfile_steps,
    }
    return [
        Problem(
            code="container-only",
            severity="warning" if environment.user_managed else "note",
            message=f"the {what} ({value}) is not used by a local process"
            + (", so its packages are missing" if environment.user_managed else ""),
        )
        for what, value in unused.items()
        if value
    ]


def _needs_build(environment: Environment) -> list[Problem]:
    """What only a build can do: an image is made of layers here, and nothing of it is run."""
    needed = {
        "the base Dockerfile": environment.base_dockerfile and "baseDockerfile",
        "the extra Dockerfile steps": environment.extra_dockerfile_steps,
    }
    return [
        Problem(
            code="needs-build",
            severity="error",
            message=f"{what} would have to be run, and images are made without running anything",
            place=Place(file=str(file)),
            hint="build that image with docker, push it, and name it as baseImage",
        )
        for what, file in needed.items()
        if file
    ]
