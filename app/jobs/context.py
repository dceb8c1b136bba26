"""What every job works with: settings, the open library, the models, the executor and the wish to stop."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from app.errors import BadKnowledgeBase, ModelMissing, StoreBusy, command
from app.identity.store import Store, open_store
from app.jobs.workers import ExecutorFactory, process_pool, worker_count
from app.settings import BodyPolicy, Settings
from app.vision.analyse import EngineSpec, engine_spec
from app.vision.model_files import DETECTOR, find_model, registered


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a job needs; `notices` are for the user, once a run."""

    settings: Settings
    store: Store
    spec: EngineSpec
    executor: ExecutorFactory
    workers: int
    stop: threading.Event
    notices: tuple[str, ...]


@contextmanager
def open_context(
    settings: Settings, stop: threading.Event, job: str, executor: ExecutorFactory | None = None
) -> Iterator[Context]:
    """Open the library for one job at a time; raises StoreBusy, BadKnowledgeBase and ModelMissing."""
    workers = worker_count(settings.workers)
    spec, notices = find_engines(settings)
    with _sole_job(settings.library_file, job):
        store = open_store(settings.library_file)
        try:
            yield Context(settings, store, spec, executor or partial(process_pool, workers), workers, stop, notices)
        finally:
            store.close()


def find_engines(settings: Settings) -> tuple[EngineSpec, tuple[str, ...]]:
    """Return the models to use and what to tell of those that are missing; raises ModelMissing for a damaged one."""
    notices = []
    detector = find_model(DETECTOR, settings)
    if detector is None:
        notices.append(
            f"The face detector YuNet is not there: {registered(DETECTOR).without}. "
            f"{command('models', 'download')} fetches it."
        )
    weights = None if settings.body_policy is BodyPolicy.OFF else _body_weights(settings)
    if weights is None and settings.body_policy is not BodyPolicy.OFF:
        notices.append(
            f"No weights for {settings.reid_model}: people are recognised by their faces only. "
            f"{command('models', 'download')} fetches them."
        )
    return engine_spec(detector, settings.reid_model, weights, settings.resize_max, settings.kb_batch_size), (*notices,)


def _body_weights(settings: Settings) -> Path | None:
    own = settings.reid_weights_file
    if own is None:
        return find_model(settings.reid_model, settings)
    if not os.path.isfile(own):
        raise ModelMissing(f"reid_weights names {own}, which is not there: correct it or leave it empty")
    return own


@contextmanager
def _sole_job(library: Path, job: str) -> Iterator[None]:
    """Hold the library's lock, which a killed process loses by itself; a file beside it names the holder."""
    holder = library.with_name(f"{library.name}.holder")
    with _lock(library, holder):
        with suppress(OSError):  # a courtesy; where nothing can be written the library itself says so
            holder.write_text(f"{job} (process {os.getpid()} on {socket.gethostname()})", encoding="utf-8")
        try:
            yield
        finally:
            with suppress(OSError):
                holder.unlink()


def _lock(library: Path, holder: Path) -> AbstractContextManager[object]:
    if not os.path.isdir(library.parent):  # FileLock would create it
        raise BadKnowledgeBase(
            f"The folder {library.parent} is not there. It is to hold one folder of photos per person: create it, "
            "or let dataset_dir in the settings name the right one."
        )
    try:
        return FileLock(library.with_name(f"{library.name}.lock")).acquire(timeout=0)
    except Timeout as error:
        name = holder.read_text(encoding="utf-8") if holder.is_file() else "another job"
        raise StoreBusy(f"{name} is at work on {library}: wait until it has ended, or stop it") from error
    except OSError as error:
        raise BadKnowledgeBase(
            f"The folder {library.parent} cannot be used ({error.strerror or error}): it must be writable. "
            "library_path in the settings can keep the library elsewhere."
        ) from error
