"""The emulator as a cloud that the environment's variables name, and nothing of the user's own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from acideploy import credentials
from acideploy.api import open_workspace
from acideploy.cli.root import run
from acideploy.clock import SystemClock
from acideploy.emulator.aci import addresses
from acideploy.emulator.exports import exports
from acideploy.emulator.running import Running
from acideploy.targets.aci.target import AciTarget
from tests.answering_runtime import AnsweringRuntime
from tests.azure_services import AzureServices, can_listen, own_addresses, set_up, target_of
from tests.emulated import Emulated, emulated

# A command line; returns its exit code and what stands on stdout and stderr.
RunCli: TypeAlias = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulated]:
    """An emulator of the test's own, without Azure's delays; the current folder is empty."""
    with _emulated(tmp_path, monkeypatch) as running:
        yield running


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureServices]:
    """An emulator whose containers answer, and a project to deploy to it."""
    if not can_listen():
        reason = "port 80 may not be listened on: sysctl net.ipv4.ip_unprivileged_port_start=80"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # Other emulators of this machine count from the usual address.
    monkeypatch.setattr(addresses, "_FIRST", own_addresses())
    runtime = AnsweringRuntime()
    with _emulated(tmp_path, monkeypatch, runtime=runtime) as running:
        yield set_up(running, runtime, folder=tmp_path)


@contextlib.contextmanager
def _emulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> Iterator[Emulated]:
    directory, folder = tmp_path / "emulator", tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    # Another emulator may have had the port: its tokens are not this one's.
    credentials._opened.cache_clear()
    with emulated(directory, seeded=True, **settings) as running:
        for name in [*os.environ]:
            if name.startswith(("AZURE_", "ARM_", "ACIDEPLOY_")):
                monkeypatch.delenv(name)
        for name, value in exports(_running(running), directory, os.environ).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path / "az"))
        monkeypatch.setenv("ACIDEPLOY_HOME", str(tmp_path / "home"))
        yield running


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> RunCli:
    """Commands, against the emulator that the test has."""

    def cli(line: str) -> tuple[int, str, str]:
        code = run(line.split())
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return cli


@pytest.fixture
def target(azure: Emulated, cli: RunCli) -> AciTarget:
    """What runs services in the emulator's workspace, which the current folder is attached to."""
    assert cli("folder attach -w emulator -g emulator")[0] == 0
    return target_of(open_workspace(), clock=SystemClock())


def _running(azure: Emulated) -> Running:
    settings: dict[str, Any] = {"pid": os.getpid(), "speed": "max", "engine": None}
    secret = azure.cloud.client_secret
    return Running(url=azure.url, registry=None, client_secret=secret, **settings)
