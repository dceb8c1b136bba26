"""Kith's recognition from Python: detect faces, encode them, and ask a gallery whom they resemble.

The models and thresholds are the program's own by default. Nothing is kept and nothing is sent; a model file that is
missing is told by ModelMissing. The first call may take a minute, in which the networks are made ready once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from kith.errors import BadInput, BadPhoto, KithError
from kith.identity.comparison import Quality, nearest_people
from kith.identity.gallery import Gallery as SampleGallery
from kith.identity.gallery import gallery_of, good_faces
from kith.identity.lessons import lesson_of
from kith.jobs.calibrations import shipped_calibration
from kith.jobs.engines import find_engines
from kith.photos.photo_file import opened
from kith.photos.search import find_folders, find_photos
from kith.photos.stacks import leading
from kith.policies import BodyPolicy
from kith.settings import Settings, user_folder
from kith.values.decisions import Candidate as NearPerson
from kith.values.samples import Sample
from kith.values.sightings import Sighting
from kith.vision.alignment import AlignedFace
from kith.vision.alignment import detect_and_align_faces as aligned_faces
from kith.vision.analysis import analyse
from kith.vision.engines import Engines, EngineSpec, engines_of, find_networks, prepare_networks
from kith.vision.observations import Observation, Rgb, Vector
from kith.vision.scene import see
from kith.vision.tiles import working_side
from kith.vision.working_copy import working_copy

__all__ = ["AlignedFace", "Candidate", "Gallery", "IdentifiedFace", "detect_and_align_faces", "encode"]

Image = Rgb | str | Path
"""A photo's file, or upright RGB pixels: height x width x 3, 0 to 255."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody of the gallery, how far a face is from theirs in dlib's scale, and how likely it is that it is they."""

    name: str
    distance: float
    certainty: float


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedFace:
    """A face and the three people it is most like, the likeliest first."""

    face: AlignedFace
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, eq=False)
class Gallery:
    """The people that faces are compared with; `left_out` says why a photo teaches nobody."""

    names: tuple[str, ...]
    samples: SampleGallery
    left_out: dict[Path, str] = field(default_factory=dict)

    @classmethod
    def from_folder(cls, folder: str | Path) -> "Gallery":
        """Learn from one folder of photos for each person, named after them, as `kith build-kb` does.

        Raises BadInput where nobody is learned, and ModelMissing.
        """
        folders = sorted(find_folders(Path(folder)))
        samples: list[Sample] = []
        left_out = {}
        for person_id, person in enumerate(folders):
            for path, face in _teaching_faces(person):
                if isinstance(face, str):
                    left_out[path] = face
                else:
                    qualities = face.sharpness, face.frontality
                    samples.append(Sample(person_id, len(samples), len(samples), *qualities, face.vector))
        if not samples:
            raise BadInput(f"Nobody is learned from {folder}: put one folder of photos per person into it.")
        good = good_faces(samples, _settings().lap_var_thresh)
        return cls(tuple(person.name for person in folders), gallery_of(_engines().faces.id, good), left_out)

    def identify(self, image: Image) -> list[IdentifiedFace]:
        """Return the faces of a photo, the largest first, each with the people it is most like.

        Raises BadPhoto and ModelMissing.
        """
        faces = detect_and_align_faces(image)
        if not faces:
            return []
        model_id = self.samples.model_id
        quality = Quality.of(faces, shipped_calibration(model_id))
        found = nearest_people(self.samples, model_id, encode(faces), (), quality)
        return [
            IdentifiedFace(face, tuple(map(self._candidate, candidates)))
            for face, candidates in zip(faces, found, strict=True)
        ]

    def _candidate(self, near: NearPerson) -> Candidate:
        return Candidate(self.names[near.person_id], near.value, near.certainty or 0.0)


def detect_and_align_faces(image: Image) -> list[AlignedFace]:
    """Return the faces of a photo, the largest first, each with its upright chip (square RGB) and its sharpness.

    Raises BadPhoto and ModelMissing.
    """
    spec, engines = _spec(), _engines()
    if isinstance(image, str | Path):
        with opened(Path(image)) as file:
            scene = see(file, None, spec, engines)
        return [somebody.face for somebody in scene.people if somebody.face]
    height, width = image.shape[:2]
    working = working_copy(image, working_side(width, height, spec.resize_max))
    return aligned_faces(image, working, engines.detector, engines.faces)


def encode(faces: Sequence[AlignedFace]) -> Vector:
    """Return the embeddings of faces: N x 128 for dlib's network, of one person usually nearer than 0.6.

    Raises ModelMissing.
    """
    return _engines().faces.encode([face.chip for face in faces])


def _teaching_faces(person: Path) -> Iterator[tuple[Path, Observation | str]]:
    """Yield each photo of a person's folder with the face that is theirs, or why it teaches nothing."""
    for photo in leading(find_photos(person, _settings().valid_exts)):
        if isinstance(photo, BadPhoto):
            yield photo.path, photo.reason
        else:
            yield photo, _teaching_face(photo)


def _teaching_face(photo: Path) -> Observation | str:
    (result,) = analyse([(photo, None)], _spec())
    if isinstance(result, BadPhoto):
        return result.reason
    if isinstance(result, KithError):
        raise result
    faces = [appearance.observations[0] for appearance in result.appearances]
    sightings = [Sighting(number, face, None) for number, face in enumerate(faces)]
    lesson = lesson_of(0, sightings, _settings().lap_var_thresh)
    return lesson.left_out if lesson.appearance_id is None else faces[lesson.appearance_id]


@lru_cache(maxsize=1)
def _settings() -> Settings:
    return Settings.at(Path.cwd(), {"body_policy": BodyPolicy.OFF})


@lru_cache(maxsize=1)
def _spec() -> EngineSpec:
    """Return the models, their networks made ready in this process: another would run the caller's script again."""
    spec, _ = find_engines(_settings())
    folder = user_folder("cache") / "networks"
    ready = find_networks(spec, folder) or prepare_networks(spec, folder)
    assert ready
    return ready


def _engines() -> Engines:
    return engines_of(_spec())
