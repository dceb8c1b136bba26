"""An executor whose tasks the workers of a Dask cluster do: jobs need not know that it is no process of theirs."""

import pickle
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from kith.errors import BadInput, BadPhoto
from kith.jobs.dask_cluster import Cluster, WorkerLeft, WorkerLost
from kith.jobs.dask_work import Answer, Assignment, Refused, SentFile, SentPhoto, files_of, without_files
from kith.jobs.events import Notice
from kith.jobs.worker_processes import WorkerDied
from kith.jobs.workers import photo_pool
from kith.messages import Setting
from kith.photos.photo_file import Stamp, opened, why_unreadable
from kith.settings import Settings
from kith.vision.download import sha256_of

_MOST_ROUNDS = 5  # until a worker has all that it takes: models, and photos
_MOST_LOST = 3  # workers, one after the other, of a photo: by then it may be its fault
_MOST_AT_ONCE = 256  # tasks that are waited for

_Work = partial[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Power:
    """What a cluster gives: what makes executors, how many workers, memory for photos, what to tell of others."""

    executor: Callable[[], "DaskExecutor"]
    workers: int
    memory: int
    notices: tuple[str, ...]


class DaskExecutor(ThreadPoolExecutor):
    """Tasks are a function of photos with its spec, as the jobs' are; others do those of a worker that is lost.

    A worker takes a photo that lies at its place there, of the same size and time; else its content is sent, and so are
    models that it lacks.
    """

    def __init__(self, cluster: Cluster, path_map: Sequence[str]) -> None:
        super().__init__(_MOST_AT_ONCE, "kith-dask")
        self._cluster, self._path_map = cluster, path_map
        self._ending = threading.Event()
        self._here = photo_pool(1, 1)  # a photo that is sent does not travel twice
        self._unseen: set[tuple[str, Path]] = set()  # workers, with a folder in which they found no photo

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Have a worker do it; the future raises WorkerDied, and NoWorkers where the cluster is gone."""
        assert isinstance(fn, partial)
        return super().submit(self._results, fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End; with `cancel_futures` nothing is waited for."""
        super().shutdown(wait=False, cancel_futures=cancel_futures)
        if cancel_futures:
            self._ending.set()
            self._cluster.cancel()
            self._here.shutdown(cancel_futures=True)
        super().shutdown(wait=wait)
        self._here.shutdown(wait)

    def _results(self, work: _Work, payloads: Sequence[Any]) -> Sequence[Any]:
        todo, done = dict[Path, SentPhoto](), dict[Path, Any]()
        paths = [payload if isinstance(payload, Path) else payload[0] for payload in payloads]
        for path, payload in zip(paths, payloads, strict=True):
            with _as_value(done, path):
                todo[path] = _sent(path, payload, self._path_map)
        if todo or not payloads:
            done |= self._worked_out(work, todo)
        return [_of(path, done[path]) for path in paths]

    def _worked_out(self, work: _Work, photos: Mapping[Path, SentPhoto]) -> dict[Path, Any]:
        for _ in range(1 if len(photos) > 1 else _MOST_LOST):  # several are then tried one by one
            with suppress(WorkerLost):
                return self._done_by_somebody(work, photos)
        raise WorkerDied("the workers that were to read it were lost, one after the other")

    def _done_by_somebody(self, work: _Work, photos: Mapping[Path, SentPhoto]) -> dict[Path, Any]:
        while True:
            with suppress(WorkerLeft), self._cluster.worker(self._ending) as worker:
                return self._asked(worker, work, {**photos})

    def _asked(self, worker: str, work: _Work, photos: dict[Path, SentPhoto]) -> dict[Path, Any]:
        """Return what a worker makes of photos, once it was sent what it lacks for them."""
        job, models = _assignment(work)
        done, unread = dict[Path, Any](), [path for path in photos if (worker, path.parent) in self._unseen]
        for _ in range(_MOST_ROUNDS):
            self._bring(unread, work, photos, done)
            photos = {path: photo for path, photo in photos.items() if path not in done}
            if done and not photos:
                return done
            assignment = pickle.dumps(replace(job, photos=[*photos.values()]))
            answer: Answer = pickle.loads(self._cluster.ask(worker, assignment))
            if answer.results is not None:
                return done | dict(zip(photos, answer.results, strict=True))
            job = replace(job, models={model: models[model].read_bytes() for model in answer.lacking})
            unread = [[*photos][index] for index in answer.unread]
            self._unseen |= {(worker, path.parent) for path in unread}
        raise WorkerDied("the worker had not all that it takes to look at it")

    def _bring(self, paths: Sequence[Path], work: _Work, photos: dict[Path, SentPhoto], done: dict[Path, Any]) -> None:
        """Have files that a worker lacks read here, where that is all there is to do; else send it their content."""
        if read := [path for path in paths if photos[path].rest is None]:
            done |= dict(zip(read, self._here.submit(work, read).result(), strict=True))
        for path in paths:
            if path not in done:
                with _as_value(done, path):
                    photos[path] = _with_content(photos[path], path)


@contextmanager
def dask_power(settings: Settings, tell: Callable[[Notice], object]) -> Iterator[Power]:
    """Connect to the cluster that the settings name, and tell of workers that come later and are of no use.

    Raises NoWorkers, BadInput.
    """
    if not settings.dask_scheduler:
        raise BadInput(
            Setting("executor"), " is dask: let ", Setting("dask_scheduler"), " name the address of a scheduler."
        )
    cluster = Cluster(settings.dask_scheduler)
    try:
        workers = cluster.await_workers(threading.Event())
        executor = partial(DaskExecutor, cluster, settings.path_map)
        refusals = cluster.refusals()
        cluster.tell = lambda text: tell(Notice(text))
        yield Power(executor, len(workers), cluster.memory(), refusals)
    finally:
        cluster.close()


def places_of(path: Path, path_map: Sequence[str]) -> list[str]:
    """Return where a worker may find a photo, by pairs of prefixes “here=there”; where it lies here if none fits."""
    places = []
    for pair in path_map:
        here, _, there = pair.partition("=")
        if path.is_relative_to(here):
            sign = "\\" if "\\" in there and "/" not in there else "/"
            places.append(sign.join((there.rstrip("\\/"), *path.relative_to(here).parts)))
    return places or [str(path)]


@contextmanager
def _as_value(done: dict[Path, Any], path: Path) -> Iterator[None]:
    try:
        yield
    except BadPhoto as error:
        done[path] = error


def _sent(path: Path, payload: Any, path_map: Sequence[str]) -> SentPhoto:
    """Return a photo as it is sent: by where it lies, its size and its time; raises BadPhoto."""
    try:
        status = path.stat()
    except OSError as error:
        raise BadPhoto(path, why_unreadable(path, error)) from error
    stamp = Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    rest = None if isinstance(payload, Path) else tuple(payload[1:])
    return SentPhoto(places_of(path, path_map), path.suffix, stamp, rest)


def _assignment(work: _Work) -> tuple[Assignment, dict[SentFile, Path]]:
    """Return what is to be done, of no photo yet, and where the models for it lie here."""
    keywords = {**work.keywords}
    spec = keywords.pop("spec")
    models = {SentFile(field, sha256_of(file), file.suffix): file for field, file in files_of(spec).items()}
    return Assignment(partial(work.func, *work.args, **keywords), without_files(spec), [*models], (), {}), models


def _with_content(photo: SentPhoto, path: Path) -> SentPhoto:
    """Return a photo with its content, as of now; raises BadPhoto."""
    with opened(path) as file:
        return replace(photo, stamp=file.stamp, content=file.stream().read())


def _of(path: Path, result: Any) -> Any:
    if not isinstance(result, Refused):
        return result
    error = BadPhoto(path, result.reason)
    for note in result.notes:
        error.add_note(note)
    return error
