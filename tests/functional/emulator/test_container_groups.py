"""What Azure Container Instances answers about groups."""

from __future__ import annotations

import base64
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from acideploy.emulator.clock import ManualClock, ScaledClock
from tests.container_groups import GROUPS, asked, brought_up, container, fault, put, shown
from tests.emulated import START, Emulated, emulated
from tests.scripted_runtime import ScriptedRuntime


def test_a_new_group_is_pending_and_its_address_comes_later(still: Emulated) -> None:
    made = put(still, asked(label="my-label"))
    properties = made.json["properties"]
    assert (made.status, properties["provisioningState"]) == (201, "Pending")
    assert properties["instanceView"]["state"] == "Pending"
    assert "ip" not in properties["ipAddress"]
    still.advance(30)
    later = shown(still)
    assert (later["provisioningState"], later["instanceView"]["state"]) == ("Succeeded", "Running")
    assert later["ipAddress"]["ip"].startswith("127.")
    # It resolves on any machine.
    assert properties["ipAddress"]["fqdn"] == later["ipAddress"]["ip"]


def test_the_request_id_of_a_put_is_the_operation_that_is_polled(still: Emulated) -> None:
    made = put(still, asked())
    operation = made.headers["azure-asyncoperation"]
    assert made.headers["x-ms-request-id"].startswith("westus:")
    assert f"/operations/{made.headers['x-ms-request-id'].partition(':')[2]}?" in operation
    assert operation.endswith("?api-version=2018-06-01")
    poll = still.arm("GET", operation)
    assert (poll.status, poll.json["status"], poll.json["id"]) == (200, "Pending", made.json["id"])
    assert poll.json["properties"] == {"events": []}
    assert poll.headers["x-ms-request-id"].startswith("westus:")
    still.advance(30)
    poll = still.arm("GET", operation)
    assert poll.json["status"] == "Succeeded"
    told = [event["name"] for event in poll.json["properties"]["events"]]
    assert told == ["Pulling", "Pulled", "Started"]


def test_no_secret_is_ever_answered(azure: Emulated) -> None:
    body = asked(
        containers=[container(environmentVariables=[{"name": "KEY", "secureValue": "hidden-1"}])],
        volumes=[
            {"name": "files", "secret": {"key": "aGlkZGVuLTI="}},
            {
                "name": "share",
                "azureFile": {
                    "shareName": "s",
                    "storageAccountName": "a",
                    "storageAccountKey": "hidden-3",
                },
            },
        ],
        imageRegistryCredentials=[{"server": "r.io", "username": "me", "password": "hidden-4"}],
        diagnostics={"logAnalytics": {"workspaceId": "w", "workspaceKey": "hidden-5"}},
    )
    made = put(azure, body)
    properties = made.json["properties"]
    answers = [made, azure.arm("GET", f"{GROUPS}/one"), azure.arm("GET", GROUPS)]
    for answer in answers:
        assert b"hidden" not in answer.body
        assert b"aGlkZGVu" not in answer.body
    variables = properties["containers"][0]["properties"]["environmentVariables"]
    assert variables == [{"name": "KEY"}]
    assert properties["volumes"][0] == {"name": "files", "secret": {}}
    assert properties["imageRegistryCredentials"] == [{"server": "r.io", "username": "me"}]


def test_numbers_are_answered_as_azure_writes_them(azure: Emulated) -> None:
    made = put(azure, asked(restartPolicy="never"))
    assert b'"requests":{"memoryInGB":1.5,"cpu":1.0}' in made.body
    assert b'"port":80}' in made.body
    assert b'"restartPolicy":"Never"' in made.body


@pytest.mark.parametrize(
    ("version", "there", "missing"),
    [
        ("2018-10-01", "containers", "sku"),
        ("2021-09-01", "sku", "provisioningTimeoutInSeconds"),
        ("2023-05-01", "provisioningTimeoutInSeconds", "isCreatedFromStandbyPool"),
        ("2024-05-01-preview", "isCreatedFromStandbyPool", "restartPolicy"),
    ],
)
def test_each_version_answers_with_the_members_it_has(
    azure: Emulated, version: str, there: str, missing: str
) -> None:
    put(azure, asked())
    properties = azure.arm("GET", f"{GROUPS}/one", version=version).json["properties"]
    assert there in properties
    assert missing not in properties


def test_a_version_that_never_was_is_refused(azure: Emulated) -> None:
    put(azure, asked())
    answer = azure.arm("GET", f"{GROUPS}/one", version="2020-02-02")
    assert (answer.status, answer.code) == (400, "NoRegisteredProviderFound")


def test_lists_have_no_instance_view(azure: Emulated) -> None:
    put(azure, asked())
    put(azure, asked(), "two")
    for path in (GROUPS, "providers/Microsoft.ContainerInstance/containerGroups"):
        answer = azure.arm("GET", path)
        assert [each["name"] for each in answer.json["value"]] == ["one", "two"]
        assert b"instanceView" not in answer.body


