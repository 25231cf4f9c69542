from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from acideploy.azure.cloud import Cloud, choose_cloud
from acideploy.errors import AzureError

URL = "https://management.example.com/metadata/endpoints?api-version=2022-09-01"
DOCUMENT = {
    "name": "Example",
    "resourceManager": "https://management.example.com/",
    "authentication": {
        "loginEndpoint": "https://login.example.com/",
        "audiences": ["https://management.core.example.com/", "https://management.example.com/"],
    },
    "suffixes": {"acrLoginServer": ".registry.example.com", "keyVaultDns": "vault.example.com"},
}
EXAMPLE = Cloud(
    name="Example",
    resource_manager="https://management.example.com",
    authority="https://login.example.com",
    audience="https://management.example.com",
    registry_suffix="registry.example.com",
    vault_suffix="vault.example.com",
)


def unread(url: str) -> Any:
    raise AssertionError(f"{url} is asked for")


@pytest.mark.parametrize(
    ("variables", "manager", "authority", "registries", "vaults"),
    [
        (
            {},
            "https://management.azure.com",
            "https://login.microsoftonline.com",
            "azurecr.io",
            "vault.azure.net",
        ),
        (
            {"ACIDEPLOY_CLOUD": "azureusgovernment"},
            "https://management.usgovcloudapi.net",
            "https://login.microsoftonline.us",
            "azurecr.us",
            "vault.usgovcloudapi.net",
        ),
        (
            {"ACIDEPLOY_CLOUD": "AzureChinaCloud"},
            "https://management.chinacloudapi.cn",
            "https://login.chinacloudapi.cn",
            "azurecr.cn",
            "vault.azure.cn",
        ),
    ],
)
def test_microsofts_clouds_are_known(
    variables: dict[str, str],
    manager: str,
    authority: str,
    registries: str,
    vaults: str,
    tmp_path: Path,
) -> None:
    cloud = choose_cloud(variables, tmp_path, read=unread)
    assert (cloud.resource_manager, cloud.authority) == (manager, authority)
    assert (cloud.registry_suffix, cloud.vault_suffix) == (registries, vaults)
    assert cloud.audience == manager


@pytest.mark.parametrize("variable", ["ACIDEPLOY_CLOUD", "ARM_CLOUD_METADATA_URL"])
@pytest.mark.parametrize("document", [DOCUMENT, [DOCUMENT]])
def test_any_other_cloud_is_as_its_metadata_says(
    variable: str, document: Any, tmp_path: Path
) -> None:
    read = {URL: document}
    assert choose_cloud({variable: URL}, tmp_path, read=read.__getitem__) == EXAMPLE


def test_the_own_variable_goes_before_the_shared_one_and_before_az(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[cloud]\nname = AzureChinaCloud\n")
    variables = {"ACIDEPLOY_CLOUD": "AzureUSGovernment", "ARM_CLOUD_METADATA_URL": URL}
    assert choose_cloud(variables, tmp_path, read=unread).name == "AzureUSGovernment"


def test_the_cloud_that_az_has_set_is_taken(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[cloud]\nname = AzureUSGovernment\n")
    assert choose_cloud({}, tmp_path, read=unread).name == "AzureUSGovernment"


def test_a_cloud_that_is_registered_with_az_is_found_by_its_resource_manager(
    tmp_path: Path,
) -> None:
    (tmp_path / "config").write_text("[cloud]\nname = Mine\n")
    (tmp_path / "clouds.config").write_text(
        "[Mine]\nendpoint_resource_manager = https://management.example.com/\n"
    )
    assert choose_cloud({}, tmp_path, read={URL: DOCUMENT}.__getitem__) == EXAMPLE


def test_a_damaged_file_of_az_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("no section\n")
    assert choose_cloud({}, tmp_path, read=unread).name == "AzureCloud"


def test_an_unknown_cloud_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(AzureError, match="no cloud 'AzureMoon'") as caught:
        choose_cloud({"ACIDEPLOY_CLOUD": "AzureMoon"}, tmp_path, read=unread)
    assert "AzureUSGovernment" in (caught.value.hint or "")


@pytest.mark.parametrize("document", [{}, [], {**DOCUMENT, "suffixes": {}}, None])
def test_a_document_that_describes_no_cloud_is_refused(document: Any, tmp_path: Path) -> None:
    with pytest.raises(AzureError, match="does not describe a cloud"):
        choose_cloud({"ACIDEPLOY_CLOUD": URL}, tmp_path, read=lambda url: document)
