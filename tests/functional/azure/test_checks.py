"""What `acideploy check` says of a service for Azure, beyond what the files say."""

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


def test_a_base_image_that_is_nowhere_is_told_before_anything_is_made(
    services: AzureServices,
) -> None:
    known = (services.project / "inference.json").read_text()
    services.write("inference.json", known.replace("base/python:1", "base/python:2"))
    [problem] = [each for each in services.workspace().check(FILES) if each.severity == "error"]
    assert problem.code == "base-image-not-found"
    assert problem.message.endswith("/base/python:2")


def test_what_azure_would_refuse_is_told_with_its_line(services: AzureServices) -> None:
    asked = '{"computeType": "ACI",\n"location": "westeurop",\n"containerResourceRequirements":'
    services.write("deployment.json", asked + ' {"cpu": 1,\n"memoryInGB": 1.25}}')
    told = {each.code: each.place for each in services.workspace().check(FILES)}
    places = {code: place and place.line for code, place in told.items()}
    assert places == {"unknown-region": 2, "memory-step": 4}
