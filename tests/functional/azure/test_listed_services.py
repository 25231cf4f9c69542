"""Lists of services: what they ask for, and that they tell the same with and without records."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.errors import ConflictError
from acideploy.models import ModelDraft
from acideploy.targets import Service
from tests.azure_services import AzureServices, target_of

OPEN = {"computeType": "ACI", "authEnabled": True}


def listed(services: AzureServices, *, brief: bool) -> tuple[tuple[Service, ...], list[str]]:
    """The services, and which parts of Azure were asked for what."""
    target = target_of(services.workspace(), clock=services.clock)
    services.azure.cloud.traffic.clear()
    found = target.list(brief=brief)
    return found, [each["path"] for each in services.azure.cloud.traffic.describe()]


@pytest.fixture
def three(services: AzureServices) -> AzureServices:
    services.write("model.txt", "weights")
    services.workspace().register_model(Path("model.txt"), ModelDraft(name="iris"))
    services.write("deployment.json", OPEN)
    for name in ("one", "two"):
        services.deploy(name, models=["iris:1"], tags={"team": "blue"})
    services.deploy("bare")
    return services


def test_a_brief_list_reads_no_record(three: AzureServices) -> None:
    services, asked = listed(three, brief=True)
    assert [each.name for each in services] == ["bare", "one", "two"]
    assert not [path for path in asked if "/v2/" in path or "/oauth2/" in path]
    # One for the list, one for the state of each.
    assert len([path for path in asked if "/containerGroups" in path]) == 4


def test_a_brief_list_shows_what_a_whole_one_shows(three: AzureServices) -> None:
    def row(service: Service) -> object:
        return (
            *(service.name, service.state, service.scoring_uri),
            *(service.models, service.revision, service.tags, service.error),
        )

    brief, whole = (listed(three, brief=each)[0] for each in (True, False))
    assert list(map(row, brief)) == list(map(row, whole))
    assert {each.name: each.models for each in brief} == {
        "bare": (),
        "one": ("iris:1",),
        "two": ("iris:1",),
    }


def test_what_a_group_does_not_tell_is_read_from_its_record(three: AzureServices) -> None:
    [group] = [each for each in three.groups() if each["name"].startswith("one-")]
    tags = {name: text for name, text in group["tags"].items() if name != "acideploy.models"}
    assert three.azure.arm("PATCH", group["id"], {"tags": tags}).status == 200
    three.workspace().stop_service("two")
    services, _ = listed(three, brief=True)
    assert [each.models for each in services] == [(), ("iris:1",), ("iris:1",)]
    assert all(each.updated_time.year > 2000 for each in services)


def test_a_model_that_a_service_in_azure_uses_is_not_deleted(three: AzureServices) -> None:
    with pytest.raises(ConflictError, match="one, two"):
        three.workspace().delete_model("iris:1")
