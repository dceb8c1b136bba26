"""What every job works with: settings, the open library, the models, the executor and the wish to stop."""

import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from kith.errors import BadKnowledgeBase, StoreBusy
from kith.jobs.dask_executor import dask_power
from kith.jobs.engines import decided_device, find_engines
from kith.jobs.events import Notice, Waits
from kith.jobs.library_file import check_library
from kith.jobs.people_folder import check_that_somebody_can_be_learned
from kith.jobs.workers import ExecutorFactory, photo_pool, worker_count
from kith.library.store import Store, open_store
from kith.messages import Setting
from kith.policies import Executor
from kith.settings import Device, Settings
from kith.text import printable
from kith.vision.engines import EngineSpec
from kith.whole_files import clear_parts, part_file

Tell = Callable[[Notice | Waits], object]
_LONGEST_NAME = 300  # bytes read of who holds the lock
# On a graphics card enough faces to keep it busy; on the processor enough that models stay in its cache from photo to
# photo; few enough to stop soon.
PHOTOS_A_BATCH = {Device.CUDA: 32, Device.CPU: 4}


def untold(_event: Notice | Waits) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a job needs: `workers` processes are at work at a time; `notices` are for the user.

    Photos at work take no more than `memory` bytes together, without it what this computer has.
    `tell` is told, from any thread, what is so while the job itself can say nothing.
    """

    settings: Settings
    store: Store
    spec: EngineSpec
    device: Device
    executor: ExecutorFactory
    workers: int
    stop: threading.Event
    notices: tuple[str, ...]
    tell: Tell = untold
    memory: int | None = None

    @property
    def batch_size(self) -> int:
        """How many photos a worker process takes at a time."""
        return PHOTOS_A_BATCH[self.device]

    @property
    def at_once(self) -> int:
        """How many of them it reads at the same time."""
        return _at_once(self.device)


@contextmanager
def open_context(
    settings: Settings,
    stop: threading.Event,
    job: str,
    executor: ExecutorFactory | None = None,
    *,
    create: bool = False,
    tell: Tell = untold,
) -> Iterator[Context]:
    """Open the library for one job at a time; raises StoreBusy, BadKnowledgeBase and ModelMissing.

    `tell` is called from another thread. With `create` one is begun where there is none, if the people folder has
    anybody to learn: raises BadInput.
    """
    spec, notices = find_engines(settings)
    if create and not os.path.isfile(settings.library_file):
        check_that_somebody_can_be_learned(settings)
    check_library(settings, create)
    with (
        sole_job(settings.library_file, job),
        _power(settings, executor, tell) as power,
        open_store(settings.library_file, create) as store,
    ):
        device, executors, workers, memory, told = power
        yield Context(settings, store, spec, device, executors, workers, stop, notices + told, tell, memory)


class _Power(NamedTuple):
    """What looks at photos, and what to tell of it."""

    device: Device
    executor: ExecutorFactory
    workers: int
    memory: int | None = None
    notices: tuple[str, ...] = ()


@contextmanager
def _power(settings: Settings, executor: ExecutorFactory | None, tell: Tell) -> Iterator[_Power]:
    """Give what the settings ask for, else the executor given; raises ModelMissing and NoWorkers."""
    if settings.executor is Executor.DASK and not executor:
        with dask_power(settings, tell) as power:
            yield _Power(Device.CPU, power.executor, power.workers, power.memory, power.notices)
        return
    device = decided_device(settings.device)
    gentle_cores = settings.gentle_cores if settings.gentle else None
    workers = 1 if device is Device.CUDA else worker_count(settings.workers, gentle_cores)
    yield _Power(device, executor or partial(photo_pool, workers, _at_once(device), settings.gentle), workers)


def _at_once(device: Device) -> int:
    """Return how many photos a worker reads at the same time: all cores read for a graphics card."""
    return PHOTOS_A_BATCH[device] if device is Device.CUDA else 1


@contextmanager
def sole_job(library: Path, job: str) -> Iterator[None]:
    """Hold the library's lock, which a killed process loses by itself; a file beside it names the holder.

    Raises StoreBusy and BadKnowledgeBase.
    """
    lock, holder = lock_files(library)
    with _lock(library, lock, holder):
        _name_holder(holder, f"{job} (process {os.getpid()} on {socket.gethostname()})")
        try:
            yield
        finally:
            with suppress(OSError):
                holder.unlink()


def lock_files(library: Path) -> tuple[Path, Path]:
    """Return the files beside a library by which jobs keep apart: one that is locked, and one that says by whom."""
    return library.with_name(f"{library.name}.lock"), library.with_name(f"{library.name}.holder")


def at_work_on(library: Path) -> str:
    """Return who holds the lock of a library that is there, empty where nobody does."""
    lock, holder = lock_files(library)
    try:
        with FileLock(lock).acquire(timeout=0):
            return ""
    except (Timeout, OSError):
        return _named_holder(holder) or "another job"


def _lock(library: Path, lock: Path, holder: Path) -> AbstractContextManager[object]:
    try:
        return FileLock(lock).acquire(timeout=0)
    except Timeout as error:
        name = _named_holder(holder) or "another job"
        raise StoreBusy(f"{name} is at work on {library}: wait until it has ended, or stop it") from error
    except OSError as error:
        raise BadKnowledgeBase(
            f"The folder {library.parent} cannot be used ({error.strerror or error}): it must be writable. ",
            Setting("library_path"),
            " can keep the library elsewhere.",
        ) from error


def _name_holder(holder: Path, name: str) -> None:
    """Write who holds the lock into a new file that takes the place of whatever lies there, be it a link."""
    with suppress(OSError):  # a courtesy, which need not reach the disk; the lock holds without
        clear_parts(holder.parent)
        with part_file(holder.parent, 0o600) as (file, part):
            file.write(name.encode())
            file.close()
            part.replace(holder)


def _named_holder(holder: Path) -> str:
    """Return what a file says, anybody's perhaps, of who holds the lock; empty where it is no plain file."""
    with suppress(OSError):
        handle = os.open(holder, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                return printable(file.read(_LONGEST_NAME).decode("utf-8", "replace")).strip()
    return ""
