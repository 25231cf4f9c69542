"""Whether problems refuse what was asked for, or are only told."""

from __future__ import annotations

from collections.abc import Sequence

from acideploy.config.problem import Problem
from acideploy.errors import ConfigurationError
from acideploy.events import Emit, Noticed


def tell(problems: Sequence[Problem], *, strict: bool, emit: Emit) -> None:
    """Tells warnings and notes. Raises ConfigurationError, with all, where one is an error.

    Where it is `strict`, a warning counts as one.
    """
    refused = ("error", "warning") if strict else ("error",)
    if any(problem.severity in refused for problem in problems):
        raise ConfigurationError(problems)
    for problem in problems:
        emit(Noticed(problem=problem))
