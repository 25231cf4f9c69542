from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from acideploy.attachment import AzureChoice, choose_azure
from acideploy.attachment_file import attach, find_file
from acideploy.errors import ConfigurationError

SAMPLE = {"subscription_id": "fs", "resource_group": "fg", "workspace_name": "fw"}


@dataclass(frozen=True)
class Surroundings:
    """A project's folder, and that of az."""

    folder: Path
    az: Path

    def write(self, place: str, content: object) -> Path:
        file = self.folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    def set_defaults(self, text: str) -> None:
        (self.az / "config").write_text(f"[defaults]\n{text}\n")

    def log_in(self) -> None:
        subscriptions = [
            {"id": "other", "name": "Other", "isDefault": False},
            {"id": "active", "name": "Mine", "isDefault": True},
        ]
        written = json.dumps({"subscriptions": subscriptions})
        (self.az / "azureProfile.json").write_text(written, encoding="utf-8-sig")

    def choose(
        self, variables: dict[str, str] | None = None, /, **flags: str
    ) -> AzureChoice | None:
        return choose_azure(flags, variables or {}, self.folder, self.az)

    def chosen(self, variables: dict[str, str] | None = None, /, **flags: str) -> list[str | None]:
        """Subscription, group and workspace."""
        choice = self.choose(variables, **flags)
        assert choice is not None
        return [choice.subscription, choice.resource_group, choice.workspace_name]


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    folder, az = tmp_path / "project" / "inner", tmp_path / "az"
    folder.mkdir(parents=True)
    az.mkdir()
    return Surroundings(folder=folder, az=az)


# Where a workspace is named.


def test_nothing_that_names_azure_names_no_workspace(around: Surroundings) -> None:
    around.log_in()
    around.set_defaults("group = dg")
    around.write(".azureml/config.json", {"registry": "contoso.azurecr.io"})
    assert around.choose({"AZURE_SUBSCRIPTION_ID": "vs"}) is None
    assert around.choose(subscription="s") is None


def test_both_flags_go_before_every_file(around: Surroundings) -> None:
    around.log_in()
    around.write(".azureml/config.json", {**SAMPLE, "registry": "f.azurecr.io"})
    choice = around.choose(resource_group="g", workspace_name="w")
    assert choice is not None
    assert [choice.subscription, choice.resource_group, choice.workspace_name] == [
        "active",
        "g",
        "w",
    ]
    assert choice.registry is None
    assert dict(choice.origins) == {
        "resource_group": "--resource-group",
        "workspace_name": "--workspace-name",
        "subscription": str(around.az / "azureProfile.json"),
    }


def test_both_flags_for_the_workspace_of_the_file_keep_what_it_says(around: Surroundings) -> None:
    around.write(".azureml/config.json", {**SAMPLE, "registry": "f.azurecr.io"})
    choice = around.choose(resource_group="FG", workspace_name="fw")
    assert choice is not None
    assert (choice.subscription, choice.registry) == ("fs", "f.azurecr.io")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"workspace_name": "w"}, ["fs", "fg", "w"]),
        ({"resource_group": "g"}, ["fs", "g", "fw"]),
        ({"subscription": "s"}, ["s", "fg", "fw"]),
    ],
)
def test_one_flag_replaces_one_value_and_what_belonged_to_the_other_workspace(
    around: Surroundings, flags: dict[str, str], expected: list[str]
) -> None:
    around.write(".azureml/config.json", {**SAMPLE, "registry": "f.azurecr.io", "location": "x"})
    assert around.chosen({}, **flags) == expected
    choice = around.choose({}, **flags)
    assert choice is not None
    assert (choice.registry, choice.location) == (None, None)


def test_one_flag_takes_the_other_value_from_azs_defaults(around: Surroundings) -> None:
    around.log_in()
    around.set_defaults("group = dg\naml_workspace = dw")
    assert around.chosen(workspace_name="w") == ["active", "dg", "w"]
    assert around.chosen(resource_group="g") == ["active", "g", "dw"]
    assert around.chosen() == ["active", "dg", "dw"]


