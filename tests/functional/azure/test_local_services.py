"""Services on this machine, in a folder that is attached to Azure: nobody there is asked."""

from __future__ import annotations

import pytest

from acideploy.home import services_directory
from acideploy.targets.local.record import Record, Revision, write_record
from tests.azure_services import AzureServices
from tests.functional.azure.conftest import RunCli

NOW = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def local(services: AzureServices, cli: RunCli) -> AzureServices:
    """One that was stopped, in a folder that is attached; nothing is heard of Azure."""
    assert cli("folder attach -w emulator -g emulator")[0] == 0
    directory = services_directory(services.home) / "web"
    directory.mkdir(parents=True)
    revision = Revision(
        number=1,
        created_time=NOW,
        parts={"environment": "e"},
        port=5000,
        models=(),
        entry_script="score.py",
        source_directory=None,
        model_directory="azureml-models",
        origin="/home/ada",
        environment_request={},
        environment={},
        variables={},
    )
    record = Record(
        name="web",
        created_time=NOW,
        updated_time=NOW,
        current=revision,
        stopped=True,
        last_number=1,
    )
    write_record(directory, record)
    return services


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("service show -n web", 0),
        ("service get-logs -n web", 0),
        ("service diagnose -n web", 0),
        ("service stop -n web", 0),
        ("service run -n web -d 1", 8),
        ("service get-keys -n web", 12),
        ("service history -n web", 12),
        ("service exec -n web -- ls", 12),
        ("service list -c local", 0),
        ("service delete -n web", 0),
    ],
)
def test_no_command_for_one_asks_azure(
    local: AzureServices, cli: RunCli, line: str, code: int
) -> None:
    local.azure.cloud.traffic.clear()
    ended, out, err = cli(line)
    assert ended == code, out + err
    assert local.azure.cloud.traffic.describe() == []


def test_a_flag_that_names_the_workspace_means_the_one_in_azure(
    local: AzureServices, cli: RunCli
) -> None:
    local.deploy()
    assert '"computeType": "Local"' in cli("service show -n web")[1]
    _, out, err = cli("service show -n web -w emulator -g emulator")
    assert '"computeType": "ACI"' in out
    assert "on this machine, too" in err


def test_a_deploy_says_that_there_is_one_here_of_that_name(
    local: AzureServices, cli: RunCli
) -> None:
    line = "model deploy -n web -ic inference.json -dc deployment.json --no-wait"
    assert "unless -w or -g names" in cli(line)[2]
