"""granian, set up so that a service that cannot start ends, and one that has started stays up."""

from __future__ import annotations

import functools
import importlib.metadata
import inspect
import logging
import multiprocessing
import os
import platform
import signal
import socket
import sys
from typing import Any

from azureml_inference_server_http.constants import PACKAGE_ROOT
from azureml_inference_server_http.log_config import load_logging_config
from granian import Granian

from .application import load_application
from .gate import MAX_WAITING, Application, Gate
from .settings import Settings, SettingsError

# What the package exits with when the script cannot be loaded; gunicorn knows the same number.
CANNOT_START = 3
# Threads of one worker beyond those that may wait for a score.
SPARE_THREADS = 16
# Seconds that a running score has to end when the service is stopped, as in gunicorn.
GRACE = 30

logger = logging.getLogger("azmlinfsrv.acideploy")


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises SystemExit: 3 where the script cannot be loaded, 128 + n where signal n killed a worker
    that was starting.
    """
    load_logging_config(PACKAGE_ROOT, silent=True)
    logging.getLogger("azmlinfsrv").addFilter(_is_news)
    logger.info(
        "acideploy_serving: azureml-inference-server-http %s, granian %s, Python %s, %d worker(s)",
        importlib.metadata.version("azureml-inference-server-http"),
        importlib.metadata.version("granian"),
        platform.python_version(),
        settings.workers,
    )
    if settings.preload:
        logger.info("WORKER_PRELOAD has no effect: every worker loads the script itself")
    server = Server(**_options(settings))
    loader = functools.partial(_load, settings, server.started, server.unlistened)
    server.serve(target_loader=loader, wrap_loader=False)


class Server(Granian):  # type: ignore[misc]  # not installed where types are checked
    """Starts a worker again when one dies, unless it died while starting."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.started = multiprocessing.Event()
        self.unlistened: int | None = None
        super().__init__(*arguments, **options)
        if importlib.metadata.version("granian").startswith("1."):
            self._bind_without_listening()

    @property
    def respawn_failed_workers(self) -> bool:
        """Asked by granian when a worker has died."""
        return self.started.is_set() and CANNOT_START not in self._exit_codes()

    @respawn_failed_workers.setter
    def respawn_failed_workers(self, value: bool) -> None:
        """Granian sets its default here, which is not asked for."""

    def shutdown(self, exit_code: int = 0) -> None:
        for code in self._exit_codes():
            if code < 0:
                name = signal.Signals(-code).name
                logger.error("a worker was killed by %s: is there enough memory?", name)
                exit_code = exit_code or 128 - code
            else:
                exit_code = exit_code or code
        super().shutdown(exit_code)

    def _exit_codes(self) -> list[int]:
        """Of the workers that have died. Granian 1 and 2 keep them under different names."""
        workers = self.wrks if hasattr(self, "wrks") else self.procs
        processes = [getattr(worker, "inner", None) or worker.proc for worker in workers]
        return [code for code in (process.exitcode for process in processes) if code is not None]

    def _bind_without_listening(self) -> None:
        """Keeps granian 1 from taking connections before the script is loaded, as 2 does."""
        listener = socket.socket(socket.AF_INET6 if ":" in self.bind_addr else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((self.bind_addr, self.bind_port))
        self._sfd = self.unlistened = listener.detach()

    def _init_shared_socket(self) -> None:
        if self.unlistened is None:
            super()._init_shared_socket()


def _options(settings: Settings) -> dict[str, Any]:
    """The arguments of Granian, those aside that an older release does not have."""
    wanted: dict[str, Any] = {
        "target": "acideploy_serving",
        "address": settings.host,
        "port": settings.port,
        "interface": "wsgi",
        "http": "1",
        "workers": settings.workers,
        "blocking_threads": MAX_WAITING + SPARE_THREADS,
        "websockets": False,
        "workers_kill_timeout": GRACE,
        "log_level": "error",
        "log_dictconfig": _log_configuration(),
        "ssl_cert": settings.tls_certificate,
        "ssl_key": settings.tls_key,
        "ssl_protocol_min": "tls1.2",
    }
    known = inspect.signature(Granian.__init__).parameters
    return {name: value for name, value in wanted.items() if name in known}


def _is_news(record: logging.LogRecord) -> bool:
    """Drops what the package says of a configuration file when it means ordinary variables."""
    return not str(record.msg).startswith("Found extra keys in the config file")


def _log_configuration() -> dict[str, Any]:
    formatter = {"()": "azureml_inference_server_http.log_config.AMLLogFormatter"}
    return {"formatters": {"generic": formatter, "access": formatter}}


def _load(settings: Settings, started: Any, unlistened: int | None) -> Application:
    """Returns the application, in a worker that has just been forked; or ends the worker."""
    # Those of the main process only set a flag there. Until the worker serves, a stop is at once.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    try:
        application = Gate(load_application(settings), settings)
    except SettingsError as error:
        logger.error("%s", error)
        _end_worker()
    except SystemExit:
        _end_worker()
    except Exception:
        logger.exception("the service cannot start")
        _end_worker()
    if unlistened is not None:
        with socket.socket(fileno=os.dup(unlistened)) as listener:
            listener.listen(1024)
    started.set()
    scheme = "https" if settings.tls_certificate else "http"
    logger.info("Listening at %s://%s:%d", scheme, settings.host, settings.port)
    return application


def _end_worker() -> None:
    """Ends the process without waiting for threads that `init()` has left behind."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(CANNOT_START)