def test_the_file_goes_before_azs_defaults(around: Surroundings) -> None:
    around.log_in()
    around.set_defaults("group = dg\naml_workspace = dw")
    file = around.write(".azureml/config.json", SAMPLE)
    assert around.chosen({"AZURE_SUBSCRIPTION_ID": "vs"}) == ["fs", "fg", "fw"]
    choice = around.choose()
    assert choice is not None
    assert set(dict(choice.origins).values()) == {str(file)}


def test_azs_defaults_can_be_variables(around: Surroundings) -> None:
    around.set_defaults("group = dg\naml_workspace = dw")
    variables = {"AZURE_DEFAULTS_GROUP": "vg", "AZURE_SUBSCRIPTION_ID": "vs"}
    assert around.chosen(variables) == ["vs", "vg", "dw"]


def test_damaged_files_of_az_say_nothing(around: Surroundings) -> None:
    (around.az / "config").write_text("group = g\n")
    (around.az / "azureProfile.json").write_text("{")
    assert around.choose() is None


def test_a_subscription_may_be_named_as_az_names_it(around: Surroundings) -> None:
    around.log_in()
    chosen = around.chosen(subscription="other", resource_group="g", workspace_name="w")
    assert chosen == ["other", "g", "w"]


# Parts that are named one by one.


def test_registry_and_location_are_enough_without_azure_ml(around: Surroundings) -> None:
    around.log_in()
    around.set_defaults("group = dg\naml_workspace = dw")
    parts = {"registry": "contoso.azurecr.io", "location": "westeurope", "resource_group": "pg"}
    around.write(".azureml/config.json", parts)
    assert around.chosen() == ["active", "pg", None]
    assert around.chosen(resource_group="g") == ["active", "g", None]
    choice = around.choose(resource_group="g")
    assert choice is not None
    assert choice.attachment is not None
    assert choice.attachment.registry == "contoso.azurecr.io"


def test_the_registry_of_the_variable_goes_before_the_files(around: Surroundings) -> None:
    around.write(".azureml/config.json", {**SAMPLE, "registry": "f.azurecr.io"})
    choice = around.choose({"ACIDEPLOY_REGISTRY": "v.azurecr.io"})
    assert choice is not None
    assert choice.registry == "v.azurecr.io"
    assert dict(choice.origins)["registry"] == "ACIDEPLOY_REGISTRY"


@pytest.mark.parametrize("registry", ["contoso", "/subscriptions/s/registries/contoso"])
def test_a_registry_that_is_no_host_has_to_be_asked_for(
    around: Surroundings, registry: str
) -> None:
    choice = around.choose(
        subscription="s", resource_group="g", registry=registry, location="westeurope"
    )
    assert choice is not None
    assert choice.attachment is None


# What is left unknown.


