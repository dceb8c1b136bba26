"""Review while Kith finds more: what was said teaches, and faces are found that one is looking at."""

from pathlib import Path

import pytest
from PIL import Image
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from kith.gui.main_window import MainWindow
from kith.gui.review_model import Step
from kith.gui.review_place import ReviewPlace
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.person_changes import PersonChanges
from kith.jobs.unknowns import Unknowns
from kith.jobs.user_words import Ignored
from kith.photos.facts import read_facts
from tests.review_world import open_review, press, rest, review_world
from tests.small_world import World
from tests.windows import PATIENCE_MS, activate

Key = Qt.Key
AGAIN = {"7 again.png": 7, "8 again.png": 8}
AGAIN_SHOWN = [*AGAIN]
Opened = tuple[MainWindow, ReviewPlace]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A stranger in five photos, said to be two people: three faces wait in one group, two in another, none in more."""
    world = review_world(tmp_path)
    for name, photo in AGAIN.items():
        path = world.root / "input" / name
        Image.new("RGB", (8, 6), (1, 2, photo)).save(path)
        world.eyes.known[read_facts(path).image_hash] = photo
        world.contents[read_facts(path).image_hash] = world.originals[path] = path.read_bytes()
    world.recognise()
    with world.library() as library:
        unknowns = Unknowns(library)
        largest, other = unknowns.groups(2)
        again = [key for key in unknowns.in_group(largest.id) if _photo(world, key) in AGAIN]
        unknowns.split(largest.id, again)
        library.say(Ignored(unknowns.in_group(other.id)))
    return world


@pytest.fixture
def opened(qtbot: QtBot, world: World) -> Opened:
    """The review after the larger group was named with the keyboard alone: the other one was found while it showed."""
    window, place = open_review(qtbot, world)
    assert _shown(place) == ["7.png", "8.png", "14.png"]
    press(qtbot, place, Key.Key_N)
    _type(qtbot, place, "Zoe")
    assert _shown(place) == AGAIN_SHOWN
    qtbot.waitUntil(lambda: place.groups.heading.text() == "Found while you worked: Zoe", timeout=PATIENCE_MS)
    return window, place


def _photo(world: World, appearance: int) -> str:
    query = "SELECT f.path FROM files f JOIN appearances a ON a.photo_id = f.photo_id WHERE a.id = ?"
    ((path,),) = world.query(query, appearance)
    return Path(path).name


def _shown(place: ReviewPlace) -> list[str]:
    return [face.path.name for face in place.model.line.shown]


def _type(qtbot: QtBot, place: ReviewPlace, text: str) -> None:
    """Type where the keyboard is, and press Enter."""
    field = QApplication.focusWidget()
    assert field is place.groups.name.edit
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Key.Key_Return)
    rest(qtbot, place)


def _said(world: World) -> list[tuple[str, str]]:
    return world.query(
        "SELECT p.name, count(*) FROM links l JOIN persons p ON p.id = l.person_id WHERE l.source = 'user' "
        "GROUP BY p.id ORDER BY p.name"
    )


def test_faces_found_meanwhile_stay_where_they_are_and_say_who_they_are(world: World, opened: Opened) -> None:
    window, place = opened
    assert _shown(place) == AGAIN_SHOWN
    tiles = [place.groups.grid.tiles.tile(row) for row in range(2)]
    assert [(tile.key, tile.name, tile.note) for tile in tiles] == [
        (face.id, "Zoe", "found meanwhile") for face in place.model.line.shown
    ]
    assert place.note.text() == "2 more photos of Zoe found."
    assert window.bar.buttons["Review"].waiting == str(len(place.model.waiting.faces))
    assert place.tabs.tabText(Step.GROUPS) == "&Groups (0)"
    assert {copy.name for copy in (world.root / "output/Zoe").iterdir()} == {*AGAIN, "7.png", "8.png", "14.png"}
    world.check()


def test_enter_in_the_empty_field_goes_on_from_faces_found_meanwhile(
    qtbot: QtBot, world: World, opened: Opened
) -> None:
    _, place = opened
    said = _said(world)
    _type(qtbot, place, "")
    assert place.model.step is Step.LIKELY
    assert (_said(world), len(world.ignored())) == (said, 2)


def test_a_name_typed_for_faces_found_meanwhile_is_the_users_word(qtbot: QtBot, world: World, opened: Opened) -> None:
    _, place = opened
    _type(qtbot, place, "Yan")
    assert _said(world) == [("Yan", 2), ("Zoe", 3)]
    assert {copy.name for copy in (world.root / "output/Yan").iterdir()} == set(AGAIN)
    assert place.model.step is Step.LIKELY, "the next ones are asked about, and the field is empty"
    assert place.groups.name.edit.text() == ""


def test_letters_typed_while_faces_are_found_are_no_keys(qtbot: QtBot, world: World, opened: Opened) -> None:
    """Who types a name goes on typing: the keyboard stays in the field whatever is found behind."""
    _, place = opened
    field = QApplication.focusWidget()
    qtbot.keyClicks(field, "six")
    assert (_shown(place), place.groups.name.edit.text()) == (AGAIN_SHOWN, "six")
    press(qtbot, place, Key.Key_Escape, Key.Key_S)
    assert place.model.step is Step.LIKELY
    assert place.model.lines[Step.GROUPS].skipped == 0
    assert _said(world) == [("Zoe", 3)]


def test_undo_asks_about_them_again_where_they_stood(qtbot: QtBot, opened: Opened) -> None:
    window, place = opened
    window.does.undo.trigger()
    qtbot.waitUntil(lambda: place.tabs.tabText(Step.GROUPS) == "&Groups (2)", timeout=PATIENCE_MS)
    rest(qtbot, place)
    assert window.bar.buttons["Review"].waiting == str(len(place.model.waiting.faces))
    assert not place.model.line.is_over


def test_the_count_on_the_bar_follows_a_word_at_once(qtbot: QtBot, opened: Opened) -> None:
    window, place = opened
    before = place.model.count
    place.tabs.setCurrentIndex(Step.LIKELY)
    place.likely.rest()
    faces = len(place.model.line.faces)
    qtbot.keyClick(place.likely.grid, Key.Key_A)  # no event has told of its end yet
    assert window.bar.buttons["Review"].waiting == str(before - faces)
    rest(qtbot, place)
    assert place.model.count == before - faces


def test_what_is_said_elsewhere_shows_in_the_question_and_so_does_taking_it_back(qtbot: QtBot, opened: Opened) -> None:
    window, place = opened
    place.tabs.setCurrentIndex(Step.SINGLES)
    rest(qtbot, place)
    before = _candidates(place)

    def rename(library: OpenLibrary) -> Outcome:
        return PersonChanges(library).rename(library.people.find("Bob"), "Rob")

    window.desk.act(rename)
    after = [name.replace("Bob", "Rob") for name in before]
    qtbot.waitUntil(lambda: _candidates(place) == after, timeout=PATIENCE_MS)
    assert after != before
    window.does.undo.trigger()
    qtbot.waitUntil(lambda: _candidates(place) == before, timeout=PATIENCE_MS)


def test_what_another_window_said_is_shown_when_one_turns_back(qtbot: QtBot, world: World, opened: Opened) -> None:
    window, place = opened
    other, there = open_review(qtbot, world)
    assert other.bar.buttons["Review"].waiting == window.bar.buttons["Review"].waiting
    activate(qtbot, window)
    rest(qtbot, place)
    activate(qtbot, other)
    rest(qtbot, there)
    there.tabs.setCurrentIndex(Step.LIKELY)
    there.likely.rest()
    press(qtbot, there, Key.Key_A)
    assert other.bar.buttons["Review"].waiting != window.bar.buttons["Review"].waiting
    activate(qtbot, window)
    qtbot.waitUntil(
        lambda: other.bar.buttons["Review"].waiting == window.bar.buttons["Review"].waiting, timeout=PATIENCE_MS
    )


def test_a_library_that_is_not_there_is_told_in_place_of_faces_and_they_come_back_with_it(
    qtbot: QtBot, world: World, opened: Opened
) -> None:
    window, place = opened
    count = window.bar.buttons["Review"].waiting
    people = world.root / "people"
    people.rename(world.root / "unplugged")
    window.waiting.look()
    qtbot.waitUntil(place.message.isVisible, timeout=PATIENCE_MS)
    assert "is not there" in place.message.text()
    (world.root / "unplugged").rename(people)
    window.waiting.look()
    qtbot.waitUntil(lambda: window.bar.buttons["Review"].waiting == count, timeout=PATIENCE_MS)
    assert place.model.line.faces


def _candidates(place: ReviewPlace) -> list[str]:
    return [card.name.text() for card in place.single.cards if card.isVisible()]
