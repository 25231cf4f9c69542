"""What an environment has to hold: a Python, the user's requirements, and what serves the script.

Conda packages come from their channels. A process on this machine whose file names none of them,
and whatever is asked for without conda, takes everything from PyPI.
"""

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

from acideploy.code import content_digest
from acideploy.config.problem import Place, Problem
from acideploy.config.values import Environment, Requirement
from acideploy.environment.channels import CondaSettings, without_login
from acideploy.environment.conda_part import CondaPart, conda_part
from acideploy.environment.lock import EnvironmentLock
from acideploy.environment.pip_lines import asks_for_azureml, distribution, is_option, pip_lines
from acideploy.environment.python_version import choose_python
from acideploy.environment.requirement_files import with_requirement_files
from acideploy.serving import ServingStack
from acideploy.serving import requirements as serving_stack


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRequest:
    """A Python series (`3.11`), the user's requirement lines and the serving stack.

    Relative paths in `lines` are relative to `directory`. `conda` is what comes from channels, the
    interpreter among it, and `lock` what is to be taken instead of the newest. `azureml_replaced`
    says that the serving stack stands in for `azureml-defaults`; `python_given`, `full_azureml` and
    `no_conda` are what the flags said, which an update keeps to. `origins` gives, for each
    canonical distribution name, the place in the user's files that asks for it.
    """

    python: str
    lines: tuple[str, ...]
    directory: Path
    stack: ServingStack
    conda: CondaPart | None = None
    lock: EnvironmentLock | None = None
    azureml_replaced: bool = False
    python_given: bool = False
    full_azureml: bool = False
    no_conda: bool = False
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

    @property
    def options(self) -> tuple[str, ...]:
        """The lines that say where packages are: `--index-url URL` and the like."""
        return tuple(line for line in self.lines if is_option(line))

    def to_json(self) -> dict[str, Any]:
        """What `from_json` makes the same request of; places are left out."""
        return {
            "python": self.python,
            "lines": list(self.lines),
            "directory": str(self.directory),
            "requirements": list(self.stack.requirements),
            "constraints": list(self.stack.constraints),
            "conda": self.conda.to_json() if self.conda else None,
            "lock": _written(self.lock) if self.lock else None,
            "python_given": self.python_given,
            "full_azureml": self.full_azureml,
            "no_conda": self.no_conda,
            "named": [name for name, _ in self.origins],
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> EnvironmentRequest:
        nowhere = Place(file="the deployed service")
        conda, lock = fields.get("conda"), fields.get("lock")
        return cls(
            python=fields["python"],
            lines=tuple(fields["lines"]),
            conda=CondaPart.from_json(conda) if conda else None,
            lock=_read(lock) if lock else None,
            python_given=fields.get("python_given", False),
            full_azureml=fields.get("full_azureml", False),
            no_conda=fields.get("no_conda", False),
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
        asked: dict[str, Any] = {
            "python": self.python,
            "platform": platform,
            "requirements": self.requirements,
            "constraints": self.stack.constraints,
            "files": [digest for line in self.lines for digest in self._local_files(line)],
        }
        if self.conda:
            asked["conda"] = [
                [without_login(channel) for channel in self.conda.channels],
                list(self.conda.specs),
            ]
        if self.lock:
            asked["lock"] = self.lock.digest
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]

    def _local_files(self, line: str) -> list[str]:
        """The digests of what a line names: `-r more.txt`, `./package.whl`, `./folder`."""
        words = re.split(r"[\s=@]+", line)
        named = (word for word in words if "." in word or "/" in word)
        paths = (self.directory / word for word in named if "://" not in word)
        return [content_digest(path) for path in paths if path.exists()]


def _written(lock: EnvironmentLock) -> str:
    # For the few that have one, as below.
    from acideploy.environment.lock_file import write_lock

    return write_lock(lock)


def _read(text: str) -> EnvironmentLock:
    from acideploy.environment.lock_file import read_lock

    return read_lock(text)


def request_environment(
    environment: Environment | None,
    *,
    directory: Path,
    settings: CondaSettings | None = None,
    python: str | None = None,
    full_azureml: bool = False,
    no_conda: bool = False,
    lock: EnvironmentLock | None = None,
    for_image: bool = False,
) -> tuple[EnvironmentRequest, tuple[Problem, ...]]:
    """Turns the environment of an inference config into a request, with notes on what differs here.

    `for_image` is for a container, else it is for a process on this machine. `python` replaces the
    version that the file asks for, and `settings` are conda's own. Raises DependencyError where it
    cannot have what is asked for.
    """
    # What an image brings is not what the conda file says.
    own = for_image and environment is not None and environment.user_managed
    conda = environment.conda if environment and not own else None
    if conda:
        conda = with_requirement_files(conda, directory)
    version, problems = choose_python(conda, python)
    if own:
        problems = []
    part = None
    if not no_conda and not own:
        part = conda_part(
            conda,
            python=version if python or conda is None or conda.python is None else None,
            settings=settings or CondaSettings(),
            directory=directory,
            always=for_image,
        )
    lines: list[str] = []
    origins: list[tuple[str, Requirement]] = []
    if conda:
        lines, origins, translated = pip_lines(
            conda,
            full_azureml=full_azureml,
            with_conda=part is not None,
            where="an image" if for_image else "a local process",
        )
        problems += translated
    if environment:
        problems += _needs_build(environment) if for_image else _unused_here(environment)
    request = EnvironmentRequest(
        python=version,
        lines=tuple(lines),
        directory=directory,
        stack=serving_stack(version),
        conda=part,
        lock=lock,
        python_given=python is not None,
        full_azureml=full_azureml,
        no_conda=no_conda,
        azureml_replaced=bool(conda and asks_for_azureml(conda)) and not full_azureml,
        origins=tuple(origins),
    )
    return request, tuple(problems)


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
    """What only a build can do: layers are made without running anything."""
    needed = {
        "the base image is made by its Dockerfile": environment.base_dockerfile
        and "docker.baseDockerfile",
        "the extra Dockerfile steps are run on the base image": environment.extra_dockerfile_steps,
    }
    return [
        Problem(
            code="needs-build",
            severity="note",
            message=f"{what}, once, by the container engine of this machine",
            place=Place(file=str(file)),
        )
        for what, file in needed.items()
        if file
    ]
