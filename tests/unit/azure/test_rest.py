"""What is made of answers that are not Azure's own: those of a proxy, or of a sign-in page."""

from __future__ import annotations

import json
from email.message import Message
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.rest import HttpRequest, HttpResponse

from acideploy.azure.rest import Rest
from acideploy.errors import AzureError
from acideploy.registry.acr.answer import Answer
from acideploy.registry.acr.transport import DirectTransport
from tests.registries import InstantClock

ENDPOINT = "https://management.example.com"
PATH = "/subscriptions/s/providers/p/groups"


class Saying(DirectTransport):
    """Answers the first requests with these bodies, and every other one with the last."""

    def __init__(self, *bodies: bytes) -> None:
        super().__init__({})
        self.bodies = list(bodies)
        self.asked = 0

    def send(self, request: HttpRequest, **settings: Any) -> HttpResponse:
        self.asked += 1
        body = self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]
        raw: Any = SimpleNamespace(
            status=200,
            reason="OK",
            headers=Message(),
            read=BytesIO(body).read,
            length=0,
            isclosed=lambda: True,
            will_close=True,
        )
        return Answer(request, raw, release=lambda keep: None)


def asking(*bodies: bytes) -> Rest:
    return Rest(ENDPOINT, token=None, clock=InstantClock(), transport=Saying(*bodies))


@pytest.mark.parametrize(
    "body",
    [b'"hello"', b"[]", b"7", b"true", b'{"value": 7}', b'{"value": ["a"]}', b"<html></html>"],
)
def test_a_list_that_is_none_is_told_with_its_address(body: bytes) -> None:
    with pytest.raises(AzureError) as caught:
        list(asking(body).list(PATH, "2023-05-01"))
    assert f"{ENDPOINT}{PATH}" in str(caught.value)
    assert "proxy" in (caught.value.hint or "")


def test_a_later_page_that_is_none_is_told_too() -> None:
    first = json.dumps({"value": [{"id": "1"}], "nextLink": f"{ENDPOINT}/more?page=2"}).encode()
    with pytest.raises(AzureError, match=f"{ENDPOINT}/more"):
        list(asking(first, b'"hello"').list(PATH, "2023-05-01"))


@pytest.mark.parametrize("body", [b'"hello"', b"[1]", b"7"])
def test_a_resource_that_is_none_is_told_with_its_address(body: bytes) -> None:
    with pytest.raises(AzureError, match=f"{ENDPOINT}{PATH}/one"):
        asking(body).get(f"{PATH}/one", "2023-05-01")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"value": null}', b'{"value": []}'])
def test_nothing_is_an_empty_list(body: bytes) -> None:
    assert list(asking(body).list(PATH, "2023-05-01")) == []
