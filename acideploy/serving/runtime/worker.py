"""What a worker does under either server: it loads the script, and only then takes connections."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from typing import Any

from .application import load_application
from .gate import MAX_WAITING, Application, Gate
from .settings import Settings, SettingsError

# What the package exits with when the script cannot be loaded; gunicorn knows the same number.
CANNOT_START = 3
# Beyond those that may wait for a score there are always some to answer `/`.
THREADS = MAX_WAITING + 16
# Seconds that a running score has to end when the service is stopped.
GRACE = 30

logger = logging.getLogger("azmlinfsrv.acideploy")


def bind(host: str, port: int) -> socket.socket:
    """A socket that has the address, beside that of an older revision, and does not listen yet."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind((host, port))
    return listener


def load(settings: Settings, started: Any, unlistened: int | None) -> Application:
    """Returns the application, in a worker that has just been forked; or ends the worker.

    `started` is an event of the main process; `unlistened` is the file descriptor to listen on.
    """
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


def exit_code_of(ended_with: int) -> int:
    """What the service ends with when a worker ended with this number: -n for signal n."""
    if ended_with >= 0:
        return ended_with
    name = signal.Signals(-ended_with).name
    logger.error("a worker was killed by %s: is there enough memory?", name)
    return 128 - ended_with


def _end_worker() -> None:
    """Ends the process without waiting for threads that `init()` has left behind."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(CANNOT_START)
