"""What a run does: steps, read from the request or from a task file."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

# https://learn.microsoft.com/azure/container-registry/container-registry-tasks-reference-yaml
_VARIABLE = re.compile(r"\{\{-?\s*\.(Run|Values)\.([\w.]+)\s*-?\}\}")
_ALIASES = {
    "$ID": ("Run", "ID"),
    "$Registry": ("Run", "Registry"),
    "$RegistryName": ("Run", "RegistryName"),
    "$Date": ("Run", "Date"),
    "$OS": ("Run", "OS"),
    "$Architecture": ("Run", "Architecture"),
    "$SharedVolume": ("Run", "SharedVolume"),
}
# The longest alias that fits is meant.
_ALIAS = re.compile("|".join(re.escape(each) for each in sorted(_ALIASES, key=len, reverse=True)))
DEFAULT_TIMEOUT = 600


class TaskFileError(Exception):
    """A task file is not what a task file can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    id: str
    images: tuple[str, ...]
    dockerfile: str = "Dockerfile"
    # A folder of the workspace.
    context: str = "."
    arguments: Mapping[str, str]
    target: str | None = None
    no_cache: bool = False
    timeout: int = DEFAULT_TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    id: str
    images: tuple[str, ...]
    timeout: int = DEFAULT_TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A container that runs to its end, with the workspace at `/workspace`."""

    id: str
    image: str
    arguments: tuple[str, ...]
    entry_point: tuple[str, ...] | None = None
    environment: tuple[str, ...] = ()
    working_directory: str = "/workspace"
    ignore_errors: bool = False
    timeout: int = DEFAULT_TIMEOUT


Step = Build | Push | Command
Variables = Mapping[str, Mapping[str, str]]


def render(text: str, variables: Variables) -> str:
    """Fills in `{{.Run.ID}}` and `{{.Values.name}}`; what is not known becomes `<no value>`."""
    return _VARIABLE.sub(
        lambda found: variables.get(found[1], {}).get(found[2], "<no value>"), text
    )


def requested_steps(request: Mapping[str, Any], variables: Variables) -> tuple[Step, ...]:
    """The steps of a DockerBuildRequest, or of the Docker step of a task."""
    names = [render(str(each), variables) for each in request.get("imageNames") or ()]
    images = tuple(_in_registry(name, variables) for name in names)
    timeout = int(request.get("timeout") or 3600)
    build = Build(
        id="build",
        images=images,
        dockerfile=request.get("dockerFilePath") or "Dockerfile",
        arguments={
            str(each["name"]): str(each.get("value", "")) for each in request.get("arguments") or ()
        },
        target=request.get("target") or None,
        no_cache=bool(request.get("noCache")),
        timeout=timeout,
    )
    if images and request.get("isPushEnabled", True):
        return build, Push(id="push", images=images, timeout=timeout)
    return (build,)


def file_steps(text: str, variables: Variables) -> tuple[Step, ...]:
    """The steps of a task file. Raises TaskFileError."""
    rendered = _ALIAS.sub(
        lambda found: variables["Run"].get(_ALIASES[found[0]][1], ""), render(text, variables)
    )
    try:
        file = yaml.safe_load(rendered)
    except yaml.YAMLError as error:
        raise TaskFileError(f"failed to unmarshal task: {error}") from error
    steps = file.get("steps") if isinstance(file, dict) else None
    if not isinstance(steps, list) or not steps:
        raise TaskFileError("task has no steps")
    common = _environment(file.get("env"))
    try:
        return tuple(
            _step(step, f"acb_step_{number}", common, variables)
            for number, step in enumerate(steps)
        )
    except (ValueError, TypeError) as error:
        raise TaskFileError(f"failed to unmarshal task: {error}") from error


def read_values(text: str) -> dict[str, str]:
    """The values of a values file. Raises TaskFileError."""
    try:
        values = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise TaskFileError(f"failed to unmarshal values: {error}") from error
    if not isinstance(values, dict):
        raise TaskFileError("values are names with values")
    return {str(name): str(value) for name, value in values.items()}


def _step(step: object, default: str, common: tuple[str, ...], variables: Variables) -> Step:
    kinds = [kind for kind in ("cmd", "build", "push") if isinstance(step, dict) and kind in step]
    if not isinstance(step, dict) or len(kinds) != 1:
        raise TaskFileError("Step must only contain one of the following: build, cmd, push")
    identifier = str(step.get("id") or default)
    timeout = int(step.get("timeout") or DEFAULT_TIMEOUT)
    value = step[kinds[0]]
    if kinds[0] == "push":
        images = [value] if isinstance(value, str) else list(value or ())
        named = tuple(_in_registry(str(each), variables) for each in images)
        return Push(id=identifier, images=named, timeout=timeout)
    words = shlex.split(str(value))
    if kinds[0] == "build":
        return _build(words, identifier, timeout, variables)
    if not words:
        raise TaskFileError(f"step {identifier} has no image")
    entry_point = step.get("entryPoint")
    return Command(
        id=identifier,
        image=words[0],
        arguments=tuple(words[1:]),
        entry_point=tuple(shlex.split(entry_point)) if entry_point else None,
        environment=common + _environment(step.get("env")),
        working_directory=_absolute(str(step.get("workingDirectory") or "")),
        ignore_errors=bool(step.get("ignoreErrors")),
        timeout=timeout,
    )


def _build(words: Sequence[str], identifier: str, timeout: int, variables: Variables) -> Build:
    parser = _Flags(add_help=False, allow_abbrev=False)
    parser.add_argument("-t", "--tag", action="append", default=[])
    parser.add_argument("-f", "--file", default="Dockerfile")
    parser.add_argument("--build-arg", action="append", default=[])
    parser.add_argument("--target")
    parser.add_argument("--no-cache", action="store_true")
    parser.add_argument("context", nargs="?", default=".")
    flags = parser.parse_args(words)
    pairs = (each.partition("=") for each in flags.build_arg)
    return Build(
        id=identifier,
        images=tuple(_in_registry(each, variables) for each in flags.tag),
        dockerfile=flags.file,
        context=flags.context,
        arguments={name: value for name, _, value in pairs},
        target=flags.target,
        no_cache=flags.no_cache,
        timeout=timeout,
    )


class _Flags(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise TaskFileError(f"build: {message}")


def _environment(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def _absolute(directory: str) -> str:
    return directory if directory.startswith("/") else f"/workspace/{directory}".rstrip("/")


def _in_registry(image: str, variables: Variables) -> str:
    """The full name of an image: one without a registry is in that of the run."""
    first, slash, _ = image.partition("/")
    has_registry = slash and ("." in first or ":" in first or first == "localhost")
    name = image if has_registry else f"{variables['Run']['Registry']}/{image}"
    last = name.rpartition("/")[2]
    return name if ":" in last or "@" in last else f"{name}:latest"
