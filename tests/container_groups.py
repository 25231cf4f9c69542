"""Requests for container groups, for tests."""

from __future__ import annotations

from typing import Any

from tests.emulated import Answer, Emulated

GROUPS = "resourceGroups/rg/providers/Microsoft.ContainerInstance/containerGroups"


def asked(name: str = "web", *, label: str | None = None, **properties: Any) -> dict[str, Any]:
    """The body of a PUT for a group with one container; `properties` are the group's."""
    address: dict[str, Any] = {"type": "Public", "ports": [{"protocol": "TCP", "port": 80}]}
    if label:
        address["dnsNameLabel"] = label
    return {
        "location": "westus",
        "properties": {
            "osType": "Linux",
            "containers": [container(name)],
            "ipAddress": address,
            **properties,
        },
    }


def container(name: str = "web", *, cpu: float = 1, **properties: Any) -> dict[str, Any]:
    requests = {"cpu": cpu, "memoryInGB": 1.5}
    return {
        "name": name,
        "properties": {"image": "nginx", "resources": {"requests": requests}, **properties},
    }


def put(azure: Emulated, body: dict[str, Any], name: str = "one") -> Answer:
    """Sends a PUT, in a resource group that is made when it is missing."""
    azure.make_group()
    return azure.arm("PUT", f"{GROUPS}/{name}", body)


def brought_up(azure: Emulated, body: dict[str, Any], name: str = "one") -> dict[str, Any]:
    """A group that was put, on a clock that stands still, half a minute later."""
    answer = put(azure, body, name)
    assert answer.status == 201, answer.body
    azure.advance(30)
    return shown(azure, name)


def shown(azure: Emulated, name: str = "one") -> dict[str, Any]:
    """The properties of a group."""
    properties: dict[str, Any] = azure.arm("GET", f"{GROUPS}/{name}").json["properties"]
    return properties


def view(properties: dict[str, Any], name: str = "web", *, of: str = "containers") -> Any:
    """The instance view of a container; None when it has none."""
    found = next(each for each in properties[of] if each["name"] == name)
    return found["properties"].get("instanceView")


def events(properties: dict[str, Any], name: str = "web", *, of: str = "containers") -> Any:
    """How often each event was told of a container, by its name."""
    counts: dict[str, int] = {}
    for event in (view(properties, name, of=of) or {"events": []})["events"]:
        counts[event["name"]] = counts.get(event["name"], 0) + event["count"]
    return counts


def fault(azure: Emulated, **rule: Any) -> None:
    """Has the next PUT of a container group go wrong."""
    answer = azure.ask(
        "POST", "/_emulator/faults", {"method": "PUT", "path": "containerGroups", **rule}
    )
    assert answer.status == 201, answer.body
