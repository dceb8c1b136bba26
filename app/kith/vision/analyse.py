"""The whole work on photos, made to run in a worker process."""

import os
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kith.errors import BadPhoto, KithError
from kith.photos.box import Box
from kith.photos.decode import at_least
from kith.photos.facts import perceptual_hash
from kith.photos.photo_file import PhotoFile, steadily
from kith.photos.reading import Reading, read
from kith.settings import FaceDetector
from kith.vision.align import AlignedFace, detect_and_align_faces
from kith.vision.bodies import TorchreidBodyExtractor, body_region
from kith.vision.encode import FACE_MODEL_ID
from kith.vision.engines import Engines, EngineSpec, engines_of
from kith.vision.observations import Analysis, Appearance, Kind, Observation, Rgb, Vector
from kith.vision.pairing import pair
from kith.vision.persons import PersonDetector
from kith.vision.resize import working_copy
from kith.vision.tiles import working_side

Photo = tuple[Path, Reading | None]  # with what its file told when it was read, if it was
Corners = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Body:
    """A body at `corners` of the working copy, cut out of the finest pixels at hand.

    `crop` is a small copy: the pixels of a whole batch of photos would not fit into memory.
    """

    corners: Corners
    crop: Rgb
    score: float
    weak: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Somebody:
    """Who shows by a face, a body or both."""

    face: AlignedFace | None
    body: _Body | None


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Who shows in a photo of `height` x `width` working pixels."""

    phash: int
    height: int
    width: int
    orientation: int
    people: list[_Somebody]
    reading: Reading | None
    note: str

    def box(self, corners: Corners) -> Box:
        """Return corners in working pixels as a box in the photo as stored."""
        left, top, right, bottom = corners
        width, height = right - left, bottom - top
        upright = Box(left / self.width, top / self.height, width / self.width, height / self.height)
        return upright.to_stored(self.orientation)


def read_photos(paths: Sequence[Path], spec: EngineSpec) -> list[Reading | KithError]:
    """Return what the file of each photo tells, its pixels left alone, or the error as a value."""

    def told(path: Path) -> Reading | KithError:
        try:
            return steadily(path, lambda file: _read(file, spec))
        except Exception as error:  # noqa: BLE001 - the others go on
            return _as_value(path, error)

    return [told(path) for path in paths]


def _read(file: PhotoFile, spec: EngineSpec) -> Reading:
    return read(file, spec.max_pixels, lambda width, height: working_side(width, height, spec.resize_max))


def analyse(photos: Sequence[Photo], spec: EngineSpec) -> list[Analysis | KithError]:
    """Return what `spec`'s models see in each photo, or the error as a value: nothing is raised across processes.

    All faces go through their network together, and so do all bodies. BadPhoto concerns one photo only, any other
    error the whole run.
    """
    try:
        engines = engines_of(spec)
    except Exception as error:  # noqa: BLE001 - as below
        return [_unusable(error)] * len(photos)
    try:
        seen = _see_all(photos, spec, engines)
        described = iter(_described([one for one in seen if isinstance(one, _Seen)], engines))
        return [next(described) if isinstance(one, _Seen) else one for one in seen]
    except Exception as error:  # noqa: BLE001 - no photo must end the run; the traceback goes to the log
        if len(photos) > 1 and not isinstance(error, KithError):
            return [result for photo in photos for result in analyse([photo], spec)]
        return [_as_value(path, error) for path, _ in photos]


def _see_all(photos: Sequence[Photo], spec: EngineSpec, engines: Engines) -> list[_Seen | KithError]:
    def look(photo: Photo) -> _Seen | KithError:
        path, known = photo
        try:
            return steadily(path, lambda file: _see(file, known, spec, engines), lambda seen: not seen.note)
        except Exception as error:  # noqa: BLE001 - the others go on
            return _as_value(path, error)

    if len(photos) == 1:
        return [look(photos[0])]
    with ThreadPoolExecutor(_threads(spec)) as threads:
        return list(threads.map(look, photos))


def _threads(spec: EngineSpec) -> int:
    """Return how many photos are read at the same time in this process; dlib's detectors take one at a time."""
    return os.cpu_count() or 1 if spec.face_detector is FaceDetector.YUNET else 1


def _unusable(error: Exception) -> KithError:
    """Return why no photo at all can be looked at."""
    if isinstance(error, KithError):
        return error
    failure = KithError(
        f"The networks cannot be loaded ({type(error).__name__}: {error}): close other programs if memory is short; if "
        "it is not, delete the folder .venv and start Kith by its set-up script"
    )
    failure.add_note("".join(traceback.format_exception(error)))
    return failure


