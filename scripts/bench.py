"""Measure how fast and how well Kith recognises, through its own code: the figures of the documentation.

    .venv/bin/python scripts/bench.py [speed] [--quick] [--gpu] [--data FOLDER] [--json]
    .venv/bin/python scripts/bench.py memory|identify|certainty|groups|matching|bodies|scale [--data FOLDER] [--json]
    .venv/bin/python scripts/bench.py rerun|folder|detection|closeups|quality|gui [--data FOLDER] [--json]
    .venv/bin/python scripts/bench.py review|find|names|dask|exchange [--data FOLDER] [--json]
    .venv/bin/python scripts/bench.py scale --million [--json]
    .venv/bin/python scripts/bench.py filing [--count N] [--json]
    .venv/bin/python scripts/bench.py networks [NAME or FILE.onnx ...] [--data FOLDER] [--json]

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
from itertools import chain
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as kith.__main__ sets it, before numpy is there
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "app"))

from bench_bodies import bodies
from bench_certainty import certainty, draw_reliability
from bench_closeups import closeups
from bench_dask import dask
from bench_detection import detection
from bench_exchange import exchange
from bench_filing import COUNT, filing
from bench_find import find
from bench_groups import groups
from bench_gui import window
from bench_identify import identify
from bench_matching import matching
from bench_million import million
from bench_million_matching import matching_at
from bench_names import names
from bench_networks import networks
from bench_people import PEOPLE, SHARED, people_in, progress, settings_in
from bench_places import places
from bench_quality import quality
from bench_rerun import rerun
from bench_review import review
from bench_scale import scale
from bench_speed import speed
from bench_tables import Row, Tables, markdown, speed_tables
from kith.errors import KithError
from kith.jobs.build_kb import build_kb
from kith.jobs.context import open_context
from kith.jobs.events import BuildFinished, PhotoDone, RecognitionFinished
from kith.jobs.recognize_folder import recognize_folder
from kith.settings import Settings

TAUGHT = 8  # photos a person, in the run over whole folders


def folder(data: Path) -> Tables:
    """Let the real jobs learn the first photos of each person and recognise all others and the groups."""
    return {"folder": [_recognised(data, people) for people in PEOPLE if (data / people).is_dir()]}


def _recognised(data: Path, people: str) -> Row:
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        settings = settings_in(Path(root))
        photos = _arrange(data, people, settings)
        with open_context(settings, threading.Event(), "bench", create=True) as context:
            learning = build_kb(context)
            recognising = recognize_folder(context, [settings.input_folder], settings.output_folder)
            jobs = chain(learning, recognising)
            events = list(progress(jobs, f"{people}: learning and recognising", photos))
    learned = next(event for event in events if isinstance(event, BuildFinished))
    finished = next(event for event in events if isinstance(event, RecognitionFinished))
    done = [(people_in(event.path), event.row.people) for event in events if isinstance(event, PhotoDone)]
    of_known = [(present, named) for present, named in done if present]
    of_strangers = [named for present, named in done if not present]
    return {
        "people": people,
        "photos taught": sum(person.used for person in learned.people),
        "of": learned.total,
        "known found": sum(present[0] in named for present, named in of_known),
        "of known": len(of_known),
        "wrong names": sum(not set(named) <= set(present) for present, named in of_known),
        "strangers taken in": sum(map(bool, of_strangers)),
        "of strangers": len(of_strangers),
        "failed": len(learned.failed) + len(finished.failed),
        "photos/s": round(finished.done / finished.seconds, 1),
    }


def _arrange(data: Path, people: str, settings: Settings) -> int:
    """Copy the photos into the folders that the settings name; return how many there are."""
    for person in sorted((data / people).iterdir()):
        taught = settings.dataset_folder / person.name
        asked = settings.input_folder / people / person.name
        for index, photo in enumerate(sorted(person.iterdir())):
            target = taught if index < TAUGHT else asked
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(photo, target)
    groups_folder = data / "groups"
    if groups_folder.is_dir():
        shutil.copytree(groups_folder, settings.input_folder / "groups")
    return sum(path.is_file() for path in settings.folder.rglob("*"))


def gui(data: Path) -> Tables:
    """Measure the window at work, its places over a large library, and how many acts naming real faces takes."""
    return window(data) | places() | review(data)


def main() -> None:
    """Read the command line, measure and print."""
    commands = {
        "identify": identify,
        "certainty": certainty,
        "groups": groups,
        "matching": matching,
        "bodies": bodies,
        "scale": scale,
        "rerun": rerun,
    }
    commands |= {"folder": folder, "detection": detection, "quality": quality, "gui": gui, "closeups": closeups}
    commands |= {"review": review, "find": lambda _: find(), "names": names, "dask": dask}
    commands |= {"exchange": exchange}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "measure", choices=["speed", "memory", "networks", "filing", *commands], nargs="?", default="speed"
    )
    parser.add_argument("face_models", nargs="*", help="networks: further values of face_model to compare with dlib")
    parser.add_argument("--quick", action="store_true", help="speed: within 50 seconds on two cores")
    parser.add_argument("--gpu", action="store_true", help="speed, memory: on an NVIDIA graphics card")
    parser.add_argument("--data", type=Path, default=SHARED / "data", help="a folder with athletes/ or lfw10/ in it")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--count", type=int, default=COUNT, help="filing: how many photos of 3 MB")
    parser.add_argument("--million", action="store_true", help="scale: libraries of up to a million photos and faces")
    parser.add_argument("--picture", type=Path, help="certainty: a PNG file to draw how often it is right into")
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    folders = [data / people for people in PEOPLE]
    if not any(map(Path.is_dir, folders)):
        parser.error(f"there is neither {' nor '.join(PEOPLE)} in {data}")
    if arguments.million:
        commands["scale"] = lambda _: million() | matching_at()
    try:
        if arguments.measure in commands:
            found = tables = commands[arguments.measure](data)
            if arguments.picture:
                draw_reliability(tables["reliability"], arguments.picture)
        elif arguments.measure == "filing":
            found = tables = filing(arguments.count)
        elif arguments.measure == "networks":
            found = tables = networks(data, arguments.face_models)
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
