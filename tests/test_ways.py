"""The ways of a photo and of a word are as docs/architecture.md tells them, in six steps at the most."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from kith.jobs.user_words import Is
from tests.desk import POWELL, POWELL_AGAIN, REPOSITORY, Desk
from tests.small_world import World

PAGE = (REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8")
MOST_STEPS = 6


def _steps(title: str) -> list[list[str]]:
    """Return the functions, classes and modules that each numbered step names."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    steps = re.split(r"^\d\. ", section.strip().partition("\n\n")[0], flags=re.MULTILINE)[1:]
    return [re.findall(r"`([\w.]+\.[\w.]+)`", step) for step in steps]


def _called(run: Callable[[], object]) -> list[str]:
    """Return what of Kith is called in a run, by module and name, in the order of the first calls."""
    found: dict[str, None] = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        module = str(frame.f_globals.get("__name__"))
        if event == "call" and module.startswith("kith."):
            found.setdefault(f"{module.removeprefix('kith.')}.{frame.f_code.co_qualname}")

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return list(found)


def _place(name: str, called: list[str]) -> int:
    """Return when a function, or the first of a module, was called; fails where none was."""
    places = [
        place for place, own in enumerate(called) if own.endswith(f".{name}") or own.startswith((name, f"{name}."))
    ]
    assert places, f"{name} is on the page, and was not called"
    return places[0]


def test_a_word_goes_the_way_that_the_page_tells(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.recognise()
    with world.library() as library:
        photo_id = library.store.photos.at_path(tmp_path / "input/8.png") or 0
        word = Is([library.store.photos.appearances(photo_id)[0]], library.people.find("Ann"))
        called = _called(lambda: library.say(word))
    steps = _steps("The way of a word")
    places = [_place(name, called) for step in steps[1:] for name in step if name.split(".")[0][0].isupper()]
    assert 2 < len(steps) <= MOST_STEPS
    assert len(places) >= len(steps) - 1
    assert places == sorted(places)


def test_a_photo_goes_the_way_that_the_page_tells(desk: Desk) -> None:
    desk.put_all(POWELL, "people/Powell")
    desk.build()
    desk.put(POWELL_AGAIN[0], "input/")
    called = _called(desk.recognize)
    steps = _steps("The way of a photo")
    assert 2 < len(steps) <= MOST_STEPS
    assert all(steps)
    for step in steps:
        for name in step:
            _place(name, called)


@pytest.mark.parametrize("title", ["The way of a photo", "The way of a word"])
def test_what_the_page_names_is_there(title: str) -> None:
    for name in {name for step in _steps(title) for name in step}:
        stem, _, function = name.rpartition(".")
        sources = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "app/kith").rglob("*.py")]
        is_module = (REPOSITORY / "app/kith" / f"{name.replace('.', '/')}.py").is_file()
        assert is_module or any(f"def {function}(" in source or f"class {function}" in source for source in sources), (
            stem
        )
