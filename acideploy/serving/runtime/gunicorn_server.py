"""gunicorn, made to do what `server` promises and granian does by itself.

It is 20.1.0 where we bring it, and whatever an image that brings its own packages has: tried with
20.1.0, 23.0.0 and 27.0.1.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import multiprocessing.connection
import os
import selectors
import signal
import ssl
from typing import Any

from gunicorn import __version__ as VERSION
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.http import RequestParser
from gunicorn.workers.gthread import TConn, ThreadWorker

from .gate import Application
from .settings import Settings
from .worker import CANNOT_START, GRACE, THREADS, bind, exit_code_of, load

__all__ = ["VERSION", "serve"]

# Seconds that a connection may be idle between requests, as nginx has it, or within one.
IDLE = 75


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises SystemExit."""
    Server(Service(settings)).run()


class Service(BaseApplication):  # type: ignore[misc]  # not installed where types are checked
    """The settings in gunicorn's terms, and what is made of them once for every worker."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.listener = bind(settings.host, settings.port)
        self.started = multiprocessing.Event()
        self.tls: ssl.SSLContext | None = None
        if settings.tls_certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.minimum_version = ssl.TLSVersion.TLSv1_2
            self.tls.load_cert_chain(settings.tls_certificate, settings.tls_key)
        super().__init__()

    def load_config(self) -> None:
        options = {
            "worker_class": f"{__name__}.{_WORKER}",
            "workers": self.settings.workers,
            "threads": THREADS,
            "timeout": 0,  # `init()` may take its time; the scoring thread has its own watch
            "graceful_timeout": GRACE,
            "keepalive": IDLE,
            "limit_request_line": 8190,  # the most there is
            "loglevel": "error",
            "errorlog": os.devnull,  # the scoring package sends it to the log, too
            # Only says that it is https: the context above is what is used.
            "certfile": self.tls and str(self.settings.tls_certificate),
            "ssl_context": lambda config, default: self.tls,
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:  # the last two are newer ones'
                self.cfg.set(name, value)

    def load(self) -> Application:
        return load(self.settings, self.started, self.listener.fileno())


class Server(Arbiter):  # type: ignore[misc]
    """Starts a worker again when one dies, unless it died while starting."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        # Or gunicorn would make its own, and listen at once.
        self.LISTENERS = [service.listener]

    def handle_int(self) -> None:
        self.handle_term()

    def handle_chld(self, *signal: Any) -> None:
        """Leaves the dead to `manage_workers`: gunicorn would raise out of a signal handler."""
        self.wakeup()

    handle_cld = handle_chld  # Linux has two names for the signal

    def manage_workers(self) -> None:
        for code in self.reap_workers():
            if code == CANNOT_START or not self.app.started.is_set():
                raise HaltServer("a worker cannot start", exit_code_of(code))
        super().manage_workers()

    def reap_workers(self) -> list[int]:
        """What those that have died since have ended with, -n for signal n."""
        codes: list[int] = []
        with contextlib.suppress(ChildProcessError):  # there are none at all
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    break
                worker = self.WORKERS.pop(pid, None)
                if worker:  # process 1 of a container is given the orphans of scripts, too
                    worker.tmp.close()
                    codes.append(-os.WTERMSIG(status) or os.WEXITSTATUS(status))
        return codes

    def stop(self, graceful: bool = True) -> None:
        # Here gunicorn counts on the handler to take the dead away.
        signal.signal(signal.SIGCHLD, lambda number, frame: self.reap_workers())
        self.reap_workers()
        super().stop(graceful)


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's own of today. Older ones know of no pending connections."""

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.init_signals()  # those that were the default's while the script was loaded

    def murder_pending(self) -> None:
        for connection in () if self.alive else self.pending_conns:
            connection.timeout = 0  # who has sent nothing holds up no stop
        super().murder_pending()


class Worker20(Worker):
    """Has a thread for each request, and none for a connection that has sent nothing yet."""

    def handle(self, conn: Any) -> Any:
        kept, _ = super().handle(conn)
        # A client that goes on at once finds its thread waiting: half as many requests again.
        while kept and self.alive and multiprocessing.connection.wait([conn.sock], 0.02):
            kept, _ = super().handle(conn)
        return kept, conn

    def accept(self, server: Any, listener: Any) -> None:
        try:
            accepted, client = listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        connection = Connection(self.cfg, accepted, client, server)
        connection.tls = self.app.tls
        connection.set_timeout()
        with self._lock:
            self.nr_conns += 1
            self._keep.append(connection)
            again = functools.partial(self.reuse_connection, connection)
            self.poller.register(accepted, selectors.EVENT_READ, again)


class Connection(TConn):  # type: ignore[misc]
    """One that is given up when it is idle, and that speaks TLS 1.2 or later."""

    sock: Any
    parser: Any
    tls: ssl.SSLContext | None = None

    def init(self) -> None:
        self.sock.settimeout(IDLE)
        if self.parser is None:
            if self.tls:
                self.sock = self.tls.wrap_socket(
                    self.sock, server_side=True, do_handshake_on_connect=False
                )
            self.parser = RequestParser(self.cfg, self.sock, self.client)


_WORKER = (Worker20 if hasattr(ThreadWorker, "reuse_connection") else Worker).__name__
