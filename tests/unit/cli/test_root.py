from __future__ import annotations

import inspect

import pytest

from acideploy import errors
from acideploy.config.problem import Place, Problem
from acideploy.errors import AcideployError, ConfigurationError, NotFoundError
from tests.unit.cli.fake_workspace import FakeWorkspace, RunCli

ERRORS = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, AcideployError) and each is not ConfigurationError
]


@pytest.mark.parametrize("error", ERRORS)
def test_each_failure_has_its_exit_code(
    cli: RunCli, workspace: FakeWorkspace, error: type[AcideployError]
) -> None:
    workspace.failure = error("it failed", hint="mend it", detail="line 1\nline 2\n")
    outcome = cli("service show -n svc")
    assert outcome.code == error.exit_code
    assert outcome.out == ""
    assert outcome.err == "line 1\nline 2\nacideploy: error: it failed\nhint: mend it\n"


def test_the_place_and_the_hint_come_last_below_the_log(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    place = Place(file="score.py", line=5, column=1, text="import pickel")
    workspace.failure = AcideployError("it failed", place=place, hint="mend it", detail="log")
    assert cli("service show -n svc").err.splitlines() == [
        "log",
        "acideploy: error: it failed at score.py:5:1",
        "    import pickel",
        "    ^",
        "hint: mend it",
    ]


def test_a_configuration_error_shows_every_problem(cli: RunCli, workspace: FakeWorkspace) -> None:
    problem = Problem(code="a", severity="error", message="b", hint="c")
    workspace.failure = ConfigurationError([problem, problem])
    outcome = cli("model deploy -n svc")
    assert outcome.code == 3
    assert outcome.err.splitlines() == [
        "error: b [a]",
        "  hint: c",
        "error: b [a]",
        "  hint: c",
        "acideploy: error: 2 errors in the configuration",
    ]


def test_ctrl_c_says_what_was_interrupted(cli: RunCli, workspace: FakeWorkspace) -> None:
    workspace.failure = KeyboardInterrupt()
    outcome = cli("model deploy -n svc")
    assert outcome.code == 130
    assert outcome.err.splitlines()[0] == (
        "acideploy: error: acideploy model deploy was interrupted"
    )
    assert "run the same command again" in outcome.err


def test_debug_shows_where_a_failure_came_from(cli: RunCli, workspace: FakeWorkspace) -> None:
    workspace.failure = NotFoundError("no service")
    assert "Traceback" in cli("service show -n svc --debug").err
    assert "Traceback" not in cli("service show -n svc").err


def test_a_bug_is_left_for_the_process_to_report(cli: RunCli, workspace: FakeWorkspace) -> None:
    workspace.failure = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        cli("service show -n svc")


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("nonsense", "no such command: acideploy nonsense", "acideploy --help"),
        (
            "service logs",
            "no such command: acideploy service logs",
            "did you mean acideploy service get-logs?",
        ),
        ("modle deploy", "no such command: acideploy modle", "did you mean model?"),
        ("service show", "missing option '--name' / '-n'", "acideploy service show --help"),
        ("service show -n", "-n needs a value", "acideploy service show --help"),
        ("ml model list", "no such command: acideploy ml", 'leave out "ml"'),
        ("az ml model list", "no such command: acideploy az", 'leave out "az ml"'),
        ("deploy -n svc", "no such command", "did you mean acideploy model deploy?"),
        ("register", "no such command", "did you mean acideploy model register?"),
        ("list", "no such command", "did you mean acideploy model list or acideploy service list?"),
        ("ps", "no such command", "did you mean acideploy service list?"),
        ("logs -n svc", "no such command", "did you mean acideploy service get-logs?"),
        (
            "run",
            "no such command",
            "did you mean acideploy service run or acideploy emulator run?",
        ),
        (
            "model run",
            "no such command",
            "did you mean acideploy service run or acideploy emulator run?",
        ),
        ("model ls", "no such command", "did you mean acideploy model list?"),
        ("service deploy", "no such command", "did you mean acideploy model deploy?"),
        ("service create", "no such command", "did you mean acideploy model deploy?"),
        ("help", "no such command: acideploy help", "did you mean acideploy --help?"),
        ("help model deploy", "no such command", "did you mean acideploy model deploy --help?"),
        ("model help deploy", "no such command", "did you mean acideploy model deploy --help?"),
        ("version", "no such command", "did you mean acideploy --version?"),
        (
            "model show -n iris -v 1",
            "unexpected argument: 1",
            "-v takes no value here; a version is given as -i NAME:1",
        ),
        ("service show -n s -v 1", "unexpected argument: 1", "-v takes no value"),
        ("model deploy -n s --overwrite true", "argument: true", "--overwrite takes no value"),
        ("service delete svc", "unexpected argument: svc", "such as --name svc"),
        ("service show -n x -o xml", "invalid value for '--output'", "service show --help"),
        ("--output json", "no such option", "acideploy --help"),
    ],
)
def test_a_wrong_command_line_names_the_way_out(
    cli: RunCli, line: str, message: str, hint: str
) -> None:
    outcome = cli(line)
    assert outcome.code == 2
    assert outcome.out == ""
    assert message in outcome.err.splitlines()[0]
    assert hint in outcome.err.splitlines()[1]


@pytest.mark.parametrize("group", ["", "model", "service"])
def test_a_group_alone_shows_its_commands(cli: RunCli, group: str) -> None:
    outcome = cli(group)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("Usage: acideploy")


def test_a_wrong_query_is_told_before_anything_is_done(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    assert cli("model deploy -n svc --query foo[").code == 2
    assert workspace.asked == []


def test_the_version_is_told(cli: RunCli) -> None:
    outcome = cli("--version")
    assert (outcome.code, outcome.out.split()[0]) == (0, "acideploy")
