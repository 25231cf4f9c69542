"""Models of the Azure ML workspace in a deploy: looked at first, brought when all is well."""

from __future__ import annotations

from pathlib import Path

import pytest

from acideploy.api import ConfigurationFiles, DeployRequest
from acideploy.errors import ConfigurationError
from tests.azure_services import AzureServices
from tests.emulated_models import register, registry_of, upload
from tests.environments import unavailable
from tests.parts import MissingPartError, program

BLOB = "azureml://datastores/workspaceblobstore/paths/models/iris/model.bin"
FILES = ConfigurationFiles(
    inference_config=Path("inference.json"), deployment_config=Path("deployment.json")
)


@pytest.fixture
def services(services: AzureServices) -> AzureServices:
    """With a model of 1,000 bytes in its Azure ML workspace."""
    try:
        program("azurite-blob", package="npm, then: npm install -g azurite")
    except MissingPartError as error:
        unavailable(str(error))
    upload(services.azure, "models/iris/model.bin", b"w" * 1000)
    register(services.azure, "iris", "3", BLOB)
    return services


def is_brought(services: AzureServices) -> bool:
    return "models/iris" in registry_of(services.azure).repositories("models/")


def test_a_plan_and_a_check_bring_no_model(services: AzureServices) -> None:
    workspace = services.workspace()
    plan = workspace.plan(DeployRequest(name="web", models=["iris:3"], files=FILES))
    [step] = [each for each in plan.steps if each.subject == "model iris:3"]
    assert (step.action, step.cause) == ("copy", "1,000 bytes, from the Azure ML workspace")
    told = workspace.check(FILES, models=["iris"])
    assert not [each for each in told if each.severity == "error"]
    assert not is_brought(services)


def test_a_deploy_that_is_refused_brings_none(services: AzureServices) -> None:
    services.write("deployment.json", {"computeType": "ACI", "location": "nowhere"})
    with pytest.raises(ConfigurationError):
        services.deploy(models=["iris:3"])
    assert not is_brought(services)


def test_a_deploy_brings_it_once_and_finds_it_unchanged(services: AzureServices) -> None:
    assert services.deploy(models=["iris"]).models == ("iris:3",)
    assert is_brought(services)
    services.deploy(models=["iris:3"])
    assert [each.number for each in services.workspace().service_history("web")] == [1]
