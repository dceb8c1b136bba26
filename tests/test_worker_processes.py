"""Worker processes: what takes too long or too much memory costs itself only, and so does what kills its process."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from kith.errors import BadPhoto, NoWorkers
from kith.jobs import worker_processes, workers
from kith.jobs.worker_processes import WorkerDied, WorkerProcesses
from kith.jobs.workers import Batches, Task, Workers
from kith.process import getting_on
from tests.making import posix_only

LIMIT_S = 1.0
MEMORY = 400_000_000


# Work for the processes


def do(what: Sequence[Any]) -> list[Any]:
    """Do what is asked for, one after the other."""
    return [_do(one) for one in what]


def _do(what: Any) -> Any:
    match what:
        case "sleep":
            time.sleep(600)
        case "spin":  # as a decoder that never lets another thread in
            while True:
                pass
        case "eat":
            eaten = [b"x" * (10_000_000 + number) for number in range(100)]
            time.sleep(600)
            return len(eaten)
        case "die":
            os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        case "raise":
            raise ZeroDivisionError("on purpose")
        case "bad":
            return BadPhoto(Path("a.jpg"), "bad")
        case Path() if not what.exists():  # somebody killed the process this time
            what.touch()
            os._exit(1)
    return what, os.getpid()


def take_steps(steps: int, clock: Path, ends: bool) -> bool:
    """Get on a number of times, and end or not."""
    for _ in range(steps):
        with clock.open("ab") as passed:
            passed.write(b".")
        getting_on()
    return ends or bool(time.sleep(600))


def eat_on() -> None:
    """Take more memory than there is to be, and tell without a pause that it gets on."""
    eaten: list[bytes] = []
    while True:
        getting_on()
        if len(eaten) < 100:
            eaten.append(b"x" * (10_000_000 + len(eaten)))


@pytest.fixture(autouse=True)
def _time_is_short_for_what_never_ends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine under load all else may take long."""
    call = worker_processes._Process.call

    def called(process: Any, task: bytes, limit_s: float | None, memory: int | None) -> Any:
        never_ends = any(kind in task for kind in (b"sleep", b"spin", b"take_steps"))
        return call(process, task, limit_s if never_ends else None, memory)

    monkeypatch.setattr(worker_processes._Process, "call", called)


@contextmanager
def _pool(count: int = 2, memory: int | None = MEMORY) -> Iterator[WorkerProcesses]:
    pool = WorkerProcesses(count, LIMIT_S, memory)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _worked(tasks: Sequence[Any], pool: Any, in_flight: int = 4, batch_size: int = 1) -> dict[Any, Any]:
    """Return what came of each task, and see that nothing is left behind."""
    line = Workers(lambda: pool, in_flight, memory=10**12)
    try:
        return dict(line.results((Task(task, task) for task in tasks), lambda: do, Batches(batch_size, batch_size)))
    finally:
        line.close()


@pytest.mark.parametrize(
    ("harm", "batch_size", "reason"),
    [
        ("sleep", 3, "it took longer than 1 seconds, and was given up"),
        ("spin", 1, "it took longer than 1 seconds, and was given up"),
        ("eat", 1, "it took more than 0.4 GB of memory, and was given up"),
        ("die", 1, "the process that read it died"),
        ("die", 3, "the process that read it died"),
    ],
)
def test_one_harmful_task_costs_no_other(harm: str, batch_size: int, reason: str) -> None:
    before = {child.pid for child in psutil.Process().children()}
    results = _worked([0, 1, harm, 3, 4, 5, 6], WorkerProcesses(2, LIMIT_S, MEMORY), batch_size=batch_size)
    died = results.pop(harm)
    assert isinstance(died, WorkerDied)
    assert str(died).startswith(reason)
    assert {task: result[0] for task, result in results.items()} == {task: task for task in (0, 1, 3, 4, 5, 6)}
    left = [child for child in psutil.Process().children() if child.pid not in before and child.is_running()]
    assert not [child for child in left if "resource_tracker" not in " ".join(child.cmdline())]


