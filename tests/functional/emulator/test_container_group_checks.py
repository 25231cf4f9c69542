"""Container groups that Azure Container Instances does not take, and what it says then."""

from __future__ import annotations

from typing import Any

import pytest

from tests.container_groups import GROUPS, asked, container, put
from tests.emulated import Emulated

_SECRET = [{"name": "files", "secret": {"a": "YQ=="}}]
_IDENTITY = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/u/i"


def _ports(*numbers: int) -> dict[str, Any]:
    return {"ipAddress": {"type": "Public", "ports": [{"port": number} for number in numbers]}}


def _login(**login: str) -> dict[str, Any]:
    return {"imageRegistryCredentials": [{"server": "r.io", **login}]}


def _one(**properties: Any) -> dict[str, Any]:
    return {"containers": [container(**properties)]}


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"containers": []}, "ContainersNotSpecified"),
        ({"containers": "web"}, "InvalidRequestContent"),
        ({"containers": [None]}, "InvalidRequestContent"),
        ({"containers": [container("Web")]}, "InvalidContainerName"),
        ({"containers": [container("-web")]}, "InvalidContainerName"),
        ({"containers": [container("a"), container("a")]}, "DuplicateContainerName"),
        ({"containers": [container(f"c{n}") for n in range(61)]}, "TooManyContainers"),
        (_one(image=" "), "InvalidImage"),
        (_one(resources={}), "ResourceRequestsNotSpecified"),
        (_one(resources={"requests": {"cpu": 1}}), "ResourceSomeRequestsNotSpecified"),
        (_one(resources={"requests": {"cpu": 0, "memoryInGB": 1}}), "InvalidResourceRequest"),
        (_one(resources={"requests": {"cpu": "much", "memoryInGB": 1}}), "InvalidRequestContent"),
        (
            _one(
                resources={"requests": {"cpu": 1, "memoryInGB": 1}, "limits": {"cpu": 0.5}},
            ),
            "InvalidResourceLimit",
        ),
        ({"containers": [container(cpu=32)]}, "ServiceUnavailable"),
        ({"sku": "Dedicated"}, "ContainerGroupQuotaReached"),
        ({"osType": "Plan9"}, "InvalidOsType"),
        ({"osType": None}, "InvalidOsType"),
        ({"restartPolicy": "Sometimes"}, "InvalidRestartPolicy"),
        (_ports(), "MissingIpAddressPorts"),
        (_ports(1, 2, 3, 4, 5, 6), "TooManyIpAddressPorts"),
        (_ports(0), "InvalidPort"),
        (_ports(65536), "InvalidPort"),
        (_ports(22), "ReservedPort"),
        (_ports(19390), "ReservedPort"),
        (_ports(20000), "ReservedPort"),
        (_ports(80, 80), "DuplicatePort"),
        (
            {"containers": [container(n, ports=[{"port": 80}]) for n in ("a", "b")]},
            "DuplicatePort",
        ),
        (
            {"ipAddress": {"type": "Private", "ports": [{"port": 80}]}},
            "PrivateIPAddressNeedsNetwork",
        ),
        ({"ipAddress": {"type": "Hidden", "ports": [{"port": 80}]}}, "InvalidIPAddressType"),
        (_one(volumeMounts=[{"name": "none", "mountPath": "/x"}]), "VolumeNotFound"),
        (
            {
                **_one(volumeMounts=[{"name": "files", "mountPath": "x"}]),
                "volumes": _SECRET,
            },
            "InvalidVolumeMountPath",
        ),
        (
            {
                **_one(volumeMounts=[{"name": "files", "mountPath": p} for p in ("/x", "/x/")]),
                "volumes": _SECRET,
            },
            "DuplicateVolumeMountPath",
        ),
        ({"volumes": [{"name": "No", "emptyDir": {}}]}, "InvalidVolumeName"),
        ({"volumes": [{"name": "files"}]}, "InvalidVolume"),
        ({"volumes": [*_SECRET, *_SECRET]}, "DuplicateVolumeName"),
        ({"volumes": [{"name": "files", "secret": {"a": "not base64!"}}]}, "InvalidSecretVolume"),
        ({"volumes": [{"name": "files", "secret": {"../a": "YQ=="}}]}, "InvalidSecretVolume"),
        ({"volumes": [{"name": f"files{n}", "emptyDir": {}} for n in range(21)]}, "TooManyVolumes"),
        (
            _one(environmentVariables=[{"name": "_A", "value": "1"}]),
            "InvalidEnvironmentVariableName",
        ),
        (
            _one(environmentVariables=[{"name": "A", "value": "1"}] * 2),
            "DuplicateEnvironmentVariable",
        ),
        (
            _one(environmentVariables=[{"name": "A", "value": "1", "secureValue": "2"}]),
            "InvalidEnvironmentVariable",
        ),
        (_one(livenessProbe={}), "InvalidProbe"),
        (_one(readinessProbe={"httpGet": {"port": 0}}), "InvalidProbe"),
        (_login(), "InvalidImageRegistryCredential"),
        (_login(server="https://r.io", username="a", password="b"), "InvalidImageRegistryServer"),
        (_login(identity=_IDENTITY), "InvalidImageRegistryIdentity"),
        (
            _login(identity=_IDENTITY, username="a", password="b"),
            "AmbiguousImageResitryCredentialType",
        ),
    ],
)
def test_a_group_that_cannot_be_is_refused_with_the_service_s_code(
    azure: Emulated, properties: dict[str, Any], code: str
) -> None:
    answer = put(azure, asked(**properties))
    assert answer.code == code
    assert answer.status == (409 if code == "ServiceUnavailable" else 400)
    assert azure.arm("GET", f"{GROUPS}/one").status == 404


