"""Who we are to a registry: every way to say it, and how often it is said."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from acideploy.errors import RegistryError
from acideploy.events import ignore
from acideploy.registry.acr import AcrRegistry
from acideploy.registry.authentication import Credential, Entra, Password
from acideploy.registry.push import push
from tests.functional.conftest import Trust
from tests.parts.acr import OWNER, RunningAcr
from tests.parts.acr_scopes import Identity
from tests.parts.faults import ExpiredToken
from tests.parts.fixtures import started
from tests.parts.proxy import proxy
from tests.parts.registry import RunningRegistry, registry
from tests.registries import InstantClock, artifact_of, blob_of, owner

PASSWORD = Password(username="user", password="secret")
SIZE = 300_000


def use(opened: AcrRegistry, repository: str = "used") -> None:
    """Pushes, mounts, reads."""
    clock = InstantClock()
    artifact = artifact_of(blob_of(os.urandom(SIZE)))
    push(artifact, registry=opened, repository=repository, tag="1", clock=clock, emit=ignore)
    other = artifact_of(
        blob_of(b"".join(artifact.blobs[0].chunks()), mount_from=[repository]), blob_of(b"other")
    )
    push(other, registry=opened, repository=f"{repository}/2", tag="1", clock=clock, emit=ignore)
    found = b"".join(opened.chunks(f"{repository}/2", artifact.blobs[0].descriptor))
    assert found == b"".join(artifact.blobs[0].chunks())
    assert opened.find_manifest(repository, "1") == artifact.manifest


def token_requests(part: RunningAcr) -> int:
    return len(part.traffic.select(path="^/oauth2/"))


def test_a_registry_that_asks_for_nothing_is_told_nothing(
    registry_part: RunningRegistry, trust: Trust
) -> None:
    trust(registry_part)

    def login() -> Credential:
        raise AssertionError("nobody asked")

    with proxy(registry_part) as door:
        use(AcrRegistry(door.host, login=login, clock=InstantClock()), "anonymous")
        assert not any(each.authorized for each in door.traffic)


def test_a_password_answers_a_basic_challenge(trust: Trust) -> None:
    with started(registry(users={"user": "secret"})) as part, proxy(part) as door:
        trust(part)
        use(AcrRegistry(door.host, login=lambda: PASSWORD, clock=InstantClock()))
        refused = door.traffic.select(status=401)
        assert [each.request_body_bytes for each in refused] == [0]
        for wrong in (None, Password(username="user", password="wrong"), Entra(token=lambda: "x")):
            stranger = AcrRegistry(door.host, login=lambda wrong=wrong: wrong, clock=InstantClock())
            with pytest.raises(RegistryError, match="no permission to pull used:1") as caught:
                stranger.find_manifest("used", "1")
            assert f"docker login {door.host}" in (caught.value.hint or "")


@pytest.mark.parametrize("kind", ["password", "entra"])
def test_a_token_is_got_once_for_each_scope(acr_part: RunningAcr, trust: Trust, kind: str) -> None:
    trust(acr_part)
    acr_part.tokens.users["user", "secret"] = OWNER
    login: Callable[[], Credential] = owner if kind == "entra" else lambda: PASSWORD
    opened = AcrRegistry(acr_part.host, login=login, clock=InstantClock())
    use(opened, f"tokens/{kind}")
    before = token_requests(acr_part)
    exchanges = acr_part.traffic.select("POST", "^/oauth2/exchange")
    assert len(exchanges) == (1 if kind == "entra" else 0)
    # Pull, and push, of two repositories, and what mounts from one to the other.
    assert before - len(exchanges) == 5
    use(opened, f"tokens/{kind}")
    assert token_requests(acr_part) == before
    # Only the first request was sent in vain.
    assert len(acr_part.traffic.select(status=401)) == 1


def test_anonymous_pulls_where_the_registry_lets_everybody(
    acr_part: RunningAcr, trust: Trust
) -> None:
    trust(acr_part)
    use(AcrRegistry(acr_part.host, login=owner, clock=InstantClock()), "open")
    acr_part.tokens.anonymous = Identity("anonymous", ("pull",))
    opened = AcrRegistry(acr_part.host, clock=InstantClock())
    assert opened.find_manifest("open", "1") is not None
    with pytest.raises(RegistryError, match="no permission to push"):
        push(
            artifact_of(blob_of(b"x")),
            registry=opened,
            repository="open",
            tag="2",
            clock=InstantClock(),
            emit=ignore,
        )


def test_a_token_that_ends_meanwhile_is_replaced(acr_part: RunningAcr, trust: Trust) -> None:
    trust(acr_part)
    opened = AcrRegistry(acr_part.host, login=owner, clock=InstantClock())
    use(opened, "ending")
    acr_part.tokens.expire()
    use(opened, "ending")


def test_a_token_that_is_about_to_end_is_not_used(acr_part: RunningAcr, trust: Trust) -> None:
    trust(acr_part)
    clock = InstantClock()
    opened = AcrRegistry(acr_part.host, login=owner, clock=clock)
    opened.find_manifest("none", "1")
    before = token_requests(acr_part)
    clock.sleep(acr_part.tokens.access_lifetime - 20)
    opened.find_manifest("none", "1")
    assert token_requests(acr_part) == before + 1
    assert len(acr_part.traffic.select(status=401)) == 1
    # The refresh token ends later, and then the user is asked for again.
    clock.sleep(acr_part.tokens.refresh_lifetime)
    opened.find_manifest("none", "1")
    assert len(acr_part.traffic.select(path="^/oauth2/exchange")) == 2


def test_no_body_is_sent_twice(acr_part: RunningAcr, trust: Trust) -> None:
    trust(acr_part)
    opened = AcrRegistry(acr_part.host, login=owner, clock=InstantClock())
    blob = blob_of(os.urandom(SIZE))
    opened.push_blob("once", blob, advance=lambda count: None)
    sent = [each.request_body_bytes for each in acr_part.traffic.select("PUT")]
    assert sent == [SIZE]


def test_a_token_that_ends_at_the_very_upload_is_renewed_and_the_upload_begun_anew(
    acr_part: RunningAcr, trust: Trust
) -> None:
    trust(acr_part)
    opened = AcrRegistry(acr_part.host, login=owner, clock=InstantClock())
    acr_part.proxy.fail(ExpiredToken(), method="PUT")
    blob = blob_of(os.urandom(SIZE))
    counted: list[int] = []
    assert opened.push_blob("anew", blob, advance=counted.append) == "uploaded"
    assert sum(counted) == SIZE
    assert acr_part.registry.gives_out("anew", blob.descriptor.digest)


def test_storage_never_sees_the_token(acr_part: RunningAcr, trust: Trust) -> None:
    trust(acr_part)
    use(AcrRegistry(acr_part.host, login=owner, clock=InstantClock()), "elsewhere")
    redirected = acr_part.traffic.select("GET", "/blobs/", 307)
    read = tuple(acr_part.storage.traffic)
    assert len(redirected) == len(read) == 1
    assert [(each.status, each.authorized) for each in read] == [(200, False)]


def test_a_wrong_login_is_told_at_once(acr_part: RunningAcr, trust: Trust) -> None:
    trust(acr_part)
    clock = InstantClock()
    for wrong in (Password(username="user", password="wrong"), Entra(token=lambda: "wrong"), None):
        opened = AcrRegistry(acr_part.host, login=lambda wrong=wrong: wrong, clock=clock)
        with pytest.raises(RegistryError, match="no permission to log in") as caught:
            opened.find_manifest("none", "1")
        assert caught.value.status == 401
        assert "docker login" in (caught.value.hint or "")
        assert "wrong" not in f"{caught.value} {caught.value.detail}"
    assert clock.slept == []


def test_an_entra_token_is_shown_to_the_registry_alone(acr_part: RunningAcr, trust: Trust) -> None:
    """A registry that names another host for its tokens does not get ours from there."""
    trust(acr_part)
    acr_part.tokens.host = acr_part.storage.host
    shown: list[str] = []

    def token() -> str:
        shown.append("token")
        return "secret"

    opened = AcrRegistry(acr_part.host, login=lambda: Entra(token=token), clock=InstantClock())
    with pytest.raises(RegistryError):
        opened.find_manifest("none", "1")
    assert shown == []


def test_what_is_secret_is_not_printed() -> None:
    assert "secret" not in f"{PASSWORD!r} {PASSWORD}"
    assert "secret" not in repr(Entra(token=lambda: "secret"))
