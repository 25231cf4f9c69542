from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from acideploy.targets import Answer
from tests.unit.cli.fake_workspace import FakeWorkspace, RunCli


def test_the_old_pipeline_line_for_the_address_still_works(cli: RunCli) -> None:
    outcome = cli("service show -g rg -w ws -n iris-svc --query scoringUri -o tsv")
    assert outcome.out == "http://localhost:6789/score\n"


def test_the_old_pipeline_line_for_the_key_still_works(cli: RunCli) -> None:
    assert cli("service get-keys -n iris-svc --query primaryKey -o tsv").out == "one\n"


def test_v_shows_the_full_service(cli: RunCli) -> None:
    assert "modelDetails" in json.loads(cli("service show -n iris-svc -v").out)
    assert "modelDetails" not in json.loads(cli("service show -n iris-svc").out)


def test_services_as_a_table(cli: RunCli) -> None:
    assert cli("service list -o table").out.splitlines() == [
        "Name      UpdatedAt            State    ScoringUri                   Models  Revision",
        "--------  -------------------  -------  ---------------------------  ------  --------",
        "iris-svc  2026-11-23T10:30:15  running  http://localhost:6789/score  iris:1  1",
    ]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("", 1),
        ("-c LOCAL", 1),
        ("-c aci", 0),
        ("--model-name iris", 1),
        ("--model-name other", 0),
        ("--model-id iris:1", 1),
        ("--model-id iris:2", 0),
        ("--image-digest sha256:abc", 1),
        ("--tag stage=dev", 1),
        ("--property hasHttps", 0),
    ],
)
def test_services_are_filtered(cli: RunCli, filters: str, found: int) -> None:
    assert len(json.loads(cli(f"service list {filters}").out)) == found


@pytest.mark.parametrize("verb", ["stop", "start", "restart"])
def test_a_service_is_stopped_and_started(cli: RunCli, workspace: FakeWorkspace, verb: str) -> None:
    assert json.loads(cli(f"service {verb} -n iris-svc").out)["name"] == "iris-svc"
    assert workspace.asked == [(verb, "iris-svc")]


def test_a_deleted_service_is_named(cli: RunCli) -> None:
    assert json.loads(cli("service delete --name iris-svc").out) == {"name": "iris-svc"}


