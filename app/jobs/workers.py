"""Executors that run the analysis: named factories, and the road of photos through them."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

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
    """Return how many worker processes to use; 0 means as many as this process may use cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return setting or cores or 1


def process_pool(workers: int) -> ProcessPoolExecutor:
    """Return worker processes that start afresh (`spawn`), leave Ctrl-C to their parent and end with it."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_settle_worker)


def _settle_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A call for a worker about `item`; without a function, `arguments` is the item's result already."""

    item: Any
    function: Callable[..., Any] | None
    arguments: Any


class WorkerDied(Exception):
    """The process that worked on an item was killed or crashed."""


class Workers:
    """Runs tasks through executors of one kind; a process that dies costs the one item it died of."""

    def __init__(self, factory: ExecutorFactory, in_flight: int) -> None:
        self._factory = factory
        self._in_flight = in_flight
        self._executor: Executor | None = None

    def results(self, tasks: Iterable[Task]) -> Iterator[tuple[Any, Any]]:
        """Yield (item, result or WorkerDied) in the order of the tasks, with at most `in_flight` at work."""
        waiting: deque[tuple[Task, Future[Any]]] = deque()
        for task in tasks:
            waiting.append((task, self._start(task)))
            if len(waiting) >= self._in_flight:
                yield from self._finish_first(waiting)
        while waiting:
            yield from self._finish_first(waiting)

    def close(self) -> None:
        """End the executor; what it has not begun is left undone."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def _start(self, task: Task) -> Future[Any]:
        if task.function is None:
            ready: Future[Any] = Future()
            ready.set_result(task.arguments)
            return ready
        self._executor = self._executor or self._factory()
        try:
            return self._executor.submit(task.function, *task.arguments)
        except BrokenExecutor as error:
            broken: Future[Any] = Future()
            broken.set_exception(error)
            return broken
        except OSError as error:  # a broken pipe would be taken for a reader of standard output who left
            raise RuntimeError("worker processes cannot be started") from error

    def _finish_first(self, waiting: deque[tuple[Task, Future[Any]]]) -> Iterator[tuple[Any, Any]]:
        task, future = waiting.popleft()
        try:
            yield task.item, future.result()
            return
        except BrokenExecutor:
            suspects = [(task, future), *waiting]
            waiting.clear()
            wait(future for _, future in suspects)
            self.close()
        for task, future in suspects:
            yield task.item, self._again_alone(task, future)

    def _again_alone(self, task: Task, future: Future[Any]) -> Any:
        """Run one of several tasks that a dying process took along, so that the culprit shows itself."""
        if not future.exception():
            return future.result()
        try:
            return self._start(task).result()
        except BrokenExecutor:
            self.close()
            return WorkerDied()
