"""What Azure Container Instances would refuse, or be too small for, that no question has to tell.

https://learn.microsoft.com/azure/container-instances/container-instances-resource-and-quota-limits
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from acideploy.checks import certificate_problems
from acideploy.config.problem import Place, Problem
from acideploy.config.values import AciDeployment
from acideploy.plan import Wanted
from acideploy.targets.aci.container import DEFAULT_CPU, DEFAULT_MEMORY_IN_GB, Size, size_of

# The most that a container group can have, and what every region has room for.
_MOST_CPU, _MOST_MEMORY_IN_GB = 31, 240
_COMMON_CPU, _COMMON_MEMORY_IN_GB = 4, 16
_MEMORY_STEP = 0.1
_SIZE = "containerResourceRequirements"
_SIZES = (f"{_SIZE}.cpu", f"{_SIZE}.memoryInGB")

_GIB = 1024**3
# What the retired tool's documentation advised, and what its service allowed.
_ADVISED_MODEL_BYTES = 1_000_000_000
_MOST_MODELS = 1000
_MOST_IMAGE_BYTES = 15_000_000_000

_LABEL = re.compile(r"[a-z][a-z0-9-]{3,61}[a-z0-9]")
_VARIABLE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_]{0,61}[A-Za-z0-9])?")


def offline_problems(wanted: Wanted, *, now: datetime) -> tuple[Problem, ...]:
    """Of the size, the models, the names and the certificate. Nothing for another target."""
    if wanted.aci is None:
        return ()
    size, aci = size_of(wanted), wanted.aci
    return (
        *_too_small(aci),
        *_too_large(size, aci),
        *_between_steps(size.memory_in_gb, aci),
        *_models(wanted, size.memory_in_gb),
        *_label(aci),
        *_variables(wanted),
        *certificate_problems(wanted.serving, now=now),
    )


def image_problems(size: int) -> Iterator[Problem]:
    """Of the bytes of the image, as far as they are known."""
    if size > _MOST_IMAGE_BYTES:
        yield Problem(
            code="image-too-large",
            severity="error",
            message=f"the image takes {size / 1e9:.1f} GB or more, and Container Instances takes "
            f"none above {_MOST_IMAGE_BYTES / 1e9:.0f} GB",
            hint="choose a smaller base image with `--base-image`, deploy fewer models, or have "
            "init() download what is large",
        )


def place_of(aci: AciDeployment | None, *keys: str) -> Place | None:
    """Where the first of the dotted keys is given that is; None where none is."""
    return next((aci.places[key] for key in keys if key in aci.places), None) if aci else None


def _too_small(aci: AciDeployment) -> Iterator[Problem]:
    """The defaults, which few scripts start with."""
    sizes = (
        ("cpu", aci.cpu, DEFAULT_CPU, "of a core"),
        ("memoryInGB", aci.memory_in_gb, DEFAULT_MEMORY_IN_GB, "GB"),
    )
    for key, given, default, unit in sizes:
        if given is None or given <= default:
            yield Problem(
                code="small-resources",
                severity="warning" if given is None else "note",
                message=f"{key} is not given, so the service has {default} {unit}, which is too "
                "little for most models"
                if given is None
                else f"{key} is {given:g}: few models start with that, and none is quick",
                place=place_of(aci, f"{_SIZE}.{key}"),
                hint=f"set containerResourceRequirements.{key} to 1",
            )


def _too_large(size: Size, aci: AciDeployment) -> Iterator[Problem]:
    cpu, memory = size
    # What is too much, is where it is.
    place = place_of(aci, *(_SIZES if cpu > _COMMON_CPU else reversed(_SIZES)))
    if cpu > _MOST_CPU or memory > _MOST_MEMORY_IN_GB:
        yield Problem(
            code="resource-limit",
            severity="error",
            message=f"{cpu:g} cores and {memory:g} GB are more than a container group can have",
            place=place,
            hint=f"ask for at most {_MOST_CPU} cores and {_MOST_MEMORY_IN_GB} GB",
        )
    elif cpu > _COMMON_CPU or memory > _COMMON_MEMORY_IN_GB:
        yield Problem(
            code="resource-limit",
            severity="note",
            message=f"above {_COMMON_CPU} cores or {_COMMON_MEMORY_IN_GB} GB a region may have no "
            "room for the service when it is made or started",
            place=place,
        )


def _between_steps(memory: float, aci: AciDeployment) -> Iterator[Problem]:
    steps = memory / _MEMORY_STEP
    if abs(steps - round(steps)) > 1e-6:
        yield Problem(
            code="memory-step",
            severity="warning",
            message=f"memoryInGB is {memory:g}, and Azure counts memory in steps of 0.1 GB",
            place=place_of(aci, _SIZES[1]),
            hint=f"write {(int(steps) + 1) * _MEMORY_STEP:.1f}",
        )


def _models(wanted: Wanted, memory: float) -> Iterator[Problem]:
    if len(wanted.models) > _MOST_MODELS:
        yield Problem(
            code="too-many-models",
            severity="error",
            message=f"a service can have {_MOST_MODELS:,} models, and {len(wanted.models):,} are "
            "asked for",
            hint="register a folder with several of them as one model",
        )
    size = sum(model.size for model in wanted.models)
    assert wanted.aci is not None
    place = place_of(wanted.aci, *reversed(_SIZES))
    more = f"set containerResourceRequirements.memoryInGB to {_enough(size)} or more"
    if size > memory * _GIB:
        yield Problem(
            code="model-memory",
            severity="error",
            message=f"the models take {_gb(size)}, and the service has {memory:g} GB of memory",
            place=place,
            hint=more,
        )
    elif size > memory * _GIB / 2:
        yield Problem(
            code="model-memory",
            severity="warning",
            message=f"the models take {_gb(size)}, more than half of the service's {memory:g} GB "
            "of memory: loaded they often take twice as much",
            place=place,
            hint=more,
        )
    if size > _ADVISED_MODEL_BYTES:
        yield Problem(
            code="large-models",
            severity="note",
            message=f"the models take {_gb(size)}; Container Instances is advised for less than "
            "1 GB: pulling more takes minutes, each time that the service moves",
        )


def _enough(size: int) -> int:
    """Whole GB of memory, of which models of that many bytes are less than half."""
    return 2 * size // _GIB + 1


def _gb(size: int) -> str:
    return f"{size / _GIB:.1f} GB"


def _label(aci: AciDeployment) -> Iterator[Problem]:
    label = aci.dns_name_label
    if label is None or _LABEL.fullmatch(label):
        return
    better = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:63].rstrip("-")
    yield Problem(
        code="bad-dns-label",
        severity="error",
        message=f"dnsNameLabel {label!r} is no DNS label: 5 to 63 lowercase letters, digits and "
        "hyphens, beginning with a letter and not ending with a hyphen",
        place=place_of(aci, "dnsNameLabel"),
        hint=f"write {better}" if _LABEL.fullmatch(better) else None,
    )


def _variables(wanted: Wanted) -> Iterator[Problem]:
    for name in wanted.variables:
        if not _VARIABLE.fullmatch(name):
            yield Problem(
                code="bad-variable",
                severity="error",
                message=f"Container Instances refuses the environment variable {name!r}",
                hint="use 1 to 63 letters, digits and underscores, with no underscore at either "
                "end",
            )
