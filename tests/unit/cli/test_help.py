"""Help texts, compared with `snapshots`; ACIDEPLOY_UPDATE_SNAPSHOTS=1 writes them anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from acideploy.cli.groups import Entry, LazyGroup
from acideploy.cli.options import Option
from acideploy.cli.root import root
from tests.unit.cli.fake_workspace import RunCli

SNAPSHOTS = Path(__file__).parent / "snapshots"


def entries(group: LazyGroup, *path: str) -> Iterator[tuple[str, Entry]]:
    for name, entry in group.entries.items():
        if isinstance(entry, LazyGroup):
            yield from entries(entry, *path, name)
        else:
            yield " ".join((*path, name)), entry


ENTRIES = dict(entries(root))
GROUPS = ["", *(name for name, entry in root.entries.items() if isinstance(entry, LazyGroup))]


@pytest.mark.parametrize("path", [*GROUPS, *ENTRIES])
def test_help_is_as_it_was(cli: RunCli, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    outcome = cli(f"{path} --help")
    assert (outcome.code, outcome.err) == (0, "")
    snapshot = SNAPSHOTS / f"{'-'.join(['acideploy', *path.split()])}.txt"
    if os.environ.get("ACIDEPLOY_UPDATE_SNAPSHOTS"):
        snapshot.write_text(outcome.out, encoding="utf-8")
    assert outcome.out == snapshot.read_text(encoding="utf-8")


def test_no_snapshot_is_left_over() -> None:
    names = {"-".join(["acideploy", *path.split()]) for path in [*GROUPS, *ENTRIES]}
    assert {file.stem for file in SNAPSHOTS.iterdir()} == names


@pytest.mark.parametrize("columns", [40, 60, 80])
@pytest.mark.parametrize("path", [*GROUPS, *ENTRIES])
def test_help_can_be_read_in_a_narrow_terminal(
    cli: RunCli, monkeypatch: pytest.MonkeyPatch, path: str, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text, _, _ = cli(f"{path} --help").out.partition("\nExamples:")
    prose = [line for line in text.splitlines() if not line.startswith(("  -", "Usage"))]
    assert max(map(len, prose)) <= columns
    assert max(len(line.split()) for line in prose) > 3


def test_a_description_stands_under_its_option_where_there_is_no_room_beside_it(
    cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = cli("model deploy --help").out.splitlines()
    option = lines.index("  --no-wait")
    assert lines[option + 1].strip() == "Do not wait until it answers."


WITH_EXAMPLES = [path for path, entry in ENTRIES.items() if entry.load().examples]


@pytest.mark.parametrize("path", WITH_EXAMPLES)
def test_every_example_is_a_command_line_that_works(
    cli: RunCli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str
) -> None:
    (tmp_path / "sample.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    for example in ENTRIES[path].load().examples:
        program, _, line = example.partition(" ")
        assert program == "acideploy"
        assert line.startswith(path)
        assert cli(line).code == 0, example


def test_what_newcomers_need_first_has_examples() -> None:
    needed = {"init", "check", "model deploy", "model register", "model package", "service run"}
    assert needed <= set(WITH_EXAMPLES)


@pytest.mark.parametrize("path", ENTRIES)
def test_every_command_is_where_the_table_says(path: str) -> None:
    command = ENTRIES[path].load()
    assert command.name == path.split()[-1]
    assert command.help


@pytest.mark.parametrize("path", ENTRIES)
def test_every_option_that_help_shows_says_what_it_is_for(path: str) -> None:
    command = ENTRIES[path].load()
    shown = [
        option
        for option in command.get_params(click.Context(command, **command.context_settings))
        if isinstance(option, Option) and not option.hidden
    ]
    assert [option.name for option in shown if not option.help] == []


@pytest.mark.parametrize("path", ENTRIES)
def test_no_two_options_of_a_command_share_a_spelling(path: str) -> None:
    command = ENTRIES[path].load()
    spellings = [
        spelling
        for option in command.get_params(click.Context(command, **command.context_settings))
        for spelling in option.opts
        if isinstance(option, click.Option)
    ]
    assert len(spellings) == len(set(spellings))
