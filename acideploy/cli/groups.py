"""Groups that import a command when it is used, not before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TypeAlias

import click
from click.shell_completion import CompletionItem

from acideploy.cli import slips
from acideploy.cli.help import Context
from acideploy.cli.usage import WrongUsage, did_you_mean

# az's names for help, and lines no longer than are easy to read.
HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@dataclass(frozen=True, slots=True)
class Entry:
    """A command that is not loaded yet: `target` is `module:name`."""

    target: str
    summary: str
    hidden: bool = False

    def load(self) -> click.Command:
        module, _, name = self.target.partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command), self.target
        return command


Commands: TypeAlias = Mapping[str, "Entry | LazyGroup"]


class LazyGroup(click.Group):
    context_class = Context

    def __init__(self, name: str, help: str, entries: Commands, *, hidden: bool = False) -> None:
        super().__init__(name, help=help, hidden=hidden, context_settings=HELP)
        self.entries = entries
        self.summary = help

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = self.entries.get(cmd_name)
        return found.load() if isinstance(found, Entry) else found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.entries and not ctx.resilient_parsing:
            raise WrongUsage(
                f"no such command: {ctx.command_path} {name}", hint=self._meant(ctx, args), ctx=ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.entries[name].summary) for name in self._visible()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        commands = [
            CompletionItem(name, help=self.entries[name].summary)
            for name in self._visible()
            if name.startswith(incomplete)
        ]
        return commands or click.Command.shell_complete(self, ctx, incomplete)

    def _meant(self, ctx: click.Context, words: list[str]) -> str | None:
        root = ctx.find_root()
        assert isinstance(root.command, LazyGroup)
        return slips.meant(
            words,
            group=ctx.command_path,
            commands=list(root.command.paths(str(root.info_name))),
            near=did_you_mean(words[0], self._visible()),
        )

    def paths(self, above: str) -> Iterator[str]:
        """Every command that is shown, in full: `acideploy model deploy`."""
        for name in self._visible():
            entry = self.entries[name]
            if isinstance(entry, LazyGroup):
                yield from entry.paths(f"{above} {name}")
            else:
                yield f"{above} {name}"

    def _visible(self) -> list[str]:
        return [name for name, entry in self.entries.items() if not entry.hidden]
