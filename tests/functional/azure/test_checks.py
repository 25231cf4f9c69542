"""What `acideploy check` says of the models, which Azure would run out of room for."""

from __future__ import annotations

from acideploy.models import ModelDraft
from tests.azure_services import AzureServices
from tests.functional.azure.test_plans import FILES


def test_models_are_checked_against_the_memory_before_a_deploy(services: AzureServices) -> None:
    services.write("model.bin", "0" * 1_000_000)
    services.workspace().register_model(services.project / "model.bin", ModelDraft(name="big"))
    small = {"cpu": 1, "memoryInGB": 0.0005}
    services.write(
        "deployment.json", {"computeType": "ACI", "containerResourceRequirements": small}
    )
    found = services.workspace().check(FILES, models=["big", "none"])
    told = [each.code for each in found if each.severity == "error"]
    assert told == ["model-memory", "model-not-found"]
