"""An executor whose tasks the workers of a Dask cluster do: jobs need not know that it is no process of theirs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from kith.errors import BadInput, BadPhoto
from kith.jobs.dask_cluster import Cluster, WorkerLeft
from kith.jobs.dask_work import Assignment, Refused, SentFile, SentPhoto, files_of, without_files
from kith.jobs.worker_processes import WorkerDied
from kith.messages import Setting
from kith.photos.photo_file import Stamp, opened, why_unreadable
from kith.settings import Settings
from kith.vision.download import sha256_of

_MOST_ROUNDS = 5  # until a worker has all that it takes: models, and photos
_MOST_AT_ONCE = 256  # tasks that are waited for


class DaskExecutor(ThreadPoolExecutor):
    """Tasks are a function of photos with its spec, as the jobs' are. One that its worker dies of is tried once more.

    A worker takes a photo that lies at its place there, of the same size and time; else its content is sent, and so are
    models that it lacks.
    """

    def __init__(self, cluster: Cluster, path_map: Sequence[str]) -> None:
        super().__init__(_MOST_AT_ONCE, "kith-dask")
        self._cluster, self._path_map = cluster, path_map
        self._is_ending = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Have a worker do it; the future raises WorkerDied, and NoWorkers where the cluster is gone."""
        assert isinstance(fn, partial)
        return super().submit(self._twice, fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End; with `cancel_futures` nothing is waited for."""
        super().shutdown(wait=False, cancel_futures=cancel_futures)
        if cancel_futures:
            self._is_ending = True
            self._cluster.cancel()
        super().shutdown(wait=wait)

    def _twice(self, work: "partial[Sequence[Any]]", payloads: Sequence[Any]) -> Sequence[Any]:
        try:
            return self._results(work, payloads)
        except WorkerDied:
            if self._is_ending or len(payloads) > 1:
                raise
        return self._results(work, payloads)  # it may have been ended from outside

    def _results(self, work: "partial[Sequence[Any]]", payloads: Sequence[Any]) -> Sequence[Any]:
        todo, done = dict[Path, SentPhoto](), dict[Path, Any]()
        paths = [payload if isinstance(payload, Path) else payload[0] for payload in payloads]
        for path, payload in zip(paths, payloads, strict=True):
            with _as_value(done, path):
                todo[path] = _sent(path, payload, self._path_map)
        if todo or not payloads:
            done |= self._worked_out(work, todo)
        return [_of(path, done[path]) for path in paths]

    def _worked_out(self, work: "partial[Sequence[Any]]", photos: Mapping[Path, SentPhoto]) -> dict[Path, Any]:
        keywords = {**work.keywords}
        spec = keywords.pop("spec")
        models = {SentFile(field, sha256_of(file), file.suffix): file for field, file in files_of(spec).items()}
        job = Assignment(partial(work.func, *work.args, **keywords), without_files(spec), [*models], ())
        while not self._is_ending:
            with suppress(WorkerLeft), self._cluster.worker() as worker:
                return self._asked(worker, job, models, {**photos})
        raise WorkerDied("nobody waits for it any more")

    def _asked(
        self, worker: str, job: Assignment, models: Mapping[SentFile, Path], photos: dict[Path, SentPhoto]
    ) -> dict[Path, Any]:
        """Return what a worker makes of photos, once it was sent what it lacks for them."""
        done = dict[Path, Any]()
        for _ in range(_MOST_ROUNDS):
            answer = self._cluster.ask(worker, replace(job, photos=[*photos.values()]))
            if answer.results is not None:
                return done | dict(zip(photos, answer.results, strict=True))
            if answer.lacking:
                self._cluster.send([(model, models[model].read_bytes()) for model in answer.lacking], worker)
            paths = [*photos]
            for path in [paths[index] for index in answer.unread]:
                with _as_value(done, path):
                    photos[path] = replace(photos[path], content=_content(path))
            photos = {path: photo for path, photo in photos.items() if path not in done}
        raise WorkerDied("the worker had not all that it takes to look at it")


@contextmanager
def dask_executors(settings: Settings) -> Iterator[tuple[Callable[[], DaskExecutor], int, tuple[str, ...]]]:
    """Give what makes executors, how many workers there are and what to tell of others; raises NoWorkers, BadInput."""
    if not settings.dask_scheduler:
        raise BadInput(
            Setting("executor"), " is dask: let ", Setting("dask_scheduler"), " name the address of a scheduler."
        )
    cluster = Cluster(settings.dask_scheduler)
    try:
        workers = cluster.await_workers()
        yield partial(DaskExecutor, cluster, settings.path_map), len(workers), cluster.refusals()
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
    return SentPhoto(places_of(path, path_map), path.name, stamp, rest)


def _content(path: Path) -> bytes:
    with opened(path) as file:
        return file.stream().read()


def _of(path: Path, result: Any) -> Any:
    if not isinstance(result, Refused):
        return result
    error = BadPhoto(path, result.reason)
    for note in result.notes:
        error.add_note(note)
    return error
