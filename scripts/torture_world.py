"""A small collection with a library, the commands of a life with it, and what there is to compare afterwards."""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("KITH_SHARED", ROOT.parent / "shared"))
PEOPLE = ("Colin_Powell", "Jacques_Chirac", "Tony_Blair")
STRANGER = "Hugo_Chavez"
TAUGHT = 3  # photos a person
TEMPORARY = (".part", ".tmp")
BUG_SIGNS = ("Traceback", "Something went wrong that should not have")
CANNOT, STOPPED = 3, 130


@dataclass(frozen=True)
class Step:
    """A command of a life; `is_edit` ones may be repeated only where they did not happen.

    `done` is said by one that has nothing left to do.
    """

    name: str
    arguments: Sequence[str]
    is_edit: bool = False
    done: str = ""


STEPS = (
    Step("build-kb", ["build-kb"]),
    Step("recognize", ["recognize"]),
    Step("rename", ["people", "rename", "Colin_Powell", "Colin Powell"], is_edit=True),
    Step("redecide", ["redecide", "--set", "face_tol=0.40"]),
    Step("merge", ["people", "merge", "Jacques_Chirac", "Tony_Blair"], is_edit=True),
    Step("undo", ["people", "undo"], is_edit=True),
    Step("recognize again", ["recognize", "--set", "face_tol=0.56"]),
)


@dataclass
class Done:
    """How a command ended."""

    code: "int | None"
    out: str
    err: str
    process: int = 0


@dataclass
class World:
    """The folders of a collection, always at the same place, so that states of it can be put back."""

    folder: Path
    data: Path
    root: Path = field(init=False)
    steps: Sequence[Step] = field(init=False, default=STEPS)

    def __post_init__(self) -> None:
        self.root = self.folder / "world"

    def lay_out(self) -> None:
        """Put photos of three people and a stranger there."""
        for person in PEOPLE:
            self._copy(person, range(1, TAUGHT + 1), f"people/{person}")
            self._copy(person, range(TAUGHT + 1, TAUGHT + 3), "input")
        self._copy(STRANGER, range(1, 3), "input")
        settings = {
            "dataset_dir": "people",
            "process_dir": "input",
            "processed_dir": "output",
            "models_dir": str(self.data.parent / "models"),
            "body_policy": "off",
            "duplicates": "file all",  # damaged files of one photo are nearly the same
            "workers": 1,
        }
        text = json.dumps(settings)
        self._settings_file.write_text(text, encoding="utf-8")

    @property
    def _settings_file(self) -> Path:
        return self.root / "settings.json"

    def _copy(self, person: str, numbers: range, folder: str) -> None:
        source = self.data / "lfw10" / person
        target = self.root / folder
        target.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            shutil.copy2(source / f"{person}_{number:04d}.jpg", target)

    def keep(self, name: str) -> None:
        """Keep the state that the folders are in."""
        shutil.copytree(self.root, self.folder / name, symlinks=True)

    def put_back(self, name: str) -> None:
        """Bring a state back that was kept."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.folder / name, self.root, symlinks=True)

    def start(self, step: Step, environment: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        """Start a command in a session of its own."""
        command = [sys.executable, "-m", "kith", *step.arguments, "--settings", str(self._settings_file)]
        own = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "KITH_HOME": str(self.folder / "home")}
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **own, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def run(self, step: Step, environment: Mapping[str, str] | None = None) -> Done:
        """Run a command to its end."""
        return ended(self.start(step, environment))

    def originals(self) -> dict[str, str]:
        """Return the hash of every photo that was put there."""
        return {**hashes(self.root / "people", ".jpg"), **hashes(self.root / "input", ".jpg")}

    def words(self) -> list[Any]:
        """Return who is who by the user's word, in no terms of the library's own."""
        return self._ask(
            "SELECT name, birth, death, notes FROM persons ORDER BY 1",
            "SELECT p.name, f.folder FROM persons p JOIN person_folders f ON f.person_id = p.id ORDER BY 1, 2",
            "SELECT p.name, a.name FROM persons p JOIN aliases a ON a.person_id = p.id ORDER BY 1, 2",
            "SELECT action, summary, undone_at IS NULL FROM changes ORDER BY id",
        )

    def state(self) -> dict[str, Any]:
        """Return all that must be equal whatever happened on the way."""
        links = (
            "SELECT p.image_hash, round(a.x, 2), n.name, l.word, l.source, round(l.score, 6) FROM links l "
            "JOIN appearances a ON a.id = l.appearance_id JOIN photos p ON p.id = a.photo_id "
            "JOIN persons n ON n.id = l.person_id ORDER BY 1, 2, 3, 5"
        )
        copies = (
            "SELECT p.image_hash, n.name, c.target, c.sha256 FROM copies c JOIN photos p ON p.id = c.photo_id "
            "LEFT JOIN persons n ON n.id = c.person_id ORDER BY 1, 3"
        )
        files = "SELECT f.path, p.image_hash FROM files f JOIN photos p ON p.id = f.photo_id ORDER BY 1"
        whole = self._ask("PRAGMA integrity_check", "PRAGMA foreign_key_check", "SELECT * FROM open_change")
        return {
            "words": self.words(),
            "library": self._ask(links, copies, files),
            "whole": whole,
            "output": hashes(self.root / "output"),
            "left over": self._left_over(),
        }

    def _ask(self, *queries: str) -> list[Any]:
        library = self.root / "people/library.sqlite"
        if not library.is_file():
            return []
        with closing(sqlite3.connect(library)) as connection:
            return [connection.execute(query).fetchall() for query in queries]

    def _left_over(self) -> list[str]:
        """Return what a disturbed run must not leave behind: temporary files, empty copies."""
        output, people = self.root / "output", self.root / "people"
        files = filter(Path.is_file, chain(output.rglob("*"), people.iterdir()))
        return sorted(path.name for path in files if _is_left_over(path))


def _is_left_over(path: Path) -> bool:
    if path.name.endswith(TEMPORARY):
        return True
    return path.suffix == ".jpg" and not path.stat().st_size


def hashes(folder: Path, ending: str = "") -> dict[str, str]:
    """Return the SHA-256 of all files below a folder, by their paths there."""
    found = {}
    for path in sorted(filter(Path.is_file, folder.rglob("*"))):
        if path.name.endswith(ending):
            place = path.relative_to(folder)
            content = path.read_bytes()
            found[place.as_posix()] = hashlib.sha256(content).hexdigest()
    return found


def ended(process: "subprocess.Popen[str]", within_s: float = 300) -> Done:
    """Wait for a command and its workers; one that hangs is killed and has the code -1."""
    try:
        out, err = process.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        return Done(-1, out, f"{err}\nit hung")
    return Done(process.returncode, out, err)
