"""What is begun before it is needed."""

from __future__ import annotations

import threading

import pytest

from acideploy.ahead import ahead


def test_it_is_begun_before_anybody_waits() -> None:
    begun = threading.Event()
    result = ahead(lambda: begun.set() or 7)
    assert begun.wait(10)
    assert (result(), result()) == (7, 7)


def test_who_waits_is_told_what_went_wrong() -> None:
    def fail() -> None:
        raise KeyError("x")

    result = ahead(fail)
    with pytest.raises(KeyError):
        result()
