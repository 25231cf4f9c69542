"""Every failure that a user can meet, each with an exit code of its own.

AcideployError                     1   anything below, when nothing more is known
├── (click's UsageError)           2   the command line itself is wrong
├── ConfigurationError             3   the configuration files or the entry script are wrong
├── NotFoundError                  4   no model, service or version of that name
├── ConflictError                  5   it exists already, or something still uses it
├── BusyError                      6   another operation on the same thing is under way
├── DependencyError                7   the environment cannot be made
├── ServiceFailedError             8   the service crashed: `init()` raised, a module is missing
├── DeadlineError                  9   not ready in time
├── ScoringError                  10   the service answered, but not with a score
├── StorageError                  11   a file or the state directory cannot be read or written
├── UnsupportedError              12   something that acideploy does not do, such as AKS
├── PortError                     13   the port is taken or answers for someone else
├── EmulatorFailedError           16   the emulator cannot be started or stopped
└── RemoteError                         whoever answers over HTTP, with what it answered
    ├── RegistryError             14   the registry cannot be reached, or refuses
    ├── EngineError               15   the container engine cannot be reached, or refuses
    └── AzureError                17   Azure cannot be reached, or refuses
(Ctrl-C)                         130
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acideploy.config.problem import Place, Problem

INTERRUPTED_EXIT_CODE = 130


class AcideployError(Exception):
    """A failure to tell the user of: what is wrong, and `hint`, a command or an edit that mends it.

    `place` is where in the user's files the cause lies, and `detail` text to show as it is below,
    such as the last lines of a log.
    """

    exit_code: ClassVar[int] = 1
    meaning: ClassVar[str] = "acideploy failed in a way that has no code of its own"

    def __init__(
        self,
        message: str,
        *,
        place: Place | None = None,
        hint: str | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(f"{message} at {place}" if place else message)
        self.message = message
        self.place = place
        self.hint = hint
        self.detail = detail


class ConfigurationError(AcideployError):
    """Holds every problem found, warnings included, in the order of the files."""

    exit_code = 3
    meaning = "the configuration files, the entry script or a flag's value are wrong"

    def __init__(self, problems: Sequence[Problem]) -> None:
        errors = sum(problem.severity == "error" for problem in problems)
        super().__init__(f"{errors} error{'s' if errors != 1 else ''} in the configuration")
        self.problems = tuple(problems)


class NotFoundError(AcideployError):
    exit_code = 4
    meaning = "no model, version or service of that name"


class ConflictError(AcideployError):
    exit_code = 5
    meaning = "it exists already, or something still uses it"


class BusyError(AcideployError):
    exit_code = 6
    meaning = "another operation on the same service or model is under way"


class DependencyError(AcideployError):
    exit_code = 7
    meaning = "the environment (Python version, packages) cannot be made"


class ServiceFailedError(AcideployError):
    """`cause` is what the message says of the failure alone, where it is known."""

    exit_code = 8
    meaning = "the service crashed: `init()` raised, a module or a file is missing"

    def __init__(
        self,
        message: str,
        *,
        place: Place | None = None,
        hint: str | None = None,
        detail: str | None = None,
        cause: str | None = None,
    ) -> None:
        super().__init__(message, place=place, hint=hint, detail=detail)
        self.cause = cause


class DeadlineError(AcideployError):
    exit_code = 9
    meaning = "the service was not ready in time"


class ScoringError(AcideployError):
    exit_code = 10
    meaning = "the service refused or failed the scoring request"


class StorageError(AcideployError):
    exit_code = 11
    meaning = "a file or the state directory cannot be read or written"


class UnsupportedError(AcideployError):
    exit_code = 12
    meaning = "asked for something that acideploy does not do, such as AKS"


class PortError(AcideployError):
    exit_code = 13
    meaning = "the port is taken, or answers for another program"


class EmulatorFailedError(AcideployError):
    exit_code = 16
    meaning = "the emulator cannot be started or stopped"


class RemoteError(AcideployError):
    """`status` is the HTTP status, None where there was no answer; `code` that of the service.

    `temporary` says that the same request may succeed later, after `retry_after` seconds where
    the service said so.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        detail: str | None = None,
        status: int | None = None,
        code: str | None = None,
        temporary: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.status = status
        self.code = code
        self.temporary = temporary
        self.retry_after = retry_after


class RegistryError(RemoteError):
    exit_code = 14
    meaning = "the registry cannot be reached, or refused"


class EngineError(RemoteError):
    exit_code = 15
    meaning = "the container engine cannot be reached, or refused"


class AzureError(RemoteError):
    exit_code = 17
    meaning = "Azure cannot be reached, or refused"
