"""What the emulator costs: to start it, and to list many container groups."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Row, compared, seconds, seconds_of
from tests.container_groups import GROUPS, asked
from tests.emulated import emulated

_GROUPS = 1000
_ACIDEPLOY = (sys.executable, "-m", "acideploy", "emulator")


def emulator(folder: Path) -> Iterator[Row]:
    """A start with nothing there yet, and one that takes up what there was; then a long list."""
    imports = "import starlette.applications, uvicorn, trustme, jwt, docker"
    imported = seconds([sys.executable, "-c", imports], runs=3)
    where = ("--state", str(folder / "state"))
    start = (*_ACIDEPLOY, "start", "--detach", "--no-engine", "--port", "0", *where)
    for what in ("first", "later"):
        started = seconds(start)
        seconds((*_ACIDEPLOY, "stop", *where))
        name = 'python -c "import starlette, uvicorn ..."'
        yield compared(f"emulator, {what} start", started, name, imported, asked="under 2 s")
    with emulated(folder / "listed") as azure:
        azure.make_group()
        for number in range(_GROUPS - 1):
            azure.arm("PUT", f"{GROUPS}/group{number}", asked())
        made = seconds_of(lambda: azure.arm("PUT", f"{GROUPS}/last", asked()))
        listed = seconds_of(lambda: azure.arm("GET", GROUPS))
        assert len(azure.arm("GET", GROUPS).json["value"]) == _GROUPS
    name = "making the last one"
    yield compared(f"list {_GROUPS} container groups", listed, name, made, asked="under 1 s")
