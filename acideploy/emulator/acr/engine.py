"""The container engine that builds: what a step of a run does with it."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import docker
import docker.errors
import requests

from acideploy.emulator.acr.steps import Build, Command

Say = Callable[[str], None]
# How long the engine may be silent before a step is given up. Seconds.
_SILENCE = 3600


class StepError(Exception):
    """A step has failed; the log says why."""


@dataclass(frozen=True, kw_only=True)
class Login:
    """How the engine comes to images: at a registry, `localhost:8444`."""

    server: str
    username: str
    password: str


@dataclass
class Cancellation:
    """Ends what an engine does for a run, from another thread."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ends: list[Callable[[], object]] = field(default_factory=list)
    cancelled: bool = False

    def cancel(self) -> None:
        with self._lock:
            self.cancelled = True
            for end in self._ends:
                with contextlib.suppress(Exception):
                    end()

    @contextlib.contextmanager
    def ends_with(self, end: Callable[[], object]) -> Iterator[None]:
        """While inside, cancelling calls `end`. Raises StepError when it was cancelled before."""
        with self._lock:
            if self.cancelled:
                raise StepError("canceled")
            self._ends.append(end)
        try:
            yield
        finally:
            with self._lock:
                self._ends.remove(end)


class BuildEngine:
    """An engine by its address, `unix:///var/run/docker.sock`. Its methods block.

    All raise StepError; what the engine says is passed on line by line.
    """

    def __init__(self, host: str, logins: tuple[Login, ...], cancellation: Cancellation) -> None:
        self._logins = logins
        self._cancellation = cancellation
        with _explained():
            self._client = docker.APIClient(base_url=host, version="auto", timeout=_SILENCE)

    def close(self) -> None:
        self._client.close()

    def build(
        self, step: Build, context: IO[bytes] | None, *, remote: str | None, say: Say
    ) -> None:
        """Builds and tags from a tar file, or from an address that the engine fetches itself."""
        parameters = {
            "t": list(step.images),
            "dockerfile": step.dockerfile,
            "buildargs": json.dumps(dict(step.arguments)),
            "nocache": step.no_cache,
            "rm": True,
            "forcerm": True,
            **({"target": step.target} if step.target else {}),
            **({"remote": remote} if remote else {}),
        }
        logins = {
            login.server: {"username": login.username, "password": login.password}
            for login in self._logins
        }
        headers = {"Content-Type": "application/x-tar", "X-Registry-Config": _encoded(logins)}
        self._stream("/build", parameters, headers, say, body=context)

    def push(self, image: str, *, say: Say) -> None:
        name, _, tag = image.rpartition(":")
        self._stream(
            f"/images/{name}/push",
            {"tag": tag, "tlsVerify": False},
            self._authorization(image),
            say,
        )

    def run(self, step: Command, workspace: Path, *, say: Say) -> int:
        """Runs a container to its end; returns its exit code."""
        self._ensure(step.image, say)
        with _explained():
            container = self._client.create_container(
                step.image,
                command=list(step.arguments) or None,
                entrypoint=list(step.entry_point) if step.entry_point else None,
                environment=list(step.environment),
                working_dir=step.working_directory,
                host_config=self._client.create_host_config(
                    binds={str(workspace): {"bind": "/workspace", "mode": "rw"}}
                ),
            )["Id"]
        try:
            with _explained(), self._cancellation.ends_with(lambda: self._client.kill(container)):
                self._client.start(container)
                # Unlike `attach`, this ends when the container has ended before.
                for chunk in self._client.logs(container, stream=True, follow=True):
                    say(chunk.decode("utf-8", "replace"))
                code: int = self._client.wait(container)["StatusCode"]
            return code
        finally:
            with contextlib.suppress(docker.errors.APIError, requests.RequestException):
                self._client.remove_container(container, force=True)

    def _ensure(self, image: str, say: Say) -> None:
        """Pulls an image that the engine does not have."""
        with _explained():
            try:
                self._client.inspect_image(image)
                return
            except docker.errors.ImageNotFound:
                say(f"Unable to find image '{image}' locally\n")
        name, colon, tag = image.rpartition(":")
        if not colon or "/" in tag:
            name, tag = image, "latest"
        self._stream(
            "/images/create",
            {"fromImage": name, "tag": tag, "tlsVerify": False},
            self._authorization(image),
            say,
        )

    def _authorization(self, image: str) -> dict[str, str]:
        server = image.partition("/")[0]
        for login in self._logins:
            if login.server == server:
                return {
                    "X-Registry-Auth": _encoded(
                        {
                            "username": login.username,
                            "password": login.password,
                            "serveraddress": login.server,
                        }
                    )
                }
        # The engine reads this header always, even for images that anybody may have.
        return {"X-Registry-Auth": _encoded({})}

    def _stream(
        self,
        path: str,
        parameters: Mapping[str, Any],
        headers: Mapping[str, str],
        say: Say,
        body: IO[bytes] | None = None,
    ) -> None:
        """Sends a request whose answer is JSON objects, one after another, until it is done."""
        url = f"{self._client.base_url}/v{self._client.api_version}{path}"
        with _explained():
            response = self._client.post(
                url, params=parameters, headers=headers, data=body, stream=True, timeout=_SILENCE
            )
            with response, self._cancellation.ends_with(response.raw.shutdown):
                if not response.ok:
                    raise StepError(_message(response))
                for line in response.iter_lines():
                    if line:
                        _pass_on(json.loads(line), say)
        if self._cancellation.cancelled:
            raise StepError("canceled")


def _pass_on(event: Mapping[str, Any], say: Say) -> None:
    """Says what an event says but for progress; raises StepError for an error."""
    if error := event.get("error"):
        raise StepError(str(error).rstrip())
    if "stream" in event:
        say(event["stream"])
    elif "status" in event and not event.get("progressDetail"):
        layer = f"{event['id']}: " if "id" in event else ""
        say(f"{layer}{event['status']}\n")


def _message(response: requests.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError):
        return response.text or response.reason


def _encoded(document: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Errors of the engine and of the way to it as StepError."""
    try:
        yield
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        explanation = getattr(error, "explanation", None)
        raise StepError(str(explanation or error)) from error
