"""A Dask cluster as Kith sees it: its scheduler, and the workers that run the same Kith."""

import asyncio
import importlib.metadata
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import Any

from kith import __version__
from kith.errors import BadInput, NoWorkers
from kith.jobs.dask_worker import fail_once, models_here, work_here
from kith.jobs.worker_processes import WorkerDied
from kith.messages import Setting

_log = logging.getLogger(__name__)
_PACKAGE = "kith-photos"  # as its version is asked for
_OWN = f"Kith {__version__}"
_NO_ANSWER = "no answer"
_CONNECT_S = 10.0
_PATIENCE_S = 30.0  # without any worker
_LOOK_S = 1.0  # between two looks at who is there
_AT_HAND = 2  # assignments of a worker: the one that it is at, and its next


class WorkerLeft(Exception):
    """A worker is no more among those of its scheduler; others are."""


class WorkerLost(Exception):
    """A worker, its machine or the line to it died."""


class Cluster:
    """A connection to a scheduler. Workers with another version of Kith are refused; others may come and go."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = _connected(address)
        self.tell: Callable[[str], object] = lambda _: None  # of workers that came later and are of no use
        self._told: dict[str, str] = {}
        self._usable: dict[str, int] = {}
        self._at_hand: Counter[str] = Counter()
        self._looked_at = -_LOOK_S
        self._looking = threading.Lock()
        self._changed = threading.Condition()
        self._at_work: set[Any] = set()

    def close(self) -> None:
        """Leave the cluster."""
        with suppress(TimeoutError):
            self._client.close(_CONNECT_S)

    def workers(self) -> list[str]:
        """Return the addresses of the workers that are of use, as of a second ago; raises NoWorkers."""
        if time.monotonic() >= self._looked_at + _LOOK_S and self._looking.acquire(blocking=False):
            try:
                self._usable = self._look()
                self._looked_at = time.monotonic()
            finally:
                self._looking.release()
        return [*self._usable]

    def memory(self) -> int:
        """Return how many bytes the workers that are of use may take together."""
        return sum(self._usable.values())

    def _look(self) -> dict[str, int]:
        """Return the workers that are of use, and how many bytes each may take."""
        with self._scheduler():
            present = self._client.scheduler_info()["workers"]
            unknown = [address for address in present if self._told.get(address, _NO_ANSWER).startswith(_NO_ANSWER)]
            known, self._told = self._told, self._told | self._versions(unknown)
            for told in {*_refusals(self._told)} - {*_refusals(known)}:
                _log.warning(told)
                self.tell(told)
        return {address: info["memory_limit"] or 0 for address, info in present.items() if self._told[address] == _OWN}

    def _versions(self, workers: list[str]) -> dict[str, str]:
        """Return what each worker has: the same Kith as this one, or what else."""
        if not workers:
            return {}
        version = importlib.metadata.version  # one of Python's own functions: it is there without Kith, too
        versions = self._client.run(version, _PACKAGE, workers=workers, on_error="return")
        told = {worker: _told_version(versions.get(worker)) for worker in workers}
        same = [worker for worker in workers if told[worker] == _OWN]
        models = self._client.run(models_here, workers=same, on_error="return") if same else {}
        return told | {worker: told_models(models.get(worker)) for worker in same}

    def refusals(self) -> tuple[str, ...]:
        """Return what to tell of workers that are of no use."""
        return (*_refusals(self._told),)

    def await_workers(self, ending: threading.Event) -> list[str]:
        """Return the workers as soon as there are any; raises NoWorkers, and WorkerDied where nobody waits any more."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            if ending.is_set():
                raise WorkerDied("nobody waits for it any more")
            if usable := self.workers():
                return usable
            if time.monotonic() > until:
                refused = " ".join(self.refusals())
                raise NoWorkers(
                    f"The Dask scheduler at {self._address} has no worker with {_OWN}: start one there with “dask "
                    f"worker {self._address}”. What was done is kept. {refused}".rstrip()
                )
            ending.wait(_LOOK_S)

    @contextmanager
    def worker(self, ending: threading.Event) -> Iterator[str]:
        """Give the worker that has least to do, as soon as it has not its next assignment at hand already.

        Raises NoWorkers, and WorkerDied where nobody waits any more.
        """
        worker = self._least_busy(ending)
        try:
            yield worker
        finally:
            with self._changed:
                self._at_hand[worker] -= 1
                self._changed.notify()

    def _least_busy(self, ending: threading.Event) -> str:
        while True:
            usable = self.await_workers(ending)
            with self._changed:
                worker = min(usable, key=self._at_hand.__getitem__)
                if self._at_hand[worker] < _AT_HAND:
                    self._at_hand[worker] += 1
                    return worker
                self._changed.wait(_LOOK_S)

    def ask(self, worker: str, assignment: bytes) -> bytes:
        """Return a worker's answer; raises what its work raises, WorkerLeft, WorkerLost and NoWorkers."""
        with self._scheduler():
            future = self._client.submit(work_here, assignment, workers=[worker], pure=False, retries=0)
        self._at_work.add(future)
        try:
            return self._answer(future, worker)
        finally:
            self._at_work.discard(future)

    def _answer(self, future: Any, worker: str) -> bytes:
        from distributed import KilledWorker

        # Its own `result(timeout)` loses an answer that comes just as the time is over.
        answer = asyncio.run_coroutine_threadsafe(_awaited(future), self._client.loop.asyncio_loop)
        while True:
            with self._scheduler():
                try:
                    return answer.result(_LOOK_S)
                except OSError as error:  # time is over, else the line to the worker is broken
                    if answer.done() or worker not in self.workers():
                        answer.cancel()
                        future.cancel()
                        raise WorkerLeft(worker) from error
                except KilledWorker as error:
                    self._usable.pop(worker, None)
                    raise WorkerLost(worker) from error

    def cancel(self) -> None:
        """Wait for nothing any more; workers end what they are at."""
        with suppress(NoWorkers), self._scheduler():
            self._client.cancel([*self._at_work])

    @contextmanager
    def _scheduler(self) -> Iterator[None]:
        """Raise NoWorkers where the scheduler is gone."""
        try:
            if self._client.status != "running":  # it would try to reach it again for a while, but all work is lost
                raise CancelledError
            yield
        except (CancelledError, OSError) as error:
            raise NoWorkers(
                f"The Dask scheduler at {self._address} is gone. What was done is kept: start it again, then Kith."
            ) from error