def test_a_service_is_deleted_with_its_images_only_where_that_is_asked_for(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    cli("service delete -n iris-svc")
    cli("service delete -n iris-svc --purge")
    assert workspace.asked == [("delete", "iris-svc"), ("purge", "iris-svc")]


@pytest.mark.parametrize("flag", ["--yes", "-y"])
@pytest.mark.parametrize("line", ["service delete -n iris-svc", "model delete -i iris:1"])
def test_a_deletion_takes_the_consent_that_nobody_asked_for(
    cli: RunCli, line: str, flag: str
) -> None:
    outcome = cli(f"{line} {flag}")
    assert (outcome.code, outcome.err) == (0, "")


@pytest.mark.parametrize("key", ["Primary", "primary", "PRIMARY"])
def test_a_key_is_set(cli: RunCli, workspace: FakeWorkspace, key: str) -> None:
    outcome = cli(f"service regen-key -n iris-svc -k {key} -s mine")
    assert json.loads(outcome.out) == {"primaryKey": "mine", "secondaryKey": "two"}
    assert workspace.asked == [("iris-svc", "primary", "mine")]


def test_a_key_of_another_name_is_wrong_usage(cli: RunCli) -> None:
    assert cli("service regen-key -n iris-svc -k third").code == 2


def test_the_body_is_sent_as_given(cli: RunCli, workspace: FakeWorkspace) -> None:
    outcome = cli("service run -n iris-svc -d", '{"data": [[1]]}')
    assert workspace.asked == [("iris-svc", b'{"data": [[1]]}')]
    assert json.loads(outcome.out) == {"result": [1]}


def test_a_file_that_is_no_text_is_sent_byte_for_byte(
    cli: RunCli, workspace: FakeWorkspace, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\x00\n")
    cli("service run -n iris-svc -d", f"@{tmp_path / 'a.jpg'}")
    assert workspace.asked == [("iris-svc", b"\xff\xd8\x00\n")]


def test_a_file_that_is_not_there_is_not_sent_as_text(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    outcome = cli("service run -n iris-svc -d @no-such-file.json")
    assert outcome.code == 11
    assert "no-such-file.json does not exist" in outcome.err
    assert workspace.asked == []


def test_a_file_that_cannot_be_read_says_why(cli: RunCli, tmp_path: Path) -> None:
    outcome = cli("service run -n iris-svc -d", f"@{tmp_path}")
    assert outcome.code == 11
    assert f"{tmp_path} cannot be read: Is a directory" in outcome.err


def test_the_name_of_a_file_that_is_sent_as_text_is_noted(
    cli: RunCli, workspace: FakeWorkspace, tmp_path: Path
) -> None:
    (tmp_path / "sample.json").write_text("{}")
    outcome = cli(f"service run -n iris-svc -d {tmp_path / 'sample.json'}")
    assert outcome.code == 0
    assert f"sample.json is a file: -d @{tmp_path}/sample.json sends its content" in outcome.err
    assert workspace.asked == [("iris-svc", str(tmp_path / "sample.json").encode())]


@pytest.mark.parametrize("text", ["", "x" * 5000, "a\0b"])
def test_what_cannot_be_the_name_of_a_file_is_text(cli: RunCli, text: str) -> None:
    assert cli("service run -n iris-svc -d", text).err == ""


def test_an_answer_that_is_no_json_is_printed_as_it_is(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    workspace.answer = Answer(status=200, headers={}, body=b"plain text")
    assert cli("service run -n iris-svc -d x").out == "plain text\n"


@pytest.mark.parametrize("body", [b"null", b"[" * 150 + b"]" * 150, b"[" * 9999 + b"]" * 9999])
@pytest.mark.parametrize("form", ["json", "yaml", "table"])
def test_an_answer_that_no_format_can_show_is_printed_as_it_is(
    cli: RunCli, workspace: FakeWorkspace, body: bytes, form: str
) -> None:
    workspace.answer = Answer(status=200, headers={}, body=body)
    outcome = cli(f"service run -n iris-svc -d x -o {form}")
    assert (outcome.code, outcome.out) == (0, f"{body.decode()}\n")


def test_a_query_picks_from_the_answer(cli: RunCli) -> None:
    assert cli("service run -n iris-svc -d x --query result[0] -o tsv").out == "1\n"


def test_a_refused_request_shows_status_and_body(cli: RunCli, workspace: FakeWorkspace) -> None:
    workspace.answer = Answer(status=502, headers={}, body=b"KeyError: 'data'")
    outcome = cli("service run -n iris-svc -d x")
    assert outcome.code == 10
    assert outcome.out == ""
    assert "status 502" in outcome.err
    assert "KeyError: 'data'" in outcome.err


def test_the_log_is_printed_as_it_is(cli: RunCli, workspace: FakeWorkspace) -> None:
    assert cli("service get-logs -n iris-svc").out == "first\nlast\n"
    assert workspace.asked == [("iris-svc", 5000, False)]


def test_a_service_without_an_earlier_run_is_said_to_have_none(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    workspace.log = ""
    outcome = cli("service get-logs -n iris-svc --previous")
    assert (outcome.code, outcome.out) == (0, "")
    (line,) = outcome.err.splitlines()
    assert line.startswith("--previous: note: there is no log of an earlier run of iris-svc")


@pytest.mark.parametrize("flag", ["--num_lines 7", "--num-lines 7", "-l 7", "-l7", "--tail 7"])
def test_the_number_of_lines_has_both_spellings(
    cli: RunCli, workspace: FakeWorkspace, flag: str
) -> None:
    cli(f"service get-logs -n iris-svc {flag} --previous")
    assert workspace.asked == [("iris-svc", 7, True)]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400)]
)
def test_a_log_is_read_from_some_time_ago_on(
    cli: RunCli, workspace: FakeWorkspace, text: str, seconds: int
) -> None:
    assert cli(f"service get-logs -n iris-svc --since {text}").code == 0
    assert workspace.asked == [("iris-svc", 5000, False, timedelta(seconds=seconds))]


@pytest.mark.parametrize("text", ["10", "m", "-1m", "10 minutes", "1.5h"])
def test_what_is_no_duration_is_wrong_usage(cli: RunCli, text: str) -> None:
    outcome = cli("service get-logs -n iris-svc --since", text)
    assert outcome.code == 2
    assert "90s, 10m, 2h or 1d" in outcome.err


def test_a_log_is_not_both_followed_and_cut(cli: RunCli, workspace: FakeWorkspace) -> None:
    assert cli("service get-logs -n iris-svc -f --since 10m").code == 2
    assert workspace.asked == []


def test_a_followed_log_ends_with_ctrl_c_in_silence(cli: RunCli) -> None:
    outcome = cli("service get-logs -n iris-svc -f")
    assert (outcome.code, outcome.out, outcome.err) == (130, "first\n", "")


def test_a_command_keeps_its_flags_and_gives_its_exit_code(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    workspace.code = 3
    outcome = cli("service exec -n iris-svc -- ls -n 5 --help")
    assert (outcome.code, outcome.out, outcome.err) == (3, "one\n", "")
    assert workspace.asked == [("iris-svc", ("ls", "-n", "5", "--help"))]


def test_a_command_is_needed(cli: RunCli) -> None:
    assert cli("service exec -n iris-svc").code == 2


def test_the_init_container_is_gone(cli: RunCli) -> None:
    assert "no init container" in cli("service get-logs -n iris-svc --init").err


def test_the_workspace_is_shown(cli: RunCli) -> None:
    shown = json.loads(cli("workspace show").out)
    assert shown["name"] == "local"
    assert (shown["models"], shown["services"]) == (1, 1)


def test_what_was_pruned_is_counted(cli: RunCli) -> None:
    assert json.loads(cli("workspace prune").out) == {
        "environments": [{"digest": "sha256:abc", "bytes": 5}],
        "images": [{"name": "svc:1", "bytes": 7}],
        "stored": [{"name": "bases/x:1", "bytes": 9}],
        "bytes": 21,
    }
