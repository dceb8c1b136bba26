"""A process of Kith: the memory it may use, what Ctrl-C does to it, and what it owes the process that started it."""

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from multiprocessing import resource_tracker
from types import FrameType
from typing import NoReturn

# Exit codes: a bug; it could not be done, as the message says; Ctrl-C, as shells count it. Typer's own is 2.
BUG, CANNOT, STOPPED = 1, 3, 130
STOPPING = "Stopping when the photos at work are done"
LEAST_MEMORY = 2**30
_OBJECTS_BETWEEN_COLLECTIONS = 50_000, 50, 50
OUT_OF_MEMORY = (
    "There is not enough memory, or too many processes and threads are at work: close other programs, or raise the "
    "limits set for this one (ulimit), then start again. What is done so far is kept."
)


def memory_problem() -> str:
    """Return what to do where this process is allowed less memory than Kith needs, else nothing.

    Below such a limit libraries do not raise: they end the process, or wait for memory for ever.
    """
    try:
        import resource
    except ImportError:  # Windows
        return ""
    limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    least = min((limit for limit in limits if limit != resource.RLIM_INFINITY), default=LEAST_MEMORY)
    if least >= LEAST_MEMORY:
        return ""
    return (
        f"Kith needs {LEAST_MEMORY // 2**20} MB of memory, and a limit (ulimit -v or -d) allows it {least // 2**20} "
        "MB: raise that limit and start again."
    )


def collect_garbage_seldom() -> None:
    """Let Python look for garbage in circles less often: a run makes millions of objects and hardly a circle.

    At its own pace it takes a fifth of the time that a run over known photos takes.
    """
    gc.set_threshold(*_OBJECTS_BETWEEN_COLLECTIONS)


@cache
def keep_what_is_loaded() -> None:
    """Have the collector of garbage leave alone, once, all that was loaded for the first look at the library.

    That stays anyway: to go over a hundred thousand objects again and again holds up frames for 50 ms.
    """
    gc.freeze()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was short, or could not hold one more thread."""
    return isinstance(error, MemoryError) or "can't start new thread" in str(error)


def interrupt_on_ctrl_c() -> None:
    """Raise KeyboardInterrupt at the first Ctrl-C; the next ones must not disturb what is put in order then."""
    signal.signal(signal.SIGINT, interrupt)


def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Raise KeyboardInterrupt, and heed no further Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def without_ctrl_c() -> Iterator[None]:
    """Let processes that are started inside begin deaf to Ctrl-C, which a terminal sends to them too."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # else the start of a process starts it, which lets Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_told_of_progress: ContextVar[Callable[[], object]] = ContextVar("told_of_progress", default=lambda: None)


def tell_progress(told: Callable[[], object]) -> None:
    """Have `getting_on` call this from now on, in this thread."""
    _told_of_progress.set(told)


def getting_on() -> None:
    """Tell who waits for this process that a long task gets on; where nobody does, nothing."""
    _told_of_progress.get()()


def settle_child() -> None:
    """Leave Ctrl-C to the parent, and end with it, even when it is killed; end now where that cannot be."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    except RuntimeError:  # no more threads
        os._exit(1)


def be_gentle() -> None:
    """Let this process, with the threads that it begins from now on, work only while nothing else wants to."""
    import psutil

    with suppress(psutil.Error, OSError):
        own = psutil.Process()
        if sys.platform == "win32":
            own.nice(psutil.IDLE_PRIORITY_CLASS)
            own.ionice(psutil.IOPRIO_VERYLOW)
        else:
            own.nice(19)
        if sys.platform == "linux":
            own.ionice(psutil.IOPRIO_CLASS_IDLE)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
