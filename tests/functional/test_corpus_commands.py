"""Every command line of the corpus is read flag by flag, or refused for what is wrong in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.functional.corpus_commands_table import FLAGS, judge, rows, spelt

# What may be wrong in a line itself, whatever the corpus.
CAUSES = re.compile(r"no (command|flag|value for|--[a-z-]+)|stray word")


def test_every_right_line_is_read_flag_by_flag(corpus: Path) -> None:
    right = [row for row in rows(corpus) if not row.cause]
    assert right
    assert [row for row in right if not row.agrees] == []


def test_every_wrong_line_is_refused_for_its_cause(corpus: Path) -> None:
    wrong = [row for row in rows(corpus) if row.cause]
    assert all(CAUSES.match(row.cause) for row in wrong)
    assert [row for row in wrong if not row.agrees] == []


@pytest.mark.parametrize("command", FLAGS)
def test_every_flag_of_the_retired_tool_is_taken_in_each_spelling(command: str) -> None:
    required = {"--name": "n", "--model-id": "m:1", "--target-dir": "d", "--key": "Primary"}
    for spelling, (flag, takes_value) in spelt(command).items():
        value = f" {required.get(flag, '$(x)')}" if takes_value else ""
        others = " ".join(
            f"{name} {value}"
            for name, value in required.items()
            if name != flag and name in spelt(command) and is_required(command, name)
        )
        row = judge("", f"az ml {command} {spelling}{value} {others}")
        assert (row.cause, row.ours, row.misread) == ("", "", ()), spelling


def is_required(command: str, name: str) -> bool:
    return judge("", f"az ml {command}").cause == f"no {name}" or (
        name in ("--target-dir", "--key") and name in spelt(command)
    )


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("az ml model deploy -n s --computetarget x", "no flag --computetarget"),
        ("az ml model deploy -m m:1", "no --name"),
        ("az ml service delete s", "stray word s"),
        ("az ml service logs -n s", "no command service logs"),
        ("az ml service show -n", "no value for -n"),
    ],
)
def test_a_wrong_line_is_told_apart(line: str, cause: str) -> None:
    row = judge("", line)
    assert row.cause == cause
    assert row.ours


@pytest.mark.parametrize(
    "line",
    [
        "key=$(az ml service get-keys -n s --query primaryKey -o tsv)"[6:],
        "az ml model deploy -n s --overwrite'",
        "az ml model deploy -n ${{ parameters.name }} --ct=${{ x }} ${{ more_flags }} -v",
        'az ml service show -n s -g$(group) | tr -d \\"',
        "az ml service run -n s -d '{\"data\": [[1, 2]]}' > answer.json",
        "az ml model deploy -n s # --overwrite # --ae $(auth) # --tag build=$(id)",
    ],
)
def test_what_surrounds_a_line_is_cut_off(line: str) -> None:
    row = judge("", line)
    assert (row.cause, row.ours, row.misread) == ("", "", ())
