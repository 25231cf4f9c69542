"""What a registry is asked for, with everything that may pass by itself tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from azure.core.exceptions import AzureError, HttpResponseError

from acideploy.clock import Clock
from acideploy.errors import AcideployError, RegistryError
from acideploy.observe import retried
from acideploy.progress import Advance
from acideploy.registry import Blob, Manifest, Pushed, Unmeasured
from acideploy.registry.acr.client import Client
from acideploy.registry.acr.refusal import refusal
from acideploy.registry.authentication import Login, Password, anonymous
from acideploy.registry.body import Body, Stream
from acideploy.registry.descriptor import Descriptor
from acideploy.registry.verified import Verifier

T = TypeVar("T")

# Seconds between attempts at a request that fails for now; a registry may ask for more.
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
# A registry that asks for longer than this is not waited for.
_LONGEST_WAIT = 120.0
# Azure's own limit.
_LARGEST_MANIFEST = 4 << 20
# What the answer is where a registry has no locks, or the user may not lock.
_CANNOT_LOCK = frozenset({400, 401, 403, 404, 405})


class AcrRegistry:
    """The registry at `location`, a host that may have a port. Safe for threads."""

    def __init__(self, location: str, *, login: Login = anonymous, clock: Clock) -> None:
        self._location = location
        self._clock = clock
        self._client = Client(location, login=login, clock=clock)
        self._reached = False

    @property
    def location(self) -> str:
        return self._location

    def find_manifest(self, repository: str, reference: str) -> Manifest | None:
        def attempt() -> Manifest | None:
            manifest, digest = self._client.find_manifest(repository, reference)
            return manifest and self._checked(manifest, digest)

        return self._retried(attempt, f"pull {_named(repository, reference)}")

    def chunks(self, repository: str, blob: Descriptor) -> Iterator[bytes]:
        verifier = Verifier(blob, self._location)
        doing = f"pull {_named(repository, blob.digest)}"

        def attempt() -> Iterator[bytes]:
            return self._client.read_blob(repository, blob.digest, offset=verifier.size)

        failure: RegistryError | None = None
        rest = self._retried(attempt, doing)
        while verifier.size < blob.size:
            failure = None
            try:
                for chunk in rest:
                    yield from verifier.passing(chunk)
            except AzureError as error:
                failure = self._refusal(error, doing)
            # What breaks off is taken up where it broke, unless nothing came.
            if not verifier.has_advanced():
                break
            if verifier.size < blob.size:
                rest = self._retried(attempt, doing)
        if failure:
            raise failure
        yield from verifier.finish()

    def push_blob(self, repository: str, blob: Blob, *, advance: Advance) -> Pushed:
        digest = blob.descriptor.digest

        def attempt() -> Pushed:
            if self._client.has_blob(repository, digest):
                return "present"
            upload = None
            for source in blob.mount_from:
                if (upload := self._client.mount_blob(repository, digest, source=source)) is None:
                    return "mounted"
            upload = upload or self._client.start_upload(repository)
            with _taken_back(body := Body(blob, advance), blob.title):
                self._client.complete_upload(upload, body, digest=digest)
            return "uploaded"

        return self._retried(attempt, f"push {blob.title} to {repository}")

    def push_new(
        self, repository: str, blob: Unmeasured, *, title: str, advance: Advance
    ) -> Descriptor:
        """Sends a blob while it is measured, as `docker push` does; `advance` counts its bytes."""
        sent: Descriptor | None = None

        def attempt() -> Descriptor:
            nonlocal sent
            if sent and self._client.has_blob(repository, sent.digest):
                # All of it had arrived, and the answer was lost.
                advance(sent.size)
                return sent
            sent = None
            upload = self._client.start_upload(repository)
            with _taken_back(stream := Stream(blob, advance), title):
                complete = self._client.send_upload(upload, stream)
                sent = blob.descriptor
                self._client.complete_upload(complete, None, digest=sent.digest)
            return sent

        return self._retried(attempt, f"push {title} to {repository}")

    def push_manifest(self, repository: str, manifest: Manifest, *, tag: str | None) -> None:
        reference = tag or manifest.digest
        self._retried(
            lambda: self._client.put_manifest(repository, manifest, reference=reference),
            f"push {_named(repository, reference)}",
        )

    def login(self) -> Password | None:
        """What others may log in with for a while, `docker pull` for instance.

        None where nobody needs to, or where the registry has not been asked for anything yet.
        """
        return self._client.login()

    # What a model store needs besides.

    def tags(self, repository: str) -> tuple[str, ...]:
        """Every tag of a repository; none where there is no such repository."""
        return self._retried(
            lambda: tuple(self._client.tags(repository)), f"list the tags of {repository}"
        )

    def repositories(self, prefix: str) -> tuple[str, ...]:
        """The repositories whose names begin with `prefix`."""
        found = self._retried(lambda: tuple(self._client.repositories()), "list the repositories")
        return tuple(name for name in found if name.startswith(prefix))

    def set_locked(self, repository: str, tag: str, *, locked: bool) -> bool:
        """Forbids, or allows, that a tag is written or deleted; whether the registry could.

        https://learn.microsoft.com/azure/container-registry/container-registry-image-lock
        """
        allowed = {"writeEnabled": not locked, "deleteEnabled": not locked}

        def attempt() -> bool:
            try:
                self._client.change_tag(repository, tag, allowed)
            except HttpResponseError as error:
                if error.status_code in _CANNOT_LOCK:
                    return False
                raise
            return True

        return self._retried(attempt, f"lock {_named(repository, tag)}")

    def delete_manifest(self, repository: str, digest: str) -> None:
        """Deletes a manifest and every tag that means it. One that is gone already is no error."""
        self._retried(
            lambda: self._client.delete_manifest(repository, digest),
            f"delete {_named(repository, digest)}",
        )

    def delete_repository(self, repository: str) -> None:
        """Deletes every manifest and tag of it; where the registry cannot, those with tags."""
        self._retried(
            lambda: self._client.delete_repository(repository), f"delete all of {repository}"
        )
        for tag in self.tags(repository):
            if manifest := self.find_manifest(repository, tag):
                self.delete_manifest(repository, manifest.digest)

    def _checked(self, manifest: Manifest, digest: str) -> Manifest:
        if manifest.digest != digest or len(manifest.content) > _LARGEST_MANIFEST:
            raise RegistryError(
                f"{self._location} sent something else than manifest {digest}", temporary=True
            )
        return manifest

    def _retried(self, attempt: Callable[[], T], doing: str) -> T:
        def once() -> T:
            try:
                result = attempt()
            except AzureError as error:
                raise self._refusal(error, doing) from error
            self._reached = True
            return result

        return retried(once, clock=self._clock, pauses=_PAUSES, after=_wait_for)

    def _refusal(self, error: AzureError, doing: str) -> RegistryError:
        return refusal(error, self._location, doing, reached=self._reached)


def _named(repository: str, reference: str) -> str:
    return f"{repository}{'@' if ':' in reference else ':'}{reference}"


@contextmanager
def _taken_back(body: Body | Stream, title: str) -> Iterator[None]:
    """Takes the body back where sending it fails."""
    try:
        yield
    except HttpResponseError as error:
        body.take_back()
        # The token has ended meanwhile; there is a new one, or the next attempt says why not.
        if error.status_code in (401, 404):
            raise RegistryError(f"the upload of {title} broke off", temporary=True) from error
        raise
    except BaseException:
        body.take_back()
        raise


def _wait_for(error: AcideployError) -> float | None:
    if not isinstance(error, RegistryError) or not error.temporary:
        return None
    least = error.retry_after or 0.0
    return least if least <= _LONGEST_WAIT else None
