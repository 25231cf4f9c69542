"""What `--dry-run` says of a deploy to Azure, before and after the service is there."""

from __future__ import annotations

from pathlib import Path

from acideploy.api import ConfigurationFiles, DeployRequest
from acideploy.plan import Effects
from tests.azure_services import AzureServices

FILES = ConfigurationFiles(
    inference_config=Path("inference.json"), deployment_config=Path("deployment.json")
)


def effects(services: AzureServices, name: str = "web") -> Effects:
    plan = services.workspace().plan(DeployRequest(name=name, files=FILES))
    assert plan.effects
    return plan.effects


def actions(services: AzureServices, name: str = "web") -> dict[str, tuple[str, int | None]]:
    return {
        each.title.partition(" localhost")[0]: (each.action, each.size)
        for each in effects(services, name).layers
    }


def test_a_plan_says_of_each_layer_how_it_gets_there_and_its_bytes(
    services: AzureServices,
) -> None:
    first = actions(services)
    # The base image is in the workspace's own registry, and brings its packages.
    assert first["base image"][0] == "mount"
    assert first["serving files"][0] == first["code"][0] == "push"
    assert all(size for _, size in first.values())

    services.deploy()
    services.write("score.py", "def init(): pass\ndef run(data): return 0\n")
    changed = actions(services)
    assert {title: action for title, (action, _) in changed.items()} == {
        "base image": "reuse",
        "serving files": "reuse",
        "code": "push",
    }
    assert {title: size for title, (_, size) in changed.items()} == {
        title: size for title, (_, size) in first.items()
    }


def test_a_plan_says_with_what_the_image_is_pulled(services: AzureServices) -> None:
    token = f"token acideploy-pull-{services.mark}"
    assert effects(services).pull == f"a new {token}, for the images of services".replace(
        "token acideploy", "token, acideploy"
    )
    assert f"acideploy-pull-{services.mark}" not in services.secrets()
    services.deploy("other")
    assert effects(services).pull == token
