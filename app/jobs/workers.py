"""Executors that run the analysis: named factories, and the road of photos through them."""

import ctypes
import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import psutil

from app.errors import KithError
from app.process import is_out_of_memory, settle_child, without_ctrl_c

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h
_MOST_WORKERS = 61  # more a pool cannot wait for on Windows
_LOOK_S = 1  # how often a wait looks whether there is still something to wait for
_WORKER_BYTES = 700_000_000  # what a worker needs for a photo of 50 megapixels: docs/recognition.md

ExecutorFactory = Callable[[], Executor]


class InlineExecutor(Executor):
    """Runs every task at once in this thread: for tests and debugging."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the task and return its finished future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asks for the result
            future.set_exception(error)
        return future


def worker_count(setting: int) -> int:
    """Return how many worker processes to use; 0 means as many as this process may use cores and as fit into memory."""
    if setting:
        return min(setting, _MOST_WORKERS)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    room = int(psutil.virtual_memory().available) // _WORKER_BYTES
    return max(1, min(cores, room, _MOST_WORKERS))


def process_pool(workers: int) -> ProcessPoolExecutor:
    """Return worker processes that start afresh (`spawn`), leave Ctrl-C to their parent and end with it.

    Raises KithError, then or when it is given a task, where no process can be started.
    """
    context = multiprocessing.get_context("spawn")
    with _starting():
        return _Pool(workers, mp_context=context, initializer=_settle_worker)


class _Pool(ProcessPoolExecutor):
    """Worker processes whose failure to start is told in plain words."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Start a process where another one is of use, and hand the task on."""
        with _starting(), without_ctrl_c():
            return super().submit(fn, *args, **kwargs)

    @property
    def is_lost(self) -> bool:
        """Whether the thread that hands tasks on has died, as where no more threads can be had: no result will come."""
        thread: Any = self._executor_manager_thread
        return thread is not None and not thread.is_alive()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes."""
        processes = [*(self._processes or {}).values()]
        super().shutdown(wait and not self.is_lost, cancel_futures=cancel_futures)
        if wait:
            for process in processes:  # all have ended, unless that thread has died
                process.kill()


@contextmanager
def _starting() -> Iterator[None]:
    try:
        yield
    except (OSError, MemoryError, RuntimeError) as error:
        if isinstance(error, OSError) or is_out_of_memory(error):
            raise _no_process(error) from error
        raise


def _no_process(reason: object) -> KithError:
    return KithError(
        f"No process could be started to work on photos ({reason}): close other programs if memory is short, raise the "
        "limits set for this one (ulimit), or let workers in the settings be 1, then start again."
    )


def awaited(future: Future[Any], executor: Executor | None) -> Any:
    """Return the future's result when it is there; raises KithError where the executor cannot bring it any more."""
    while not wait([future], timeout=_LOOK_S).done:
        if isinstance(executor, _Pool) and executor.is_lost:
            raise _no_process("no more threads")
    return future.result()


def _settle_worker() -> None:
    settle_child()
    _keep_memory()


def _keep_memory() -> None:
    """Have glibc keep one photo's memory for the next: to ask the system anew for each array takes a tenth longer."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_M_MMAP_THRESHOLD, 32 * 2**20)  # the largest it takes
        library.mallopt(_M_TRIM_THRESHOLD, 2**30)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Something to work on for the sake of `item`; where `is_done`, `payload` is the result already."""

    item: Any
    payload: Any
    is_done: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Tasks at work together; the future gives the results of those that were not done."""

    tasks: Sequence[Task]
    future: Future[Sequence[Any]]

    def results(self) -> Iterator[tuple[Any, Any]]:
        worked_out = iter(self.future.result())
        return ((task.item, task.payload if task.is_done else next(worked_out)) for task in self.tasks)


class WorkerDied(Exception):
    """The process that worked on an item was killed or crashed."""


class Workers:
    """Runs batches of payloads through executors of one kind; a process that dies costs the one item it died of.

    `make_work` gives the function for them when there is something to do.
    """

    def __init__(
        self,
        factory: ExecutorFactory,
        make_work: Callable[[], Callable[[Sequence[Any]], Sequence[Any]]],
        in_flight: int,
        batch_size: int = 1,
    ) -> None:
        self._factory = factory
        self._work = cache(make_work)
        self._in_flight = in_flight
        self._batch_size = batch_size
        self._executor: Executor | None = None

    def results(self, tasks: Iterable[Task]) -> Iterator[tuple[Any, Any]]:
        """Yield (item, result or WorkerDied) in the order of the tasks, with at most `in_flight` batches at work."""
        waiting: deque[_Batch] = deque()
        tasks = iter(tasks)
        while batch := list(islice(tasks, self._batch_size)):
            waiting.append(self._start(batch))
            if len(waiting) >= self._in_flight:
                yield from self._finish_first(waiting)
        while waiting:
            yield from self._finish_first(waiting)

    def close(self) -> None:
        """End the executor; what it has not begun is left undone."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def _start(self, tasks: Sequence[Task]) -> _Batch:
        payloads = [task.payload for task in tasks if not task.is_done]
        if not payloads:
            nothing: Future[Sequence[Any]] = Future()
            nothing.set_result(())
            return _Batch(tasks, nothing)
        work = self._work()
        try:
            with _starting():
                self._executor = self._executor or self._factory()
                return _Batch(tasks, self._executor.submit(work, payloads))
        except BrokenExecutor as error:
            broken: Future[Sequence[Any]] = Future()
            broken.set_exception(error)
            return _Batch(tasks, broken)

    def _finish_first(self, waiting: deque[_Batch]) -> Iterator[tuple[Any, Any]]:
        batch = waiting.popleft()
        try:
            awaited(batch.future, self._executor)
        except BrokenExecutor:
            suspects = [batch, *waiting]
            waiting.clear()
            wait(suspect.future for suspect in suspects)
            self.close()
            self._try_out()
            for suspect in suspects:
                yield from self._again_alone(suspect)
        else:
            yield from batch.results()

    def _try_out(self) -> None:
        """Have a process get ready and work on nothing: one that dies of that would die of every photo.

        Raises KithError.
        """
        executor = self._executor = self._factory()
        try:
            awaited(executor.submit(self._work(), ()), executor)
        except BrokenExecutor as error:
            self.close()
            raise _no_process("it died while it got ready") from error

    def _again_alone(self, batch: _Batch) -> Iterator[tuple[Any, Any]]:
        """Run each of the tasks that a dying process took along by itself, so that the culprit shows itself."""
        if not batch.future.exception():
            yield from batch.results()
            return
        for task in batch.tasks:
            try:
                alone = self._start([task])
                awaited(alone.future, self._executor)
            except BrokenExecutor:
                self.close()
                yield task.item, WorkerDied()
            else:
                yield from alone.results()
