"""A deploy that nobody waited for, taken up by `service show --wait`."""

from __future__ import annotations

from acideploy.events import Event, Said
from tests.azure_services import AzureServices


def waited(services: AzureServices) -> list[str]:
    told: list[Event] = []
    services.workspace(emit=told.append).show_service("web", wait=True)
    return [each.line for each in told if isinstance(each, Said)]


def test_of_a_service_that_is_up_nothing_is_told(services: AzureServices) -> None:
    services.deploy()
    assert waited(services) == []


def test_what_happened_before_one_looks_is_no_news(services: AzureServices) -> None:
    for number in range(3):
        services.write("score.py", f"def init(): pass\ndef run(data): return {number}\n")
        services.deploy(no_wait=number == 2)
    told = waited(services)
    assert not [line for line in told if "pulling" in line][1:]
    assert len([line for line in told if line.endswith(" UTC)")]) <= 1
