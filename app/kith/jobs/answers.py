"""Asking a disk that may not answer: a thread waits for it, and nobody else."""

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from typing import TypeVar

from kith.jobs.events import Waits

SLOW_S = 10.0  # what takes longer is told
_LOOK_S = 0.2

T = TypeVar("T")


def in_time(task: Callable[[], T], stop: threading.Event, reason: str) -> Generator[Waits, None, T | None]:
    """Return what a task comes to, None where the wish to stop came first; where it is slow, the reason is told."""
    future: Future[T] = Future()
    # No disk that never answers holds up the end of the program.
    threading.Thread(target=_do, args=(task, future), name="kith-answer", daemon=True).start()
    slow_at, is_slow = time.monotonic() + SLOW_S, False
    while not future.done():
        wait([future], _LOOK_S)
        if stop.is_set() and not future.done():
            return None
        if not is_slow and time.monotonic() > slow_at and not future.done():
            is_slow = True
            yield Waits(reason)
    if is_slow:
        yield Waits("")
    return future.result()


def _do(task: Callable[[], T], future: "Future[T]") -> None:
    try:
        future.set_result(task())
    except BaseException as error:  # noqa: BLE001 - it belongs to whoever asked
        future.set_exception(error)
