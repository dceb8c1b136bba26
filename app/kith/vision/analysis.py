"""The whole work on photos, made to run in a worker process."""

import os
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kith.errors import BadPhoto, KithError
from kith.photos.box import Box
from kith.photos.first_read import Reading
from kith.photos.photo_file import steadily
from kith.vision.alignment import AlignedFace
from kith.vision.engines import Engines, EngineSpec, engines_of
from kith.vision.observations import Analysis, Appearance, Kind, Observation, Vector
from kith.vision.scene import Body, Scene, Somebody, is_there, read_file, see
from kith.vision.tracks import tracked

Photo = tuple[Path, Reading | None]  # with what its file told when it was read, if it was
Faces = tuple[Path, Reading, Sequence[Box]]  # of a photo, with their places in the stored pixels


def read_photos(paths: Sequence[Path], spec: EngineSpec) -> list[Reading | KithError]:
    """Return what the file of each photo tells, its pixels left alone, or the error as a value."""

    def told(path: Path) -> Reading | KithError:
        try:
            return steadily(path, lambda file: read_file(file, spec))
        except Exception as error:  # noqa: BLE001 - the others go on
            return _as_value(path, error)

    return [told(path) for path in paths]


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
        scenes = [scene for scene in seen if isinstance(scene, Scene)]
        described = iter(_described(scenes, engines))
        return [next(described) if isinstance(scene, Scene) else scene for scene in seen]
    except Exception as error:  # noqa: BLE001 - no photo must end the run; the traceback goes to the log
        if len(photos) > 1 and not isinstance(error, KithError):
            return [result for photo in photos for result in analyse([photo], spec)]
        return [_as_value(path, error) for path, _ in photos]


def describe(
    photos: Sequence[Faces], spec: EngineSpec, drawn: bool = False
) -> list[list[Observation | None] | KithError]:
    """Return what `spec`'s face model makes of the faces at these places, None where none is found there any more.

    Where the user has `drawn` the places there are faces, be they found or not. Errors are values, as those of
    `analyse`.
    """
    try:
        engines = engines_of(spec)
    except Exception as error:  # noqa: BLE001 - nothing is raised across processes
        return [_unusable(error)] * len(photos)

    def described(path: Path, reading: Reading, boxes: Sequence[Box]) -> list[Observation | None] | KithError:
        try:
            scene = steadily(path, lambda file: see(file, reading, spec, engines, boxes, drawn))
            (analysis,) = _described([scene], engines)
        except Exception as error:  # noqa: BLE001 - the others go on
            return _as_value(path, error)
        found = [observation for appearance in analysis.appearances for observation in appearance.observations]
        return [_nearest(found, box, drawn) for box in boxes]

    return [described(*photo) for photo in photos]


def _nearest(found: Sequence[Observation], box: Box, drawn: bool) -> Observation | None:
    there = [face for face in found if drawn or is_there(face.box, box)]
    return max(there, key=lambda face: face.box.iou(box), default=None)


def _see_all(photos: Sequence[Photo], spec: EngineSpec, engines: Engines) -> list[Scene | KithError]:
    def look(photo: Photo) -> Scene | KithError:
        path, known = photo
        try:
            return steadily(path, lambda file: see(file, known, spec, engines), lambda seen: not seen.note)
        except Exception as error:  # noqa: BLE001 - the others go on
            return _as_value(path, error)

    if spec.networks or len(photos) == 1:  # the worker processes already fill the cores
        return [look(photo) for photo in photos]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(look, photos))


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


def _described(scenes: Sequence[Scene], engines: Engines) -> list[Analysis]:
    """Turn all that was seen into vectors, each network at one go, and give each photo its own."""
    everybody = [somebody for scene in scenes for somebody in scene.people]
    chips = [somebody.face.chip for somebody in everybody if somebody.face]
    crops = [somebody.body.crop for somebody in everybody if somebody.body]
    face_model, body_model = engines.faces, engines.bodies
    faces = iter(face_model.encode(chips))
    bodies = iter(body_model.encode(crops) if body_model and crops else ())
    body_model_id = body_model.id if body_model else ""

    def appearance(scene: Scene, somebody: Somebody) -> Appearance:
        observations = []
        face, body = somebody.face, somebody.body
        if face:
            seen = _face(scene, somebody.moment, face, next(faces), face_model.id)
            observations.append(seen)
        if body:
            seen = _body(scene, body, next(bodies), body_model_id)
            observations.append(seen)
        return Appearance(observations[0].box, tuple(observations))

    def analysis(scene: Scene) -> Analysis:
        appearances = [appearance(scene, somebody) for somebody in scene.people]
        shots = [somebody.shot for somebody in scene.people]
        return Analysis(scene.phash, (*tracked(appearances, shots, face_model.metric),), scene.reading, scene.note)

    return [analysis(scene) for scene in scenes]


def _face(scene: Scene, moment: int | None, face: AlignedFace, vector: Vector, model_id: str) -> Observation:
    detection = face.detection
    box = scene.box(detection[:4], moment)
    return Observation(
        kind=Kind.FACE,
        model_id=model_id,
        box=box,
        score=detection.score,
        vector=vector,
        sharpness=face.sharpness,
        pixels=face.pixels,
        frontality=detection.frontality,
    )


def _body(scene: Scene, body: Body, vector: Vector, model_id: str) -> Observation:
    box = scene.box(body.corners, None)
    return Observation(Kind.BODY, model_id, box, body.score, vector, weak=body.weak)
