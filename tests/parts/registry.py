"""Debian's `docker-registry`, on loopback."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bcrypt

from tests.parts import program
from tests.parts.authority import Authority
from tests.parts.process import free_port, running

BLOBS = Path("docker/registry/v2/blobs")
REPOSITORIES = Path("docker/registry/v2/repositories")


@dataclass(frozen=True, kw_only=True)
class RunningRegistry:
    """A registry that answers at `url`. `directory` is its storage."""

    port: int
    directory: Path
    authority: Authority
    tls: bool = True
    users: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """What stands before the repository in the name of an image."""
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}"

    @property
    def ca(self) -> Path:
        return self.authority.ca

    def blobs(self) -> frozenset[str]:
        """The digests of all that is stored, manifests too."""
        files = (self.directory / BLOBS).glob("*/*/*/data")
        return frozenset(f"{file.parts[-4]}:{file.parts[-2]}" for file in files)

    def blob_path(self, digest: str) -> Path:
        """Where the bytes of a blob lie, if it is stored."""
        algorithm, _, code = digest.partition(":")
        return self.directory / BLOBS / algorithm / code[:2] / code / "data"

    def repositories(self) -> tuple[str, ...]:
        """The names of all repositories that hold anything, sorted."""
        root = self.directory / REPOSITORIES
        found = {path.parent for path in root.rglob("_*") if not _inside(path.parent, root)}
        return tuple(sorted(path.relative_to(root).as_posix() for path in found))

    def linked_blobs(self, repository: str) -> frozenset[str]:
        """The digests of the blobs, manifests apart, that a repository gives out."""
        links = (self.directory / REPOSITORIES / repository / "_layers").glob("*/*/link")
        return frozenset(link.read_text() for link in links)

    def gives_out(self, repository: str, digest: str) -> bool:
        """True when this blob can be read from this repository."""
        layers = self.directory / REPOSITORIES / repository / "_layers"
        return (layers / digest.replace(":", "/") / "link").is_file()

    def tags(self, repository: str) -> dict[str, str]:
        """The digest behind each tag."""
        root = self.directory / REPOSITORIES / repository / "_manifests" / "tags"
        links = root.glob("*/current/link")
        return {link.parts[-3]: link.read_text() for link in sorted(links)}

    def manifest(self, repository: str, reference: str) -> Any:
        """A stored manifest, by tag or digest. KeyError for an unknown tag."""
        digest = reference if ":" in reference else self.tags(repository)[reference]
        return json.loads(self.blob_path(digest).read_bytes())

    def missing_blobs(self) -> frozenset[str]:
        """The digests that some tagged manifest refers to and that are not stored."""
        return frozenset(
            digest
            for repository in self.repositories()
            for tag in self.tags(repository).values()
            for digest in self._references(repository, tag)
            if not self.blob_path(digest).is_file()
        )

    def connection(self) -> http.client.HTTPConnection:
        """A connection of the standard library, for requests to the registry itself."""
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=30, context=self.client_context()
        )

    def client_context(self) -> ssl.SSLContext:
        return self.authority.client_context()

    def _references(self, repository: str, digest: str) -> Iterator[str]:
        if not self.blob_path(digest).is_file():
            yield digest
            return
        manifest = self.manifest(repository, digest)
        for descriptor in manifest.get("manifests", ()):
            yield from self._references(repository, descriptor["digest"])
        parts = [manifest["config"]] if "config" in manifest else []
        for descriptor in [*parts, *manifest.get("layers", ())]:
            yield descriptor["digest"]


@contextlib.contextmanager
def registry(
    *,
    directory: Path | None = None,
    authority: Authority | None = None,
    tls: bool = True,
    users: Mapping[str, str] | None = None,
    read_only: bool = False,
    relative_urls: bool = True,
) -> Iterator[RunningRegistry]:
    """A registry of its own. Raises MissingPartError where it is not installed.

    `directory` is the storage to use and to keep: give that of another registry to see its images
    again, read-only say. `users` are the names and passwords that basic authentication asks for.
    """
    executable = program("docker-registry")
    with tempfile.TemporaryDirectory(prefix="registry-") as temporary:
        work = Path(temporary)
        started = RunningRegistry(
            port=free_port(),
            directory=directory or work / "storage",
            authority=authority or Authority(work / "tls"),
            tls=tls,
            users=dict(users or {}),
        )
        settings = _settings(started, read_only=read_only, relative_urls=relative_urls)
        if users:
            settings["auth"] = {"htpasswd": _htpasswd(work / "htpasswd", users)}
        # JSON is YAML too.
        (work / "registry.yml").write_text(json.dumps(settings))
        command = (executable, "serve", work / "registry.yml")
        with running(command, log=work / "log", ready=lambda: _answers(started)):
            yield started


def _settings(started: RunningRegistry, *, read_only: bool, relative_urls: bool) -> dict[str, Any]:
    http_settings: dict[str, Any] = {
        "addr": f"127.0.0.1:{started.port}",
        "relativeurls": relative_urls,
        # Signs the state of uploads. Random otherwise, and then lost with the process.
        "secret": "acideploy",
    }
    if started.tls:
        http_settings["tls"] = {
            "certificate": str(started.authority.certificate),
            "key": str(started.authority.key),
        }
    return {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(started.directory)},
            "delete": {"enabled": True},
            "maintenance": {
                "readonly": {"enabled": read_only},
                "uploadpurging": {"enabled": False},
            },
        },
        "http": http_settings,
    }


def _htpasswd(path: Path, users: Mapping[str, str]) -> dict[str, str]:
    # The least rounds bcrypt allows: every request checks the password again.
    lines = [
        f"{user}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()}\n"
        for user, password in users.items()
    ]
    path.write_text("".join(lines))
    return {"realm": "acideploy", "path": str(path)}


def _answers(started: RunningRegistry) -> bool:
    connection = started.connection()
    try:
        connection.request("GET", "/v2/", headers=authorization(started.users))
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def authorization(users: Mapping[str, str]) -> dict[str, str]:
    """The header of basic authentication for the first of the users, if there is any."""
    for user, password in users.items():
        return {
            "Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
        }
    return {}


def _inside(path: Path, root: Path) -> bool:
    """True for what lies in the files of a repository itself."""
    return any(part.startswith("_") for part in path.relative_to(root).parts)
