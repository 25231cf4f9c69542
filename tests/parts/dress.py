"""What a proxy adds to the registry behind it."""

from __future__ import annotations

from typing import Protocol

from tests.parts.http1 import Head
from tests.parts.traffic import Answer, Request


class Dress(Protocol):
    """Makes one kind of registry look like another. Called from many threads."""

    def answer(self, request: Request) -> Answer | None:
        """The answer to a request that the registry is not to see; None: let it answer."""

    def forward(self, request: Request) -> Head:
        """The request as the registry is to see it."""

    def backward(self, request: Request, head: Head) -> Head:
        """The registry's answer as the client is to see it."""


class Plain:
    """Adds nothing."""

    def answer(self, request: Request) -> Answer | None:
        return None

    def forward(self, request: Request) -> Head:
        return request.head

    def backward(self, request: Request, head: Head) -> Head:
        return head
