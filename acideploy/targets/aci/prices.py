"""What a container group costs: by the public price list, read once a day, or a table of our own.

https://learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from http.client import HTTPException
from pathlib import Path
from typing import Any, TypeAlias

from acideploy.atomic import write_atomically
from acideploy.clock import Clock
from acideploy.targets.aci.price_list import fetch_prices

# What the price list says of a `$filter`. Raises OSError, ValueError or HTTPException.
Fetch: TypeAlias = Callable[[str], bytes]

HOURS_OF_MONTH = 730
_CPU, _MEMORY = "Standard vCPU Duration", "Standard Memory Duration"
_LIST = "Azure Retail Prices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """`source` says where the price is from, `as_of` when it was read there."""

    per_hour: float
    per_month: float
    currency: str
    source: str
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """For an hour, of a vCPU and of a GB."""

    cpu: float
    memory: float
    currency: str
    as_of: date


# Of the price list, for where it cannot be reached.
_TABLE = {
    "eastus": Rates(cpu=0.0405, memory=0.00445, currency="USD", as_of=date(2026, 8, 27)),
    "swedencentral": Rates(cpu=0.0466, memory=0.00511, currency="USD", as_of=date(2026, 9, 6)),
}


def price_of(
    cpu: float,
    memory_in_gb: float,
    location: str,
    *,
    cache: Path,
    clock: Clock,
    fetch: Fetch = fetch_prices,
) -> Price:
    """What a group costs while it runs. Never raises: without the list, the table is taken.

    `cpu` in cores, `memory_in_gb` in GB. `cache` is a file that keeps what was read for the
    rest of the day (UTC).
    """
    region = location.replace(" ", "").lower()
    rates, source = _rates(region, cache=cache, today=clock.now().date(), fetch=fetch)
    per_hour = cpu * rates.cpu + memory_in_gb * rates.memory
    return Price(
        per_hour=round(per_hour, 6),
        per_month=round(per_hour * HOURS_OF_MONTH, 2),
        currency=rates.currency,
        source=source,
        as_of=rates.as_of,
    )


def _rates(region: str, *, cache: Path, today: date, fetch: Fetch) -> tuple[Rates, str]:
    kept = _read(cache)
    known = kept.get(region)
    if known and known.as_of == today:
        return known, _LIST
    with suppress(OSError, ValueError, HTTPException):
        rates = _rates_in(json.loads(fetch(_filter(region))), today)
        _write(cache, {**kept, region: rates})
        return rates, _LIST
    if known:
        return known, f"{_LIST}, which does not answer now"
    if region in _TABLE:
        return _TABLE[region], "built-in table"
    return _TABLE["eastus"], f"built-in table, for eastus: it has no {region}"


def _filter(region: str) -> str:
    # A quote in it would end the text.
    quoted = region.replace("'", "''")
    return (
        f"serviceName eq 'Container Instances' and armRegionName eq '{quoted}' "
        f"and priceType eq 'Consumption' and (meterName eq '{_CPU}' or meterName eq '{_MEMORY}')"
    )


def _rates_in(answer: Any, today: date) -> Rates:
    """Raises ValueError where the list has no such prices, as for a region it does not know."""
    try:
        # Of several prices of a meter the latest counts: it comes last.
        items = sorted(answer["Items"], key=lambda item: str(item.get("effectiveStartDate", "")))
        meters = {item["meterName"]: item for item in items if item.get("type") == "Consumption"}
        cpu, memory = meters[_CPU], meters[_MEMORY]
        return Rates(
            cpu=_per_unit(cpu),
            memory=_per_unit(memory),
            currency=str(cpu["currencyCode"]),
            as_of=today,
        )
    except (LookupError, TypeError, AttributeError, ZeroDivisionError) as error:
        raise ValueError("no price of a vCPU and a GB") from error


def _per_unit(item: Mapping[str, Any]) -> float:
    """The price of one unit, where `1 Hour` or `100 Hours` is the measure."""
    return float(item["retailPrice"]) / float(str(item["unitOfMeasure"]).split()[0])


def _read(cache: Path) -> dict[str, Rates]:
    """What is kept; nothing where that cannot be read."""
    try:
        written = json.loads(cache.read_bytes())
        return {
            region: Rates(**{**each, "as_of": date.fromisoformat(each["as_of"])})
            for region, each in written.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _write(cache: Path, rates: Mapping[str, Rates]) -> None:
    """Keeps them; a folder that cannot be written to costs a request the next time, no more."""
    written = {
        region: {
            "cpu": each.cpu,
            "memory": each.memory,
            "currency": each.currency,
            "as_of": each.as_of.isoformat(),
        }
        for region, each in rates.items()
    }
    with suppress(OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(cache, json.dumps(written, sort_keys=True).encode())