def _as_value(path: Path, error: Exception) -> KithError:
    match error:
        case KithError():
            return error
        case MemoryError():
            return BadPhoto(path, "there was not enough memory for it: close other programs or lower resize_max")
    failure = BadPhoto(path, f"unexpected {type(error).__name__}: {error}")
    failure.add_note("".join(traceback.format_exception(error)))
    return failure


def _see(file: PhotoFile, known: Reading | None, spec: EngineSpec, engines: Engines) -> _Seen:
    """Find everybody in a photo: faces the largest first, then bodies without one."""
    reading = known if known and known.stamp == file.stamp else _read(file, spec)
    facts = reading.facts
    side = working_side(facts.width, facts.height, spec.resize_max)
    decoded, has_more, note = at_least(file, side, spec.max_pixels)
    working = working_copy(decoded, side)
    height, width = working.shape[:2]

    def twice_as_fine() -> Rgb:  # a little less is asked for, as reduced sizes are rounded
        return at_least(file, round(1.9 * max(decoded.shape)), spec.max_pixels).rgb if has_more else decoded

    faces = detect_and_align_faces(decoded, working, engines.detector, engines.predictor, twice_as_fine)
    if engines.bodies:
        people = _with_bodies(faces, decoded, working, engines.persons, engines.bodies)
    else:
        people = [_Somebody(face, None) for face in faces]
    anew = None if reading is known else reading
    return _Seen(perceptual_hash(working), height, width, facts.orientation, people, anew, note)


def _with_bodies(
    faces: Sequence[AlignedFace],
    decoded: Rgb,
    working: Rgb,
    find_persons: PersonDetector | None,
    extractor: TorchreidBodyExtractor,
) -> list[_Somebody]:
    """Return everybody with their body: where the person detector saw it, else below the face.

    Where nobody shows at all, the whole photo is taken for a body, marked weak.
    """

    def cut(corners: Corners, score: float = 1.0, weak: bool = False) -> _Body:
        return _Body(corners, extractor.fitted(_cut(decoded, corners, working)), score, weak)

    height, width = working.shape[:2]
    found = find_persons(working) if find_persons else []
    pairs = pair([face.detection for face in faces], found)
    if not pairs:
        return [_Somebody(None, cut((0, 0, width, height), weak=True))]
    people = []
    for one in pairs:
        face = None if one.face is None else faces[one.face]
        if one.body is not None:
            body: _Body | None = cut(found[one.body][:4], found[one.body].score)
        else:
            below = body_region(face.detection, height, width) if face else None
            body = cut(below) if below else None
        people.append(_Somebody(face, body))
    return people


def _cut(decoded: Rgb, corners: Corners, working: Rgb) -> Rgb:
    """Cut what lies at `corners` of the working copy out of the finer pixels."""
    down, across = decoded.shape[0] / working.shape[0], decoded.shape[1] / working.shape[1]
    left, top, right, bottom = corners
    return decoded[round(top * down) : round(bottom * down), round(left * across) : round(right * across)]


def _described(seen: Sequence[_Seen], engines: Engines) -> list[Analysis]:
    """Turn all that was seen into vectors, each network at one go, and give each photo its own."""
    everybody = [somebody for one in seen for somebody in one.people]
    faces = iter(engines.encoder([somebody.face.chip for somebody in everybody if somebody.face]))
    crops = [somebody.body.crop for somebody in everybody if somebody.body]
    bodies = iter(engines.bodies(crops) if engines.bodies and crops else ())
    model_id = engines.bodies.model_id if engines.bodies else ""

    def appearance(one: _Seen, somebody: _Somebody) -> Appearance:
        observations = [_face(one, somebody.face, next(faces))] if somebody.face else []
        observations += [_body(one, somebody.body, next(bodies), model_id)] if somebody.body else []
        return Appearance(observations[0].box, tuple(observations))

    return [
        Analysis(one.phash, tuple(appearance(one, somebody) for somebody in one.people), one.reading, one.note)
        for one in seen
    ]


def _face(photo: _Seen, face: AlignedFace, vector: Vector) -> Observation:
    return Observation(
        kind=Kind.FACE,
        model_id=FACE_MODEL_ID,
        box=photo.box(face.detection[:4]),
        score=face.detection.score,
        vector=vector,
        sharpness=face.sharpness,
        pixels=face.pixels,
        frontality=face.detection.frontality,
    )


def _body(photo: _Seen, body: _Body, vector: Vector, model_id: str) -> Observation:
    return Observation(Kind.BODY, model_id, photo.box(body.corners), body.score, vector, weak=body.weak)
