"""The main job on real people: who is found, who is named wrongly, which strangers are taken in."""

import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from kith.jobs.build_kb import build_kb
from kith.jobs.context import open_context
from kith.jobs.events import BuildFinished, PhotoDone
from kith.jobs.recognize_folder import recognize_folder
from kith.settings import Settings

TAUGHT = 8
BESIDES = {  # other known people who are in a person's photo, looked at by eye
    "gettyimages-90174893-e1435455524320.jpg": {"roger_federer"},
    "ia-sharapova-praises-roger-federer-for-his-offcourt-life.jpg": {"roger_federer"},
}


@dataclass(frozen=True)
class Score:
    """Photos of known people found or named wrongly, photos of strangers taken in."""

    known: int
    found: int
    wrong: list[str]
    strangers: int
    taken: list[str]


def _arrange(people: Path, groups: Path, root: Path) -> Settings:
    """The first photos of each person teach, all others and the groups are to be recognised."""
    for person in sorted(people.iterdir()):
        for index, photo in enumerate(sorted(person.iterdir())):
            folder = root / ("people" if index < TAUGHT else "input") / person.name
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(photo, folder)
    shutil.copytree(groups, root / "input/strangers")
    return Settings.at(root, {"dataset_dir": "people", "process_dir": "input", "processed_dir": "output", "workers": 2})


def _score(root: Path, settings: Settings) -> tuple[BuildFinished, Score]:
    with open_context(settings, threading.Event(), "test", create=True) as context:
        (*_, built) = build_kb(context)
        events = list(recognize_folder(context, [settings.input_folder], settings.output_folder))
    assert isinstance(built, BuildFinished)
    people = {event.path: event.row.people for event in events if isinstance(event, PhotoDone)}
    known = {path: names for path, names in people.items() if path.parent.name != "strangers"}
    strangers = {path.name: names for path, names in people.items() if path.parent.name == "strangers"}
    return built, Score(
        known=len(known),
        found=sum(path.parent.name in names for path, names in known.items()),
        wrong=[f"{path}: {names}" for path, names in known.items() if set(names) - _present(path)],
        strangers=len(strangers),
        taken=[f"{name}: {names}" for name, names in strangers.items() if names],
    )


def _present(path: Path) -> set[str]:
    return {path.parent.name} | BESIDES.get(path.name, set())


@pytest.mark.parametrize(("people", "least_found"), [("athletes", 0.85), ("lfw10", 0.95)])
def test_known_people_are_found_and_nobody_is_named_wrongly(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, people: str, least_found: float
) -> None:
    monkeypatch.setenv("KITH_MODELS", str(shared / "models"))
    settings = _arrange(shared / "data" / people, shared / "data/groups", tmp_path)
    built, score = _score(tmp_path, settings)
    assert all(person.used for person in built.people)
    assert score.wrong == []
    assert score.taken == []
    assert score.found >= least_found * score.known
