"""Put a machine-learning model behind a URL. `open_workspace()` is where to begin.

The names below are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acideploy.api import (
        ConfigurationFiles,
        DeployRequest,
        PackageRequest,
        UpdateRequest,
        Workspace,
        open_workspace,
    )
    from acideploy.config.problem import Place, Problem
    from acideploy.config.values import Override
    from acideploy.errors import AcideployError
    from acideploy.events import Event
    from acideploy.models import Model, ModelChanges, ModelDraft, ModelReference
    from acideploy.package import Package
    from acideploy.plan import Plan, Step
    from acideploy.request import ToArchive, ToContext, ToLayout
    from acideploy.targets import Answer, Keys, Service, Terminal

__all__ = [
    "AcideployError",
    "Answer",
    "ConfigurationFiles",
    "DeployRequest",
    "Event",
    "Keys",
    "Model",
    "ModelChanges",
    "ModelDraft",
    "ModelReference",
    "Override",
    "Package",
    "PackageRequest",
    "Place",
    "Plan",
    "Problem",
    "Service",
    "Step",
    "Terminal",
    "ToArchive",
    "ToContext",
    "ToLayout",
    "UpdateRequest",
    "Workspace",
    "open_workspace",
]

_HOMES = {
    "acideploy.api": (
        "ConfigurationFiles",
        "DeployRequest",
        "PackageRequest",
        "UpdateRequest",
        "Workspace",
        "open_workspace",
    ),
    "acideploy.config.problem": ("Place", "Problem"),
    "acideploy.config.values": ("Override",),
    "acideploy.errors": ("AcideployError",),
    "acideploy.events": ("Event",),
    "acideploy.models": ("Model", "ModelChanges", "ModelDraft", "ModelReference"),
    "acideploy.package": ("Package",),
    "acideploy.plan": ("Plan", "Step"),
    "acideploy.request": ("ToArchive", "ToContext", "ToLayout"),
    "acideploy.targets": ("Answer", "Keys", "Service", "Terminal"),
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("acideploy")
    raise AttributeError(f"module 'acideploy' has no attribute {name!r}")