def test_several_harmful_tasks_are_each_told() -> None:
    results = _worked(["die", 1, "eat", 2, "sleep", 3], WorkerProcesses(2, LIMIT_S, MEMORY))
    assert [key for key, value in results.items() if isinstance(value, WorkerDied)] == sorted(
        ["die", "eat", "sleep"], key=list(results).index
    )
    assert {results[number][0] for number in (1, 2, 3)} == {1, 2, 3}


def test_a_process_killed_from_outside_costs_no_task(tmp_path: Path) -> None:
    with _pool(1) as pool:
        first = pool.submit(do, [0]).result()[0][1]
        os.kill(first, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        task, second = pool.submit(do, [tmp_path]).result()[0]
        assert (task, second) == (tmp_path, second)
        assert second != first
        assert pool.submit(do, [tmp_path / "once"]).result()[0][0] == tmp_path / "once"


def test_a_process_is_kept_for_the_next_task() -> None:
    with _pool(1) as pool:
        assert len({pool.submit(do, [number]).result()[0][1] for number in range(5)}) == 1
        (pid,) = pool.pids()
        assert pid == pool.submit(do, [0]).result()[0][1]


def test_errors_come_back_with_where_they_arose() -> None:
    with _pool(1) as pool:
        error = pool.submit(do, ["raise"]).exception()
        assert isinstance(error, ZeroDivisionError)
        assert "_do" in error.__notes__[0]
        assert isinstance(pool.submit(do, ["bad"]).result()[0], BadPhoto)
        with pytest.raises(Exception, match="pickle"):
            pool.submit(do, [lambda: 0])


def test_ending_at_once_waits_for_nobody() -> None:
    pool = WorkerProcesses(1, 600.0)
    future = pool.submit(do, ["sleep"])
    waiting = pool.submit(do, [1])
    while not pool.pids():
        time.sleep(0.01)
    pool.shutdown(cancel_futures=True)
    assert isinstance(future.exception(), WorkerDied)
    assert waiting.cancelled()


@posix_only
def test_no_process_hears_ctrl_c_not_even_while_it_starts() -> None:
    with _pool(3) as pool:
        futures = [pool.submit(do, [number]) for number in range(3)]
        while not all(future.done() for future in futures):
            for child in psutil.Process().children():
                with suppress(psutil.Error):
                    child.send_signal(signal.SIGINT)
        assert [future.result()[0][0] for future in futures] == [0, 1, 2]


def test_a_process_that_does_not_come_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_processes, "_serve", _never)
    with _pool(1) as pool, pytest.raises(NoWorkers, match="it died while it got ready"):
        pool.submit(do, [1]).result()


def _never(_: object) -> None:
    os._exit(3)


# The road through them


class _Slow(ThreadPoolExecutor):
    """Does the slow task only when all others are done."""

    def __init__(self, others: int) -> None:
        super().__init__(4)
        self._others, self._count = threading.Semaphore(0), others

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(self._run, *args)

    def _run(self, what: Sequence[Any]) -> Any:
        if what == ["slow"]:
            assert all(self._others.acquire(timeout=30) for _ in range(self._count))
        self._others.release()
        return what


def test_others_pass_a_task_that_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_PATIENCE_S", 0.05)
    order = list(_worked([0, "slow", *range(1, 20)], _Slow(20)))
    assert set(order) == {"slow", *range(20)}
    assert order.index("slow") > 15  # all others were done, if not told yet


def test_else_results_come_in_the_order_of_the_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_PATIENCE_S", 600.0)
    assert list(_worked(list(range(20)), WorkerProcesses(2))) == list(range(20))


class _Counts(ThreadPoolExecutor):
    """Does nothing with tasks but to note how many come together."""

    def __init__(self) -> None:
        super().__init__(2)
        self.sizes: list[int] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.sizes.append(len(args[0]))
        return super().submit(list, args[0])


