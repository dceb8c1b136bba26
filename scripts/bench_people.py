"""The people of the measurements: their photos, galleries drawn of their faces, and how well these are recognised."""

import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from app.errors import BadPhoto
from app.identity.gallery import Gallery, Sample, gallery_of, is_good
from app.identity.photo_records import Sighting
from app.identity.teaching import lesson_of
from app.identity.verdicts import Judge
from app.jobs.context import open_context
from app.jobs.looking import look_at_photos, save_look
from app.photos.find import find_photos
from app.settings import BodyPolicy, Settings
from app.vision.encode import FACE_MODEL_ID
from app.vision.observations import Observation

SHARED = Path(os.environ.get("KITH_SHARED", Path(__file__).resolve().parents[2] / "shared"))
PEOPLE = ("athletes", "lfw10")  # a folder of photos for each person
BESIDES = {  # known people in photos of others; this and the next looked at by eye
    "gettyimages-90174893-e1435455524320.jpg": "roger_federer",
    "ia-sharapova-praises-roger-federer-for-his-offcourt-life.jpg": "roger_federer",
    "4fee2e13ae7153bf53482c670383f987.jpg": "roger_federer",
}
AMBIGUOUS = "serena-usa-m.jpg"  # two sisters in profile
SPLITS = 40
DEFAULTS = Settings()
Row = dict[str, Any]
Tables = dict[str, list[Row]]
T = TypeVar("T")


def settings_in(folder: Path, **values: object) -> Settings:
    """Return the shipped settings with two workers, everything in `folder`, models also from the shared folder."""
    models = SHARED / "models"
    own = {"dataset_dir": "people", "process_dir": "input", "processed_dir": "output", "workers": 2}
    return Settings.at(folder, {**own, "models_dir": str(models) if models.is_dir() else "", **values})


def progress(items: Iterable[T], what: str, total: int) -> Iterable[T]:
    """Return the items and show on standard error how far they are."""
    return track(items, what, total, console=Console(stderr=True))


def look(paths: Sequence[Path], what: str) -> dict[Path, list[Sighting]]:
    """Return what Kith sees in each photo, by its own road into a library that is then thrown away."""
    seen = {}
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        settings = settings_in(Path(root), dataset_dir=".", body_policy=BodyPolicy.OFF)
        with open_context(settings, threading.Event(), "bench") as context:
            for one in progress(look_at_photos(context, paths), what, len(paths)):
                if isinstance(one, BadPhoto):
                    raise one
                with context.store.transaction():
                    seen[one.path] = save_look(context.store, one, context.spec.engine_id)[1]
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


@dataclass(frozen=True)
class Setup:
    """Who is known: a share of the people, each by one of `sizes` samples; `looks` people count as one person."""

    name: str
    sizes: tuple[int, ...]
    known: float = 2 / 3
    looks: int = 1
    profiles_too: bool = False


FIVE = Setup("5", (5,))
Decision = tuple[int, float, int]  # nearest person, their distance, who is named with the shipped settings (0: nobody)
Rule = Callable[[Gallery, Observation], Decision]


def shipped_rule(gallery: Gallery, face: Observation) -> Decision:
    """Decide as Kith does."""
    settings = DEFAULTS.face_tol, DEFAULTS.body_tol, BodyPolicy.OFF, DEFAULTS.lap_var_thresh
    judge = Judge(gallery, gallery_of("", []), *settings)
    (verdict,) = judge.photo([Sighting(0, face, None)], lambda _: ()).appearances
    return verdict.face[0].person_id, verdict.face[0].value, verdict.person_id or 0


OTHER, HELD_OUT = -1, 0


@dataclass(frozen=True)
class Outcome:
    """Decisions on faces; `truth` is the person's number, HELD_OUT for people not known and OTHER for strangers."""

    truth: NDArray[np.int64]
    nearest: NDArray[np.int64]
    distance: NDArray[np.float64]
    named: NDArray[np.int64]

    def at(self, tolerance: float) -> "Outcome":
        """Return the outcome with everybody named who is nearer than `tolerance`, whatever the quality of the face."""
        return replace(self, named=np.where(self.distance < tolerance, self.nearest, 0))

    def found(self) -> float:
        """Return the share of known people's faces that got their name."""
        return float(np.mean((self.named == self.truth)[self.truth > 0]))

    def letting_in(self, share: float) -> "Outcome":
        """Return the outcome at the largest tolerance for this share of strangers, both groups weighing the same."""
        groups = [np.sort(self.distance[self.truth == group]) for group in (HELD_OUT, OTHER)]
        steps = np.sort(np.concatenate(groups))
        let_in = np.mean([np.searchsorted(group, steps) / len(group) for group in groups if len(group)], axis=0)
        return self.at(float(steps[let_in <= share][-1]))


def draw(faces: Sequence[Face], setup: Setup, seed: int) -> tuple[Gallery, dict[str, int], set[tuple[Path, str]]]:
    """Return a random gallery, the numbers of the people in it, and the (photo, person) pairs it is made of."""
    random = np.random.default_rng(seed)
    people = random.permutation(sorted({face.person for face in faces} - {""}))
    known = people[: min(round(len(people) * setup.known), len(people) - 1)]
    numbers = {str(person): 1 + index // setup.looks for index, person in enumerate(known)}
    taught: list[Face] = []
    for person in numbers:
        pool = [face for face in faces if face.person == person and face.teaches(setup.profiles_too)]
        taught += [pool[index] for index in random.permutation(len(pool))[: random.choice(setup.sizes)]]
    samples = [Sample(numbers[one.person], 0, 0, 0, 0, one.seen.vector) for one in taught]
    return gallery_of(FACE_MODEL_ID, samples), numbers, {(one.photo, one.person) for one in taught}


def trials(faces: Sequence[Face], setup: Setup, rule: Rule, probes: Sequence[Face]) -> list[Outcome]:
    """Return what a rule decides on all probes that do not teach, for each random split that leaves known people."""
    outcomes = []
    for seed in range(SPLITS):
        gallery, numbers, taught = draw(faces, setup, seed)
        asked = [one for one in probes if (one.photo, one.person) not in taught]
        truth = np.array([numbers.get(one.person, HELD_OUT) if one.person else OTHER for one in asked])
        if (truth > 0).any():
            outcomes.append(Outcome(truth, *map(np.array, zip(*(rule(gallery, one.seen) for one in asked)))))
    return outcomes


def mean_and_worst(outcomes: Sequence[Outcome]) -> list[float]:
    """Return the share of known faces found, the mean and the least of all splits, in percent."""
    shares = [outcome.found() for outcome in outcomes]
    return [round(100 * float(np.mean(shares)), 1), round(100 * min(shares))]


def summary(outcomes: Sequence[Outcome]) -> Row:
    """Return what the decisions of all splits come to, shares in percent."""
    truth, named = (np.concatenate([getattr(one, name) for one in outcomes]) for name in ("truth", "named"))
    wrong = (truth > 0) & (named > 0) & (named != truth)
    row = {"known found": mean_and_worst(outcomes), "wrong names": int(wrong.sum()), "n": int((truth > 0).sum())}
    for group, name in ((HELD_OUT, "held-out people"), (OTHER, "other strangers")):
        accepted = named[truth == group] > 0
        share = round(100 * float(np.mean(accepted)), 2) if len(accepted) else None
        row |= {f"{name} accepted": share, f"n {name}": len(accepted)}
    return row
