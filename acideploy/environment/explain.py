"""Why there is no set of packages, in the terms of the user's own lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from packaging.utils import canonicalize_name

from acideploy.config.values import Requirement
from acideploy.environment.channels import without_login
from acideploy.environment.conda_spec import parse_conda_spec
from acideploy.environment.pip_lines import distribution
from acideploy.environment.request import EnvironmentRequest
from acideploy.environment.upgrade.pins import Move
from acideploy.errors import DependencyError
from acideploy.standard_library import in_standard_library

_NO_NETWORK = re.compile(
    r"dns error|error sending request|Failed to fetch|timed out|could not be queried", re.I
)

_URL = re.compile(r"https?://[^\s`'\")]+")
_STATUS = re.compile(r"\((\d{3} [A-Z][\w ]*)\)")
_NO_WHEEL = re.compile(r"([A-Za-z][\w.\-]*?)(?:[<>=!~]=?\S+)? (?:has|have) no usable wheels")


def is_unreachable(output: str) -> bool:
    """Whether uv failed for want of a network, or of a login."""
    return _NO_NETWORK.search(output) is not None


def without_wheels(output: str) -> frozenset[str]:
    """What uv says to have no wheel for this Python, in a version that it needs."""
    return frozenset(map(canonicalize_name, _NO_WHEEL.findall(output)))


def no_pip_set(
    request: EnvironmentRequest,
    output: str,
    *,
    python: str,
    without_stack: bool,
    nearest: str = "",
) -> DependencyError:
    """`output` is uv's. `without_stack` says that the user's lines alone have an answer, and
    `nearest` what has one."""
    if nothing_solved := _not_solved(request, output, python=python):
        return nothing_solved
    words = mentioned(output)
    asked = [requirement for name, requirement in request.origins if name in words]
    if without_stack:
        return DependencyError(
            f"what serves the script cannot be installed beside these packages on Python {python}",
            detail=with_lines(asked, output),
            hint=nearest
            or (
                f"take the version away at {_which(asked)}: the serving stack brings its own"
                if asked
                else "choose another Python with `--python`"
            ),
        )
    return DependencyError(
        f"the packages cannot be installed together for Python {python}",
        detail=with_lines(asked, output),
        hint=nearest
        or (
            f"change the version at {_which(asked)}, or have `acideploy environment upgrade` "
            "propose versions"
            if asked
            else "choose another Python with `--python`, or change the conda file"
        ),
    )


def _not_solved(request: EnvironmentRequest, output: str, *, python: str) -> DependencyError | None:
    """What kept uv from looking for a set at all; None where it looked."""
    if "UnknownIssuer" in output:
        return DependencyError(
            "the package index shows a certificate that is not trusted",
            detail=output,
            hint="name your certificate authority with SSL_CERT_FILE, or set UV_SYSTEM_CERTS=1",
        )
    if is_unreachable(output):
        return _unreachable(request, output)
    if "Couldn't parse requirement" in output:
        return DependencyError(
            "a requirement file cannot be read",
            detail=output,
            hint="mend the line that is named above",
        )
    for name, requirement in request.origins:
        if re.search(rf"Because {re.escape(name)} was not found", output):
            return _unknown(name, requirement, output, python=python)
    return None


def _unreachable(request: EnvironmentRequest, output: str) -> DependencyError:
    found, status = _URL.search(output), _STATUS.search(output)
    url = found[0] if found else ""
    what = f"answers {status[1]}" if status else "could not be reached"
    return DependencyError(
        f"{without_login(url) or 'the package index'} {what}",
        place=next((each.place for _, each in request.origins if url and url in each.text), None),
        detail=without_login(output),
        hint=_reaching(url, request.lines, status[1] if status else ""),
    )


def _reaching(url: str, lines: Sequence[str], status: str) -> str:
    if status.startswith(("401", "403")):
        return "give a login: https://USER:TOKEN@HOST/... in your own line, or one in ~/.netrc"
    own = {each.rstrip("/") for line in lines for each in _URL.findall(line)}
    if any(url.startswith(each) for each in own):
        return "check the address in your own line" + ("" if status else ", and the network")
    return "check the network, or name an index with UV_DEFAULT_INDEX"


def _unknown(name: str, requirement: Requirement, output: str, *, python: str) -> DependencyError:
    return DependencyError(
        f"no package index has {name}",
        place=requirement.place,
        detail=output,
        hint="take the line out: that module is part of Python"
        if in_standard_library(name.replace("-", "_"), python)
        else "check the spelling, or name the index that has it: `--extra-index-url URL` is a line "
        "of its own under pip",
    )


def _which(asked: Sequence[Requirement]) -> str:
    """Lines that ask for one package have to change together."""
    if len(asked) == 1:
        return "this line"
    names = {distribution(each.text) for each in asked}
    return "these lines" if len(names) == 1 else "one of these lines"


def works_with(moves: Sequence[Move]) -> str:
    """`works with pandas==1.1.5 (conda.yml:7:5 asks for pandas==1.0.0)`."""
    if not moves:
        return ""
    told = [
        f"{each.name}=={each.version} ({each.requirement.place} asks for {each.requirement.text})"
        for each in moves
    ]
    # The command changes a conda file; what stands elsewhere is to be changed by hand.
    in_conda = all(each.requirement.place.file.endswith((".yml", ".yaml")) for each in moves)
    writes = "; `acideploy environment upgrade` writes that" if in_conda else ""
    return f"works with {', '.join(told)}{writes}"


def no_conda_set(request: EnvironmentRequest, explanation: str) -> DependencyError:
    """`explanation` is the solver's."""
    assert request.conda is not None
    words = mentioned(explanation)
    asked = [
        requirement
        for requirement in request.conda.origins
        if (spec := parse_conda_spec(requirement.text)) and canonicalize_name(spec.name) in words
    ]
    return DependencyError(
        "the conda packages cannot be installed together",
        detail=with_lines(asked, explanation),
        hint="change the version at one of these lines, or the channels; `--no-conda` takes conda "
        "packages from PyPI",
    )


def not_in_lock(requirement: Requirement, found: str | None) -> DependencyError:
    what = f"has {found}" if found else "does not have it"
    return DependencyError(
        f"the lock is for other packages: it {what}",
        place=requirement.place,
        detail=f"{requirement.place}: {requirement.text}",
        hint="write the lock anew with `acideploy environment lock`",
    )


def mentioned(text: str) -> frozenset[str]:
    """The canonical names of what may be packages."""
    return frozenset(canonicalize_name(word) for word in re.findall(r"[A-Za-z][\w.\-]*", text))


def with_lines(asked: Sequence[Requirement], output: str) -> str:
    """What a tool said, below the user's own lines that it is about."""
    lines = [f"{requirement.place}: {requirement.text}" for requirement in asked]
    return "\n".join([*lines, "", output] if lines else [output])
