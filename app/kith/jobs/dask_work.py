"""The work on photos as it is done for a worker of a Dask cluster: on another machine, perhaps, where paths are others.

What is assigned and what is answered travels as bytes: neither the scheduler nor the worker looks into it.
"""

import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from kith.errors import BadPhoto, KithError
from kith.photos.first_read import Reading
from kith.photos.photo_file import Stamp
from kith.settings import user_folder
from kith.vision.download import sha256_of
from kith.vision.engines import EngineSpec, Networks
from kith.vision.observations import Analysis
from kith.whole_files import replacing

_SAME_TIME_NS = 2 * 10**9  # some file systems keep the time of a file to two seconds


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
    ending: str
    stamp: Stamp
    rest: tuple[Any, ...] | None
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """Photos and what is to be done with them; the spec names no file, since the worker has its own.

    `models` are the contents of those of the `files` that it lacked.
    """

    work: Callable[..., Sequence[Any]]
    spec: EngineSpec
    files: Sequence[SentFile]
    photos: Sequence[SentPhoto]
    models: Mapping[SentFile, bytes]


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
    unread: Sequence[int] = ()


def answered(assignment: bytes, folder: str, host: str) -> bytes:
    """Return the answer to a pickled assignment, pickled; photos that were sent are put into `folder`."""
    return pickle.dumps(_answer(pickle.loads(assignment), Path(folder), host))


def _answer(assignment: Assignment, folder: Path, host: str) -> Answer:
    photos = assignment.photos
    for file, content in assignment.models.items():
        _keep(file, content)
    lacking = [file for file in assignment.files if not _is_here(file)]
    places = [_found(photo, folder / str(index)) for index, photo in enumerate(photos)]
    unread = [index for index, place in enumerate(places) if place is None]
    if lacking or unread:
        return Answer(lacking=lacking, unread=unread)
    payloads = [_payload(photo, place) for photo, place in zip(photos, places, strict=True) if place]
    results = assignment.work(payloads, spec=_with_files(assignment.spec, assignment.files))
    return Answer([_told(*pair, host) for pair in zip(results, photos, strict=True)])


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


def _keep(file: SentFile, content: bytes) -> None:
    place = _place(file)
    place.parent.mkdir(parents=True, exist_ok=True)
    with replacing(place) as kept:
        kept.write(content)


def _is_here(file: SentFile) -> bool:
    """Say whether a model is kept here, whole."""
    place = _place(file)
    return place.is_file() and sha256_of(place) == file.sha256


def _found(photo: SentPhoto, folder: Path) -> Path | None:
    """Return where a photo lies here: a file of its size and time, or its content, put into `folder`."""
    if photo.content is not None:
        folder.mkdir()
        place = folder / f"photo{photo.ending}"
        place.write_bytes(photo.content)
        os.utime(place, ns=(photo.stamp.mtime_ns, photo.stamp.mtime_ns))
        return place
    return next((Path(text) for text in photo.places if _is_same(text, photo.stamp)), None)


def _is_same(text: str, stamp: Stamp) -> bool:
    try:
        status = Path(text).stat()
    except (OSError, ValueError):
        return False
    return status.st_size == stamp.size and abs(status.st_mtime_ns - stamp.mtime_ns) <= _SAME_TIME_NS


def _payload(photo: SentPhoto, place: Path) -> Any:
    """Return what the work takes of a photo, as if its file had lain here when it was read, unless it changed since."""
    if photo.rest is None:
        return place
    status = place.stat()
    here = Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return (place, *(_stamped(item, photo.stamp, here) for item in photo.rest))


def _stamped(item: Any, there: Stamp, here: Stamp) -> Any:
    return replace(item, stamp=here) if isinstance(item, Reading) and item.stamp == there else item


def _told(result: Any, photo: SentPhoto, host: str) -> Any:
    """Return a result as of the file that its owner sees."""
    match result:
        case BadPhoto():
            return Refused(result.reason, tuple(getattr(result, "__notes__", ())))
        case KithError():
            return KithError(f"On {host}: {result}")
        case Reading():
            return replace(result, stamp=photo.stamp)
        case Analysis() if result.reading:
            return replace(result, reading=replace(result.reading, stamp=photo.stamp))
    return result
