"""The whole work on one photo, made to run in a worker process."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.errors import BadPhoto, KithError
from app.photos.box import Box
from app.photos.decode import load_rgb
from app.photos.facts import perceptual_hash
from app.vision.align import AlignedFace, Predictor, detect_and_align_faces, landmark_predictor
from app.vision.bodies import TorchreidBodyExtractor, body_model_id, body_region
from app.vision.detect import Detector, hog, yunet
from app.vision.encode import FACE_MODEL_ID, FaceEncoder, dlib_encoder
from app.vision.observations import Analysis, Appearance, Kind, Observation, Rgb


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Which models look at a photo, and at which size; a small value that travels to the workers.

    `detector` is YuNet's file or None for dlib's HOG, `reid_weights` None for faces only.
    """

    detector: Path | None
    reid_model: str
    reid_weights: Path | None
    body_model_id: str | None
    resize_max: int
    batch_size: int

    @property
    def engine_id(self) -> str:
        """The name of this way of looking: a photo analysed under it need not be analysed again."""
        detector = self.detector.stem if self.detector else "dlib_hog"
        return " ".join(filter(None, (f"{detector}@{self.resize_max}", FACE_MODEL_ID, self.body_model_id)))


def engine_spec(
    detector: Path | None, reid_model: str, reid_weights: Path | None, resize_max: int, batch_size: int
) -> EngineSpec:
    """Return the spec, with the body model's id read from its weights file."""
    model_id = body_model_id(reid_model, reid_weights) if reid_weights else None
    return EngineSpec(detector, reid_model, reid_weights, model_id, resize_max, batch_size)


@dataclass(frozen=True, slots=True)
class _Engines:
    detector: Detector
    predictor: Predictor
    encoder: FaceEncoder
    bodies: TorchreidBodyExtractor | None


@lru_cache(maxsize=1)
def _engines(spec: EngineSpec) -> _Engines:
    _settle_libraries(torch_too=spec.reid_weights is not None)
    return _Engines(
        detector=yunet(spec.detector) if spec.detector else hog(),
        predictor=landmark_predictor(),
        encoder=dlib_encoder(spec.batch_size),
        bodies=TorchreidBodyExtractor(spec.reid_model, spec.reid_weights, spec.batch_size)
        if spec.reid_weights
        else None,
    )


def _settle_libraries(torch_too: bool) -> None:
    """Keep the libraries to one thread, since the workers already fill the cores, and OpenCV from chatting."""
    import cv2

    cv2.setNumThreads(1)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    if torch_too:
        import torch

        torch.set_num_threads(1)


def analyse(path: Path, orientation: int, spec: EngineSpec) -> Analysis | KithError:
    """Return what `spec`'s models see in the photo, or the error as a value: nothing is raised across processes.

    `orientation` is the photo's EXIF orientation. BadPhoto concerns this photo only, any other error the whole run.
    """
    try:
        return _look(load_rgb(path, spec.resize_max), orientation, _engines(spec))
    except KithError as error:
        return error
    except MemoryError:
        return BadPhoto(path, "there was not enough memory for it: close other programs or lower resize_max")
    except Exception as error:  # noqa: BLE001 - one photo must never end the run; the traceback goes to the log
        failure = BadPhoto(path, f"unexpected {type(error).__name__}: {error}")
        failure.add_note(traceback.format_exc())
        return failure


def _look(rgb: Rgb, orientation: int, engines: _Engines) -> Analysis:
    faces = detect_and_align_faces(rgb, engines.detector, engines.predictor)
    seen = [[observation] for observation in _face_observations(faces, rgb, orientation, engines.encoder)]
    if engines.bodies:
        for index, body in _body_observations(faces, rgb, orientation, engines.bodies):
            if index == len(seen):
                seen.append([])
            seen[index].append(body)
    appearances = tuple(Appearance(observations[0].box, tuple(observations)) for observations in seen)
    return Analysis(perceptual_hash(rgb), appearances)


def _face_observations(
    faces: Sequence[AlignedFace], rgb: Rgb, orientation: int, encode: FaceEncoder
) -> list[Observation]:
    if not faces:
        return []
    plain, mirror = encode([face.chip for face in faces])
    return [
        Observation(
            kind=Kind.FACE,
            model_id=FACE_MODEL_ID,
            box=_stored_box(face.detection[:4], rgb, orientation),
            score=face.detection.score,
            vector=plain[index],
            mirror=mirror[index],
            sharpness=face.sharpness,
            pixels=face.detection.width,
            frontality=face.detection.frontality,
        )
        for index, face in enumerate(faces)
    ]


def _body_observations(
    faces: Sequence[AlignedFace], rgb: Rgb, orientation: int, extract: TorchreidBodyExtractor
) -> list[tuple[int, Observation]]:
    """Return the bodies with the index of their face; where no face shows, the whole photo, weak, at index 0."""
    height, width = rgb.shape[:2]
    regions = [(index, body_region(face.detection, height, width)) for index, face in enumerate(faces)]
    places = [(index, region) for index, region in regions if region] if faces else [(0, (0, 0, width, height))]
    if not places:
        return []
    vectors = extract([rgb[top:bottom, left:right] for _, (left, top, right, bottom) in places])
    return [
        (
            index,
            Observation(
                Kind.BODY, extract.model_id, _stored_box(region, rgb, orientation), 1.0, vector, weak=not faces
            ),
        )
        for (index, region), vector in zip(places, vectors, strict=True)
    ]


def _stored_box(corners: Sequence[int], rgb: Rgb, orientation: int) -> Box:
    left, top, right, bottom = corners
    height, width = rgb.shape[:2]
    upright = Box(left / width, top / height, (right - left) / width, (bottom - top) / height)
    return upright.to_stored(orientation)