def _connected(address: str) -> Any:
    try:
        import dask.config
        from distributed import Client
        from distributed.utils import LoopRunner
    except ImportError as error:
        raise BadInput(
            "Dask is not installed: install kith-photos[dask], or let ", Setting("executor"), " be local."
        ) from error
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GB"})  # photos are meant to be sent
    try:
        LoopRunner().run_sync(_called, address)  # a client that finds no scheduler would leave a thread behind
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NoWorkers(
            f"No Dask scheduler answers at {address}: start one there with “dask scheduler”, or correct ",
            Setting("dask_scheduler"),
            ".",
        ) from error
    with suppress(Exception):  # a scheduler that knows no Kith is set by hand: docs/machines.md
        client.run_on_scheduler(fail_once)
    return client


async def _awaited(future: Any) -> bytes:
    answer: bytes = await future
    return answer


async def _called(address: str) -> None:
    from distributed.comm import connect

    line = await connect(address, timeout=_CONNECT_S)
    await line.close()


def _refusals(told: Mapping[str, str]) -> Iterator[str]:
    """Yield what to tell of workers that have something else."""
    for address, has in told.items():
        if has != _OWN:
            yield f"The Dask worker {address} is not used: it has {has}, and this is {_OWN}."


def _told_version(answer: object) -> str:
    match answer:
        case str():
            return f"Kith {answer}"
        case ModuleNotFoundError():  # PackageNotFoundError is one
            return "no Kith"
    return f"{_NO_ANSWER} ({answer})"


def told_models(answer: object) -> str:
    """Return what a worker with the same Kith has, by the hashes of the models that come with its packages."""
    if not isinstance(answer, dict):
        return f"{_NO_ANSWER} ({answer})"
    own = models_here()
    others = ", ".join(
        f"{file} of SHA-256 {answer.get(file, 'none')[:12]} instead of {own[file][:12]}"
        for file in own
        if answer.get(file) != own[file]
    )
    return f"{_OWN} with {others}" if others else _OWN
