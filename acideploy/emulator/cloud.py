"""What all surfaces of the emulated cloud share."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from starlette.types import ASGIApp

from acideploy.emulator.clock import Clock
from acideploy.emulator.faults import Faults
from acideploy.emulator.signer import Signer
from acideploy.emulator.sites import Sites
from acideploy.emulator.store import Store
from acideploy.emulator.traffic import Observed, Traffic

# Who and what there is from the start. The same on every machine, so that they can be written down.
TENANT = "ac1de000-0000-4000-8000-000000000001"
SUBSCRIPTION = "ac1de000-0000-4000-8000-000000000002"
SUBSCRIPTION_NAME = "acideploy emulator"
CLIENT = "ac1de000-0000-4000-8000-000000000003"
OBJECT = "ac1de000-0000-4000-8000-000000000004"

# The site of Resource Manager, Microsoft Entra and the emulator's own routes.
FRONT = "front"


@dataclass(kw_only=True)
class Cloud:
    """The emulated cloud. Surfaces keep nothing in globals; what they share is here.

    `directory` holds all state.
    """

    directory: Path
    clock: Clock
    store: Store
    sites: Sites
    signer: Signer
    client_secret: str
    faults: Faults = field(default_factory=Faults)
    traffic: Traffic = field(default_factory=Traffic)

    async def open_site(self, name: str, app: ASGIApp) -> str:
        """Serves an app on its own port, with faults and a record; returns `localhost:PORT`."""
        observed = Observed(
            app, site=name, clock=self.clock, traffic=self.traffic, faults=self.faults
        )
        return await self.sites.open(name, observed)

    @property
    def url(self) -> str:
        """Where Resource Manager and Microsoft Entra answer, without a slash at the end."""
        return f"https://{self.sites.address(FRONT)}"


def new_id() -> str:
    """A GUID, as Azure gives to requests, operations and principals."""
    return str(uuid.uuid4())


def long_time(time: datetime) -> str:
    """`2024-10-29T17:07:55.9650008Z`: seven digits, as most of Azure writes times."""
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond:06d}0Z"


def http_time(time: datetime) -> str:
    """`Tue, 29 Oct 2024 17:07:55 GMT`, whatever the locale (RFC 9110, section 5.6.7)."""
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return (
        f"{days[time.weekday()]}, {time.day:02d} {months[time.month - 1]} {time.year} "
        f"{time:%H:%M:%S} GMT"
    )
