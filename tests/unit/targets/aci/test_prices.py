"""What a container group costs, and where that is from."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from acideploy.targets.aci.price_list import ADDRESS_VARIABLE, fetch_prices
from acideploy.targets.aci.prices import Fetch, Price, price_of


@dataclass
class Moment:
    """A clock that stands still."""

    time: datetime = datetime(2026, 11, 25, 12, 0, tzinfo=timezone.utc)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


def _item(meter: str, price: float, unit: str, **more: object) -> dict[str, object]:
    return {
        "currencyCode": "USD",
        "retailPrice": price,
        "armRegionName": "westus",
        "effectiveStartDate": "2020-01-01T00:00:00Z",
        "meterName": meter,
        "unitOfMeasure": unit,
        "type": "Consumption",
        **more,
    }


ITEMS = [
    _item("Standard vCPU Duration", 0.05, "1 Hour"),
    _item("Standard Memory Duration", 0.5, "100 GB Hours"),
    _item("Standard vCPU Duration", 0.01, "1 Hour", effectiveStartDate="2019-01-01T00:00:00Z"),
    _item("Standard vCPU Duration", 0.02, "1 Hour", type="Reservation"),
]
ANSWER = {
    "BillingCurrency": "USD",
    "Items": ITEMS,
    "NextPageLink": None,
}


@dataclass
class PriceList:
    """A server that says the same of whatever is asked, or nothing."""

    asked: list[str] = field(default_factory=list)
    answer: bytes = json.dumps(ANSWER).encode()
    status: int = 200
    # Seconds between two bytes.
    pause: float = 0
    silent: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def prices(monkeypatch: pytest.MonkeyPatch) -> Iterator[PriceList]:
    known = PriceList()
    known.silent.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.asked.append(self.path)
            known.silent.wait(10)
            self.send_response(known.status)
            self.end_headers()
            pieces = [bytes([byte]) for byte in known.answer] if known.pause else [known.answer]
            with suppress(OSError):
                for piece in pieces:
                    self.wfile.write(piece)
                    time.sleep(known.pause)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        monkeypatch.setenv(ADDRESS_VARIABLE, f"http://127.0.0.1:{server.server_port}/list")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield known
        known.silent.set()
        server.shutdown()


def _price(tmp_path: Path, *, moment: Moment | None = None, fetch: Fetch = fetch_prices) -> Price:
    cache = tmp_path / "home" / "prices.json"
    return price_of(1, 2, "West US", cache=cache, clock=moment or Moment(), fetch=fetch)


def _nobody(_: str) -> bytes:
    raise OSError("no network")


def test_the_price_is_that_of_the_public_list(prices: PriceList, tmp_path: Path) -> None:
    assert _price(tmp_path) == Price(
        per_hour=0.06,
        per_month=43.8,
        currency="USD",
        source="Azure Retail Prices",
        as_of=date(2026, 11, 25),
    )
    (asked,) = prices.asked
    assert urlsplit(asked).path == "/list"
    (chosen,) = parse_qs(urlsplit(asked).query)["$filter"]
    assert "serviceName eq 'Container Instances' and armRegionName eq 'westus'" in chosen
    assert "priceType eq 'Consumption'" in chosen


def test_the_list_is_asked_once_a_day(prices: PriceList, tmp_path: Path) -> None:
    first = _price(tmp_path)
    assert _price(tmp_path) == first
    assert len(prices.asked) == 1
    tomorrow = Moment(datetime(2026, 11, 26, 12, tzinfo=timezone.utc))
    assert _price(tmp_path, moment=tomorrow).as_of == date(2026, 11, 26)
    assert len(prices.asked) == 2


def test_an_old_price_is_better_than_none(prices: PriceList, tmp_path: Path) -> None:
    known = _price(tmp_path)
    later = Moment(datetime(2027, 1, 1, tzinfo=timezone.utc))
    price = _price(tmp_path, moment=later, fetch=_nobody)
    assert (price.per_hour, price.as_of) == (known.per_hour, known.as_of)
    assert price.source == "Azure Retail Prices, which does not answer now"


@pytest.mark.parametrize(
    ("location", "per_hour", "source", "as_of"),
    [
        ("eastus", 0.0494, "built-in table", date(2026, 8, 27)),
        ("Sweden Central", 0.05682, "built-in table", date(2026, 9, 6)),
        ("westus", 0.0494, "built-in table, for eastus: it has no westus", date(2026, 8, 27)),
    ],
)
def test_without_the_list_the_table_is_taken_and_named(
    tmp_path: Path, location: str, per_hour: float, source: str, as_of: date
) -> None:
    price = price_of(1, 2, location, cache=tmp_path / "p", clock=Moment(), fetch=_nobody)
    assert (price.per_hour, price.source, price.as_of) == (per_hour, source, as_of)
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"Items": null}',
        b'{"Items": []}',
        json.dumps({"Items": [{**ITEMS[0], "unitOfMeasure": ""}, ITEMS[1]]}).encode(),
    ],
)
def test_an_answer_that_says_no_price_is_none(
    prices: PriceList, tmp_path: Path, answer: bytes
) -> None:
    prices.answer = answer
    assert _price(tmp_path).source.startswith("built-in table")


def test_a_list_that_fails_is_none(prices: PriceList, tmp_path: Path) -> None:
    prices.status = 500
    assert _price(tmp_path).source.startswith("built-in table")


def test_nobody_waits_for_a_list_that_is_silent(prices: PriceList, tmp_path: Path) -> None:
    prices.silent.clear()
    price = _price(tmp_path, fetch=lambda chosen: fetch_prices(chosen, seconds=0.1))
    assert price.source.startswith("built-in table")


def test_nobody_waits_for_a_list_that_never_comes_to_an_end(
    prices: PriceList, tmp_path: Path
) -> None:
    prices.pause = 0.05
    began = time.monotonic()
    price = _price(tmp_path, fetch=lambda chosen: fetch_prices(chosen, seconds=0.2))
    assert price.source.startswith("built-in table")
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/", "file:///etc/passwd", "nonsense", "http://["]
)
def test_an_address_where_nothing_is_costs_the_plan_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str
) -> None:
    monkeypatch.setenv(ADDRESS_VARIABLE, address)
    assert _price(tmp_path).source.startswith("built-in table")


@pytest.mark.parametrize("named", ["missing.pem", "."])
def test_the_certificates_are_those_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / named))
    monkeypatch.setenv(ADDRESS_VARIABLE, "https://127.0.0.1:1/")
    assert _price(tmp_path).source.startswith("built-in table")


@pytest.mark.parametrize("content", ["", "[]", '{"westus": 1}', '{"westus": {"as_of": "x"}}'])
def test_what_was_kept_and_cannot_be_read_is_read_anew(
    prices: PriceList, tmp_path: Path, content: str
) -> None:
    cache = tmp_path / "home" / "prices.json"
    cache.parent.mkdir()
    cache.write_text(content)
    assert _price(tmp_path).source == "Azure Retail Prices"
    assert "westus" in json.loads(cache.read_text())


def test_a_folder_that_nothing_can_be_kept_in_is_no_failure(
    prices: PriceList, tmp_path: Path
) -> None:
    (tmp_path / "home").write_text("a file")
    assert _price(tmp_path).source == "Azure Retail Prices"
