from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from acideploy.models import ModelChanges, ModelDraft
from tests.unit.cli.fake_workspace import MODEL, FakeWorkspace, RunCli


def test_a_registration_reaches_the_workspace(cli: RunCli, workspace: FakeWorkspace) -> None:
    outcome = cli(
        "model register -n iris -p model.pkl -d text --tag stage=dev --property a=b "
        "--model-framework ScikitLearn --model-framework-version 1.2"
    )
    assert outcome.code == 0
    draft = ModelDraft(
        name="iris",
        framework="ScikitLearn",
        framework_version="1.2",
        description="text",
        tags={"stage": "dev"},
        properties={"a": "b"},
    )
    assert workspace.asked == [(Path("model.pkl"), draft)]
    assert json.loads(outcome.out)["id"] == "iris:2"


def test_the_metadata_file_names_the_registered_version(cli: RunCli, tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    assert cli("model register -n iris -p model.pkl -t", str(file)).code == 0
    assert json.loads(file.read_text())["modelId"] == "iris:2"


def test_a_metadata_file_that_cannot_be_written_says_what_is_registered(
    cli: RunCli, tmp_path: Path
) -> None:
    outcome = cli("model register -n iris -p model.pkl -t", str(tmp_path / "no" / "model.json"))
    assert outcome.code == 11
    assert "iris:2 is registered, but" in outcome.err


def test_a_registration_needs_a_path(cli: RunCli) -> None:
    outcome = cli("model register -n iris")
    assert outcome.code == 2
    assert "missing option '--model-path' / '-p'" in outcome.err


@pytest.mark.parametrize("flag", ["--asset-path=a", "-f=run.json", "--run-id=1"])
def test_the_output_of_a_run_is_refused(cli: RunCli, workspace: FakeWorkspace, flag: str) -> None:
    outcome = cli("model register -n iris", flag)
    assert outcome.code == 12
    assert "which lives in Azure ML" in outcome.err
    assert workspace.asked == []


def test_flags_without_a_use_are_noted(cli: RunCli) -> None:
    outcome = cli("model register -n iris -p model.pkl --cc 1")
    assert outcome.code == 0
    assert "--cpu-cores: note: --cpu-cores has no use any more" in outcome.err


def test_models_are_listed_short(cli: RunCli) -> None:
    (listed,) = json.loads(cli("model list").out)
    assert sorted(listed) == [
        "createdTime",
        "framework",
        "frameworkVersion",
        "id",
        "name",
        "version",
    ]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("--tag stage", 1),
        ("--tag stage=dev", 1),
        ("--tag stage=prod", 0),
        ("--tag stage --tag other", 0),
        ("--property p", 0),
    ],
)
def test_models_are_listed_by_tag(cli: RunCli, filters: str, found: int) -> None:
    assert len(json.loads(cli(f"model list {filters}").out)) == found


def test_the_latest_of_each_name_is_the_highest_version(
    cli: RunCli, workspace: FakeWorkspace
) -> None:
    workspace.models = (
        replace(MODEL, version=9),
        replace(MODEL, version=10),
        replace(MODEL, name="other", version=1),
    )
    outcome = cli("model list --latest --query [].id -o tsv")
    assert outcome.out == "iris:10\nother:1\n"


@pytest.mark.parametrize(
    ("arguments", "reference"),
    [("-i iris:1", "iris:1"), ("-n iris", "iris"), ("-n iris --version 3", "iris:3")],
)
def test_a_model_is_shown_by_id_or_name(
    cli: RunCli, workspace: FakeWorkspace, arguments: str, reference: str
) -> None:
    assert cli(f"model show {arguments}").code == 0
    assert workspace.asked == [reference]


def test_a_model_to_show_must_be_named(cli: RunCli) -> None:
    assert cli("model show").code == 2


def test_a_model_is_updated(cli: RunCli, workspace: FakeWorkspace) -> None:
    line = "model update -i iris:1 --add-tag a=b --remove-tag c --add-property p=q -d x"
    assert cli(line).code == 0
    changes = ModelChanges(
        add_tags={"a": "b"}, remove_tags=("c",), add_properties={"p": "q"}, description="x"
    )
    assert workspace.asked == [("iris:1", changes)]


def test_a_deleted_model_is_named(cli: RunCli) -> None:
    assert json.loads(cli("model delete -i iris").out) == {"id": "iris:2"}


def test_a_download_says_where_the_files_are(cli: RunCli, workspace: FakeWorkspace) -> None:
    outcome = cli("model download -i iris:2 -t out --overwrite")
    assert json.loads(outcome.out)["path"] == str(Path("out/model.pkl"))
    assert workspace.asked == [("iris:2", Path("out"), True)]


def test_a_table_shows_each_model_in_a_line(cli: RunCli) -> None:
    assert cli("model list -o table").out.splitlines() == [
        "Name  Version  Framework    CreatedTime          Size    Tags",
        "----  -------  -----------  -------------------  ------  ---------",
        "iris  2        ScikitLearn  2026-11-23T10:30:15  1.0 kB  stage=dev",
    ]


def test_a_model_is_copied_between_stores(cli: RunCli, workspace: FakeWorkspace) -> None:
    assert cli("model copy -i iris:1 --from local --to contoso.azurecr.io").code == 0
    assert workspace.asked == [("copy", "iris:1", "local", "contoso.azurecr.io")]


@pytest.mark.parametrize("stores", ["", "--from local --to local"])
def test_a_model_is_not_copied_onto_itself(
    cli: RunCli, workspace: FakeWorkspace, stores: str
) -> None:
    assert (cli(f"model copy -i iris:1 {stores}").code, workspace.asked) == (2, [])


def test_a_model_can_be_stored_compressed(cli: RunCli, workspace: FakeWorkspace) -> None:
    cli("model register -n iris -p model.pkl --layer-compression gzip")
    assert workspace.asked[0][-1] == "gzip"  # type: ignore[index]
