"""A Dask cluster as Kith sees it: its scheduler, and the workers that run the same Kith."""

import importlib.metadata
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import Any

from kith import __version__
from kith.errors import BadInput, NoWorkers
from kith.jobs.dask_work import Answer, Assignment, SentFile, fail_once, keep_models, work_here
from kith.jobs.worker_processes import WorkerDied
from kith.messages import Setting

_PACKAGE = "kith-photos"  # as its version is asked for
_OWN = f"Kith {__version__}"
_CONNECT_S = 10.0
_PATIENCE_S = 30.0  # without any worker
_LOOK_S = 1.0  # between two looks at who is there


class WorkerLeft(Exception):
    """A worker is no more among those of its scheduler; others are."""


class Cluster:
    """A connection to a scheduler. Workers with another version of Kith are refused; others may come and go.

    Each is given one thing at a time, so that it is known of what it died.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = _connected(address)
        self._versions: dict[str, str] = {}
        self._usable: list[str] = []
        self._busy: set[str] = set()
        self._looked_at = -_LOOK_S
        self._changed = threading.Condition()
        self._at_work: set[Any] = set()

    def close(self) -> None:
        """Leave the cluster."""
        with suppress(TimeoutError):
            self._client.close(_CONNECT_S)

    def workers(self) -> list[str]:
        """Return the addresses of the workers that are of use, as of a second ago; raises NoWorkers."""
        with self._changed:
            if time.monotonic() >= self._looked_at + _LOOK_S:
                self._usable = self._look()
                self._looked_at = time.monotonic()
            return self._usable

    def _look(self) -> list[str]:
        with self._scheduler():
            present = [*self._client.scheduler_info()["workers"]]
            if unknown := [address for address in present if address not in self._versions]:
                version = importlib.metadata.version  # one of Python's own functions: it is there without Kith, too
                answers = self._client.run(version, _PACKAGE, workers=unknown, on_error="return")
                self._versions |= {address: _told_version(answer) for address, answer in answers.items()}
        return [address for address in present if self._versions.get(address) == _OWN]

    def refusals(self) -> tuple[str, ...]:
        """Return what to tell of workers that are of no use."""
        others = {address: version for address, version in self._versions.items() if version != _OWN}
        return tuple(
            f"The Dask worker {address} is not used: it has {version}, and this is {_OWN}."
            for address, version in others.items()
        )

    def await_workers(self) -> list[str]:
        """Return the workers as soon as there are any; raises NoWorkers."""
        until = time.monotonic() + _PATIENCE_S
        while not (usable := self.workers()):
            if time.monotonic() > until:
                refused = " ".join(self.refusals())
                raise NoWorkers(
                    f"The Dask scheduler at {self._address} has no worker with {_OWN}: start one there with “dask "
                    f"worker {self._address}”. What was done is kept. {refused}".rstrip()
                )
            time.sleep(_LOOK_S)
        return usable

    @contextmanager
    def worker(self) -> Iterator[str]:
        """Give a worker that is at nothing else; raises NoWorkers."""
        while True:
            usable = self.await_workers()
            with self._changed:
                free = next((address for address in usable if address not in self._busy), None)
                if free:
                    self._busy.add(free)
                    break
                self._changed.wait(_LOOK_S)
        try:
            yield free
        finally:
            with self._changed:
                self._busy.discard(free)
                self._changed.notify()

    def ask(self, worker: str, assignment: Assignment) -> Answer:
        """Have a worker do it; raises WorkerDied (also where nobody waits any more), WorkerLeft and NoWorkers."""
        with self._scheduler():
            future = self._client.submit(work_here, assignment, workers=[worker], pure=False, retries=0)
        self._at_work.add(future)
        try:
            return self._answer(future, worker)
        finally:
            self._at_work.discard(future)

    def _answer(self, future: Any, worker: str) -> Answer:
        from distributed import KilledWorker

        while True:
            try:
                with self._scheduler():
                    answer: Answer = future.result(_LOOK_S)
                    return answer
            except TimeoutError as error:
                if worker not in self.workers():
                    future.cancel()
                    raise WorkerLeft(worker) from error
            except KilledWorker as error:
                raise WorkerDied("the worker that read it died, or was ended since it took too long") from error

    def send(self, models: Sequence[tuple[SentFile, bytes]], worker: str) -> None:
        """Give a worker models that it lacks."""
        with self._scheduler():
            self._client.run(keep_models, models, workers=[worker])

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
        except TimeoutError:
            raise
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


async def _called(address: str) -> None:
    from distributed.comm import connect

    line = await connect(address, timeout=_CONNECT_S)
    await line.close()


def _told_version(answer: object) -> str:
    match answer:
        case str():
            return f"Kith {answer}"
        case ModuleNotFoundError():  # PackageNotFoundError is one
            return "no Kith"
    return f"no answer ({answer})"
