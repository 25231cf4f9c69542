"""Packages installed by uv, and what to tell where it cannot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from acideploy.environment.request import EnvironmentRequest
from acideploy.environment.uv import UvFailed, run_uv
from acideploy.errors import DependencyError
from acideploy.events import Emit
from acideploy.serving import overrides

_NO_NETWORK = re.compile(r"dns error|error sending request|Failed to fetch|timed out", re.I)


def install(
    request: EnvironmentRequest, arguments: Sequence[str], *, scratch: Path, emit: Emit
) -> None:
    """Installs what is asked for, as the `arguments` of `uv pip install` say where.

    With the serving stack's whole lock; without it where the user's pins differ. `scratch` is a
    folder to write to. Raises DependencyError.
    """
    constraints = scratch / "constraints.txt"
    constraints.write_text("\n".join(request.stack.constraints) + "\n")
    # Read from standard input, lines that name files mean those of the folder that uv runs in.
    command = ["pip", "install", *arguments, "--overrides", str(overrides()), "-r", "-"]
    asked = "\n".join(request.requirements) + "\n"
    home = request.directory if request.directory.is_dir() else scratch
    try:
        try:
            run_uv([*command, "-c", str(constraints)], directory=home, sent=asked, emit=emit)
        except UvFailed as error:
            if _NO_NETWORK.search(error.output):
                raise
            run_uv(command, directory=home, sent=asked, emit=emit)
    except UvFailed as error:
        raise _explain(request, error.output) from error


def _explain(request: EnvironmentRequest, output: str) -> DependencyError:
    """Names the lines of the user's files that uv's explanation is about."""
    if "UnknownIssuer" in output:
        return DependencyError(
            "the package index shows a certificate that is not trusted",
            detail=output,
            hint="name your certificate authority with SSL_CERT_FILE, or set UV_SYSTEM_CERTS=1",
        )
    if _NO_NETWORK.search(output):
        return DependencyError(
            "the package index could not be reached",
            detail=output,
            hint="check the network, or name an index with UV_DEFAULT_INDEX",
        )
    mentioned = {canonicalize_name(word) for word in re.findall(r"[A-Za-z][\w.\-]*", output)}
    lines = [
        f"{requirement.place}: {requirement.text}"
        for name, requirement in request.origins
        if name in mentioned
    ]
    return DependencyError(
        f"the packages cannot be installed together for Python {request.python}",
        detail="\n".join([*lines, "", output] if lines else [output]),
        hint="change the version at one of these lines, or choose another Python with `--python`"
        if lines
        else "choose another Python with `--python`, or change the conda file",
    )