def test_tags_are_changed_at_once(still: Emulated) -> None:
    brought_up(still, asked())
    changed = still.arm("PATCH", f"{GROUPS}/one", {"tags": {"a": "b"}})
    assert (changed.status, changed.json["tags"]) == (200, {"a": "b"})
    assert "azure-asyncoperation" not in changed.headers
    assert still.arm("GET", f"{GROUPS}/one").json["tags"] == {"a": "b"}


def test_a_deletion_answers_with_the_group_as_it_was(still: Emulated) -> None:
    brought_up(still, asked())
    deleted = still.arm("DELETE", f"{GROUPS}/one")
    assert deleted.status == 200
    assert deleted.json["properties"]["instanceView"]["state"] == "Running"
    gone = still.arm("GET", f"{GROUPS}/one")
    assert (gone.status, gone.code) == (404, "ResourceNotFound")
    assert gone.headers["x-ms-failure-cause"] == "gateway"
    assert still.arm("DELETE", f"{GROUPS}/one").status == 204


def test_while_a_group_is_deleted_the_service_itself_says_that_it_is_gone(tmp_path: Path) -> None:
    with emulated(tmp_path, clock=ScaledClock(10)) as azure:
        put(azure, asked())
        deleting = threading.Thread(target=azure.arm, args=("DELETE", f"{GROUPS}/one"))
        deleting.start()
        deadline = time.monotonic() + 20
        while (answer := azure.arm("GET", f"{GROUPS}/one")).status == 200:
            assert time.monotonic() < deadline
        deleting.join()
    assert (answer.status, answer.code) == (404, "ContainerGroupNotFound")
    assert "x-ms-failure-cause" not in answer.headers


def test_a_resource_group_takes_its_container_groups_along(azure: Emulated) -> None:
    put(azure, asked(label="my-label"))
    azure.arm("DELETE", "resourceGroups/rg")
    assert put(azure, asked(label="my-label")).status == 201


def test_what_is_asked_for_again_as_it_is_changes_nothing(still: Emulated) -> None:
    before = brought_up(still, asked())
    again = still.arm("PUT", f"{GROUPS}/one", {**asked(), "tags": {"new": "tag"}})
    assert (again.status, again.json["tags"]) == (200, {"new": "tag"})
    assert "azure-asyncoperation" not in again.headers
    still.advance(30)
    assert shown(still) == before


def test_a_group_in_transition_takes_no_other_change(still: Emulated) -> None:
    put(still, asked())
    for answer in (
        still.arm("PUT", f"{GROUPS}/one", asked()),
        still.arm("POST", f"{GROUPS}/one/restart"),
        still.arm("POST", f"{GROUPS}/one/start"),
    ):
        assert (answer.status, answer.code) == (409, "ContainerGroupTransitioning")


@pytest.mark.parametrize(
    "change",
    [
        {"restartPolicy": "Never"},
        {"osType": "Windows"},
        {"containers": [container(cpu=2)]},
        {"ipAddress": {"type": "Public", "ports": [{"port": 81}]}},
    ],
)
def test_what_cannot_be_changed_must_be_deleted_first(
    still: Emulated, change: dict[str, object]
) -> None:
    brought_up(still, asked())
    answer = still.arm("PUT", f"{GROUPS}/one", asked(**change))
    assert (answer.status, answer.code) == (400, "InvalidContainerGroupUpdate")
    assert "you must delete it first and then create a new one" in answer.body.decode()
    # Not so what does not run any more.
    still.arm("POST", f"{GROUPS}/one/stop")
    assert still.arm("PUT", f"{GROUPS}/one", asked(**change)).status == 201


def test_a_dns_label_is_one_group_s_until_that_is_deleted(azure: Emulated) -> None:
    put(azure, asked(label="my-label"))
    taken = put(azure, asked(label="my-label"), "two")
    assert (taken.status, taken.code) == (409, "DnsNameLabelAlreadyTaken")
    elsewhere = {**asked(label="my-label"), "location": "eastus"}
    assert put(azure, elsewhere, "two").status == 201
    azure.arm("DELETE", f"{GROUPS}/one")
    assert put(azure, asked(label="my-label"), "three").status == 201


def test_each_group_has_an_address_of_its_own(still: Emulated) -> None:
    made = [brought_up(still, asked(), name) for name in ("one", "two", "three")]
    assert len({each["ipAddress"]["ip"] for each in made}) == 3
    still.arm("DELETE", f"{GROUPS}/one")
    assert brought_up(still, asked(), "four")["ipAddress"] == made[0]["ipAddress"]


def test_a_group_keeps_its_own_identity_when_it_is_changed(still: Emulated) -> None:
    body = {**asked(), "identity": {"type": "systemassigned"}}
    made = put(still, body)
    assert list(made.json["identity"]) == ["principalId", "tenantId", "type"]
    still.advance(30)
    changed = still.arm(
        "PUT", f"{GROUPS}/one", {**body, **asked(containers=[container(image="b")])}
    )
    assert changed.status == 201
    assert changed.json["identity"] == made.json["identity"]


