"""Worker processes that are watched: one that takes too long or too much memory is ended and replaced, alone."""

import ctypes
import multiprocessing
import os
import pickle
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

import psutil

from kith.errors import NoWorkers
from kith.messages import Setting
from kith.process import be_gentle, is_out_of_memory, settle_child, tell_progress, without_ctrl_c

_START_S = 60.0  # until a new process can take tasks
_LONGEST = 10  # times the limit, for a task that tells that it gets on: a video is many photos
_GETS_ON = b""
_LOOK_S = 0.2  # between two looks at a process at work; most tasks are done before the first
_DIED = "the process that read it died: the file may be damaged or need too much memory"
_TOO_LONG = (
    "it took longer than {:.0f} seconds, and was given up: the file may be damaged, or made to take long; save it anew "
    "with another program"
)
_TOO_MUCH = (
    "it took more than {:.1f} GB of memory, and was given up: the file may be damaged; close other programs, or save "
    "it smaller"
)
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h


class WorkerDied(BrokenExecutor):
    """The process that worked on something crashed, was killed or was ended; others go on, and a new one is started."""


class TookTooLong(WorkerDied):
    """It was ended since it took too long: it may have waited for a disk."""


@contextmanager
def starting() -> Iterator[None]:
    """Raise NoWorkers where a process or thread cannot be started."""
    try:
        yield
    except (OSError, MemoryError, RuntimeError) as error:
        if isinstance(error, OSError) or is_out_of_memory(error):
            raise no_workers(error) from error
        raise


def no_workers(reason: object) -> NoWorkers:
    """Return what to do where no process works on photos."""
    return NoWorkers(
        f"No process could be started to work on photos ({reason}): close other programs if memory is short, raise the "
        "limits set for this one (ulimit), or let ",
        Setting("workers"),
        " be 1, then start again.",
    )


class WorkerProcesses(ThreadPoolExecutor):
    """Processes that start afresh (`spawn`), leave Ctrl-C to their parent and end with it, each served by a thread.

    A task that takes longer than `time_limit_s`, from the last time on that it told it gets on, or whose process takes
    more than `memory` bytes, is given up together with its process; no other task comes to harm. `gentle` processes
    work only while nothing else wants to.
    """

    def __init__(
        self, workers: int, time_limit_s: float | None = None, memory: int | None = None, gentle: bool = False
    ) -> None:
        super().__init__(workers, "kith-worker")
        self._gentle = gentle
        self._bounds = time_limit_s, memory
        self._of_thread = threading.local()
        self._processes: set[_Process] = set()
        self._is_ending = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a process call the function; raises NoWorkers, and the future what the function does, or WorkerDied."""
        with starting():
            return super().submit(self._call, pickle.dumps((fn, args, kwargs)))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: with `cancel_futures` at once, whatever they are at."""
        super().shutdown(wait=False, cancel_futures=cancel_futures)
        if cancel_futures:
            self._is_ending = True
            for process in [*self._processes]:
                process.kill()
        super().shutdown(wait=wait)
        for process in [*self._processes]:
            process.end()

    def pids(self) -> list[int]:
        """Return the numbers by which the system knows the processes."""
        return [process.pid for process in [*self._processes]]

    def _call(self, task: bytes) -> Any:
        """Have this thread's process do the task, and if it dies another one: it may have been killed from outside."""
        for _ in range(2):
            process = self._own_process()
            try:
                return process.call(task, *self._bounds)
            except EOFError:
                self._give_up(process)
            except WorkerDied:
                self._give_up(process)
                raise
        raise WorkerDied(_DIED)

    def _own_process(self) -> "_Process":
        process: _Process | None = getattr(self._of_thread, "process", None)
        if process is None:
            process = self._of_thread.process = _Process(self._gentle)
            self._processes.add(process)
        if self._is_ending:
            raise WorkerDied("nobody waits for it any more")
        return process

    def _give_up(self, process: "_Process") -> None:
        self._of_thread.process = None
        self._processes.discard(process)
        process.end()


class _Process:
    """A process and the line to it; raises NoWorkers where it does not come up."""

    def __init__(self, gentle: bool) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, its_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(its_end, gentle), daemon=True)
        with starting(), without_ctrl_c():
            self._process.start()
        its_end.close()
        self._await_start()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def call(self, task: bytes, time_limit_s: float | None, memory: int | None) -> Any:
        """Return what came of a task; raises EOFError where the process died, WorkerDied where it was to be ended."""
        limit_s = time_limit_s or float("inf")
        begun = time.monotonic()
        deadline, answer = begun + limit_s, _GETS_ON
        with _death_as_end():
            self._line.send_bytes(task)
            while answer == _GETS_ON:
                is_told, now = self._line.poll(_LOOK_S), time.monotonic()
                if is_told:
                    answer = self._line.recv_bytes()
                    deadline = min(now, begun + (_LONGEST - 1) * limit_s) + limit_s
                if answer == _GETS_ON and now > deadline:
                    raise TookTooLong(_TOO_LONG.format(deadline - begun))
                if answer == _GETS_ON and memory and self._memory() > memory:
                    raise WorkerDied(_TOO_MUCH.format(memory / 1e9))
        result, error = pickle.loads(answer)
        if error is not None:
            raise error
        return result

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self._line.close()

    def _await_start(self) -> None:
        with suppress(EOFError), _death_as_end():
            if self._line.poll(_START_S):
                self._line.recv_bytes()
                return
        self.end()
        raise no_workers("it died while it got ready")

    def _memory(self) -> int:
        with suppress(psutil.Error):
            return int(psutil.Process(self.pid).memory_info().rss)
        return 0


@contextmanager
def _death_as_end() -> Iterator[None]:
    """Raise EOFError for all that the line says where there is nobody at its other end."""
    try:
        yield
    except OSError as error:
        raise EOFError from error


def _serve(line: Connection, gentle: bool) -> None:
    """Do the tasks that come over the line, until it is closed: the work of a process."""
    if gentle:
        be_gentle()
    settle_child()
    _hush_libraries()
    _keep_memory()
    tell_progress(lambda: line.send_bytes(_GETS_ON))
    line.send_bytes(_GETS_ON)
    while True:
        try:
            task = line.recv_bytes()
        except (EOFError, OSError):
            return
        line.send_bytes(_done(task))


def _done(task: bytes) -> bytes:
    """Return what came of a task, or its error, as it is to be sent."""
    try:
        function, arguments, keywords = pickle.loads(task)
        return pickle.dumps((function(*arguments, **keywords), None))
    except Exception as error:  # noqa: BLE001 - it belongs to whoever asks for the result
        error.add_note(traceback.format_exc())
        return pickle.dumps((None, error))


def _hush_libraries() -> None:
    """Let nobody see what libraries write to the terminal by themselves, as libjpeg on every stray byte of a photo."""
    with suppress(OSError):  # a window has no terminal
        kept = os.dup(2)
        sys.stderr = os.fdopen(kept, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


def _keep_memory() -> None:
    """Have glibc keep one photo's memory for the next: to ask the system anew for each array takes a tenth longer."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_M_MMAP_THRESHOLD, 32 * 2**20)  # the largest it takes
        library.mallopt(_M_TRIM_THRESHOLD, 2**30)
