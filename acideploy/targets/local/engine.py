"""A container engine on this machine, Docker or Podman: the only file that knows the Docker SDK.

Both speak the Docker Engine API (https://docs.docker.com/engine/api/). The SDK is imported when an
engine is looked for, and nothing of it leaves this file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any

from acideploy.errors import EngineError
from acideploy.targets.local.container import (
    CONTAINER_PORT,
    Container,
    ContainerState,
    EngineImage,
    resources,
    state_of,
)
from acideploy.targets.local.endpoint import Endpoint

_PING_SECONDS = 2.0
# Loading a layer or unpacking one that was pulled may take its time without a word.
_SECONDS = 600.0
_LOG_LIMITS = {"max-size": "32m", "max-file": "3"}


class _MissingError(EngineError):
    """There is no such container or image."""


class Engine:
    """An engine that answered. Every method raises EngineError where it cannot be reached or
    refuses, unless it says otherwise. Containers go by their names."""

    def __init__(self, address: str, client: Any) -> None:
        self.address = address
        self._client = client
        version = client.version()
        names = [each.get("Name", "") for each in version.get("Components") or ()]
        self.is_podman = "Podman Engine" in names
        self.name = f"{'Podman' if self.is_podman else 'Docker'} {version.get('Version', '')}"

    # Images.

    def images(self) -> tuple[EngineImage, ...]:
        with self._doing("list images"):
            return tuple(
                EngineImage(
                    id=each["Id"], tags=tuple(each.get("RepoTags") or ()), size=each.get("Size", 0)
                )
                for each in self._client.images()
            )

    def image_layers(self, image: str) -> tuple[str, ...]:
        """The diff_ids of an image, bottom first; none where there is no such image."""
        with suppress(_MissingError), self._doing(f"inspect image {image}"):
            found = self._client.inspect_image(image)
            return tuple(found.get("RootFS", {}).get("Layers") or ())
        return ()

    def has_image(self, image: str) -> bool:
        return bool(self.image_layers(image))

    def skips_layers(self) -> bool:
        """Whether `load` does without the files of layers that the engine has already.

        Docker's own image store does; Podman and Docker's containerd image store want them all.
        """
        if self.is_podman:
            return False
        with self._doing("tell what it is"):
            status = self._client.info().get("DriverStatus") or ()
        return not any("io.containerd.snapshotter" in str(value) for _, value in status)

    def load(self, archive: Iterator[bytes]) -> None:
        """Takes in an image that `docker save` could have written."""
        with self._doing("load the image"):
            _require_success(self._client.load_image(archive))

    def pull(
        self, reference: str, *, username: str | None = None, password: str | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Pulls `<registry>/<repository>@<digest>`, telling how far it has got layer by layer."""
        login = {"username": username, "password": password} if username else {}
        with self._doing(f"pull {reference}"):
            told = self._client.pull(reference, stream=True, decode=True, auth_config=login)
            for line in told:
                _require_success([line])
                yield line

    def build(
        self, dockerfile: str, *, tag: str, login: tuple[str, str | None, str | None] | None
    ) -> Iterator[str]:
        """Makes an image for linux/amd64, telling what its steps print. There are no files for it.

        `login` is a user, a password and the registry where these count.
        """
        with self._doing("build the image"):
            if login:
                self._client.login(*login[:2], registry=login[2])
            told = self._client.build(
                fileobj=io.BytesIO(dockerfile.encode()),
                tag=tag,
                platform="linux/amd64",
                rm=True,
                forcerm=True,
                decode=True,
            )
            for line in told:
                _require_success([line])
                yield from line.get("stream", "").splitlines()

    def save(self, image: str) -> Iterator[bytes]:
        """A file that `docker save` could have written, piece by piece."""
        with self._doing(f"save image {image}"):
            yield from self._client.get_image(image)

    def tag(self, image: str, *, tag: str) -> None:
        repository, _, name = tag.rpartition(":")
        with self._doing(f"tag {image}"):
            self._client.tag(image, repository, name, force=True)

    def remove_image(self, image: str) -> bool:
        """Whether it could be removed: an image that a container uses is left."""
        try:
            with self._doing(f"remove image {image}"):
                self._client.remove_image(image)
        except EngineError as error:
            if error.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
                raise
            return False
        return True

    # Containers.

    def create(self, container: Container) -> None:
        """Makes the container, and does not start it."""
        with self._doing(f"create container {container.name}"):
            self._client.create_container(
                container.image,
                name=container.name,
                environment=dict(container.variables),
                labels=dict(container.labels),
                ports=[CONTAINER_PORT],
                host_config=self._client.create_host_config(
                    port_bindings={CONTAINER_PORT: ("127.0.0.1", container.port)},
                    log_config={"type": "json-file", "config": _LOG_LIMITS},
                    **resources(container.limits),
                ),
            )

    def put(self, name: str, archive: bytes) -> None:
        """Unpacks a tar file into the root of the container, running or not."""
        with self._doing(f"write files into container {name}"):
            self._client.put_archive(name, "/", archive)

    def read(self, name: str, path: str) -> bytes:
        """A tar file of one file of the container; empty where there is no such file."""
        with suppress(_MissingError), self._doing(f"read {path} of container {name}"):
            chunks, _ = self._client.get_archive(name, path)
            return b"".join(chunks)
        return b""

    def start(self, name: str) -> None:
        with self._doing(f"start container {name}"):
            self._client.start(name)

    def stop(self, name: str, *, grace: int) -> None:
        """Ends it, after `grace` seconds by force. It stays, with its log."""
        with suppress(_MissingError), self._doing(f"stop container {name}"):
            self._client.stop(name, timeout=grace)

    def remove(self, name: str) -> None:
        with suppress(_MissingError), self._doing(f"remove container {name}"):
            self._client.remove_container(name, force=True, v=True)

    def state(self, name: str) -> ContainerState | None:
        """None where there is no such container."""
        with suppress(_MissingError), self._doing(f"inspect container {name}"):
            return state_of(self._client.inspect_container(name))
        return None

    def containers(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """The names of all containers with these labels, running or not."""
        wanted = [f"{key}={value}" for key, value in labels.items()]
        with self._doing("list containers"):
            found = self._client.containers(all=True, filters={"label": wanted})
            return tuple(each["Names"][0].lstrip("/") for each in found)

    def log(
        self, name: str, *, lines: int | None = None, since: int = 0, timestamps: bool = False
    ) -> bytes:
        """What the container wrote, the last `lines` of it, from a moment on (seconds of the
        epoch); empty where there is no such container."""
        asked = {"since": since} if since else {}
        tail = "all" if lines is None else lines
        with suppress(_MissingError), self._doing(f"read the log of container {name}"):
            return bytes(self._client.logs(name, tail=tail, timestamps=timestamps, **asked))
        return b""

    @contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        import docker
        import urllib3

        try:
            yield
        except docker.errors.APIError as error:
            message = f"{self.name} cannot {what}: {_reason(error.explanation or str(error))}"
            missing = error.status_code == HTTPStatus.NOT_FOUND
            kind = _MissingError if missing else EngineError
            raise kind(message, status=error.status_code) from error
        # What `requests` raises for a connection is an OSError.
        except (docker.errors.DockerException, urllib3.exceptions.HTTPError, OSError) as error:
            raise EngineError(f"{self.name} cannot {what}: {_reason(str(error))}") from error


def open_engine(address: str, *, variables: Mapping[str, str]) -> Engine:
    """The engine that listens there. Raises EngineError, with the reason alone."""
    import docker

    try:
        return Engine(address, _client(address, variables))
    except (docker.errors.DockerException, OSError) as error:
        raise EngineError(_reason(str(error))) from error


def docker_context() -> Endpoint | None:
    """Where the docker command's current context has its engine, unless that is the default."""
    from docker.context import ContextAPI

    try:
        context = ContextAPI.get_current_context()
    # The SDK raises a bare Exception for a file that it cannot read.
    except Exception:
        return None
    if context is None or context.Name == "default" or not context.Host:
        return None
    return Endpoint(address=context.Host, source=f"docker context {context.Name}")


def _client(address: str, variables: Mapping[str, str]) -> Any:
    """A client whose engine has answered within moments, and that is patient from then on."""
    import docker

    tls = docker.utils.kwargs_from_env(variables).get("tls", False)
    secure = tls if address.startswith(("tcp:", "https:")) else False
    client = docker.APIClient(address, version="auto", timeout=_PING_SECONDS, tls=secure)
    client.timeout = _SECONDS
    return client


def _require_success(told: Any) -> None:
    """Raises DockerException for a failure that is told within an answer that began well."""
    import docker

    for line in told:
        if failure := line.get("error") or line.get("message"):
            raise docker.errors.DockerException(failure)


def _reason(text: str) -> str:
    """One line, without what the layers of the SDK wrap round it."""
    if match := re.search(r"\[Errno \d+\] ([\w ]+)|\w+Error\(\d+, '([^']+)'\)", text):
        return (match[1] or match[2]).lower()
    return " ".join(text.split())
