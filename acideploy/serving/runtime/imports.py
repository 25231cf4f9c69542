"""What the user's script finds when it imports something."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

STANDIN = Path(__file__).parent / "standin"


def arrange_imports(app_root: Path) -> None:
    """Prepares the module search path and what is left of `azureml`, before the script loads."""
    _arrange_search_path(app_root)
    _graft_stand_in()
    _mend_data_collector()


def _arrange_search_path(app_root: Path) -> None:
    """Puts the user's modules where the retired stack had them: application root first.

    The package has a folder of its own on the path, whose `utils.py` and `config.py` would be
    found before those of the user's source directory; it and the stand-in go last.
    """
    import azureml_inference_server_http.server as package

    server_folder = os.path.dirname(os.path.abspath(package.__file__))
    moved = {str(app_root), server_folder}
    others = [entry for entry in sys.path if entry not in moved]
    sys.path[:] = [str(app_root), *others, server_folder, str(STANDIN)]


def _graft_stand_in() -> None:
    """Makes the stand-in a part of `azureml` even beside a distribution that is not extensible.

    azureml-ai-monitoring, for one, has an `azureml/__init__.py` that ends the search.
    """
    azureml: Any = importlib.import_module("azureml")
    folder = str(STANDIN / "azureml")
    if folder not in azureml.__path__:
        azureml.__path__.append(folder)


def _mend_data_collector() -> None:
    """Makes azureml-monitoring collect nothing where it would raise AttributeError.

    Its library loads on Ubuntu 18.04 only. Elsewhere the constructor returns half-way, and the
    first `collect()` misses what the other half sets.
    """
    try:
        module = importlib.import_module("azureml.monitoring.modeldatacollector")
    except ImportError:
        return
    collector = module.ModelDataCollector
    if not collector._lib:
        collector._cloud_enabled = collector._debug = False
