from __future__ import annotations

from dataclasses import replace

import pytest

from acideploy.cli import service_shapes
from tests.unit.cli.fake_workspace import SERVICE


def test_the_short_service_has_the_keys_of_the_old_one_and_two_more() -> None:
    shape = service_shapes.service(SERVICE, full=False)
    old = ("name", "imageId", "updatedAt", "computeType", "scoringUri", "state", "tags")
    assert set(shape) == {*old, "properties", "environmentDetails", "swaggerUri", "port"}
    assert shape["computeType"] == "Local"
    assert shape["updatedAt"] == "2026-11-23T10:30:15.250000+00:00"


def test_empty_tags_and_properties_are_an_empty_string_as_they_were() -> None:
    shape = service_shapes.service(replace(SERVICE, tags={}), full=False)
    assert (shape["tags"], shape["properties"]) == ("", "")


def test_the_full_service_has_every_key_of_the_old_one() -> None:
    old = (
        "name description tags properties state createdTime updatedTime error computeType "
        "workspaceName imageId imageDigest imageDetails scoringUri createdBy "
        "containerResourceRequirements location authEnabled sslEnabled appInsightsEnabled "
        "sslCertificate sslKey cname publicIp publicFqdn environmentDetails modelDetails "
        "encryptionProperties vnetConfiguration"
    )
    shape = service_shapes.service(SERVICE, full=True)
    assert set(old.split()) <= set(shape)
    assert shape["modelDetails"] == [{"id": "iris:1", "name": "iris", "version": 1}]


def test_a_service_table_has_short_times_and_joined_tags() -> None:
    for full in (False, True):
        row = service_shapes.service_table(service_shapes.service(SERVICE, full=full))
        assert row["updatedAt"] == "2026-11-23T10:30:15"
        assert row["tags"] == "stage=dev"


def test_a_list_of_services_names_models_and_revision() -> None:
    (row,) = service_shapes.service_list_table([service_shapes.service(SERVICE, full=True)])
    assert row == {
        "name": "iris-svc",
        "updatedAt": "2026-11-23T10:30:15",
        "state": "running",
        "scoringUri": "http://localhost:6789/score",
        "models": "iris:1",
        "revision": 1,
        "error": None,
    }


@pytest.mark.parametrize("full", [False, True])
def test_a_service_that_failed_says_why(full: bool) -> None:
    failed = replace(SERVICE, error="init() raised KeyError: " + "x" * 100 + "\nsecond line")
    shape = service_shapes.service(failed, full=full)
    assert shape["error"] == failed.error
    short = service_shapes.service_table(shape)["error"]
    assert short.startswith("init() raised KeyError: xx")
    assert short.endswith("...")
    assert len(short) <= 60


@pytest.mark.parametrize("full", [False, True])
def test_the_time_of_the_last_change_has_one_name_in_both_shapes(full: bool) -> None:
    shape = service_shapes.service(SERVICE, full=full)
    assert shape["updatedAt"] == "2026-11-23T10:30:15.250000+00:00"
    assert not full or shape["updatedTime"] == shape["updatedAt"]
