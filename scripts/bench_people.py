"""The people of the measurements: their photos, and the faces Kith sees in them."""

import os
import tempfile
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from rich.console import Console
from rich.progress import track

from kith.errors import BadPhoto
from kith.identity.decision import LEAST_PIXELS_TELLING
from kith.identity.gallery import is_good
from kith.identity.lessons import lesson_of
from kith.jobs.context import open_context
from kith.jobs.looks import Look, look_at_photos, save_look
from kith.library.store import open_store
from kith.photos.search import find_photos
from kith.policies import BodyPolicy
from kith.settings import Settings
from kith.values.sightings import Sighting
from kith.vision.observations import Observation

SHARED = Path(os.environ.get("KITH_SHARED", Path(__file__).resolve().parents[2] / "shared"))
PEOPLE = ("athletes", "lfw10")  # a folder of photos for each person
STRANGERS = ("groups", "detect")  # nobody of those people
BESIDES = {  # known people in photos of others; this and the next looked at by eye
    "gettyimages-90174893-e1435455524320.jpg": "roger_federer",
    "ia-sharapova-praises-roger-federer-for-his-offcourt-life.jpg": "roger_federer",
    "4fee2e13ae7153bf53482c670383f987.jpg": "roger_federer",
}
AMBIGUOUS = "serena-usa-m.jpg"  # two sisters in profile
_SELFIES = {  # two men among the strangers in the street, seen by eye: by so many photos they are people to be known
    "first selfies": (14, 125, 154, 172, 236, 343, 402, 404, 455, 528, 544, 565, 624, 729, 841),
    "second selfies": (48, 239, 299, 348, 420, 442, 561, 716, 817, 837),
}
SELFIES = {f"maksssksksss{number}.jpg": person for person, numbers in _SELFIES.items() for number in numbers}
DEFAULTS = Settings()
TOLERANCE, MARGIN, SUGGEST = 0.56, 0.04, 0.60  # distances that decided before certainty did, whoever they are
T = TypeVar("T")


def settings_in(folder: Path, **values: object) -> Settings:
    """Return the shipped settings with two workers, everything in `folder`, models also from the shared folder."""
    models = SHARED / "models"
    own = {"dataset_dir": "people", "process_dir": "input", "processed_dir": "output", "workers": 2}
    return Settings.at(folder, {**own, "models_dir": str(models) if models.is_dir() else "", **values})


def progress(items: Iterable[T], what: str, total: int) -> Iterable[T]:
    """Return the items and show on standard error how far they are."""
    return track(items, what, total, console=Console(stderr=True))


def look(paths: Sequence[Path], what: str, **values: object) -> dict[Path, list[Sighting]]:
    """Return what Kith sees in each photo, by its own road into a library that is then thrown away.

    Settings may be other than shipped.
    """
    seen = {}
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        settings = settings_in(Path(root), dataset_dir=".", body_policy=BodyPolicy.OFF, **values)
        open_store(settings.library_file, create=True).close()
        with open_context(settings, threading.Event(), "bench") as context:
            for result in progress(look_at_photos(context, paths), what, len(paths)):
                if isinstance(result, BadPhoto):
                    raise result
                assert isinstance(result, Look)
                with context.store.transaction():
                    _, analysis_id = save_look(context.store, result, context.spec.engine_id)
                    seen[result.path] = context.store.photos.sightings(analysis_id)
    return seen


@dataclass(frozen=True, eq=False)
class Face:
    """A face in a photo; `linked` says that a people folder would link it, `person` is empty for strangers."""

    photo: Path
    seen: Observation
    linked: bool
    person: str = ""

    def teaches(self, profiles_too: bool = False) -> bool:
        """Say whether it belongs into a gallery."""
        seen = replace(self.seen, frontality=1.0) if profiles_too else self.seen
        return bool(self.person) and self.linked and is_good(seen, DEFAULTS.lap_var_thresh)

    @property
    def findable(self) -> bool:
        """Whether Kith calls it good enough to be named, and it shows from the front."""
        return is_good(self.seen, DEFAULTS.lap_var_thresh) and self.seen.pixels >= LEAST_PIXELS_TELLING


def with_selfies(faces: Sequence[Face]) -> list[Face]:
    """Return the faces, the two men of SELFIES by their names; each is alone in his photos."""
    return [replace(face, person=SELFIES.get(face.photo.name, face.person)) for face in faces]


def people_in(photo: Path) -> list[str]:
    """Return the known people who are in a photo, the one of its folder first."""
    folder = [photo.parent.name] if photo.parent.parent.name in PEOPLE else []
    return folder + ([BESIDES[photo.name]] if photo.name in BESIDES else [])


def faces_in(data: Path, folders: Sequence[str]) -> list[Face]:
    """Return every face of the photos with its person: of a photo's faces, the one most like them (seen by eye)."""
    found = [find_photos(data / name, DEFAULTS.valid_exts) for name in folders if (data / name).is_dir()]
    paths = [path for photos in found for path in photos if isinstance(path, Path) and path.name != AMBIGUOUS]
    faces = []
    for path, sightings in look(paths, f"{len(paths)} photos").items():
        linked = lesson_of(0, sightings, DEFAULTS.lap_var_thresh).appearance_id
        faces += [Face(path, one.face, one.appearance_id == linked) for one in sightings if one.face]
    names: dict[Face, str] = {}
    for person in {person for path in paths for person in people_in(path)}:
        own = [face.seen.vector for face in faces if face.linked and people_in(face.photo)[:1] == [person]]
        if not own:
            continue
        likeness = np.mean(own, axis=0)
        nearest: dict[Path, Face] = {}
        for face in sorted(faces, key=lambda face: -float(np.linalg.norm(face.seen.vector - likeness))):
            nearest[face.photo] = face
        names |= {face: person for photo, face in nearest.items() if person in people_in(photo)}
    return [replace(face, person=names.get(face, "")) for face in faces]
