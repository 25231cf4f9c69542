"""Configuration files that lie in the current directory, and were not given."""

from __future__ import annotations

import os
import re
from pathlib import Path

from acideploy.config.paths import Bases

_SUFFIXES = (".json", ".yml", ".yaml")
# In letters alone, as in inference_config.yml or aciDeploymentConfig.yml.
_USUAL = {"-ic": ("inferenceconfig",), "-dc": ("deploymentconfig", "deployconfig")}


def file_to_give(flag: str, bases: Bases) -> str | None:
    """A hint for `-ic` or `-dc`, where no file was given for it and one of the usual name is there.

    Of several the shortest name is meant.
    """
    if bases.config is not None:
        return None
    try:
        names = sorted(os.listdir(bases.cwd), key=lambda name: (len(name), name))
    except OSError:
        return None
    found = (name for name in names if _is_usual(Path(name), flag) and (bases.cwd / name).is_file())
    name = next(found, None)
    return f"give {flag} {name}" if name else None


def _is_usual(path: Path, flag: str) -> bool:
    letters = re.sub(r"[\W_]", "", path.stem).lower()
    return path.suffix.lower() in _SUFFIXES and any(each in letters for each in _USUAL[flag])
