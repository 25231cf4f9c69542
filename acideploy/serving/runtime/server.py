"""The HTTP server: granian where the environment has it, else gunicorn.

Each is a module with `VERSION` and `serve(settings)`. To the outside they behave alike: the port
answers only once `init()` has returned, a service that cannot start ends, and one that has started
stays up.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import platform
from typing import Any

from azureml_inference_server_http import __version__
from azureml_inference_server_http.constants import PACKAGE_ROOT
from azureml_inference_server_http.log_config import load_logging_config

from .settings import Settings
from .worker import logger


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises SystemExit: 3 where the script cannot be loaded, 128 + n where signal n killed a worker
    that was starting.
    """
    load_logging_config(PACKAGE_ROOT, silent=True)
    logging.getLogger("azmlinfsrv").addFilter(_is_news)
    name = "granian" if importlib.util.find_spec("granian") else "gunicorn"
    server: Any = importlib.import_module(f".{name}_server", __package__)
    logger.info(
        "acideploy_serving: azureml-inference-server-http %s, %s %s, Python %s, %d worker(s)",
        __version__,
        name,
        server.VERSION,
        platform.python_version(),
        settings.workers,
    )
    if settings.preload:
        logger.info("WORKER_PRELOAD has no effect: every worker loads the script itself")
    server.serve(settings)


def _is_news(record: logging.LogRecord) -> bool:
    """Drops what the package says of a configuration file when it means ordinary variables."""
    return not str(record.msg).startswith("Found extra keys in the config file")
