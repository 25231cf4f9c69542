"""The options that name the configuration files and override what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acideploy.cli import flags as table
from acideploy.cli.options import FILE, Option
from acideploy.cli.session import Session
from acideploy.errors import UnsupportedError

if TYPE_CHECKING:
    from acideploy.api import ConfigurationFiles
    from acideploy.config.values import Override

_WHAT = "What runs"
_WHERE = "Where and how it runs"

INFERENCE_FILE = Option(
    "--inference-config-file",
    "--ic",
    "-ic",
    type=FILE,
    group=_WHAT,
    help="JSON or YAML: entry script, environment.",
)
DEPLOYMENT_FILE = Option(
    "--deploy-config-file",
    "--dc",
    "-dc",
    type=FILE,
    group=_WHERE,
    help="JSON or YAML: compute type, size, keys.",
)
_PROFILE = Option(
    "--profile-input", "--pi", type=FILE, group=_WHERE, help="JSON whose cpu and memoryInGB win."
)

_PYTHON = Option(
    "--python", metavar="VERSION", group=_WHAT, help="Run with this Python, whatever is asked for."
)
FULL_AZUREML = Option(
    "--full-azureml",
    is_flag=True,
    group=_WHAT,
    help="Install azureml-defaults itself, not its replacement.",
)
NO_CONDA = Option(
    "--no-conda",
    is_flag=True,
    envvar="ACIDEPLOY_NO_CONDA",
    show_envvar=True,
    group=_WHAT,
    help="Take conda packages from PyPI, and Python from the base image or this machine.",
)
_LOCK = Option(
    "--lock",
    type=FILE,
    group=_WHAT,
    help="Install what this lock says; `environment lock` writes it.",
)

INFERENCE_FILES = (
    INFERENCE_FILE,
    *table.options(table.INFERENCE, _WHAT),
    table.ENVIRONMENT_DIRECTORY,
    _PYTHON,
    FULL_AZUREML,
    NO_CONDA,
    _LOCK,
)
# What `service update` takes; `deploy` and `check` also choose where it runs.
UPDATE_FILES = (
    *INFERENCE_FILES,
    DEPLOYMENT_FILE,
    *table.options(table.DEPLOYMENT, _WHERE),
    *table.options(table.AKS, _WHERE, hidden=True),
)
FILES = (
    *UPDATE_FILES,
    *table.options([table.COMPUTE_TYPE], _WHERE),
    *table.options(table.NETWORK, _WHERE),
    *table.options(table.AKS_DEPLOY_ONLY, _WHERE, hidden=True),
    _PROFILE,
)

_DEPLOYMENT = (table.COMPUTE_TYPE, table.RUNTIME, *table.DEPLOYMENT, *table.NETWORK)
_AKS = (*table.AKS, *table.AKS_DEPLOY_ONLY)


def configuration_files(
    session: Session,
    inference_config_file: Path | None,
    deploy_config_file: Path | None,
    flags: Mapping[str, Any],
    *,
    strict: bool,
) -> ConfigurationFiles:
    """The files and what the flags say over them. Notes the flags that change nothing.

    Raises UnsupportedError for those that would change what runs.
    """
    from acideploy.api import ConfigurationFiles

    _refuse_gpus(flags)
    for override in table.overrides(_AKS, flags):
        session.note(
            "aks-only-flag",
            f"{override.flag} means something on AKS only, and is ignored",
            flag=override.flag,
        )
    return ConfigurationFiles(
        inference_config=inference_config_file,
        deployment_config=deploy_config_file,
        inference_overrides=table.overrides(table.INFERENCE, flags),
        deployment_overrides=(
            *table.overrides(_DEPLOYMENT, flags),
            *_profiled(flags.get("profile_input")),
        ),
        environment_directory=flags["environment_directory"],
        python=flags["python"],
        full_azureml=flags["full_azureml"],
        no_conda=flags["no_conda"],
        lock=flags.get("lock"),
        strict=strict,
    )


def _refuse_gpus(flags: Mapping[str, Any]) -> None:
    if flags["enable_gpu"] or (flags.get("gpu_cores") or 0) > 0:
        raise UnsupportedError(
            "acideploy offers no GPU: --enable-gpu and --gpu-cores need AKS",
            hint="leave the flag out to run on the CPU",
        )


def _profiled(file: Path | None) -> tuple[Override, ...]:
    """cpu and memoryInGB of a profiling result, which win over everything else, as they did."""
    from acideploy.config.values import Override

    if file is None:
        return ()
    flag = "--profile-input"
    try:
        profile = json.loads(file.read_bytes())
        measured = {key: float(profile[key]) for key in ("cpu", "memoryInGB")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _wrong_profile(file, error) from error
    return tuple(
        Override(key=f"containerResourceRequirements.{key}", value=value, flag=flag)
        for key, value in measured.items()
    )


def _wrong_profile(file: Path, error: Exception) -> Exception:
    from acideploy.config.problem import Place, Problem
    from acideploy.errors import ConfigurationError

    reason = error.strerror if isinstance(error, OSError) else "no JSON with cpu and memoryInGB"
    return ConfigurationError(
        [
            Problem(
                code="bad-profile",
                severity="error",
                message=f"the profile cannot be used: {reason}",
                place=Place(file=str(file)),
                hint='give a file such as {"cpu": 0.5, "memoryInGB": 1.0}, or leave the flag out',
            )
        ]
    )