def test_usages_count_what_is_there(azure: Emulated) -> None:
    put(azure, asked(containers=[container("a", cpu=1.5), container("b", cpu=1)]))
    path = "providers/Microsoft.ContainerInstance/locations/westus/usages"
    usages = {each["name"]["value"]: each for each in azure.arm("GET", path).json["value"]}
    assert usages["ContainerGroups"]["currentValue"] == 1
    assert usages["StandardCores"]["currentValue"] == 3
    assert usages["StandardCores"]["id"].endswith("/usages/standardCores")
    elsewhere = path.replace("westus", "eastus")
    assert azure.arm("GET", elsewhere).json["value"][0]["currentValue"] == 0


def test_a_region_shows_its_capabilities_and_images(azure: Emulated) -> None:
    region = "providers/Microsoft.ContainerInstance/locations/West%20US"
    capabilities = azure.arm("GET", f"{region}/capabilities").json["value"]
    assert capabilities[0]["location"] == "westus"
    assert azure.arm("GET", f"{region}/cachedImages").json["value"]
    operations = azure.arm("GET", "/providers/Microsoft.ContainerInstance/operations").json["value"]
    assert operations[0]["name"] == "Microsoft.ContainerInstance/register/action"


@pytest.mark.parametrize(
    ("rule", "status", "code"),
    [
        ({"capacity": True}, 409, "ServiceUnavailable"),
        ({"quota": "StandardCores"}, 400, "ContainerGroupQuotaReached"),
        ({"imagePull": "InaccessibleImage"}, 400, "InaccessibleImage"),
        ({"imagePull": "RegistryErrorResponse"}, 409, "RegistryErrorResponse"),
    ],
)
def test_rules_have_a_group_refused(
    azure: Emulated, rule: dict[str, object], status: int, code: str
) -> None:
    fault(azure, **rule)
    answer = put(azure, asked())
    assert (answer.status, answer.code) == (status, code)
    assert azure.arm("GET", f"{GROUPS}/one").status == 404
    assert put(azure, asked()).status == 201


def test_without_an_engine_every_group_says_so(azure: Emulated) -> None:
    made = put(azure, asked())
    assert made.headers["x-emulator-engine"] == "none"
    (notice,) = azure.arm("GET", f"{GROUPS}/one").json["properties"]["instanceView"]["events"]
    assert (notice["type"], notice["name"]) == ("Warning", "NoEngine")
    assert "nothing runs" in notice["message"]


def test_what_ran_runs_again_when_the_emulator_does(tmp_path: Path) -> None:
    with emulated(tmp_path, clock=ManualClock(START)) as azure:
        brought_up(azure, asked())
        put(azure, asked(), "two")
        brought_up(azure, asked(), "three")
        azure.arm("POST", f"{GROUPS}/three/stop")
        address = shown(azure)["ipAddress"]["ip"]
    with emulated(tmp_path, clock=ManualClock(START)) as azure:
        azure.advance(30)
        states = [shown(azure, name)["instanceView"]["state"] for name in ("one", "two", "three")]
        assert states == ["Running", "Running", "Stopped"]
        assert shown(azure)["ipAddress"]["ip"] == address
        logs = azure.arm("GET", f"{GROUPS}/one/containers/web/logs")
        assert "nothing runs" in logs.json["content"]


def test_requests_at_the_same_time_leave_one_group_or_none(tmp_path: Path) -> None:
    runtime = ScriptedRuntime()
    with emulated(tmp_path, clock=ScaledClock(100), runtime=runtime) as azure:
        azure.make_group()
        group = f"{GROUPS}/one"
        requests = [
            ("PUT", group, asked()),
            ("POST", f"{group}/stop", None),
            ("DELETE", group, None),
            ("POST", f"{group}/start", None),
            ("PUT", group, asked(containers=[container(image="other")])),
            ("POST", f"{group}/restart", None),
        ]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda each: azure.arm(*each), requests * 6))
        # Each is done, or refused as the service refuses it.
        assert {each.status for each in answers} <= {200, 201, 204, 404, 409}
        azure.arm("DELETE", group)
    assert all(each.removed for each in runtime.containers)
    assert runtime.groups_removed == len(runtime.opened)


def test_a_confidential_group_that_brings_no_policy_gets_one_that_allows_all(
    azure: Emulated,
) -> None:
    made = put(azure, asked(sku="Confidential")).json["properties"]
    assert list(made)[:2] == ["sku", "confidentialComputeProperties"]
    policy = base64.b64decode(made["confidentialComputeProperties"]["ccePolicy"])
    assert policy.startswith(b"package policy")
    own = {"ccePolicy": "b3du"}
    given = put(azure, asked(sku="Confidential", confidentialComputeProperties=own), "two")
    assert given.json["properties"]["confidentialComputeProperties"] == own
