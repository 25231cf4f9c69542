"""The one thread in which the user's script is loaded and every request is scored.

The retired stack did both in the main thread of its worker, one request at a time, and scripts have
come to depend on it: TensorFlow 1 graphs, SQLite connections and event loops belong to the thread
that made them. The server's own threads stay free to answer `/` while a long score runs.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import ctypes
import faulthandler
import os
import sys
import threading
import time
import traceback
from typing import Callable, TypeVar

T = TypeVar("T")

# The file descriptor of the log.
STDOUT = 1


class ScoringThread:
    """Runs calls one after the other, first come first served.

    A call that takes longer than `give_up_after` seconds ends the process, with the stack of every
    thread in the log, for the server to start another one: what holds a thread for that long
    cannot be stopped otherwise. `load` is not bound by it.
    """

    def __init__(self, *, give_up_after: float) -> None:
        self._give_up_after = give_up_after
        self._busy_since: float | None = None
        self._executor = concurrent.futures.ThreadPoolExecutor(
            max_workers=1, thread_name_prefix="scoring", initializer=_set_event_loop
        )
        # One watcher for all calls: a timer for each would cost a tenth of the requests per second.
        threading.Thread(target=self._watch, name="scoring watch", daemon=True).start()

    def load(self, call: Callable[[], T]) -> T:
        """Returns or raises what `call` does, however long it takes."""
        return self._executor.submit(call).result()

    def score(self, call: Callable[[], T], *, within: float | None) -> T:
        """Returns or raises what `call` does. The call sees the context variables of the caller.

        Raises TimeoutError, which says where the call was, when it takes more than `within` seconds
        without the wait for its turn; the call is interrupted as soon as it runs Python code again.
        """
        turn = _Turn()
        context = contextvars.copy_context()
        future = self._executor.submit(lambda: self._take(turn, lambda: context.run(call)))
        turn.begun.wait()
        if not concurrent.futures.wait([future], timeout=within).done:
            stack = turn.stack()
            turn.interrupt()
            raise TimeoutError(f"the script was here:\n{stack}")
        return future.result()

    def _take(self, turn: _Turn, call: Callable[[], T]) -> T:
        self._busy_since = time.monotonic()
        try:
            return turn.take(call)
        finally:
            self._busy_since = None

    def _watch(self) -> None:
        while True:
            time.sleep(min(1.0, self._give_up_after / 4))
            since = self._busy_since
            if since is not None and time.monotonic() - since > self._give_up_after:
                faulthandler.dump_traceback(file=STDOUT)
                os._exit(1)


class _Turn:
    """One call in the scoring thread, and the right to interrupt it.

    The call and its interrupter both pop from `_claim`, which is atomic, so exactly one of them
    gets it: either the call has ended and is left alone, or a TimeoutError is on its way and the
    thread takes no other call before that has arrived or been withdrawn.
    """

    def __init__(self) -> None:
        self.begun = threading.Event()
        self._claim = [True]
        self._sent = threading.Event()
        self._thread = 0

    def take(self, call: Callable[[], T]) -> T:
        self._thread = threading.get_ident()
        self.begun.set()
        try:
            return call()
        finally:
            self._refuse_interruption()

    def stack(self) -> str:
        """Where the thread is, most recent call last, in the form of a traceback."""
        return "".join(traceback.format_stack(sys._current_frames()[self._thread]))

    def interrupt(self) -> None:
        if self._claimed():
            _raise_in(self._thread, TimeoutError)
            self._sent.set()

    def _refuse_interruption(self) -> None:
        if not self._claimed():
            self._sent.wait()
            _raise_in(self._thread, None)

    def _claimed(self) -> bool:
        try:
            return self._claim.pop()
        except IndexError:
            return False


def _set_event_loop() -> None:
    """Scripts call `asyncio.get_event_loop()`, which only the main thread has by itself."""
    asyncio.set_event_loop(asyncio.SelectorEventLoop())


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Has the error raised in that thread, or with None withdraws one not raised yet.

    https://docs.python.org/3/c-api/init.html#c.PyThreadState_SetAsyncExc
    """
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), None if error is None else ctypes.py_object(error)
    )
