from __future__ import annotations

import json
from pathlib import Path

import pytest

from acideploy.config.problem import Place, Problem
from tests.unit.cli.fake_workspace import FakeWorkspace, RunCli

WARNING = Problem(
    code="unknown-key",
    severity="warning",
    message="unknown key 'cpus'",
    place=Place(file="dc.json", line=1, column=2, text='{"cpus": 1}'),
    hint="write cpu",
)
ERROR = Problem(code="no-script", severity="error", message="no entry script")


def test_the_files_and_models_reach_the_workspace(cli: RunCli, workspace: FakeWorkspace) -> None:
    assert cli("check -ic ic.json -dc dc.json -m iris:1 --strict --cc 1").code == 0
    asked = workspace.asked[0]
    assert isinstance(asked, tuple)
    files, models = asked
    assert files.inference_config == Path("ic.json")
    assert files.deployment_config == Path("dc.json")
    assert files.strict
    assert files.deployment_overrides[0].flag == "--cpu-cores"
    assert models == ("iris:1",)


def test_problems_are_text_on_stdout(cli: RunCli, workspace: FakeWorkspace) -> None:
    workspace.problems = (WARNING,)
    outcome = cli("check -ic ic.json")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "dc.json:1:2: warning: unknown key 'cpus' [unknown-key]",
        '    {"cpus": 1}',
        "     ^",
        "  hint: write cpu",
        "1 warning",
    ]


def test_no_problems_are_said_to_be_none(cli: RunCli) -> None:
    assert cli("check").out == "no problems\n"


@pytest.mark.parametrize(
    ("problems", "flags", "code"),
    [
        ((), "", 0),
        ((WARNING,), "", 0),
        ((WARNING,), "--strict", 3),
        ((WARNING, ERROR), "", 3),
        ((ERROR,), "-o json", 3),
        ((ERROR,), "-o none", 3),
    ],
)
def test_the_exit_code_says_whether_it_would_deploy(
    cli: RunCli,
    workspace: FakeWorkspace,
    problems: tuple[Problem, ...],
    flags: str,
    code: int,
) -> None:
    workspace.problems = problems
    assert cli(f"check {flags}").code == code


def test_json_is_a_list_of_problems(cli: RunCli, workspace: FakeWorkspace) -> None:
    workspace.problems = (WARNING, ERROR)
    first, second = json.loads(cli("check -o json").out)
    assert (first["line"], first["code"]) == (1, "unknown-key")
    assert (second["file"], second["severity"]) == (None, "error")


def test_no_problems_are_an_empty_list(cli: RunCli) -> None:
    assert json.loads(cli("check -o json").out) == []
