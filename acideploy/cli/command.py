"""A command with the conventions of `az`: global options, @file values, prefixes, one result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import click

from acideploy.cli import settings
from acideploy.cli.arguments import spell_out
from acideploy.cli.groups import HELP
from acideploy.cli.help import Context
from acideploy.cli.options import Option
from acideploy.cli.session import Session
from acideploy.cli.usage import WrongUsage

Table = Callable[[Any], Any]


class Command(click.Command):
    """Calls its function with a Session and the values of its options; prints what it returns.

    `table` turns the result into rows for `-o table`; `examples` are command lines for help.
    """

    context_class = Context

    def __init__(
        self,
        name: str,
        *,
        table: Table | None = None,
        examples: Sequence[str] = (),
        **attributes: Any,
    ) -> None:
        super().__init__(name, context_settings=HELP, **attributes)
        self.table = table
        self.examples = tuple(examples)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        helping = self.get_help_option(ctx)
        return [*self.params, *settings.OPTIONS, *([helping] if helping else [])]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            try:
                args = spell_out(args, self._spellings(ctx), words_allowed=self._arguments())
            except WrongUsage as error:
                error.ctx = ctx
                raise
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        from acideploy.cli import output, render

        assert self.callback is not None
        given = settings.take(ctx.params)
        query = output.compile_query(given.query, ctx)
        with render.renderer(given) as emit:
            session = Session(settings=given, emit=emit, opener=ctx.obj)
            result = self.callback(session, **ctx.params)
        if result is not None:
            output.write(result, given.output or "json", query=query, table=self.table)
        if session.failure:
            raise session.failure
        if session.exit_code:
            ctx.exit(session.exit_code)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                group = parameter.group if isinstance(parameter, Option) else "Global options"
                groups.setdefault(group, []).append(record)
        for group, records in groups.items():
            with formatter.section(group):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, never broken: they are for copying."""
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"  {example}\n")

    def _arguments(self) -> int:
        arguments = [each for each in self.params if isinstance(each, click.Argument)]
        takes_all = any(each.nargs == -1 for each in arguments)
        return sys.maxsize if takes_all else len(arguments)

    def _spellings(self, ctx: click.Context) -> dict[str, bool]:
        """Every spelling of every option, and whether it takes a value."""
        return {
            spelling: not parameter.is_flag
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option)
            for spelling in (*parameter.opts, *parameter.secondary_opts)
        }


def command(
    name: str,
    *options: click.Parameter,
    table: Table | None = None,
    examples: Sequence[str] = (),
) -> Callable[[Callable[..., object]], Command]:
    """Makes a command of a function; its docstring is the help."""

    def make(function: Callable[..., object]) -> Command:
        return Command(
            name,
            table=table,
            examples=examples,
            callback=function,
            params=single_dashed(options),
            help=function.__doc__,
        )

    return make


def single_dashed(options: Sequence[click.Parameter]) -> list[click.Parameter]:
    """Copies of the options that take `-ic` for `--ic`, as the documentation printed it for years.

    Not where the first letter is an option itself: `-es` may be `-e s`.
    """
    everything = [spelling for each in (*options, *settings.OPTIONS) for spelling in each.opts]
    letters = {spelling[1] for spelling in everything if len(spelling) == 2}
    copies = [copy(option) for option in options]
    for option in copies:
        shorts = [each for each in option.opts if each.startswith("--") and len(each) in (4, 5)]
        single = [short[1:] for short in shorts if short[2] not in letters]
        option.opts = list(dict.fromkeys([*option.opts, *single]))
    return copies
