"""Services on this machine, in a folder that is attached to Azure."""

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
def test_one_needs_neither_network_nor_login(
    local: AzureServices, cli: RunCli, line: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACIDEPLOY_CLOUD", "https://localhost:1")
    ended, out, err = cli(line)
    assert ended == code, out + err
    assert "list" in line or "service web on this machine is meant" in err


def test_a_flag_that_names_the_workspace_means_the_one_in_azure_alone(
    local: AzureServices, cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACIDEPLOY_CLOUD", "https://localhost:1")
    assert cli("service show -n web -w emulator -g emulator")[0] == 17


def test_of_two_the_one_in_azure_is_meant_and_that_is_said(
    local: AzureServices, cli: RunCli
) -> None:
    local.deploy()
    _, out, err = cli("service show -n web")
    assert '"computeType": "ACI"' in out
    assert "on this machine, too: that in Azure is meant" in err
