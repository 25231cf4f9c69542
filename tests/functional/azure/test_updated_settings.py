"""Settings of a service in Azure that change without its code being at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trustme

from acideploy.api import ConfigurationFiles, UpdateRequest
from acideploy.config.values import Override
from acideploy.errors import ConfigurationError, StorageError, UnsupportedError
from acideploy.models import ModelDraft
from acideploy.targets import Service
from acideploy.targets.aci.settings import is_of_settings
from tests.azure_services import AzureServices

FLAGS = {
    "cpu": "containerResourceRequirements.cpu",
    "memory": "containerResourceRequirements.memoryInGB",
    "auth": "authEnabled",
    "primary": "keys.primaryKey",
    "label": "dnsNameLabel",
    "ssl": "sslEnabled",
    "certificate": "sslCertificate",
    "key": "sslKey",
    "cname": "cname",
    "insights": "appInsightsEnabled",
}


def updated(services: AzureServices, *, file: str | None = None, **flags: Any) -> Service:
    about = {name: flags.pop(name) for name in [*flags] if name not in FLAGS}
    files = ConfigurationFiles(
        deployment_config=Path(file) if file else None,
        deployment_overrides=[
            Override(key=FLAGS[name], value=value, flag=f"--{name}")
            for name, value in flags.items()
        ],
    )
    request = UpdateRequest(name="web", files=files, **about)
    assert is_of_settings(request)
    return services.workspace().update_service(request)


@pytest.fixture
def web(services: AzureServices) -> AzureServices:
    """With a model, a secret variable, an open one and keys."""
    inference = json.loads((services.project / "inference.json").read_text())
    variables = {"DB_PASSWORD": "hunter2", "LEVEL": "info", "PYTHONPATH": "/mine"}
    inference["environment"]["environmentVariables"] = variables
    services.write("inference.json", inference)
    services.write("deployment.json", {"computeType": "ACI", "authEnabled": True})
    services.write("model.txt", "weights")
    services.workspace().register_model(Path("model.txt"), ModelDraft(name="iris"))
    services.deploy(models=["iris:1"], tags={"team": "blue"}, description="first")
    return services


def test_another_size_keeps_all_the_rest(web: AzureServices) -> None:
    before, keys = web.workspace().show_service("web"), web.workspace().keys("web")
    order = web.runtime.orders[-1]
    after = updated(web, cpu=1, memory=2, description="second", add_tags={"size": "big"})
    assert (after.cpu, after.memory_in_gb, after.state) == (1, 2, "Healthy")
    assert (after.revision, after.description) == (2, "second")
    assert after.tags == {"team": "blue", "size": "big"}
    assert (after.image_digest, after.models) == (before.image_digest, before.models)
    assert (after.scoring_uri, after.auth_enabled) == (before.scoring_uri, True)
    assert web.workspace().keys("web") == keys
    changed = {"ACIDEPLOY_REVISION": "2"}
    assert web.runtime.orders[-1].variables == {**order.variables, **changed}
    assert web.workspace().roll_back("web").cpu == before.cpu


def test_it_is_found_by_a_later_deploy_of_the_same(web: AzureServices) -> None:
    updated(web, cpu=1, memory=2)
    requirements = {"cpu": 1, "memoryInGB": 2}
    web.write(
        "deployment.json",
        {
            "computeType": "ACI",
            "authEnabled": True,
            "containerResourceRequirements": requirements,
        },
    )
    assert web.deploy(models=["iris:1"], tags={"team": "blue"}).revision == 2


def test_keys_are_switched_on_set_and_off(web: AzureServices) -> None:
    assert updated(web, auth=False).auth_enabled is False
    with pytest.raises(UnsupportedError):
        web.workspace().keys("web")
    updated(web, auth=True, primary="primaryK3yPrimaryK3yPrimaryK3y01")
    assert web.workspace().keys("web").primary == "primaryK3yPrimaryK3yPrimaryK3y01"


def test_a_certificate_is_given_renewed_and_kept(web: AzureServices) -> None:
    authority = trustme.CA()

    def issue() -> str:
        issued = authority.issue_cert("web.example.com")
        chain = b"".join(each.bytes() for each in issued.cert_chain_pems).decode()
        web.write("cert.pem", chain)
        web.write("key.pem", issued.private_key_pem.bytes().decode())
        return chain

    files = {"certificate": "cert.pem", "key": "key.pem"}

    def served() -> str:
        order, _ = web.runtime.opened[-1]
        [volume] = order.volumes.values()
        return volume["certificate.pem"].decode()

    first = issue()
    assert updated(web, ssl=True, cname="web.example.com", **files).ssl_enabled is True
    assert served() == first
    second = issue()
    assert updated(web, **files).cname == "web.example.com"
    assert served() == second
    assert updated(web, cpu=1).scoring_uri == "https://web.example.com/score"
    assert served() == second


def test_a_file_with_settings_is_laid_over_those_of_the_service(web: AzureServices) -> None:
    web.write("more.json", {"computeType": "ACI", "containerResourceRequirements": {"cpu": 1}})
    after = updated(web, file="more.json")
    assert (after.cpu, after.memory_in_gb, after.auth_enabled) == (1, 0.5, True)


def test_what_is_wrong_changes_nothing(web: AzureServices) -> None:
    with pytest.raises(ConfigurationError):
        updated(web, cpu=-1)
    web.purge(f"acideploy-web-{web.mark}-r1")
    with pytest.raises(StorageError, match="DB_PASSWORD"):
        updated(web, cpu=1)
    assert web.workspace().show_service("web").revision == 1
