"""Executors that run the analysis: named factories, and the road of photos through them."""

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from functools import cache
from itertools import count, islice
from typing import Any

import psutil

from kith.jobs.worker_processes import WorkerProcesses, no_workers, starting

_MOST_WORKERS = 61  # more a program cannot wait for on Windows
# A photo of 200 megapixels takes 1 to 13 s (docs/decisions/021-bounds-of-a-photo.md): on a machine several times
# slower, with the photos on a slow disk, it is still in time. What takes longer was made to.
TIME_LIMIT_S = 60.0
_GENTLE_PATIENCE = 10
_WORKER_BYTES = 700_000_000  # what a worker needs for a photo of 50 megapixels: docs/recognition.md
_IDLE_BYTES = 300_000_000  # what one needs for nothing but its models
_SPARE = 0.8  # of the free memory: the rest is for others, and for what the system keeps of files
IN_FLIGHT_PER_WORKER = 2  # the next photo is at hand when one is done, and stopping is quick
_PATIENCE_S = 10.0  # an ordinary photo is done by then; others go on without one that is not

ExecutorFactory = Callable[[], Executor]
Work = Callable[[Sequence[Any]], Sequence[Any]]


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


def worker_count(setting: int, gentle_cores: int | None = None) -> int:
    """Return how many worker processes to use; 0 means as many as this process may use cores and as fit into memory.

    `gentle_cores` is the most for gentle work, 0 half of the cores.
    """
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    fitting = _free_memory() // _WORKER_BYTES
    most = _MOST_WORKERS if gentle_cores is None else gentle_cores or max(1, cores // 2)
    return max(1, min(setting or min(cores, fitting), most, _MOST_WORKERS))


def memory_for_photos(workers: int) -> int:
    """Return how many bytes the photos at work may take together, beside the models of that many workers."""
    return max(_WORKER_BYTES, round(_SPARE * _free_memory()) - workers * _IDLE_BYTES)


def _free_memory() -> int:
    return int(psutil.virtual_memory().available)


def process_pool(workers: int) -> WorkerProcesses:
    """Return worker processes that may take what they need."""
    return WorkerProcesses(workers)


def photo_pool(workers: int, at_once: int, gentle: bool = False) -> WorkerProcesses:
    """Return worker processes that read so many photos at once, none of which may take a minute or all free memory.

    `gentle` ones have longer: others may take all the time there is.
    """
    limit_s = TIME_LIMIT_S * at_once * (_GENTLE_PATIENCE if gentle else 1)
    return WorkerProcesses(workers, limit_s, memory_for_photos(workers) + _WORKER_BYTES, gentle)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Something to work on, in `memory` bytes, for the sake of `item`; where `is_done`, `payload` is the result."""

    item: Any
    payload: Any
    is_done: bool = False
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Batches:
    """How tasks are handed out: `size` of them together at the most, `total` in all, with memory for some `at_once`."""

    size: int
    at_once: int
    total: int = sys.maxsize


ONE_BY_ONE = Batches(1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Tasks at work together, in `needed` bytes; the future gives the results of those that were not done."""

    tasks: Sequence[Task]
    needed: int
    future: Future[Sequence[Any]]
    began: float = field(default_factory=time.monotonic)

    @property
    def memory(self) -> int:
        return 0 if self.future.done() else self.needed

    def results(self) -> Iterator[tuple[Any, Any]]:
        worked_out = iter(self.future.result())
        for task in self.tasks:
            result = task.payload if task.is_done else next(worked_out)
            yield task.item, result


class Workers:
    """Runs batches of payloads through one executor; a process that dies costs the one item it died of.

    At most `in_flight` batches of a kind of work are waited for at a time, and those at work take no more than `memory`
    bytes together, but for a single one that does.
    """

    def __init__(self, factory: ExecutorFactory, in_flight: int, memory: int) -> None:
        self._factory = factory
        self._in_flight = in_flight
        self._memory = memory
        self._executor: Executor | None = None

    def results(
        self, tasks: Iterable[Task], make_work: Callable[[], Work], batches: Batches = ONE_BY_ONE
    ) -> Iterator[tuple[Any, Any]]:
        """Yield (item, result or BrokenExecutor) in the order of the tasks, but for what takes long: others pass it by.

        `make_work` gives the function for them when there is something to do.
        """
        work = cache(make_work)
        waiting: deque[_Batch] = deque()
        for batch in self._batches(tasks, batches):
            if not waiting and all(task.is_done for task in batch):
                yield from ((task.item, task.payload) for task in batch)
                continue
            needed = _memory(batch, batches.at_once)
            while waiting and needed + sum(other.memory for other in waiting) > self._memory:
                yield from self._finished(_next_done(waiting), work)
            started = self._start(batch, needed, work)
            waiting.append(started)
            if len(waiting) >= self._in_flight:
                yield from self._finished(_next_done(waiting), work)
        while waiting:
            yield from self._finished(_next_done(waiting), work)

    def close(self) -> None:
        """End the executor; what it has not done is left undone."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def _batches(self, tasks: Iterable[Task], batches: Batches) -> Iterator[list[Task]]:
        """Yield the tasks in batches: small first, for results to come soon, and last, for all workers to end alike.

        Those that are too large together come one by one.
        """
        tasks = iter(tasks)
        memory = min(self._memory, batches.at_once * _WORKER_BYTES)
        workers = max(1, self._in_flight // IN_FLIGHT_PER_WORKER)
        among = 1 if batches.at_once > 1 else self._in_flight  # a graphics card's sole worker waits for no other
        left = batches.total
        for number in count():
            grown = 2 ** (number // workers)
            size = max(1, min(batches.size, grown, left // among))
            batch = list(islice(tasks, size))
            if not batch:
                return
            left -= size
            if sum(task.memory for task in batch) <= memory:
                yield batch
            else:
                yield from ([task] for task in batch)

    def _start(self, tasks: Sequence[Task], needed: int, work: Callable[[], Work]) -> _Batch:
        payloads = [task.payload for task in tasks if not task.is_done]
        if not payloads:
            nothing: Future[Sequence[Any]] = Future()
            nothing.set_result(())
            return _Batch(tasks, needed, nothing)
        function = work()
        with starting():
            self._executor = self._executor or self._factory()
            return _Batch(tasks, needed, self._executor.submit(function, payloads))

    def _finished(self, batch: _Batch, work: Callable[[], Work]) -> Iterator[tuple[Any, Any]]:
        """Yield the results of a batch; where its process died each of it is tried alone, so that the culprit shows."""
        error = batch.future.exception()
        if not isinstance(error, BrokenExecutor):
            yield from batch.results()
            return
        self._try_out(work())
        if len(batch.tasks) == 1:
            yield batch.tasks[0].item, error
        else:
            for task in batch.tasks:
                yield from self._finished(self._start([task], task.memory, work), work)

    def _try_out(self, work: Work) -> None:
        """Work on nothing: a process that dies of that would die of every photo. Raises NoWorkers."""
        assert self._executor
        try:
            self._executor.submit(work, ()).result()
        except BrokenExecutor as error:
            raise no_workers("it died while it got ready") from error


def _memory(tasks: Iterable[Task], at_once: int) -> int:
    largest = sorted((task.memory for task in tasks), reverse=True)
    return sum(largest[:at_once])


def _next_done(waiting: deque[_Batch]) -> _Batch:
    """Take out the first batch as soon as it is done; if it takes long, the first of those that are."""
    first = waiting[0]
    patience = first.began + _PATIENCE_S - time.monotonic()
    wait([first.future], max(0.0, patience))
    if not first.future.done():
        wait([batch.future for batch in waiting], return_when=FIRST_COMPLETED)
    done = next(batch for batch in waiting if batch.future.done())
    waiting.remove(done)
    return done
