"""What a command works with: the workspace, its settings, and a way to tell the user something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from acideploy.cli.settings import Settings
from acideploy.events import Emit, Noticed

if TYPE_CHECKING:
    from acideploy.api import Workspace
    from acideploy.config.problem import Severity
    from acideploy.errors import AcideployError


class OpenWorkspace(Protocol):
    def __call__(
        self,
        *,
        registry: str | None,
        azure: Mapping[str, str],
        path: Path | None,
        emit: Emit,
    ) -> Workspace:
        """Opens the workspace, which tells `emit` what it does.

        `registry`, `azure` and `path` are where the user says that it is.
        """


def open_workspace(
    *, registry: str | None, azure: Mapping[str, str], path: Path | None, emit: Emit
) -> Workspace:
    """The real one, imported only when a command needs it."""
    from acideploy import api

    return api.open_workspace(registry=registry, azure=azure, path=path, emit=emit)


def _silence_libraries() -> None:
    """Keeps what libraries log off stderr, where Python writes it: errors say what counts."""
    import logging

    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())


@dataclass(slots=True, kw_only=True)
class Session:
    """One run of one command.

    `exit_code` is for a result that is no success: problems found. `failure` is told below the
    result.
    """

    settings: Settings
    emit: Emit
    opener: OpenWorkspace
    exit_code: int = 0
    failure: AcideployError | None = None
    _workspace: Workspace | None = field(default=None, init=False)

    @property
    def workspace(self) -> Workspace:
        if self._workspace is None:
            self._tell_unattached()
            self._workspace = self.open(self.settings.azure)
        return self._workspace

    def _tell_unattached(self) -> None:
        """A warning where the folder that was named is no more attached than any other."""
        settings = self.settings
        if settings.path is None or settings.azure or settings.registry:
            return
        from acideploy.attachment_file import find_file

        if find_file(settings.path) is None:
            self._tell(
                "not-attached",
                "warning",
                f"{settings.path} is not attached to a workspace, nor is a folder above it",
                flag="--path",
                hint=f"acideploy folder attach --path {settings.path} -w WORKSPACE -g GROUP",
            )

    def open(self, azure: Mapping[str, str]) -> Workspace:
        """A workspace of which these parts are named, by the fields of AzureChoice."""
        if not (self.settings.verbose or self.settings.debug):
            _silence_libraries()
        return self.opener(
            registry=self.settings.registry,
            azure=azure,
            path=self.settings.path,
            emit=self.emit,
        )

    def note(self, code: str, message: str, *, flag: str, hint: str | None = None) -> None:
        """Tells of something about a flag that changes nothing."""
        self._tell(code, "note", message, flag=flag, hint=hint)

    def _tell(
        self, code: str, severity: Severity, message: str, *, flag: str, hint: str | None
    ) -> None:
        from acideploy.config.problem import Place, Problem

        place = Place(file=flag)
        problem = Problem(code=code, severity=severity, message=message, place=place, hint=hint)
        self.emit(Noticed(problem=problem))
