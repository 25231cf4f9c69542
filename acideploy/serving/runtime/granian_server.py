"""granian, set up as `server` promises."""

from __future__ import annotations

import functools
import inspect
import multiprocessing
import threading
import time
from typing import Any

from granian import Granian
from granian import __version__ as VERSION

from .settings import Settings
from .worker import CANNOT_START, GRACE, THREADS, bind, exit_code_of, load

__all__ = ["VERSION", "serve"]

# Seconds after which a worker that had just begun to serve is asked to end once more. Asked twice,
# it breaks off what it is at; one that has served for longer is asked once.
_AGAIN = 5.0


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises SystemExit."""
    server = Server(**_options(settings))
    loader = functools.partial(load, settings, server.started, server.unlistened)
    server.serve(target_loader=loader, wrap_loader=False)


class Server(Granian):  # type: ignore[misc]  # not installed where types are checked
    """Starts a worker again when one dies, unless it died while starting."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.started = _Started()
        self.unlistened: int | None = None
        super().__init__(*arguments, **options)
        if VERSION.startswith("1."):
            # That release would take connections before the script is loaded.
            self._sfd = self.unlistened = bind(self.bind_addr, self.bind_port).detach()

    @property
    def respawn_failed_workers(self) -> bool:
        """Asked by granian when a worker has died."""
        return self.started.is_set() and CANNOT_START not in self._exit_codes()

    @respawn_failed_workers.setter
    def respawn_failed_workers(self, value: bool) -> None:
        """Granian sets its default here, which is not asked for."""

    def shutdown(self, exit_code: int = 0) -> None:
        for code in map(exit_code_of, self._exit_codes()):
            exit_code = exit_code or code
        if self.started.just_now():
            # It may have missed the signal: granian loses one that comes before it waits for it.
            threading.Thread(target=_insist, args=(self._processes(),), daemon=True).start()
        super().shutdown(exit_code)

    def _exit_codes(self) -> list[int]:
        codes = (process.exitcode for process in self._processes())
        return [code for code in codes if code is not None]

    def _processes(self) -> list[Any]:
        """Of the workers. Granian 1 and 2 keep them under different names."""
        workers = self.wrks if hasattr(self, "wrks") else self.procs
        return [getattr(worker, "inner", None) or worker.proc for worker in workers]

    def _init_shared_socket(self) -> None:
        if self.unlistened is None:
            super()._init_shared_socket()


class _Started:
    """Set by a worker when it begins to serve; the main process knows when that was."""

    def __init__(self) -> None:
        self._event = multiprocessing.Event()
        self._moment = multiprocessing.Value("d", 0.0)

    def set(self) -> None:
        self._moment.value = time.monotonic()
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()

    def just_now(self) -> bool:
        return self.is_set() and time.monotonic() - self._moment.value < _AGAIN


def _insist(workers: list[Any]) -> None:
    """Asks workers to end once more, if they have not by then."""
    time.sleep(_AGAIN)
    for worker in workers:
        if worker.is_alive():
            worker.terminate()


def _options(settings: Settings) -> dict[str, Any]:
    """The arguments of Granian, those aside that an older release does not have."""
    wanted: dict[str, Any] = {
        "target": "acideploy_serving",
        "address": settings.host,
        "port": settings.port,
        "interface": "wsgi",
        "http": "1",
        "workers": settings.workers,
        "blocking_threads": THREADS,
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


def _log_configuration() -> dict[str, Any]:
    formatter = {"()": "azureml_inference_server_http.log_config.AMLLogFormatter"}
    return {"formatters": {"generic": formatter, "access": formatter}}
