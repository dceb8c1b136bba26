"""Measure how well Kith recognises, through its own code: the figures of docs/recognition.md.

    .venv/bin/python scripts/bench.py identify|folder|quality|gui [--data FOLDER] [--json]

The photos are those in `data` of the folder `shared` beside the repository; KITH_SHARED names another place.
Tables go to standard output, progress to standard error; nothing is kept on disk.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from rich.console import Console
from rich.progress import track

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_gui import window

from app.errors import BadPhoto, KithError
from app.identity.gallery import Gallery, Sample, gallery_of, is_good
from app.identity.matching import nearest_people
from app.identity.photo_records import Sighting
from app.identity.teaching import lesson_of
from app.identity.verdicts import LEAST_PIXELS, Judge
from app.jobs.build_kb import build_kb
from app.jobs.context import open_context
from app.jobs.events import BuildFinished, PhotoDone, RecognitionFinished
from app.jobs.looking import look_at_photos, save_look
from app.jobs.recognize_folder import recognize_folder
from app.photos.decode import load_rgb
from app.photos.facts import read_facts
from app.photos.find import find_photos
from app.settings import BodyPolicy, Settings
from app.vision.encode import FACE_MODEL_ID
from app.vision.observations import Observation

SHARED = Path(os.environ.get("KITH_SHARED", Path(__file__).resolve().parents[2] / "shared"))
PEOPLE = ("athletes", "lfw10")  # a folder of photos for each person
STRANGERS = ("groups", "detect")  # nobody of those people
BESIDES = {  # known people in photos of others; this and the next looked at by eye
    "gettyimages-90174893-e1435455524320.jpg": "roger_federer",
    "ia-sharapova-praises-roger-federer-for-his-offcourt-life.jpg": "roger_federer",
    "4fee2e13ae7153bf53482c670383f987.jpg": "roger_federer",
}
AMBIGUOUS = "serena-usa-m.jpg"  # two sisters in profile
SPLITS = 40
STRANGERS_LET_IN = 0.01
TOLERANCES = (0.50, 0.52, 0.54, 0.55, 0.56, 0.57, 0.58, 0.60)
TAUGHT = 8  # photos a person, in the run over whole folders
WIDTHS = (80, 60, 50, 40, 30, 25, 20)
BLURRED_WIDTHS = (80, 40)
OUT_OF_FOCUS = (0.02, 0.03, 0.04, 0.06)  # deviation of the Gaussian, in face widths
MOVED = (0.15, 0.30)  # sideways, in face widths
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


MIXED = (1, 2, 3, 5, 8, 12)
FIVE = Setup("5", (5,))
MIX = Setup("1 to 12", MIXED)
SETUPS = (
    Setup("1", (1,)),
    Setup("3", (3,)),
    FIVE,
    Setup("8", (8,)),
    MIX,
    Setup("1 to 12, faces turned away teach too", MIXED, profiles_too=True),
    Setup("1 to 12, a third of the people known", MIXED, known=1 / 3),
    Setup("1 to 12, all people but one known", MIXED, known=1),
    Setup("two people as one, 4 of each", (4,), looks=2),
)
Decision = tuple[int, float, int]  # nearest person, their distance, who is named with the shipped settings (0: nobody)
Rule = Callable[[Gallery, Observation], Decision]


def nearest_sample(gallery: Gallery, face: Observation) -> Decision:
    """Compare with each sample as if it were a person of its own."""
    samples = replace(gallery, person_ids=np.arange(len(gallery)))
    best = nearest_people(samples, face.model_id, face.vector)[0]
    return int(gallery.person_ids[best.person_id]), best.value, 0


def mean_vector(gallery: Gallery, face: Observation) -> Decision:
    """Compare with the mean vector of each person."""
    rows = [(int(person), gallery.vectors[gallery.person_ids == person]) for person in gallery.people]
    means = gallery_of(gallery.model_id, [Sample(person, 0, 0, 0, 0, own.mean(axis=0)) for person, own in rows])
    best = nearest_people(means, face.model_id, face.vector)[0]
    return best.person_id, best.value, 0


def shipped_rule(gallery: Gallery, face: Observation) -> Decision:
    """Decide as Kith does."""
    settings = DEFAULTS.face_tol, DEFAULTS.body_tol, BodyPolicy.OFF, DEFAULTS.lap_var_thresh
    judge = Judge(gallery, gallery_of("", []), *settings)
    (verdict,) = judge.photo([Sighting(0, face, None)], lambda _: ()).appearances
    return verdict.face[0].person_id, verdict.face[0].value, verdict.person_id or 0


SHIPPED = "mean of 3 nearest"
RULES: dict[str, Rule] = {"nearest sample": nearest_sample, "mean vector": mean_vector, SHIPPED: shipped_rule}
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


def identify(data: Path) -> Tables:
    """Compare rules, and say what the shipped settings come to; people are held out in turn as strangers."""
    faces = faces_in(data, PEOPLE + STRANGERS)
    probes = [face for face in faces if face.person or face.seen.pixels >= LEAST_PIXELS]
    known = [face for face in faces if face.person]
    about = {"people": len({face.person for face in known}), "faces": len(known)}
    about |= {"teaching": sum(face.teaches() for face in known), "strangers": len(probes) - len(known)}
    tables: Tables = {"faces": [about], "rules": [], "shipped settings": [], "face_tol": []}
    for setup in progress(SETUPS, f"{len(SETUPS)} kinds of galleries", len(SETUPS)):
        outcomes = {name: trials(faces, setup, rule, probes) for name, rule in RULES.items()}
        if not (ours := outcomes[SHIPPED]):
            continue
        shipped = summary(ours)
        equal = {name: [one.letting_in(STRANGERS_LET_IN) for one in of_rule] for name, of_rule in outcomes.items()}
        found = {name: mean_and_worst(of_rule) for name, of_rule in equal.items()}
        tables["rules"].append({"samples": setup.name, **found, "n": shipped["n"]})
        tables["shipped settings"].append({"samples": setup.name, **shipped})
        if setup is MIX:
            tables["face_tol"] = [{"face_tol": at, **summary([one.at(at) for one in ours])} for at in TOLERANCES]
    return tables


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


def folder(data: Path) -> Tables:
    """Let the real jobs learn the first photos of each person and recognise all others and the groups."""
    return {"folder": [_recognised(data, people) for people in PEOPLE if (data / people).is_dir()]}


def _recognised(data: Path, people: str) -> Row:
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        settings = settings_in(Path(root))
        photos = _arrange(data, people, settings)
        with open_context(settings, threading.Event(), "bench") as context:
            recognising = recognize_folder(context, [settings.input_folder], settings.output_folder)
            jobs = (event for job in (build_kb(context), recognising) for event in job)
            events = list(progress(jobs, f"{people}: learning and recognising", photos))
    learned = next(event for event in events if isinstance(event, BuildFinished))
    finished = next(event for event in events if isinstance(event, RecognitionFinished))
    done = [(people_in(event.path), event.row.people) for event in events if isinstance(event, PhotoDone)]
    return {
        "people": people,
        "photos taught": sum(person.used for person in learned.people),
        "of": learned.total,
        "known found": sum(present[0] in named for present, named in done if present),
        "of known": sum(bool(present) for present, _ in done),
        "wrong names": sum(bool(set(named) - set(present)) for present, named in done if present),
        "strangers taken in": sum(bool(named) for present, named in done if not present),
        "of strangers": sum(not present for present, _ in done),
        "failed": len(learned.failed) + len(finished.failed),
        "photos/s": round(finished.done / finished.seconds, 1),
    }


def _arrange(data: Path, people: str, settings: Settings) -> int:
    """Copy the photos into the folders that the settings name; return how many there are."""
    for person in sorted((data / people).iterdir()):
        for index, photo in enumerate(sorted(person.iterdir())):
            target = settings.dataset_folder if index < TAUGHT else settings.input_folder / people
            (target / person.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(photo, target / person.name)
    if (data / "groups").is_dir():
        shutil.copytree(data / "groups", settings.input_folder / "groups")
    return sum(path.is_file() for path in settings.folder.rglob("*"))


def quality(data: Path) -> Tables:
    """Shrink and blur faces that teach: which are still seen, named and called sharp."""
    faces = faces_in(data, PEOPLE)
    whole = [(face, *cut) for face in faces if face.teaches() and (cut := cut_out(face))[1] >= WIDTHS[0]]
    changes: list[tuple[int, str, ImageFilter.Filter | None]] = [(width, "none", None) for width in WIDTHS]
    for width in BLURRED_WIDTHS:
        changes += [(width, f"focus {one:.0%}", ImageFilter.GaussianBlur(one * width)) for one in OUT_OF_FOCUS]
        changes += [(width, f"motion {one:.0%}", ImageFilter.BoxBlur(((one * width - 1) / 2, 0))) for one in MOVED]
    paths: dict[Path, tuple[int, Face]] = {}
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        for number, (width, _, blur) in enumerate(changes):
            for face, picture, own in whole:
                small = picture.resize([round(side * width / own) for side in picture.size], Image.Resampling.LANCZOS)
                path = Path(root) / f"{len(paths)}.png"
                (small.filter(blur) if blur else small).save(path)
                paths[path] = number, face
        seen = look(list(paths), f"{len(changes)} changes of {len(whole)} faces")
    again: list[list[Face]] = [[] for _ in changes]
    for path, (number, face) in paths.items():
        again[number] += [replace(face, seen=one.face) for one in seen[path][:1] if one.face]
    return {
        "quality": [
            {"width": width, "blur": blur, "faces": len(whole), **_of_changed(faces, left)}
            for (width, blur, _), left in zip(changes, progress(again, "galleries of 5", len(again)))
        ]
    }


def cut_out(face: Face) -> tuple[Image.Image, float]:
    """Return a face with one and a half of its size around it, from the photo at full size, and its width there."""
    photo = Image.fromarray(load_rgb(face.photo))
    box = face.seen.box.to_upright(read_facts(face.photo).orientation)
    x, y, width, height = (share * side for share, side in zip(box, photo.size * 2))
    left, top = max(0, round(x - 1.5 * width)), max(0, round(y - 1.5 * height))
    right, bottom = min(photo.width, round(x + 2.5 * width)), min(photo.height, round(y + 2.5 * height))
    return photo.crop((left, top, right, bottom)), width


def _of_changed(faces: Sequence[Face], left: Sequence[Face]) -> Row:
    sharp = sum(one.seen.sharpness >= DEFAULTS.lap_var_thresh for one in left)
    outcomes = [one.at(DEFAULTS.face_tol) for one in trials(faces, FIVE, shipped_rule, left)]
    return {"seen": len(left), "of those sharp": sharp, **summary(outcomes)}


def markdown(title: str, rows: Sequence[Row]) -> str:
    """Return rows as a table; a list of two is a mean with the worst split in brackets."""
    cells = [[f"{one[0]} ({one[1]})" if isinstance(one, list) else str(one) for one in row.values()] for row in rows]
    lines = [list(rows[0]), ["---"] * len(rows[0]), *cells]
    return "\n".join([f"\n{title}\n", *(f"| {' | '.join(line)} |" for line in lines)])


def main() -> None:
    """Read the command line, measure and print."""
    commands = {"identify": identify, "folder": folder, "quality": quality, "gui": window}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure", choices=commands)
    parser.add_argument("--data", type=Path, default=SHARED / "data", help="a folder with athletes/ or lfw10/ in it")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    if not any((data / people).is_dir() for people in PEOPLE):
        parser.error(f"there is neither {' nor '.join(PEOPLE)} in {data}")
    try:
        tables = commands[arguments.measure](data)
    except KithError as error:
        sys.exit(str(error))
    text = "\n".join(markdown(title, rows) for title, rows in tables.items() if rows)
    print(json.dumps(tables, indent=2) if arguments.json else text)


if __name__ == "__main__":
    main()
