"""A collection of real photos, and the commands of a life with it: what scripts/compare_versions.py runs."""

import json
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from compare_state import Tables, answers, state
from versions import Version

TAUGHT_SETS = ("athletes", "lfw10")  # a folder for each person
TAUGHT = 5  # photos a person
STRANGERS = 2  # people of each set whom nobody taught
OTHER_TOLERANCE = ("--set", "face_tol=0.5", "--set", "body_policy=anywhere", "--set", "body_tol=0.7")

FACES = (
    "FROM appearances a JOIN files f ON f.photo_id = a.photo_id "
    "JOIN observations o ON o.appearance_id = a.id AND o.kind = 'face' AND NOT o.weak "
)
ORDER = " ORDER BY f.path, a.x, a.y LIMIT 1"
# What a command is to be about: one row, the same in any library that holds the same.
A_GROUP = (
    "SELECT g.group_id FROM unknown_groups g JOIN appearances a ON a.id = g.appearance_id "
    "JOIN files f ON f.photo_id = a.photo_id GROUP BY 1 ORDER BY count(*) DESC, min(f.path) LIMIT 1"
)
NOBODY_KNOWN = (
    f"SELECT f.path || '#' || a.id {FACES} WHERE NOT EXISTS (SELECT 1 FROM links l WHERE l.appearance_id = a.id)"
)
RECOGNISED = f"SELECT f.path || '#' || a.id {FACES} JOIN links l ON l.appearance_id = a.id AND l.source = 'machine'"
PERSONS = "SELECT name FROM persons WHERE id IN (SELECT person_id FROM person_folders) ORDER BY name"
FIRST_PERSON, SECOND_PERSON, THIRD_PERSON = (f"{PERSONS} LIMIT 1 OFFSET {number}" for number in range(3))
SAID = "SELECT min(f.path) FROM links l JOIN appearances a ON a.id = l.appearance_id JOIN files f USING (photo_id)"
SAID_BY_USER = f"{SAID} WHERE l.source = 'user'"
# A photo of each kind: who is in it is said by the people folder or by the machine; it shows no face, or the most.
PHOTOS = (
    f"{SAID} WHERE l.source = 'dataset'",
    f"{SAID} WHERE l.source = 'machine'",
    f"SELECT min(path) FROM files WHERE photo_id NOT IN (SELECT a.photo_id {FACES})",
    f"SELECT f.path {FACES} GROUP BY f.path ORDER BY count(*) DESC, f.path LIMIT 1",
)


@dataclass(frozen=True)
class Step:
    """A command and the exit code it must have; an argument that is a query stands for what it finds in the library."""

    name: str
    arguments: Sequence[str]
    code: int = 0


def _why(photo: str, name: str) -> list[Step]:
    return [Step(f"why {name}", ["why", photo, "--json"]), Step(f"why {name}, in words", ["why", photo])]


def _asking(when: str) -> list[Step]:
    whys = [_why(photo, f"{number} {when}") for number, photo in enumerate(PHOTOS, start=1)]
    return [
        Step(f"people list {when}", ["people", "list", "--json"]),
        Step(f"people show {when}", ["people", "show", FIRST_PERSON, "--json"]),
        Step(f"people history {when}", ["people", "history", "--json"]),
        Step(f"unknowns {when}", ["unknowns", "--json"]),
        Step(f"check {when}", ["check", "--json"]),
        *chain.from_iterable(whys),
    ]


FIRST = (
    Step("build-kb", ["build-kb", "--json"]),
    Step("recognize", ["recognize", "--json"]),
    Step("evaluate", ["evaluate", "--json"]),
    *_asking("at first"),
    Step("name a group", ["unknowns", "name", A_GROUP, "Somebody New", "--json"]),
    Step("link", ["link", NOBODY_KNOWN + ORDER, FIRST_PERSON, "--json"]),
    Step("unlink --never", ["unlink", RECOGNISED + ORDER, "--never", "--json"]),
    Step("ignore", ["ignore", NOBODY_KNOWN + ORDER, "--json"]),
    Step("rename", ["people", "rename", FIRST_PERSON, "Renamed", "--json"]),
    Step("merge", ["people", "merge", SECOND_PERSON, THIRD_PERSON, "--json"]),
    Step("redecide by others", ["redecide", "--json", *OTHER_TOLERANCE]),
)
CANNOT, USAGE = 3, 2
REFUSED = (
    Step("why of no photo", ["why", "no such.jpg"], CANNOT),
    Step("link of no photo", ["link", "no such.jpg#1", FIRST_PERSON], CANNOT),
    Step("link of nobody in a photo", ["link", "SELECT min(f.path) || '#999999' FROM files f", "Ann"], CANNOT),
    Step("ignore without a number", ["ignore", "no such.jpg"], CANNOT),
    Step("rename of nobody", ["people", "rename", "No Such Person", "Somebody"], CANNOT),
    Step("merge with oneself", ["people", "merge", SECOND_PERSON, SECOND_PERSON], CANNOT),
    Step("a day that is none", ["people", "set", FIRST_PERSON, "birth=2001-02-31"], CANNOT),
    Step("name no group", ["unknowns", "name", "999999", "Somebody"], CANNOT),
    Step("recognize nothing", ["recognize", "no such folder"], CANNOT),
    Step("a setting that is none", ["redecide", "--set", "face_tol=x"], USAGE),
)
LATER = (
    *REFUSED,
    *_asking("later"),
    *_why(SAID_BY_USER, "by the user"),
    Step("recognize again", ["recognize", "--json"]),
    Step("undo", ["people", "undo", "--json"]),
    Step("undo again", ["people", "undo", "--json"]),
    Step("redecide", ["redecide", "--json"]),
    Step("build-kb again", ["build-kb", "--json"]),
)


