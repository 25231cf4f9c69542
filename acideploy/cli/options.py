"""Kinds of values, and the options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Option(click.Option):
    """An option that help shows under `group`, with the spellings given here."""

    def __init__(self, *spellings: str, group: str = "Options", **attributes: Any) -> None:
        super().__init__(spellings, **attributes)
        self.group = group
        self.shown = tuple(spelling for spelling in spellings if spelling.startswith("-"))

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        if self.hidden:
            return None
        value = "" if self.is_flag else f" {self.make_metavar(ctx)}"
        required = "  [required]" if self.required else ""
        return f"{' '.join(self.shown)}{value}", f"{self.help}{required}"


class TrueOrFalse(click.ParamType[bool]):
    """A boolean as the old tool took it, in any case; that one dropped every other word unsaid."""

    name = "true|false"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bool:
        if isinstance(value, bool):
            return value
        if value.lower() not in ("true", "false"):
            self.fail(f"{value!r} is neither true nor false", param, ctx)
        return bool(value.lower() == "true")

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        return [CompletionItem(word) for word in ("true", "false") if word.startswith(incomplete)]


class KeyValue(click.ParamType[tuple[str, str]]):
    """`key=value`, split at the first equals sign; the value may be empty."""

    name = "KEY=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value[0], value[1]
        key, equals, text = value.partition("=")
        if not equals or not key:
            self.fail(f"{value!r} is not key=value", param, ctx)
        return key, text


class OneOf(click.ParamType[str]):
    """A word that completion offers choices for; what is right is judged with the files."""

    def __init__(self, name: str, choices: Sequence[str]) -> None:
        self.name = name
        self.choices = tuple(choices)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        return [
            CompletionItem(word)
            for word in self.choices
            if word.lower().startswith(incomplete.lower())
        ]


class ServiceName(click.ParamType[str]):
    name = "NAME"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        from acideploy.cli.names import service_names

        return [CompletionItem(name) for name in service_names() if name.startswith(incomplete)]


class ModelName(click.ParamType[str]):
    """`name:version` or a bare `name`; `bare` completes names without a version."""

    name = "NAME:VERSION"

    def __init__(self, *, bare: bool = False) -> None:
        self.bare = bare
        if bare:
            self.name = "NAME"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        from acideploy.cli.names import model_ids, model_names

        names = model_names() if self.bare else model_ids()
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class Duration(click.ParamType[timedelta]):
    """A number of seconds, minutes, hours or days: `90s`, `10m`, `2h`, `1d`."""

    name = "DURATION"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,6})([smhd])", value.strip())
        if not found:
            self.fail(f"{value!r} is not a duration such as 90s, 10m, 2h or 1d", param, ctx)
        return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


class AtFile(click.ParamType[str]):
    """Text, or `@file`; completes the names of files behind the `@`."""

    name = "TEXT|@FILE"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        from acideploy.cli.names import files

        if not incomplete.startswith("@"):
            return []
        return [CompletionItem(f"@{name}") for name in files(incomplete[1:])]


BOOLEAN = TrueOrFalse()
KEY_VALUE = KeyValue()
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
FILE_OR_FOLDER = click.Path(path_type=Path)

NAME = Option("--name", "-n", type=ServiceName(), required=True, help="Name of the service.")
MODEL_ID = Option("--model-id", "-i", type=ModelName(), required=True, help="The model's ID.")
TAGS = Option("--tag", type=KEY_VALUE, multiple=True, help="Tag to add; can be repeated.")
PROPERTIES = Option(
    "--property", type=KEY_VALUE, multiple=True, help="Property to add; can be repeated."
)
ADD_TAGS = Option(
    "--add-tag", type=KEY_VALUE, multiple=True, help="Tag to add or change; can be repeated."
)
REMOVE_TAGS = Option(
    "--remove-tag", metavar="KEY", multiple=True, help="Tag to remove; can be repeated."
)
ADD_PROPERTIES = Option(
    "--add-property",
    type=KEY_VALUE,
    multiple=True,
    help="Property to add, for good; can be repeated.",
)
TAG_FILTER = Option("--tag", metavar="KEY[=VALUE]", multiple=True, help="Only those with this tag.")
PROPERTY_FILTER = Option(
    "--property", metavar="KEY[=VALUE]", multiple=True, help="Only those with this property."
)
MODELS = Option(
    "--model",
    "-m",
    type=ModelName(),
    multiple=True,
    help="A registered model; a bare name is its newest version. Can be repeated.",
)
METADATA_FILES = Option(
    "--model-metadata-file",
    "-f",
    type=FILE,
    multiple=True,
    help="What `model register -t` wrote. Can be repeated.",
)
# Nothing asks, and nothing ever did; scripts answer all the same.
CONSENT = Option("--yes", "-y", is_flag=True, hidden=True, expose_value=False)
NO_WAIT = Option("--no-wait", is_flag=True, help="Do not wait until it answers.")
COMPRESSION = Option(
    "--layer-compression",
    type=click.Choice(["none", "gzip"], case_sensitive=False),
    default="none",
    envvar="ACIDEPLOY_LAYER_COMPRESSION",
    help="How layers that are made are stored; none is faster, gzip smaller.",
)
STRICT = Option("--strict", is_flag=True, help="Treat warnings as errors.")


def matches(wanted: Sequence[str], given: Mapping[str, str]) -> bool:
    """Whether every `key` or `key=value` of a filter holds."""
    for text in wanted:
        key, equals, value = text.partition("=")
        if key not in given or (equals and given[key] != value):
            return False
    return True
