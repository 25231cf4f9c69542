"""Progress on stderr: live for a person, lines for a log, JSON for a machine, or nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal, TypeAlias

from acideploy.cli.settings import Settings
from acideploy.cli.terminal import interactive
from acideploy.events import Emit, ignore

Style: TypeAlias = Literal["live", "plain", "json", "quiet"]


def renderer(settings: Settings) -> AbstractContextManager[Emit]:
    """The listener that shows events as the flags and the terminal ask for."""
    match chosen(settings):
        case "quiet":
            return nullcontext(ignore)
        case "json":
            from acideploy.cli.render.json import show

            return nullcontext(show)
        case "live":
            from acideploy.cli.render.live import Live

            return Live(verbose=settings.verbose)
        case "plain":
            from acideploy.cli.render.plain import Plain

            return nullcontext(Plain(verbose=settings.verbose or settings.debug))


def chosen(settings: Settings) -> Style:
    if settings.only_show_errors:
        return "quiet"
    match settings.progress:
        case "live" | "plain" | "json" | "quiet" as asked:
            return asked
    return "live" if interactive("stderr") and not settings.debug else "plain"