class World:
    """The folders of a collection, always at the same place, so that every version prints the same paths."""

    def __init__(self, folder: Path, data: Path, models: Path) -> None:
        self.folder, self.root, self._data = folder, folder / "world", data
        self._settings = {
            "dataset_dir": "people",
            "process_dir": "input",
            "processed_dir": "output",
            "models_dir": str(models),
            "person_detector": str(models / "yolox_nano.onnx"),
            "reid_model": "osnet_x0_25",
            "reid_weights": str(models / "osnet_x0_25_msmt17.pth"),
            "workers": 1,  # one after the other, so that rows get the same numbers
        }

    def lay_out(self) -> None:
        """Put the photos and the settings there, and nothing else."""
        shutil.rmtree(self.root, ignore_errors=True)
        for source, place in _places(self._data):
            target = self.root / place
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
        text = json.dumps(self._settings)
        self._settings_file.write_text(text, encoding="utf-8")

    @property
    def _settings_file(self) -> Path:
        return self.root / "settings.json"

    def keep(self) -> None:
        """Keep the state that the folders are in."""
        shutil.copytree(self.root, self.folder / "kept", symlinks=True)

    def put_back(self) -> None:
        """Bring back the state that was kept."""
        shutil.rmtree(self.root)
        (self.folder / "kept").rename(self.root)

    def live(self, version: Version, steps: Sequence[Step], tell: Callable[[str], None]) -> dict[str, Tables]:
        """Run commands of a version one after the other; return by step what it answered and what it left."""
        version.check(self.folder)
        environment = self._environment(version)
        settings = ["--settings", str(self._settings_file)]
        lived = {}
        for step in steps:
            tell(f"{version.name}: {step.name}")
            arguments = [self._found(argument) for argument in step.arguments]
            done = version.run([*arguments, *settings], self.folder, environment)
            if done.returncode != step.code:
                command = " ".join(arguments)
                sys.exit(f"{version.name}: {command} ended with {done.returncode}:\n{done.stderr}")
            answered = answers(done.stdout, done.stderr)
            lived[step.name] = {"answers": answered, **state(self.root)}
        return lived

    def _environment(self, version: Version) -> dict[str, str]:
        name = version.name.replace("/", "_")
        home = self.folder / "homes" / name
        return {"KITH_HOME": str(home), "KITH_COMMAND": "kith", "QT_QPA_PLATFORM": "offscreen", "COLUMNS": "200"}

    def _found(self, argument: str) -> str:
        """Return what a query finds; any other argument is returned as it is."""
        if not argument.startswith("SELECT "):
            return argument
        file = self.root / "people/library.sqlite"
        with closing(sqlite3.connect(file)) as library:
            row = library.execute(argument).fetchone()
        if row is None or row[0] is None:
            sys.exit(f"The photos do not do for this comparison, they are too few: nothing is found by {argument}")
        return str(row[0])


def _places(data: Path) -> Iterator[tuple[Path, Path]]:
    """Yield every photo of the data with its place in the world."""
    taught = set()
    for people in TAUGHT_SETS:
        folders = sorted(_folders(data / people))
        for person in folders[:-STRANGERS]:
            photos = sorted(person.iterdir())
            for photo in photos[:TAUGHT]:
                taught.add(photo)
                yield photo, Path("people", person.name, photo.name)
    for file in sorted(data.rglob("*")):
        if file.is_file() and file not in taught:
            yield file, "input" / file.relative_to(data)


def _folders(folder: Path) -> list[Path]:
    paths = folder.iterdir() if folder.is_dir() else ()
    return [path for path in paths if path.is_dir()]