@pytest.mark.parametrize("label", ["abcd", "My-label", "1label", "my-label-", "a" * 64])
def test_a_dns_label_has_a_form(azure: Emulated, label: str) -> None:
    answer = put(azure, asked(label=label))
    assert (answer.status, answer.code) == (400, "InvalidDnsNameLabel")


@pytest.mark.parametrize("name", ["-one", "one-", "o_e", "a" * 64])
def test_a_group_s_name_has_a_form(azure: Emulated, name: str) -> None:
    assert put(azure, asked(), name).code == "InvalidContainerGroupName"


@pytest.mark.parametrize(
    ("location", "code"),
    [(None, "LocationRequired"), ("atlantis", "LocationNotAvailableForResourceType")],
)
def test_a_group_is_somewhere(azure: Emulated, location: str | None, code: str) -> None:
    assert put(azure, {**asked(), "location": location}).code == code


def test_a_group_does_not_move(azure: Emulated) -> None:
    put(azure, asked())
    moved = put(azure, {**asked(), "location": "eastus"})
    assert (moved.status, moved.code) == (409, "InvalidResourceLocation")


def test_old_versions_know_no_identity_at_a_registry(azure: Emulated) -> None:
    azure.make_group()
    answer = azure.arm(
        "PUT", f"{GROUPS}/one", asked(**_login(identity=_IDENTITY)), version="2021-03-01"
    )
    assert answer.code == "InvalidImageRegistryCredentialType"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"text"'])
def test_what_is_no_object_is_refused(azure: Emulated, body: bytes) -> None:
    azure.make_group()
    answer = azure.arm("PUT", f"{GROUPS}/one", body)
    assert (answer.status, answer.code) == (400, "InvalidRequestContent")


def test_numbers_may_be_texts_and_members_in_any_case(azure: Emulated) -> None:
    requests = {"CPU": "1", "memoryInGb": "1.5"}
    made = put(azure, asked(containers=[container(resources={"Requests": requests})]))
    assert made.status == 201
    asked_for = made.json["properties"]["containers"][0]["properties"]["resources"]["requests"]
    assert asked_for == {"memoryInGB": 1.5, "cpu": 1.0}
