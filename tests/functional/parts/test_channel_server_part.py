"""The channel that is served lets in whom it should, and remembers what was asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from rattler.exceptions import GatewayError

from tests.parts.channel_server import RunningChannel, channel_server
from tests.parts.conda_package import index, write_package
from tests.parts.linked_prefix import link_packages, solve_packages


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A channel with one package."""
    channel = tmp_path / "channel"
    write_package(channel, name="a", version="1.0", files={"share/a": b"a"})
    index(channel)
    return channel


def statuses(channel: RunningChannel) -> set[int]:
    return {status for _, status in channel.requests}


def test_an_open_channel_is_solved_and_installed_from(directory: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with channel_server(directory) as channel:
        records = solve_packages([channel.url], "a", cache=cache)
        link_packages(records, tmp_path / "prefix", cache=cache)
    assert (tmp_path / "prefix/share/a").read_bytes() == b"a"
    assert ("/channel/linux-64/a-1.0-0.conda", 200) in channel.requests
    assert statuses(channel) == {200}


def test_what_a_client_has_is_not_sent_again(directory: Path, tmp_path: Path) -> None:
    with channel_server(directory) as channel:
        for _ in range(2):
            solve_packages([channel.url], "a", cache=tmp_path)
            last = channel.requests[-2:]
    assert {status for _, status in last} == {304}


@pytest.mark.parametrize(
    ("login", "wrong"),
    [
        ({"user": "me", "password": "secret"}, ("secret", "guess")),
        ({"token": "tk-secret"}, ("tk-secret", "tk-guess")),
    ],
    ids=["user", "token"],
)
def test_only_the_right_login_is_let_in(
    directory: Path, tmp_path: Path, login: dict[str, str], wrong: tuple[str, str]
) -> None:
    with channel_server(directory, **login) as channel:
        assert wrong[0] not in channel.url
        for url in (channel.url, channel.login_url.replace(*wrong)):
            with pytest.raises(GatewayError, match=r"401 Unauthorized"):
                solve_packages([url], "a", cache=tmp_path)
        # Rattler gives up at the first: another request may still be under way.
        assert statuses(channel) == {401}
        (record,) = solve_packages([channel.login_url], "a", cache=tmp_path)
        assert record.file_name == "a-1.0-0.conda"
        assert statuses(channel) == {200, 401}


def test_the_channel_is_nowhere_else(directory: Path, tmp_path: Path) -> None:
    with channel_server(directory, user="me", password="secret") as channel:
        with pytest.raises(GatewayError, match=r"could not find subdir"):
            solve_packages([channel.login_url.removesuffix("/channel")], "a", cache=tmp_path)
        assert statuses(channel) == {404}


def test_nothing_answers_once_the_server_has_stopped(directory: Path, tmp_path: Path) -> None:
    with channel_server(directory) as channel:
        pass
    with pytest.raises(GatewayError, match=r"error sending request for url"):
        solve_packages([channel.url], "a", cache=tmp_path)
