"""The log of a run that crashed: Azure forgets it when the next one begins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acideploy.clock import SystemClock
from acideploy.errors import ServiceFailedError
from acideploy.targets.aci.target import AciTarget
from tests.azure_services import AzureServices, target_of

CRASH = "azmlinfsrv - Starting\nValueError: the first run crashed\n"


def target(services: AzureServices) -> AciTarget:
    return target_of(services.workspace(), clock=services.clock)


def test_the_log_of_a_crash_stays_when_the_next_run_begins(services: AzureServices) -> None:
    # The emulator takes its time to start again what has crashed.
    services = replace(services, clock=SystemClock())
    services.runtime.crashes, services.runtime.log = True, CRASH.encode()
    with pytest.raises(ServiceFailedError):
        services.deploy()
    assert target(services).logs("web", lines=5000, previous=True) == CRASH
    assert target(services).logs("web", lines=1, previous=True) == CRASH.splitlines(True)[-1]

    services.runtime.crashes, services.runtime.log = False, b"azmlinfsrv.acideploy - Listening at\n"
    services.deploy()
    assert "Listening" in target(services).logs("web", lines=5000)
    assert target(services).logs("web", lines=5000, previous=True) == CRASH

    # A log may hold anything.
    [file] = (services.home / "crash-logs").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    services.workspace().delete_service("web")
    assert not file.exists()


def test_a_service_that_never_crashed_has_no_earlier_log(services: AzureServices) -> None:
    services.deploy()
    assert target(services).logs("web", lines=5000, previous=True) == ""
