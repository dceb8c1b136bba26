"""The work on photos as a worker of a Dask cluster does it: on another machine, perhaps, where paths are others."""

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from kith.errors import BadPhoto, KithError
from kith.jobs.workers import TIME_LIMIT_S
from kith.photos.first_read import Reading
from kith.photos.photo_file import Stamp
from kith.settings import user_folder
from kith.vision.download import sha256_of
from kith.vision.engines import EngineSpec, Networks
from kith.vision.observations import Analysis
from kith.whole_files import replacing

_SAME_TIME_NS = 2 * 10**9  # some file systems keep the time of a file to two seconds
_HOST = socket.gethostname()
_one_at_a_time = threading.Lock()  # whatever number of threads a worker has


class SentFile(NamedTuple):
    """A model's file: the field of the spec that names it, its hash and how its name ends."""

    field: str
    sha256: str
    ending: str


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo's file as its owner sees it: where a worker may find it, as text, and what else the work on it takes.

    `content` is in it where a worker found none that is the same.
    """

    places: Sequence[str]
    name: str
    stamp: Stamp
    rest: tuple[Any, ...] | None
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """Photos and what is to be done with them; the spec names no file, since the worker has its own."""

    work: Callable[..., Sequence[Any]]
    spec: EngineSpec
    files: Sequence[SentFile]
    photos: Sequence[SentPhoto]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a photo cannot be used, without its path, which is another one here."""

    reason: str
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an assignment; without `results` what the worker lacks for it: models, or photos by their index."""

    results: Sequence[Any] | None = None
    lacking: Sequence[SentFile] = ()
    unread: Mapping[int, str] = field(default_factory=dict)


def work_here(assignment: Assignment) -> Answer:
    """Do what is assigned; a photo that takes too long ends this process, as on one machine. Raises KithError."""
    lacking = [file for file in assignment.files if not _place(file).is_file()]
    try:
        with _one_at_a_time, TemporaryDirectory(prefix="kith-") as folder, _within_time():
            return _worked(assignment, lacking, Path(folder))
    except OSError as error:
        raise KithError(f"{_HOST} cannot work on photos: {error}") from error


def _worked(assignment: Assignment, lacking: Sequence[SentFile], folder: Path) -> Answer:
    photos = assignment.photos
    places = [_found(photo, folder / str(index)) for index, photo in enumerate(photos)]
    unread = {index: place for index, place in enumerate(places) if isinstance(place, str)}
    if lacking or unread:
        return Answer(lacking=lacking, unread=unread)
    payloads = [_payload(photo, Path(place)) for photo, place in zip(photos, places, strict=True)]
    results = assignment.work(payloads, spec=_with_files(assignment.spec, assignment.files))
    return Answer([_told(*pair) for pair in zip(results, photos, strict=True)])


def keep_models(models: Sequence[tuple[SentFile, bytes]]) -> None:
    """Keep files of models, of which the worker lacks some; raises ValueError where one is not what it is called."""
    for file, content in models:
        place = _place(file)
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(place) as kept:
            kept.write(content)
        if sha256_of(place) != file.sha256:
            place.unlink()
            raise ValueError(f"{file.field} did not arrive whole")


def fail_once(dask_scheduler: Any) -> None:
    """Have a scheduler try no other worker where one died of a photo; Kith finds out by which."""
    dask_scheduler.allowed_failures = 0


def files_of(spec: EngineSpec) -> dict[str, Path]:
    """Return the files of a spec that is ready to run, by field: of models to look with, and to describe."""
    chosen = {"face_detector": spec.face_detector.file}
    if spec.person_detector:
        chosen["person_detector"] = spec.person_detector.file
    if spec.networks:
        chosen |= {"face": spec.networks.face, "body": spec.networks.body}
    return {field: file for field, file in chosen.items() if file}


def without_files(spec: EngineSpec) -> EngineSpec:
    """Return a spec that names no file: what is in them travels by hash."""
    chosen = (spec.face_detector, spec.face_model, spec.person_detector, spec.body_model, spec.second_opinion)
    detector, faces, persons, bodies, second = (model and replace(model, file=None) for model in chosen)
    assert detector
    assert faces
    return replace(
        spec,
        face_detector=detector,
        face_model=faces,
        person_detector=persons,
        body_model=bodies,
        second_opinion=second,
        networks=None,
    )


def _with_files(spec: EngineSpec, files: Sequence[SentFile]) -> EngineSpec:
    places = {file.field: _place(file) for file in files}
    if face := places.get("face"):
        spec = replace(spec, networks=Networks(face, places.get("body")))
    if detector := places.get("face_detector"):
        spec = replace(spec, face_detector=replace(spec.face_detector, file=detector))
    if spec.person_detector and (persons := places.get("person_detector")):
        spec = replace(spec, person_detector=replace(spec.person_detector, file=persons))
    return spec


def _place(file: SentFile) -> Path:
    return user_folder("cache") / "networks" / f"{file.sha256}{file.ending}"


@contextmanager
def _within_time() -> Iterator[None]:
    watch = threading.Timer(TIME_LIMIT_S, partial(os._exit, 1))
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _found(photo: SentPhoto, folder: Path) -> Path | str:
    """Return where a photo lies here: a file of its size and time, or its content, put into `folder`; else why not."""
    if photo.content is not None:
        folder.mkdir()
        place = folder / photo.name
        place.write_bytes(photo.content)
        os.utime(place, ns=(photo.stamp.mtime_ns, photo.stamp.mtime_ns))
        return place
    reasons = []
    for text in photo.places:
        try:
            status = Path(text).stat()
        except (OSError, ValueError) as error:
            reasons.append(f"{text}: {getattr(error, 'strerror', None) or error}")
            continue
        if status.st_size == photo.stamp.size and abs(status.st_mtime_ns - photo.stamp.mtime_ns) <= _SAME_TIME_NS:
            return Path(text)
        reasons.append(f"{text} is another file")
    return f"{'; '.join(reasons)} (on {_HOST})"


def _payload(photo: SentPhoto, place: Path) -> Any:
    """Return what the work takes of a photo, as if its file had lain here when it was read."""
    if photo.rest is None:
        return place
    status = place.stat()
    here = Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return (place, *(replace(item, stamp=here) if isinstance(item, Reading) else item for item in photo.rest))


def _told(result: Any, photo: SentPhoto) -> Any:
    """Return a result as of the file that its owner sees."""
    match result:
        case BadPhoto():
            return Refused(result.reason, tuple(getattr(result, "__notes__", ())))
        case KithError():
            return KithError(f"On {_HOST}: {result}")
        case Reading():
            return replace(result, stamp=photo.stamp)
        case Analysis() if result.reading:
            return replace(result, reading=replace(result.reading, stamp=photo.stamp))
    return result
