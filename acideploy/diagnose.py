"""What made a service crash: the exception, the line of the user's script, and what to do."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from acideploy.code.selection import why_left_out
from acideploy.config.problem import Place
from acideploy.distributions import distribution_of
from acideploy.errors import StorageError

_TRACEBACK = "Traceback (most recent call last):"
# What the server logs when it begins to take requests.
_STARTED = "azmlinfsrv.acideploy - Listening at"

# What Python prints between a traceback and the one that it is the cause of.
_CHAINED = ("The above exception was the direct cause", "During handling of the above exception")
_FRAME = re.compile(r'\s*File "(?P<file>.+?)", line (?P<line>\d+)')
_EXCEPTION = re.compile(r"(?P<type>[A-Za-z_][\w.]*)(?:: (?P<text>.*))?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeOrigin:
    """How deployed files map to the user's own: `deployed` was copied from `origin`."""

    deployed: Path
    origin: Path

    @property
    def is_directory(self) -> bool:
        """Whether it was a source directory, which keeps its name, and not a script alone."""
        return self.deployed.name == (self.origin.resolve().name or "source")

    def place(self, file: str, line: int) -> Place | None:
        """The user's file and line, or None where the file is not the user's."""
        try:
            path = self.origin / Path(file).resolve().relative_to(self.deployed.resolve())
        except ValueError:
            return None
        try:
            text = path.read_text(errors="replace").splitlines()[line - 1]
        except (OSError, IndexError):
            return Place(file=str(path), line=line, column=1)
        return Place(
            file=str(path), line=line, column=len(text) - len(text.lstrip()) + 1, text=text
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """`cause` is one line, such as `init() raised KeyError: 'x'`."""

    cause: str
    place: Place | None = None
    hint: str | None = None


def diagnose(log: str, origin: CodeOrigin) -> Diagnosis | None:
    """The cause of a crash, from the log. None where the log names none.

    A traceback that Python prints has the first cause first; the ones chained to it are the
    server's own. A server that had started did not end by any traceback of a request.
    """
    if _STARTED in log:
        return None
    chain = _last_chain(log)
    return _of_chain(chain, origin, _starting) if chain else _without_traceback(log)


def diagnose_request(log: str, origin: CodeOrigin) -> Diagnosis | None:
    """Why `run()` failed, from what was logged since the request was sent."""
    return _of_chain(_last_chain(log), origin, lambda traceback: "run()")


def _of_chain(chain: list[str], origin: CodeOrigin, who: Callable[[str], str]) -> Diagnosis | None:
    """The first cause that lies in the user's files, else the last exception."""
    for traceback in chain:
        places = [
            place
            for frame in _FRAME.finditer(traceback)
            if (place := origin.place(frame["file"], int(frame["line"])))
        ]
        exception = _exception(traceback)
        if exception and (places or traceback is chain[-1]):
            return Diagnosis(
                cause=f"{who(traceback)} raised {exception}",
                place=places[-1] if places else None,
                hint=_hint(exception, origin),
            )
    return None


def _last_chain(log: str) -> list[str]:
    """The tracebacks of the last failure, in the order of cause and effect."""
    blocks = log.split(_TRACEBACK)[1:]
    chain = blocks[-1:]
    for block in reversed(blocks[:-1]):
        if not any(phrase in block for phrase in _CHAINED):
            break
        chain.insert(0, block)
    return chain


def _exception(traceback: str) -> str | None:
    """`KeyError: 'x'`, the first line that is not indented after the frames."""
    for line in traceback.splitlines()[1:]:
        if line and not line[0].isspace() and (match := _EXCEPTION.match(line)):
            return match[0]
    return None


def _starting(traceback: str) -> str:
    if "in init\n" in traceback:
        return "init()"
    return "the entry script" if "exec_module" in traceback or "<module>" in traceback else "init()"


def _hint(exception: str, origin: CodeOrigin) -> str | None:
    if match := re.match(r"ModuleNotFoundError: No module named '([\w.]+)'", exception):
        return _missing_module(match[1], origin)
    if exception.startswith("FileNotFoundError"):
        return _missing_file(exception, origin) or (
            "the model's files are under AZUREML_MODEL_DIR: with one model, the registered file or "
            "folder itself; with several, <name>/<version>/<file or folder>"
        )
    if "azureml" in exception and "--full-azureml" not in exception:
        return "deploy with `--full-azureml`, which keeps the original azureml packages"
    return None


def _missing_module(module: str, origin: CodeOrigin) -> str:
    top = module.partition(".")[0]
    if top == "azureml":
        return "deploy with `--full-azureml`, which keeps the original azureml packages"
    path = module.replace(".", "/")
    if hint := _left_out(f"{path}.py", origin) or _left_out(path, origin):
        return hint
    beside = origin.origin / f"{top}.py"
    if beside.exists() or (origin.origin / top).is_dir():
        return (
            f"{top} lies beside the entry script, which is deployed alone: "
            f"set `sourceDirectory` to {origin.origin}"
        )
    if similar := get_close_matches(top, sys.stdlib_module_names, n=1, cutoff=0.8):
        return f"did you mean `import {similar[0]}`?"
    return f"add `{distribution_of(module)}` to the pip section of the conda file"


def _missing_file(exception: str, origin: CodeOrigin) -> str | None:
    named = re.search(r"No such file or directory: '(.+)'", exception)
    # The service runs in the folder above the source directory.
    path = Path(origin.deployed.parent, named[1] if named else "").resolve()
    deployed = origin.deployed.resolve()
    if not path.is_relative_to(deployed):
        return None
    return _left_out(path.relative_to(deployed).as_posix(), origin)


def _left_out(name: str, origin: CodeOrigin) -> str | None:
    """A hint for what the user has and the service has not: which rule left it out."""
    if not origin.is_directory or not os.path.lexists(origin.origin / name):
        return None
    try:
        reason = why_left_out(origin.origin, name)
    except StorageError:
        return None
    return f"{name} is in {origin.origin}, but {reason.text}" if reason else None


def _without_traceback(log: str) -> Diagnosis | None:
    if "Killed" in log or "MemoryError" in log:
        return Diagnosis(cause="the service ran out of memory", hint="use a smaller model")
    errors = [line for line in log.splitlines() if re.search(r"\b(ERROR|CRITICAL| E )\b", line)]
    return Diagnosis(cause=errors[-1].strip()) if errors else None