@pytest.mark.parametrize(
    ("in_flight", "at_once", "count", "sizes"),
    [
        (4, 1, 3, [1] * 3),
        (2, 1, 6, [1, 2, 1, 1, 1]),
        (2, 4, 20, [1, 2, 4, 4, 4, 4, 1]),
        (4, 1, 24, [1, 1, 2, 2, 4, 3, 2, 2, *[1] * 7]),
        (4, 1, 100, [1, 1, 2, 2, *[4] * 20, 3, 2, 2, *[1] * 7]),
    ],
)
def test_the_first_and_the_last_tasks_come_one_by_one(
    in_flight: int, at_once: int, count: int, sizes: list[int]
) -> None:
    counts = _Counts()
    line = Workers(lambda: counts, in_flight, memory=10)
    tasks = (Task(number, number) for number in range(count))
    results = list(line.results(tasks, lambda: do, Batches(4, at_once, count)))
    line.close()
    assert results == [(number, number) for number in range(count)]
    assert counts.sizes == sizes


def test_a_batch_needs_memory_for_what_is_at_work_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_WORKER_BYTES", 8)
    scales = _Scales()
    line = Workers(lambda: scales, in_flight=2, memory=10)
    tasks = (Task(number, 2, memory=2) for number in range(20))
    assert len(list(line.results(tasks, lambda: do, Batches(4, 1)))) == 20
    line.close()
    assert max(scales.most) > 10  # two batches of four, of each one task at a time


class _Scales(ThreadPoolExecutor):
    """Does nothing with tasks but to add up what those at work weigh."""

    def __init__(self) -> None:
        super().__init__(8)
        self._lock, self._now = threading.Lock(), 0
        self.most: list[int] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        with self._lock:
            self._now += sum(args[0])
            self.most.append(self._now)
        return super().submit(self._weigh, *args)

    def _weigh(self, what: Sequence[int]) -> Any:
        time.sleep(0.01)
        with self._lock:
            self._now -= sum(what)
        return what


@pytest.mark.parametrize("batch_size", [1, 4])
def test_large_tasks_wait_until_there_is_memory_for_them(batch_size: int) -> None:
    scales, weights = _Scales(), [1, 2, 3, 9, 1, 8, 8, 1, 25, 1, 2, 7, 4, 1, 1, 30, 3]
    line = Workers(lambda: scales, in_flight=6, memory=10)
    tasks = (Task(number, weight, memory=weight) for number, weight in enumerate(weights))
    results = list(line.results(tasks, lambda: do, Batches(batch_size, batch_size)))
    line.close()
    assert results == list(enumerate(weights))
    assert {most for most in scales.most if most > 10} == {25, 30}  # each alone


@pytest.mark.parametrize(("available", "count", "photos"), [(10**9, 4, 700_000_000), (10**10, 4, 6_800_000_000)])
def test_photos_have_what_memory_is_left(
    monkeypatch: pytest.MonkeyPatch, available: int, count: int, photos: int
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=available))
    assert workers.memory_for_photos(count) == photos


@pytest.mark.parametrize(("steps", "ends"), [(12, True), (30, False), (10**9, False)])
def test_what_gets_on_may_take_longer_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, ends: bool
) -> None:
    clock = tmp_path / "clock"  # on which each step takes two thirds of the limit
    clock.touch()
    monkeypatch.setattr(worker_processes, "time", SimpleNamespace(monotonic=lambda: clock.stat().st_size))
    pool = WorkerProcesses(1, 1.5)
    future = pool.submit(take_steps, steps, clock, ends)
    if ends:
        assert future.result()
    else:
        with pytest.raises(WorkerDied, match="it took longer than 15 seconds"):
            future.result()
    pool.shutdown(cancel_futures=True)


def test_what_gets_on_may_not_take_more_memory_than_anything_else() -> None:
    with _pool(1) as pool, pytest.raises(WorkerDied, match=r"it took more than 0\.4 GB of memory"):
        pool.submit(eat_on).result()
