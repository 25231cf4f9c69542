"""How a live container group is compared with the one that a deploy asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from acideploy.targets.aci.changes import are_of_tags, changes, verdict
from tests.unit.targets.aci.container_group import (
    GROUP,
    IMAGE,
    SECRETS,
    asked_for,
    edited,
    given_back,
    inside,
    variables,
)

Edit = Callable[[dict[str, Any]], object]

_SUBNET = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets"
_KEY = {"vaultBaseUrl": "https://v.vault.azure.net/", "keyName": "k", "keyVersion": "1"}
_OTHER = {"name": "proxy", "properties": {"image": "caddy", "environmentVariables": []}}
_SHARE = {
    "name": "data",
    "azureFile": {"shareName": "s", "storageAccountName": "a", "storageAccountKey": SECRETS[0]},
}
_CREDENTIALS = "imageRegistryCredentials"


def test_what_azure_adds_and_how_it_writes_is_no_change() -> None:
    assert changes(given_back(), asked_for()) == ()


def test_another_number_of_the_revision_is_no_change() -> None:
    def count(body: dict[str, Any]) -> None:
        body["tags"]["acideploy.revision"] = "3"
        variables(body)[1]["value"] = "3"

    assert changes(given_back(), edited(count)) == ()


@pytest.mark.parametrize(
    ("edit", "field", "before", "after", "in_place"),
    [
        (lambda b: inside(b).update(image="other"), "image", IMAGE, "other", True),
        (lambda b: inside(b).update(command=["a", "b c"]), "command", None, "a 'b c'", True),
        (lambda b: _requests(b).update(cpu=1.5), "cpu", "1", "1.5", False),
        (lambda b: _requests(b).update(memoryInGB=4), "memoryInGB", "2", "4", False),
        (
            lambda b: inside(b)["resources"].update(limits={"cpu": 2}),
            "cpu limit",
            None,
            "2",
            False,
        ),
        (
            lambda b: variables(b)[0].update(value="debug"),
            "environment variable LEVEL",
            "info",
            "debug",
            True,
        ),
        (
            lambda b: variables(b).append({"name": "NEW", "value": "1"}),
            "environment variable NEW",
            None,
            "1",
            True,
        ),
        (
            lambda b: variables(b)[2].update(value="true"),
            "appInsightsEnabled",
            "false",
            "true",
            True,
        ),
        (
            lambda b: variables(b).append({"name": "ACIDEPLOY_KEYS_FILE", "value": "/k"}),
            "authEnabled",
            "false",
            "true",
            True,
        ),
        (
            lambda b: variables(b).append({"name": "ACIDEPLOY_TLS_CERTIFICATE", "value": "/c"}),
            "sslEnabled",
            "false",
            "true",
            True,
        ),
        (
            lambda b: variables(b).append(
                {"name": "AML_MODEL_DC_STORAGE_ENABLED", "value": "true"}
            ),
            "dataCollection.storageEnabled",
            "false",
            "true",
            True,
        ),
        (
            lambda b: inside(b)["livenessProbe"].update(periodSeconds=60),
            "liveness probe",
            "GET http :80/ every 30 s, 3 failures, 1 s each",
            "GET http :80/ every 60 s, 3 failures, 1 s each",
            True,
        ),
        (
            lambda b: inside(b).update(readinessProbe={"exec": {"command": ["ok"]}}),
            "readiness probe",
            "GET http :80/ every 10 s, 3 failures, 1 s each",
            "ok every 10 s, 3 failures, 1 s each",
            True,
        ),
        (
            lambda b: inside(b)["volumeMounts"].append({"name": "data", "mountPath": "/d"}),
            "mount of volume data",
            None,
            "/d",
            True,
        ),
        (
            lambda b: b["properties"]["volumes"].append(_SHARE),
            "volume data",
            None,
            "share s of a",
            True,
        ),
        (
            lambda b: b["properties"]["containers"].append(_OTHER),
            "container proxy",
            None,
            "caddy",
            False,
        ),
        (lambda b: b.update(location="West Europe"), "location", "westus", "westeurope", False),
        (lambda b: b["properties"].update(osType="Windows"), "osType", "Linux", "Windows", False),
        (
            lambda b: b["properties"].update(restartPolicy="OnFailure"),
            "restart policy",
            "Always",
            "OnFailure",
            False,
        ),
        (lambda b: b["properties"].update(priority="Spot"), "priority", "Regular", "Spot", False),
        (
            lambda b: b["properties"].update(sku="Confidential"),
            "sku",
            "Standard",
            "Confidential",
            False,
        ),
        (lambda b: b.update(zones=["1"]), "zones", None, "1", False),
        (lambda b: _address(b)["ports"][0].update(port=443), "ports", "80/TCP", "443/TCP", False),
        (lambda b: _address(b).update(type="Private"), "address type", "Public", "Private", False),
        (lambda b: _address(b).update(dnsNameLabel="iris"), "dnsNameLabel", GROUP, "iris", True),
        (
            lambda b: _address(b).update(autoGeneratedDomainNameLabelScope="TenantReuse"),
            "DNS label reuse",
            "Unsecure",
            "TenantReuse",
            True,
        ),
        (
            lambda b: b["properties"].update(subnetIds=[{"id": f"{_SUBNET}/s"}]),
            "subnet",
            None,
            "v/s",
            False,
        ),
        (
            lambda b: b["properties"].update(dnsConfig={"nameServers": ["10.0.0.4"]}),
            "name servers",
            None,
            "10.0.0.4",
            False,
        ),
        (
            lambda b: b["properties"].update(encryptionProperties=_KEY),
            "customer-managed key",
            None,
            "https://v.vault.azure.net/k/1",
            False,
        ),
        (
            lambda b: b["properties"][_CREDENTIALS][0].update(username="other"),
            "login at contoso.azurecr.io",
            "user pull",
            "user other",
            True,
        ),
        (
            lambda b: b["properties"].update({_CREDENTIALS: []}),
            "login at contoso.azurecr.io",
            "user pull",
            None,
            True,
        ),
        (lambda b: b.pop("identity"), "identity", "puller", None, True),
        (
            lambda b: b["properties"].update(
                diagnostics={"logAnalytics": {"workspaceId": "w", "workspaceKey": SECRETS[0]}}
            ),
            "log workspace",
            None,
            "w",
            True,
        ),
        (lambda b: b["tags"].update(stage="prod"), "tag stage", "dev", "prod", True),
        (lambda b: b["tags"].pop("stage"), "tag stage", "dev", None, True),
    ],
)
def test_a_changed_field_is_named(
    edit: Edit, field: str, before: str | None, after: str | None, in_place: bool
) -> None:
    found = changes(given_back(), edited(edit))
    assert [each.field for each in found] == [field]
    assert (found[0].before, found[0].after, found[0].in_place) == (before, after, in_place)
    assert verdict(found) == ("in place" if in_place else "replace")
    assert not any(secret in repr(found) for secret in SECRETS)


def _requests(body: dict[str, Any]) -> Any:
    return inside(body)["resources"]["requests"]


def _address(body: dict[str, Any]) -> Any:
    return body["properties"]["ipAddress"]


def test_secret_values_are_not_compared() -> None:
    def renew(body: dict[str, Any]) -> None:
        variables(body)[3]["secureValue"] = "other"
        body["properties"]["volumes"][0]["secret"] = {"keys.json": "other", "key.pem": "one"}
        body["properties"][_CREDENTIALS][0]["password"] = "other"

    assert changes(given_back(), edited(renew)) == ()


def test_that_secrets_are_others_is_known_by_the_digest_of_the_settings() -> None:
    body = edited(lambda b: b["tags"].update({"acideploy.part.settings": "def"}))
    (change,) = changes(given_back(), body)
    assert (change.field, change.before, change.after) == (
        "secret settings",
        "(secret)",
        "(secret)",
    )
    assert verdict([change]) == "in place"


def test_a_setting_that_is_told_is_not_told_again_as_a_secret_one() -> None:
    def change(body: dict[str, Any]) -> None:
        body["tags"]["acideploy.part.settings"] = "def"
        variables(body)[0]["value"] = "debug"

    assert [each.field for each in changes(given_back(), edited(change))] == [
        "environment variable LEVEL"
    ]


@pytest.mark.parametrize(
    ("edit", "after"),
    [
        (lambda b: variables(b).__setitem__(0, {"name": "LEVEL", "secureValue": "x"}), "(secret)"),
        (lambda b: variables(b).pop(0), None),
    ],
)
def test_the_value_of_a_variable_that_goes_or_becomes_secret_is_not_shown(
    edit: Edit, after: str | None
) -> None:
    (change,) = changes(given_back(), edited(edit))
    assert (change.before, change.after) == ("(not shown)", after)


def test_a_secret_that_becomes_plain_is_a_change() -> None:
    (change,) = changes(
        given_back(),
        edited(lambda b: variables(b).__setitem__(3, {"name": "API_KEY", "value": ""})),
    )
    assert (change.before, change.after) == ("(secret)", "")


def test_a_private_address_that_is_not_given_yet_is_no_change() -> None:
    def make_private(body: dict[str, Any]) -> None:
        body["properties"]["subnetIds"] = [{"id": f"{_SUBNET}/s"}]
        body["properties"]["ipAddress"]["type"] = "Private"

    body = edited(make_private)
    present = given_back(body)
    del present["properties"]["ipAddress"]
    assert changes(present, body) == ()


def test_ids_are_alike_in_any_case() -> None:
    present = given_back()
    (identity,) = present["identity"]["userAssignedIdentities"]
    present["identity"]["userAssignedIdentities"] = {identity.upper(): {}}
    assert changes(present, asked_for()) == ()


def test_side_containers_of_the_retired_tool_make_the_group_a_new_one() -> None:
    present = given_back()
    side = {"name": "azureml-fe-aci", "properties": {"image": "fe", "environmentVariables": []}}
    present["properties"]["containers"].insert(0, side)
    (change,) = changes(present, asked_for())
    assert (change.field, change.after) == ("container azureml-fe-aci", None)
    assert verdict([change]) == "replace"


def test_one_field_that_is_fixed_replaces_the_group() -> None:
    def change(body: dict[str, Any]) -> None:
        inside(body)["image"] = "other"
        inside(body)["resources"]["requests"]["cpu"] = 2

    assert verdict(changes(given_back(), edited(change))) == "replace"


def test_nothing_changed_keeps_the_group() -> None:
    assert verdict(()) == "keep"


def test_tags_alone_start_no_container_anew() -> None:
    assert are_of_tags(changes(given_back(), edited(lambda b: b["tags"].update(a="b"))))
    assert not are_of_tags(changes(given_back(), edited(lambda b: inside(b).update(image="x"))))
