"""Rollbacks and new keys: what they need is there, nobody else is at it, or nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from acideploy.errors import AcideployError, BusyError, StorageError
from acideploy.events import Event, Started
from acideploy.targets import Keys
from tests.azure_services import AzureServices
from tests.container_groups import fault

OPEN = {"computeType": "ACI", "authEnabled": True}
SECRET = "hunter2hunter2"


def script(services: AzureServices, answer: str) -> None:
    services.write("score.py", f"def init(): pass\ndef run(data): return {answer}\n")


@pytest.fixture(params=["vault", "no vault"])
def twice(services: AzureServices, request: pytest.FixtureRequest) -> AzureServices:
    """Deployed as revision 1 and 2, both with a secret variable and with keys."""
    if request.param == "no vault":
        registry = services.azure.emulator.registry
        assert registry is not None
        services = replace(services, parts={"registry": registry, "location": "westeurope"})
    inference = json.loads((services.project / "inference.json").read_text())
    inference["environment"]["environmentVariables"] = {"DB_PASSWORD": SECRET}
    services.write("inference.json", inference)
    services.write("deployment.json", OPEN)
    for answer in ("1", "2"):
        script(services, answer)
        services.deploy()
    return services


def lose(services: AzureServices, number: int) -> None:
    name = f"acideploy-web-{services.mark}-r{number}"
    services.purge(name)
    (services.home / "secrets" / f"{name}.json").unlink(missing_ok=True)


def served_keys(services: AzureServices) -> Any:
    """Those that the container was given."""
    order, _ = services.runtime.opened[-1]
    [files] = order.volumes.values()
    return json.loads(files["keys.json"])


def test_a_rollback_names_the_secrets_that_are_gone(twice: AzureServices) -> None:
    lose(twice, 1)
    before = twice.groups()
    with pytest.raises(StorageError, match="DB_PASSWORD is no longer in") as caught:
        twice.workspace().roll_back("web")
    hint = caught.value.hint or ""
    assert "keyvault secret recover" in hint or "on the machine that deployed it" in hint
    assert "acideploy model deploy -n web" in hint
    assert twice.groups() == before
    assert SECRET not in str(caught.value)


def test_a_rollback_with_its_secrets_gives_them_to_the_container(twice: AzureServices) -> None:
    assert twice.workspace().roll_back("web").revision == 3
    assert twice.runtime.orders[-1].variables["DB_PASSWORD"] == SECRET


def test_new_keys_are_not_made_where_other_secrets_are_gone(twice: AzureServices) -> None:
    known = twice.workspace().keys("web")
    lose(twice, 2)
    with pytest.raises(StorageError, match="DB_PASSWORD"):
        twice.workspace().regenerate_key("web", which="primary")
    assert twice.workspace().keys("web") == known


def changing(services: AzureServices) -> Callable[[Event], None]:
    """Deploys another time where a change begins."""

    def meanwhile(event: Event) -> None:
        if isinstance(event, Started) and event.task == "group":
            script(services, "3")
            services.deploy(tags={"who": "meanwhile"})

    return meanwhile


@pytest.mark.parametrize(
    "change",
    [
        lambda workspace: workspace.roll_back("web", to=1),
        lambda workspace: workspace.regenerate_key("web", which="primary"),
    ],
    ids=["rollback", "new key"],
)
def test_what_somebody_deploys_meanwhile_stays(
    services: AzureServices, change: Callable[[Any], Any]
) -> None:
    services.write("deployment.json", OPEN)
    services.deploy()
    known = services.workspace().keys("web")
    with pytest.raises(BusyError, match="meanwhile"):
        change(services.workspace(emit=changing(services)))
    present = services.workspace().show_service("web")
    assert (present.revision, present.tags) == (2, {"who": "meanwhile"})
    assert services.workspace().keys("web") == known
    assert served_keys(services)["primaryKey"] == known.primary


@pytest.mark.parametrize(
    "change",
    [
        lambda workspace: workspace.roll_back("web", to=1),
        lambda workspace: workspace.regenerate_key("web", which="primary"),
        lambda workspace: workspace.restart_service("web"),
    ],
    ids=["rollback", "new key", "restart"],
)
def test_a_service_that_is_being_deployed_is_left_alone(
    services: AzureServices, change: Callable[[Any], Any]
) -> None:
    services.write("deployment.json", OPEN)
    services.deploy()
    script(services, "2")
    fault(services.azure, slowStart=3600)
    services.deploy(no_wait=True)
    with pytest.raises(BusyError, match="under way") as caught:
        change(services.workspace())
    assert "service show -n web --wait" in (caught.value.hint or "")


def test_of_two_new_keys_at_once_the_kept_one_is_served(services: AzureServices) -> None:
    services.write("deployment.json", OPEN)
    services.deploy()

    def meanwhile(event: Event) -> None:
        if isinstance(event, Started) and event.task == "group":
            services.workspace().regenerate_key("web", which="secondary")

    with pytest.raises(BusyError):
        services.workspace(emit=meanwhile).regenerate_key("web", which="primary")
    kept = services.workspace().keys("web")
    served = served_keys(services)
    assert kept == Keys(primary=served["primaryKey"], secondary=served["secondaryKey"])


def test_a_key_that_azure_does_not_take_is_not_kept(services: AzureServices) -> None:
    services.write("deployment.json", OPEN)
    services.deploy()
    known = services.workspace().keys("web")
    fault(services.azure, status=400, code="InvalidRequestContent", message="no")
    with pytest.raises(AcideployError):
        services.workspace().regenerate_key("web", which="primary")
    assert services.workspace().keys("web") == known