@pytest.mark.parametrize(
    ("flags", "said", "hint"),
    [
        ({"resource_group": "g", "subscription": "s"}, "resource group g", "-w WORKSPACE"),
        ({"workspace_name": "w", "subscription": "s"}, "resource group of workspace w", "-g GROUP"),
        ({"workspace_name": "w", "resource_group": "g"}, "subscription of workspace w", "az login"),
    ],
)
def test_what_is_left_unknown_is_said(
    around: Surroundings, flags: dict[str, str], said: str, hint: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        around.choose({}, **flags)
    (problem,) = caught.value.problems
    assert problem.code == "azure-incomplete"
    assert said in problem.message
    assert hint in (problem.hint or "")


def test_azs_defaults_alone_that_are_not_enough_name_nothing(around: Surroundings) -> None:
    around.set_defaults("aml_workspace = dw")
    assert around.choose() is None


# Files.


@pytest.mark.parametrize(
    ("places", "found"),
    [
        (("../.azureml/config.json", "aml_config/config.json"), "../.azureml/config.json"),
        (("aml_config/config.json", "config.json"), "aml_config/config.json"),
        (("../config.json", ".azureml/project.json"), "../config.json"),
        ((".azureml/config.json", "../.azureml/config.json"), ".azureml/config.json"),
        (("../project.json",), "../project.json"),
    ],
)
def test_files_are_found_upwards_in_the_retired_tools_order(
    around: Surroundings, places: tuple[str, ...], found: str
) -> None:
    for place in places:
        around.write(place, {**SAMPLE, "workspace_name": place})
    assert around.chosen()[2] == found


def test_a_file_can_be_named_itself(around: Surroundings) -> None:
    around.write(".azureml/config.json", SAMPLE)
    file = around.write("elsewhere.json", {**SAMPLE, "workspace_name": "mine"})
    choice = choose_azure({}, {}, file, around.az)
    assert choice is not None
    assert choice.workspace_name == "mine"


@pytest.mark.parametrize("content", ["{", "[1]", {"model": "bert"}, {"registry": "x.azurecr.io"}])
def test_a_bare_file_that_names_no_workspace_is_somebody_elses(
    around: Surroundings, content: object
) -> None:
    around.write("config.json", content)
    assert find_file(around.folder) is None


def test_a_damaged_file_that_is_ours_is_said(around: Surroundings) -> None:
    file = around.write("../aml_config/config.json", "{")
    with pytest.raises(ConfigurationError) as caught:
        around.choose()
    place = caught.value.problems[0].place
    assert place is not None
    assert Path(place.file).resolve() == file.resolve()


@pytest.mark.parametrize(
    ("content", "code", "said", "line"),
    [
        ('{\n  "workspace_name": "w",\n}', "bad-syntax", "it is not JSON: ", 3),
        ("", "bad-syntax", "it is not JSON: ", 1),
        ("[" * 100_000, "bad-syntax", "it is not JSON", None),
        (["w"], "not-a-mapping", "it is not a JSON object", None),
        ({"workspace_name": 5}, "wrong-type", "workspace_name is 5, which is no text", None),
        ({"workspaceName": "w"}, "missing-key", "its keys are workspaceName", None),
    ],
)
def test_what_is_wrong_with_a_file_is_said_and_no_other_folders_file_is_taken(
    around: Surroundings, content: object, code: str, said: str, line: int | None
) -> None:
    around.write("../.azureml/config.json", SAMPLE)
    file = around.write(".azureml/config.json", content)
    with pytest.raises(ConfigurationError) as caught:
        around.choose()
    (problem,) = caught.value.problems
    assert problem.place is not None
    assert (problem.code, problem.place.file, problem.place.line) == (code, str(file), line)
    assert said in problem.message


def test_the_oldest_files_say_it_as_an_id(around: Surroundings) -> None:
    scope = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices"
    around.write("aml_config/project.json", {"Id": "e", "Scope": f"{scope}/workspaces/w"})
    assert around.chosen() == ["s", "g", "w"]


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        ({"registry": "new.azurecr.io"}, {"workspace_name", "location"}),
        ({"workspace_name": "fw", "resource_group": "fg"}, {"registry", "location"}),
        ({"workspace_name": "w", "resource_group": "fg"}, set()),
        ({"resource_group": "fg", "registry": "r.azurecr.io", "location": "x"}, set()),
    ],
)
def test_an_attached_folder_keeps_of_its_file_what_is_of_the_same_workspace(
    around: Surroundings, parts: dict[str, str], kept: set[str]
) -> None:
    before = {**SAMPLE, "registry": "old.azurecr.io", "location": "westus", "mine": 1}
    around.write(".azureml/config.json", before)
    written = json.loads(attach(around.folder, parts).read_text())
    assert {**written, **parts} == written
    assert written["mine"] == 1
    for key in {"workspace_name", "registry", "location"} - parts.keys():
        assert (written.get(key) == before[key]) == (key in kept), key
