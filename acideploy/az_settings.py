"""What az keeps of its user's choices: defaults, and the subscription that is active."""

from __future__ import annotations

import configparser
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

SUBSCRIPTION_VARIABLE = "AZURE_SUBSCRIPTION_ID"

# A value, and where it was said.
Said: TypeAlias = tuple[str, str]

# The parts of a workspace that `az configure --defaults` knows, by its names for them.
_DEFAULTS = {"resource_group": "group", "workspace_name": "aml_workspace"}


def az_folder(variables: Mapping[str, str], *, home: Path) -> Path:
    """Where az keeps them: `AZURE_CONFIG_DIR`, else `.azure` in the user's home."""
    named = variables.get("AZURE_CONFIG_DIR")
    return Path(named) if named else home / ".azure"


def az_defaults(variables: Mapping[str, str], folder: Path) -> dict[str, Said]:
    """The resource group and the workspace that commands of az take when none is given.

    Variables go before the file, as in az. A file that cannot be read says nothing.
    """
    file = folder / "config"
    config = configparser.ConfigParser(interpolation=None)
    try:
        config.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError):
        config.clear()
    found = {}
    for part, name in _DEFAULTS.items():
        variable = f"AZURE_DEFAULTS_{name.upper()}"
        if value := variables.get(variable):
            found[part] = (value, variable)
        elif value := config.get("defaults", name, fallback=None):
            found[part] = (value, str(file))
    return found


def active_subscription(variables: Mapping[str, str], folder: Path) -> Said | None:
    """The id that `AZURE_SUBSCRIPTION_ID` says, else `az account set`."""
    if named := variables.get(SUBSCRIPTION_VARIABLE):
        return named, SUBSCRIPTION_VARIABLE
    for each in _subscriptions(folder):
        if each.get("isDefault"):
            return str(each["id"]), str(_profile(folder))
    return None


def subscription_id(name: str, folder: Path) -> str:
    """The id of a subscription that az knows by its name; what it does not know is an id."""
    for each in _subscriptions(folder):
        if str(each.get("name")).lower() == name.lower():
            return str(each["id"])
    return name


def _profile(folder: Path) -> Path:
    return folder / "azureProfile.json"


def _subscriptions(folder: Path) -> list[dict[str, Any]]:
    try:
        # az begins it with a byte-order mark.
        written = json.loads(_profile(folder).read_text(encoding="utf-8-sig"))
        return [each for each in written["subscriptions"] if "id" in each]
    except (OSError, ValueError, KeyError, TypeError):
        return []
