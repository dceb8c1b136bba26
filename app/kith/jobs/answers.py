"""Asking a disk that may not answer: a thread waits for it, and nobody else."""

import math
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from typing import TypeVar

from kith.jobs.events import Waits

SLOW_S = 10.0  # what takes longer is told
_LOOK_S = 0.2

T = TypeVar("T")


def in_time(
    task: Callable[[], T], stop: threading.Event, reason: str, bound_s: float = math.inf
) -> Generator[Waits, None, T | None]:
    """Return what a task comes to, and tell where that is slow; None where the wish to stop or the bound came first."""
    future: Future[T] = Future()
    # No disk that never answers holds up the end of the program.
    threading.Thread(target=_do, args=(task, future), name="kith-answer", daemon=True).start()
    began, is_slow = time.monotonic(), False
    while not wait([future], _LOOK_S).done:
        lasted = time.monotonic() - began
        if stop.is_set() or lasted > bound_s:
            return None
        if lasted > SLOW_S and not is_slow:
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
