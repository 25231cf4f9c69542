"""What can be begun before it is needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def ahead(work: Callable[[], T]) -> Callable[[], T]:
    """Begins it at once, beside the caller. What is returned waits for it, and raises what it does.

    The end of the program waits for nothing that nobody has waited for.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="ahead", daemon=True).start()
    return future.result
