"""What stands between the server and the scoring application: keys, limits, the revision."""

from __future__ import annotations

import hmac
import io
import json
import os
import threading
from pathlib import Path
from typing import Any, Callable, Dict, Iterable

from .settings import Settings, SettingsError

# The body limit of the retired front end (nginx's client_max_body_size 100m).
MAX_BODY_BYTES = 100 * 1024 * 1024
# Requests being scored or waiting for it, in one worker. More are refused at once, so that there
# is always a thread left to answer `/`.
MAX_WAITING = 240
# Tells the application that a CORS preflight came without a key and must not reach the script.
PREFLIGHT = "acideploy.preflight"

Environ = Dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class Gate:
    """A WSGI application in front of another. Raises SettingsError for an unusable keys file."""

    def __init__(self, application: Application, settings: Settings) -> None:
        self._application = application
        self._keys = Keys(settings.keys_file) if settings.keys_file else None
        self._revision = settings.revision
        self._cors = settings.cors
        self._room = threading.BoundedSemaphore(MAX_WAITING)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        _remove_process_variables(environ)
        if environ.get("PATH_INFO") == "/":
            return self._application(environ, self._with_revision(start_response))
        if self._keys is not None and not self._keys.allow(environ.get("HTTP_AUTHORIZATION", "")):
            if not (self._cors and _is_preflight(environ)):
                challenge = [("WWW-Authenticate", "Bearer")]
                return _refuse(start_response, "401 Unauthorized", NO_KEY, challenge)
            environ[PREFLIGHT] = True
        if not _buffer_body(environ):
            return _refuse(start_response, "413 Request Entity Too Large", TOO_LARGE)
        if not self._room.acquire(blocking=False):
            return _refuse(start_response, "503 Service Unavailable", TOO_BUSY)
        try:
            return self._application(environ, start_response)
        finally:
            self._room.release()

    def _with_revision(self, start_response: StartResponse) -> StartResponse:
        if self._revision is None:
            return start_response

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(
                status, [*headers, ("x-acideploy-revision", str(self._revision))], *rest
            )

        return start


class Keys:
    """The keys in a JSON file, read again whenever the file is replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._signature()
        self._keys = self._read()

    def allow(self, authorization: str) -> bool:
        """Whether the header carries either key. Takes as long for a near miss as for any other."""
        self._read_again_if_changed()
        scheme, _, key = authorization.partition(" ")
        # WSGI hands headers over as latin-1; comparing bytes allows for any character.
        given = key.strip().encode("latin-1", "replace")
        matches = [hmac.compare_digest(given, expected) for expected in self._keys]
        return any(matches) and scheme.lower() == "bearer"

    def _read_again_if_changed(self) -> None:
        signature = self._signature()
        if signature != self._seen:
            try:
                self._keys = self._read()
            except SettingsError:
                return  # half-written: the old keys hold until it can be read
            self._seen = signature

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> list[bytes]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            keys = [content["primaryKey"], content["secondaryKey"]]
        except (OSError, ValueError, LookupError, TypeError) as error:
            # Without the error's own text, which may quote the file.
            raise SettingsError(
                f"ACIDEPLOY_KEYS_FILE: {self._path} has no primaryKey and secondaryKey"
                f" ({type(error).__name__})"
            ) from None
        if not all(isinstance(key, str) and key for key in keys):
            raise SettingsError(f"ACIDEPLOY_KEYS_FILE: a key in {self._path} is empty")
        return [key.encode() for key in keys]


NO_KEY = "a key is needed: send the header Authorization: Bearer <key>"
TOO_LARGE = f"the request body is larger than {MAX_BODY_BYTES // 1024**2} MB"
TOO_BUSY = f"{MAX_WAITING} requests are waiting to be scored already"


def _refuse(
    start_response: StartResponse,
    status: str,
    message: str,
    headers: Iterable[tuple[str, str]] = (),
) -> list[bytes]:
    body = json.dumps({"message": message}).encode()
    length = ("Content-Length", str(len(body)))
    start_response(status, [("Content-Type", "application/json"), length, *headers])
    return [body]


def _remove_process_variables(environ: Environ) -> None:
    """Takes out what granian copies from the process's environment and would read as headers."""
    for name in [name for name in environ if name.startswith("HTTP_")]:
        if environ[name] == os.environ.get(name):
            del environ[name]


def _is_preflight(environ: Environ) -> bool:
    return (
        environ.get("REQUEST_METHOD") == "OPTIONS"
        and "HTTP_ORIGIN" in environ
        and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    )


def _buffer_body(environ: Environ) -> bool:
    """Reads the whole body, so that a slow sender never holds the scoring thread.

    Returns False where it is too large.
    """
    announced = environ.get("CONTENT_LENGTH") or ""
    if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
        return False
    body = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)  # or Flask would take its length for unknown
    return len(body) <= MAX_BODY_BYTES
