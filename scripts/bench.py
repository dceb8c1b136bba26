"""Measure how fast and how well Kith recognises, through its own code: the figures of docs/recognition.md.

    .venv/bin/python scripts/bench.py [speed] [--quick] [--gpu] [--data FOLDER] [--json]
    .venv/bin/python scripts/bench.py memory|identify|folder|detection|quality|gui [--data FOLDER] [--json]

The photos are those in `data` of the folder `shared` beside the repository; KITH_SHARED names another place.
Tables go to standard output, progress to standard error; nothing is kept on disk.
"""

import argparse
import json
import shutil
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_detection import detection
from bench_gui import window
from bench_people import (
    FIVE,
    PEOPLE,
    SHARED,
    Decision,
    Row,
    Rule,
    Setup,
    Tables,
    faces_in,
    mean_and_worst,
    people_in,
    progress,
    settings_in,
    shipped_rule,
    summary,
    trials,
)
from bench_quality import quality
from bench_speed import speed
from bench_tables import markdown, speed_tables

from app.errors import KithError
from app.identity.gallery import Gallery, Sample, gallery_of
from app.identity.matching import nearest_people
from app.identity.verdicts import LEAST_PIXELS
from app.jobs.build_kb import build_kb
from app.jobs.context import open_context
from app.jobs.events import BuildFinished, PhotoDone, RecognitionFinished
from app.jobs.recognize_folder import recognize_folder
from app.settings import Settings
from app.vision.observations import Observation

STRANGERS = ("groups", "detect")  # nobody of those people
STRANGERS_LET_IN = 0.01
TOLERANCES = (0.50, 0.52, 0.54, 0.55, 0.56, 0.57, 0.58, 0.60)
TAUGHT = 8  # photos a person, in the run over whole folders


MIXED = (1, 2, 3, 5, 8, 12)
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


SHIPPED = "mean of 3 nearest"
RULES: dict[str, Rule] = {"nearest sample": nearest_sample, "mean vector": mean_vector, SHIPPED: shipped_rule}


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


def main() -> None:
    """Read the command line, measure and print."""
    commands = {"identify": identify, "folder": folder, "detection": detection, "quality": quality, "gui": window}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure", choices=["speed", "memory", *commands], nargs="?", default="speed")
    parser.add_argument("--quick", action="store_true", help="speed: within 50 seconds on two cores")
    parser.add_argument("--gpu", action="store_true", help="speed, memory: on an NVIDIA graphics card")
    parser.add_argument("--data", type=Path, default=SHARED / "data", help="a folder with athletes/ or lfw10/ in it")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    if not any((data / people).is_dir() for people in PEOPLE):
        parser.error(f"there is neither {' nor '.join(PEOPLE)} in {data}")
    try:
        if arguments.measure in commands:
            found = tables = commands[arguments.measure](data)
        else:
            memory_only = arguments.measure == "memory"
            found = speed(data, SHARED / "models", arguments.gpu, arguments.quick, memory_only)
            tables = speed_tables(found)
    except KithError as error:
        sys.exit(str(error))
    text = "\n".join(markdown(title, rows) for title, rows in tables.items() if rows)
    print(json.dumps(found, indent=2) if arguments.json else text)


if __name__ == "__main__":
    main()
