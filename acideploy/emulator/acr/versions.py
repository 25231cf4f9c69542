"""The API versions of Azure Container Registry, and what differs between them."""

from __future__ import annotations

# What answers call `api-supported-versions`, with a few that are gone from that header or newer.
_REGISTRIES = (
    "2016-06-27-preview",
    "2017-03-01",
    "2017-06-01-preview",
    "2017-10-01",
    "2019-05-01",
    "2019-12-01-preview",
    "2020-11-01-preview",
    "2021-06-01-preview",
    "2021-08-01-preview",
    "2021-09-01",
    "2021-12-01-preview",
    "2022-02-01-preview",
    "2022-12-01",
    "2023-01-01-preview",
    "2023-06-01-preview",
    "2023-07-01",
    "2023-08-01-preview",
    "2023-11-01-preview",
    "2024-01-01-preview",
    "2024-11-01-preview",
    "2025-03-01-preview",
    "2025-04-01",
    "2025-05-01-preview",
    "2025-06-01-preview",
    "2025-09-01-preview",
    "2025-11-01",
    "2025-12-01-preview",
    "2026-01-01-preview",
    "2026-03-01-preview",
    "2026-09-01-preview",
    "2026-11-01",
)
REGISTRY_VERSIONS = _REGISTRIES
# Scope maps and tokens are younger than registries, and were a preview first.
TOKEN_VERSIONS = ("2019-05-01-preview", *(each for each in _REGISTRIES if each >= "2020-11"))
TASK_VERSIONS = (
    "2018-02-01-preview",
    "2018-09-01",
    "2019-04-01",
    "2019-06-01-preview",
    "2025-03-01-preview",
)


def changes_take_time(version: str) -> bool:
    """Whether a registry is made and changed while the client waits: 201 and an operation.

    In other years the answer comes when all is done.
    """
    return "2021" <= version[:4] <= "2025"


def supported(versions: tuple[str, ...]) -> dict[str, str]:
    """The header of answers of actions and of what lies in a registry."""
    return {"api-supported-versions": ", ".join(versions)}
