"""What Azure answered, and what the emulator answers to the same requests."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acideploy.emulator.cloud import SUBSCRIPTION
from tests.emulated import Emulated
from tests.environments import unavailable

ROOT = Path(__file__).parents[3]
RECORDINGS = Path(os.environ.get("ACIDEPLOY_RECORDINGS") or ROOT.parent / "shared" / "recordings")
FILES = (
    "azure-cli-acr--test_acr_create_with_managed_registry",
    "azure-cli-acr--test_acr_import_no_wait",
    "azure-cli-acr--test_acr_task",
    "azure-cli-acr--test_acr_taskrun",
    "azure-cli-acr--test_check_name_availability",
    "azure-cli-acr--test_repository_token_create",
    "sdk-containerregistry-go-mgmt--TestContainerregistryBuildTestSuite",
)
# By file and number of the exchange: why the answer is another.
_NO_ENGINE = "the run fails here: no engine, and its images are on the internet"
DIFFERENT: dict[tuple[str, int], str] = {
    (FILES[1], 6): "the source registry is in a subscription that there is not",
    **dict.fromkeys(((FILES[2], n) for n in (23, 26, 29, 32, 33, 36, 39, 47)), _NO_ENGINE),
    **dict.fromkeys(((FILES[3], n) for n in (10, 12, 14)), "made by a deployment of a template"),
    (FILES[6], 1): "of the same year others were 201, and 200 is in older and newer versions",
}
NOBODY = "00000000-0000-0000-0000-000000000000"
# Headers that proxies and scrubbers add or take away.
_HEADERS = ("location", "azure-asyncoperation", "retry-after", "api-supported-versions")


@pytest.mark.parametrize("name", FILES)
def test_answers_are_those_of_azure(azure: Emulated, name: str) -> None:
    path = RECORDINGS / f"{name}.jsonl"
    if not path.is_file():
        unavailable(f"there are no recordings at {RECORDINGS}")
    differences = list(Replay(azure, name).differences(path))
    assert not differences, "\n".join(differences)


class Replay:
    """Sends recorded requests; addresses that Azure gave become those that were given here."""

    def __init__(self, azure: Emulated, name: str) -> None:
        self._azure = azure
        self._name = name
        self._addresses: dict[str, str] = {}

    def differences(self, path: Path) -> Iterator[str]:
        for line in path.read_text().splitlines():
            recorded = json.loads(line)
            if not _is_for_registries(recorded["url"]) or _is_damaged(recorded):
                continue
            self._make_groups(recorded["url"])
            answer = self._answer(recorded)
            found = None if _is_further(recorded, answer) else difference(recorded, answer)
            if found and (self._name, recorded["n"]) not in DIFFERENT:
                yield f"{recorded['n']} {recorded['method']} {recorded['url'][-120:]}: {found}"

    def _answer(self, recorded: dict[str, Any]) -> Any:
        url = recorded["url"]
        path = self._addresses.get(_key(url)) or rewritten(url)
        body = recorded["request"] or None
        if isinstance(body, dict):
            body = json.loads(rewritten(json.dumps(body)))
        for _ in range(100):
            answer = self._azure.arm(recorded["method"], path, body)
            if not _is_unfinished(recorded, answer):
                break
            time.sleep(0.02)
        for header in ("location", "azure-asyncoperation"):
            if header in recorded["headers"] and header in answer.headers:
                self._addresses.setdefault(
                    _key(recorded["headers"][header]), answer.headers[header]
                )
        return answer

    def _make_groups(self, url: str) -> None:
        if found := re.search(r"/resourcegroups/([^/?]+)", url, re.IGNORECASE):
            self._azure.make_group(found[1], "westus")


def rewritten(text: str) -> str:
    """A recorded URL or body for the emulator's subscription."""
    text = text.replace("https://management.azure.com", "").replace("&SIGNED", "")
    return text.replace(f"/subscriptions/{NOBODY}", f"/subscriptions/{SUBSCRIPTION}")


def difference(recorded: dict[str, Any], answer: Any) -> str | None:
    if answer.status != recorded["status"]:
        return f"status {answer.status}, not {recorded['status']}: {answer.body[:200]!r}"
    for header in _HEADERS:
        # azure-cli takes `retry-after` out of what it records.
        if header == "retry-after" and header not in recorded["headers"]:
            continue
        if (header in answer.headers) != (header in recorded["headers"]):
            return f"header {header} is {'there' if header in answer.headers else 'missing'}"
    wanted, got = shape(_json(recorded["response"])), shape(_json(answer.body.decode()))
    if wanted != got:
        return f"shape\n  {got}\nis not\n  {wanted}"
    return None


def shape(value: Any) -> Any:
    """Names in their order and kinds of values, but for what names are free."""
    if isinstance(value, dict):
        return [(name, shape(each)) for name, each in value.items()]
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return (
        "number"
        if isinstance(value, int | float) and not isinstance(value, bool)
        else (type(value).__name__)
    )


def _json(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) and text else text or None
    except ValueError:
        return text


def _is_for_registries(url: str) -> bool:
    return "Microsoft.ContainerRegistry" in url and "/resources?" not in url


_UNFINISHED = ("Creating", "Updating", "Queued", "Running", "Accepted")


def _is_damaged(recorded: dict[str, Any]) -> bool:
    """Whether what took secrets away left something that is no JSON."""
    return any(
        isinstance(recorded[name], str) and "<secret>" in recorded[name]
        for name in ("request", "response")
    )


def _is_unfinished(recorded: dict[str, Any], answer: Any) -> bool:
    """Whether Azure had ended what goes on here yet."""
    return _state(recorded["response"]) == "Succeeded" and (
        _state(_json(answer.body.decode())) in _UNFINISHED
    )


def _is_further(recorded: dict[str, Any], answer: Any) -> bool:
    """Whether what went on at Azure yet has ended here: time is not replayed."""
    if recorded["method"] != "GET" or answer.status not in (200, 204):
        return False
    went_on = recorded["status"] == 202 or _state(recorded["response"]) in _UNFINISHED
    return went_on and _state(_json(answer.body.decode())) not in _UNFINISHED


def _state(body: Any) -> Any:
    if not isinstance(body, dict):
        return None
    properties = body.get("properties") or {}
    return properties.get("status") or properties.get("provisioningState") or body.get("status")


def _key(url: str) -> str:
    return url.partition("?")[0]
