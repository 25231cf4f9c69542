"""Why a container ended, by its exit code and its log."""

from __future__ import annotations

import re
import signal
from contextlib import suppress
from dataclasses import dataclass, replace

from acideploy.diagnose import CodeOrigin, Diagnosis, diagnose

_OUT_OF_MEMORY = "OOMKilled"
_KILLED = 128 + signal.SIGKILL
# What shells, container engines and Kubernetes end with where there was nothing to run.
_NOT_RUN = frozenset({126, 127, 128})
# `exec: "python3.9": executable file not found in $PATH`, as container engines say it.
_NO_PROGRAM = re.compile(
    r"""(?:exec: |executable file )["`](?P<program>[^"`]+)["`].*"""
    r"""(?:not found|no such file or directory|permission denied)""",
    re.IGNORECASE,
)
# `sh: 1: exec: gunicorn: not found`, `bash: line 1: gunicorn: command not found`.
_NO_COMMAND = re.compile(
    r"(?P<program>[^\s:]+): (?:command not found|not found|Permission denied)$", re.M
)
_NOT_A_PROGRAM = "exec format error"
_TRACEBACK = "Traceback (most recent call last):"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a container ended. `code` is None where Azure does not say, `memory` in GB.

    `told` is what Azure says of why it could not be run, if it does.
    """

    code: int | None
    status: str
    memory: float | None
    told: str = ""


def cause_of(end: End, log: str, previous_log: str, origin: CodeOrigin) -> Diagnosis:
    """The cause of a crash, `previous_log` being that of the instance before."""
    found = _of_logs((log, previous_log), origin)
    if end.status == _OUT_OF_MEMORY or end.code == _KILLED:
        return _out_of_memory(end)
    if _NOT_A_PROGRAM in f"{end.told}\n{log}\n{previous_log}".lower():
        return Diagnosis(
            cause="the image is for another kind of processor",
            hint="choose a base image for linux/amd64 with `--base-image`",
        )
    if end.code in _NOT_RUN:
        return _not_run(end, log or previous_log)
    if end.code is not None and end.code > 128:
        return _by_signal(end.code - 128, found)
    if found and "MemoryError" in found.cause:
        return replace(_out_of_memory(end), place=found.place)
    return found or Diagnosis(cause=ended(end.code))


def ended(code: int | None) -> str:
    """That a container ends, for when no cause is known."""
    return "its container ends" + (f" with exit code {code}" if code is not None else "")


def has_traceback(log: str, origin: CodeOrigin) -> bool:
    return _TRACEBACK in log and diagnose(log, origin) is not None


def _of_logs(logs: tuple[str, ...], origin: CodeOrigin) -> Diagnosis | None:
    """The first that names a line of the user's, else the first at all."""
    found = [each for log in logs if (each := diagnose(log, origin))]
    return next((each for each in found if each.place), found[0] if found else None)


def _out_of_memory(end: End) -> Diagnosis:
    if not end.memory:
        return Diagnosis(
            cause="the service ran out of memory", hint="deploy it with more `--memory-gb`"
        )
    return Diagnosis(
        cause=f"the service ran out of memory (it has {end.memory:g} GB)",
        hint=f"deploy it with `--memory-gb {2 * end.memory:g}`, or with a smaller model",
    )


def _not_run(end: End, log: str) -> Diagnosis:
    match = _NO_PROGRAM.search(f"{end.told}\n{log}") or _NO_COMMAND.search(log)
    program = match["program"] if match else "the program that is to be run"
    return Diagnosis(
        cause=f"the image has no {program}" if match else f"the image cannot run {program}",
        hint="choose a base image that has it with `--base-image`, or another Python with "
        "`--python`",
    )


def _by_signal(number: int, found: Diagnosis | None) -> Diagnosis:
    name = str(number)
    with suppress(ValueError):
        name = signal.Signals(number).name
    if number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE):
        return Diagnosis(
            cause=f"a library with compiled code crashed ({name})",
            place=found.place if found else None,
            hint="pin other versions, in the conda file, of the packages that the entry script "
            "imports",
        )
    return found or Diagnosis(cause=f"its container was ended by {name}")
