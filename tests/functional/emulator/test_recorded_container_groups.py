"""Container groups, beside what Azure answered when it was recorded."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from acideploy.emulator.cloud import SUBSCRIPTION
from tests.emulated import Emulated
from tests.recordings import recording, shape

_CLI, _SDK = "azure-cli-container--", "sdk-containerinstance-python--"
# What cannot be rewritten, and is not the emulator's to say.
_OPERATION = re.compile(r"/operations/[-0-9a-f]{36}\?.*")
# Members whose values are compared, too.
_VALUES = (
    "status",
    "provisioningState",
    "state",
    "restartCount",
    "exitCode",
    "detailStatus",
    "type",
)
_WITHOUT_TIME = "test_container_git_repo_volume_mount"
# Answers of a service as it is no more: without what is answered today whatever the version.
_OF_2018_TO_2020 = (
    f"{_CLI}test_container_git_repo_volume_mount",
    f"{_SDK}test_mgmt_containerinstance.test_container_instance",
)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        (f"{_CLI}test_container_attach", {"crash": {"exitCode": 2, "after": 5}}),
        (f"{_CLI}test_container_create", None),
        (f"{_CLI}test_container_create_regular_priority", None),
        (f"{_CLI}test_container_create_with_msi", None),
        (f"{_CLI}test_container_create_with_vnet", None),
        (f"{_CLI}test_container_create_with_zone", None),
        (f"{_CLI}test_container_export", None),
        (f"{_CLI}test_container_git_repo_volume_mount", None),
        # It waited nine minutes for a machine with a GPU.
        (f"{_SDK}test_cli_mgmt_containerinstance.test_containerinstance", {"slowStart": 540}),
        (
            f"{_SDK}test_mgmt_containerinstance.test_container_instance",
            {"crash": {"exitCode": 0, "after": 0}},
        ),
    ],
)
def test_recorded_requests_are_answered_as_azure_answered_them(
    still: Emulated, name: str, rule: dict[str, Any] | None
) -> None:
    if rule:
        still.ask("POST", "/_emulator/faults", {**rule, "method": "PUT", "path": "containerGroups"})
    exchanges = [each for each in recording(name) if "Microsoft.ContainerInstance/" in each.path]
    operation, last = "", None
    for recorded in exchanges:
        now = parsedate_to_datetime(recorded.headers["date"])
        if last is not None:
            # One file has been given one time throughout; clients poll every 30 s.
            still.advance((now - last).total_seconds() or 30 * name.endswith(_WITHOUT_TIME))
        last = now
        if group := re.search(r"/resourceGroups/([^/]+)/", recorded.path, re.IGNORECASE):
            still.make_group(group[1])
        path = _OPERATION.sub(operation, recorded.path)
        path = path.replace("00000000-0000-0000-0000-000000000000", SUBSCRIPTION)
        answer = still.arm(recorded.method, path, recorded.request or None)
        what = f"{recorded.method} {recorded.path}"
        assert answer.status == recorded.status, f"{what}: {answer.body!r}"
        assert set(recorded.headers) <= set(answer.headers), what
        assert ("azure-asyncoperation" in answer.headers) == (
            "azure-asyncoperation" in recorded.headers
        ), what
        if "azure-asyncoperation" in answer.headers:
            found = re.search(r"/operations/.*", answer.headers["azure-asyncoperation"])
            assert found
            operation = found[0]
        if recorded.response:
            theirs, ours = recorded.response, answer.json
            assert shape(_said(ours, name), values=_VALUES) == shape(
                _said(theirs, name), values=_VALUES
            ), what


def _said(answer: Any, name: str) -> Any:
    """An answer without what is known to differ, for the reasons given."""
    if isinstance(answer, list):
        return [
            _said(each, name)
            for each in answer
            # The emulator's own notice; and what Kubernetes said until 2020.
            if not (isinstance(each, dict) and each.get("name") in ("NoEngine", "Created"))
        ]
    if not isinstance(answer, dict):
        # In no poll of 2024 any more.
        return "Pending" if answer == "Creating" else answer
    kept = {inner: _said(value, name) for inner, value in answer.items()}
    # Where there was no event yet, 2018 had no list of them.
    kept = {inner: value for inner, value in kept.items() if (inner, value) != ("events", [])}
    if name in _OF_2018_TO_2020:
        kept = {n: v for n, v in kept.items() if n not in ("sku", "initContainers")}
    return kept
