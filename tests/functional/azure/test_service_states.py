"""Commands for services that are stopped, failed or still on their way, as their users see them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acideploy.clock import SystemClock
from acideploy.errors import AcideployError, BusyError, NotFoundError, ServiceFailedError
from tests.azure_services import AzureServices
from tests.container_groups import fault
from tests.functional.azure.conftest import RunCli


@pytest.fixture
def attached(services: AzureServices, cli: RunCli) -> AzureServices:
    assert cli("folder attach -w emulator -g emulator")[0] == 0
    return services


@pytest.mark.parametrize("line", ["run -n web -d 1", "diagnose -n web", "exec -n web -- ls"])
def test_a_stopped_service_is_said_to_be_stopped(
    attached: AzureServices, cli: RunCli, line: str
) -> None:
    attached.deploy()
    attached.workspace().stop_service("web")
    code, _, err = cli(f"service {line}")
    assert (code, err) == (
        ServiceFailedError.exit_code,
        "acideploy: error: service web is stopped\nhint: acideploy service start -n web\n",
    )


def test_a_failed_service_is_not_looked_for_in_a_network(
    attached: AzureServices, cli: RunCli
) -> None:
    attached.runtime.crashes = True
    with pytest.raises(AcideployError):
        replace(attached, clock=SystemClock()).deploy()
    code, _, err = cli("service run -n web -d 1")
    assert code == 10
    assert "service web has failed: it crashes again and again" in err
    assert "hint: acideploy service diagnose -n web" in err


def test_a_service_that_has_written_nothing_yet_is_told(
    attached: AzureServices, cli: RunCli
) -> None:
    fault(attached.azure, slowStart=3600)
    attached.deploy(no_wait=True)
    assert "has written nothing to its log yet" in cli("service get-logs -n web")[2]


def test_an_update_of_nothing_is_refused(attached: AzureServices, cli: RunCli) -> None:
    code, _, err = cli("service update -n web")
    assert code == 2
    assert "nothing is given" in err


def test_a_description_makes_no_revision_healthy(attached: AzureServices, cli: RunCli) -> None:
    attached.deploy()
    attached.write("score.py", "def init(): pass\ndef run(data): return 2\n")
    fault(attached.azure, slowStart=3600)
    attached.deploy(no_wait=True)
    assert cli("service update -n web -d words")[0] == 0
    assert [each.number for each in attached.workspace().service_history("web")] == [1]


def test_azures_refusal_of_a_stop_is_another_operation(attached: AzureServices) -> None:
    attached.deploy()
    rule = {
        "method": "POST",
        "path": "/stop$",
        "status": 409,
        "code": "ContainerGroupTransitioning",
    }
    assert attached.azure.ask("POST", "/_emulator/faults", rule).status == 201
    with pytest.raises(BusyError, match="under way"):
        attached.workspace().stop_service("web")


@pytest.mark.parametrize("verb", ["show", "history", "rollback", "get-logs", "diagnose", "stop"])
def test_a_service_that_is_not_there_is_told(
    attached: AzureServices, cli: RunCli, verb: str
) -> None:
    code, out, err = cli(f"service {verb} -n nowhere")
    assert (code, out) == (NotFoundError.exit_code, "")
    assert "there is no service 'nowhere'" in err
