"""A deploy with each of its requests failing once, in every way that a request can fail."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from typing import Any, TypeAlias

import pytest

from acideploy.errors import AcideployError
from tests.azure_services import AzureServices

# Method, path (a regular expression), and how many requests like it go before.
Asked: TypeAlias = tuple[str, str, int]

PASSING: dict[str, dict[str, Any]] = {
    "busy": {"status": 429, "headers": {"Retry-After": "7"}, "code": "TooManyRequests"},
    "error": {"status": 500},
    "reset": {"reset": True},
    "truncated": {"truncate": True},
}
LASTING: dict[str, dict[str, Any]] = {
    "expired": {"expiredToken": True},
    "conflict": {"status": 409, "code": "Conflict", "method": "PUT"},
}
# What passes is tried again: of one deploy several requests may fail that are this far apart.
_APART = 8
# Of requests that are alike, so many fail.
_ALIKE = 3
_CHANGING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}-[0-9a-f]{10}|[0-9a-f]{2}/[0-9a-f]{64}|[0-9a-f]{64}"
    r"|[0-9a-f]{12}$|first"
)


@pytest.fixture
def asked(services: AzureServices) -> list[Asked]:
    """The requests of a deploy with keys, in their order."""
    services.write("deployment.json", {"computeType": "ACI", "authEnabled": True})
    services.deploy("before")
    _forget(services)
    services.azure.cloud.traffic.clear()
    services.deploy("first")
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for each in services.azure.cloud.traffic.describe():
        request = each["method"], ".*".join(map(re.escape, _CHANGING.split(each["path"]))) + "$"
        if seen[request] < _ALIKE:
            found.append((*request, seen[request]))
        seen[request] += 1
    return found


@pytest.mark.parametrize("fault", PASSING)
def test_a_deploy_survives_what_passes(
    services: AzureServices, asked: list[Asked], fault: str
) -> None:
    for number in range(_APART):
        struck = _failing(services, asked[number::_APART], PASSING[fault])
        assert services.deploy(f"svc-{number}").state == "Healthy"
        assert struck() > 0
    _assert_named(services)


@pytest.mark.parametrize("fault", LASTING)
def test_a_deploy_that_fails_says_why_and_the_next_one_goes_on(
    services: AzureServices, asked: list[Asked], fault: str
) -> None:
    rule = LASTING[fault]
    for number, request in enumerate(asked):
        # Of uploads that are alike, one tells as much as three.
        if rule.get("method", request[0]) != request[0] or ("/blobs/" in request[1] and request[2]):
            continue
        _failing(services, [request], rule)
        name = f"svc-{number}"
        with contextlib.suppress(AcideployError):
            assert services.deploy(name).state == "Healthy"
        services.azure.cloud.faults.clear()
        assert services.deploy(name).state == "Healthy", request
    _assert_named(services)


def test_a_deploy_waits_for_an_operation_that_is_under_way(services: AzureServices) -> None:
    rule = {"status": 409, "code": "ContainerGroupTransitioning", "count": 3}
    struck = _failing(services, [("PUT", "/containerGroups/", 0)], rule)
    assert services.deploy().state == "Healthy"
    assert struck() == 3


def _failing(services: AzureServices, asked: list[Asked], rule: dict[str, Any]) -> Any:
    """Has requests fail; returns what tells how many have."""
    _forget(services)
    services.azure.cloud.faults.clear()
    rules = [{**rule, "method": method, "path": path, "skip": skip} for method, path, skip in asked]
    answer = services.azure.ask("POST", "/_emulator/faults", rules)
    assert answer.status == 201, answer.body
    return lambda: sum(each["struck"] for each in services.azure.cloud.faults.describe())


def _forget(services: AzureServices) -> None:
    """Has the next deploy make the token that images are pulled with once more."""
    services.azure.cloud.faults.clear()
    services.purge(f"acideploy-pull-{services.mark}")


def _assert_named(services: AzureServices) -> None:
    """Every group and every secret that is left belongs to a service that is there."""
    groups = [each["name"] for each in services.groups()]
    names = {service.container for service in services.workspace().list_services()}
    assert names == set(groups)
    keys = {f"acideploy-{name}-keys" for name in groups}
    assert services.secrets() - {f"acideploy-pull-{services.mark}"} == keys
