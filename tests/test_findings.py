"""Findings of a check, face by face: a wrong one denied or moved, two people merged, and each taken back."""

import json
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from kith.errors import BadInput
from kith.gui.findings_view import FindingsView
from kith.gui.main_window import MainWindow
from kith.gui.merge_dialog import MergeDialog
from kith.gui.people_place import PeoplePlace
from kith.jobs.check import Trouble
from kith.jobs.findings import Card, cards, deny, move
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_page import person_page
from tests.desk import ran
from tests.small_world import DLIB, World
from tests.windows import PATIENCE_MS, open_window, press


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.measure(DLIB)
    world.put(3, "people/Ann")  # who is Bob
    world.put(13, "people/Ann")
    world.put(11, "people/Bob")
    world.build()
    world.recognise()
    return world


def _wrong(library: OpenLibrary) -> Card:
    _, found = cards(library)
    (wrong,) = [card for card in found if card.finding.trouble is Trouble.SOMEBODY_ELSE]
    return wrong


def _faces(library: OpenLibrary, name: str) -> set[int]:
    return {face.appearance_id for face in person_page(library, library.people.find(name).id).faces}


def _state(world: World) -> tuple[object, ...]:
    return world.persons(), world.links(), world.tree()


def test_a_card_shows_the_face_that_is_somebody_else(world: World) -> None:
    with world.library() as library:
        wrong = _wrong(library)
        names = library.people.names()
    (face,) = wrong.faces
    assert face.spot.path == world.root / "people/Ann/3.png"
    assert (face.name, [names[key] for key in wrong.people]) == ("Ann", ["Ann", "Bob"])


@pytest.mark.parametrize("word", [deny, move])
def test_a_wrong_face_is_denied_or_moved_and_comes_back(world: World, word: object) -> None:
    before = _state(world)
    with world.library() as library:
        wrong = _wrong(library)
        (key,) = (face.appearance_id for face in wrong.faces)
        (deny if word is deny else move)(library, wrong, [key])
        assert key not in _faces(library, "Ann")
        assert (key in _faces(library, "Bob")) == (word is move)
        assert not [card for card in cards(library)[1] if card.finding.trouble is Trouble.SOMEBODY_ELSE]
        library.undo()
        assert key in _faces(library, "Ann")
    assert _state(world) == before


def test_faces_of_two_people_are_not_denied_at_once(world: World) -> None:
    with world.library() as library:
        found = cards(library)[1]
        few = [card for card in found if card.finding.trouble is Trouble.FEW]
        (wrong,) = _wrong(library).faces
        mixed = Card(few[0].finding, (*few[0].faces, wrong), few[0].people)
        assert {face.person_id for face in mixed.faces} > {wrong.person_id}
        with pytest.raises(BadInput, match="one person"):
            deny(library, mixed, [face.appearance_id for face in mixed.faces])
        with pytest.raises(BadInput, match="one person only"):
            move(library, few[0], [few[0].faces[0].appearance_id])


def test_the_command_names_the_faces(world: World) -> None:
    with world.library() as library:
        (face,) = _wrong(library).faces
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    code, out, err = ran("check", "--json", "--settings", file)
    assert code == 0, err
    (wrong,) = [told for told in json.loads(out)["findings"] if told["trouble"] == Trouble.SOMEBODY_ELSE]
    assert wrong["faces"] == [face.appearance_id]


@pytest.fixture
def window(qtbot: QtBot, world: World) -> MainWindow:
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    return open_window(qtbot, file)


def _settled(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.desk.busy, timeout=PATIENCE_MS)


def _shown(qtbot: QtBot, window: MainWindow) -> FindingsView:
    window.go("People")
    place = window.places["People"]
    assert isinstance(place, PeoplePlace)
    place.health.click()
    assert place.checks
    place.checks.pages.setCurrentWidget(place.checks.findings)
    _settled(qtbot, window)
    return place.checks.findings


@pytest.mark.parametrize(("key", "goes_to_bob"), [(Qt.Key.Key_N, False), (Qt.Key.Key_O, True)])
def test_one_key_mends_a_finding_in_the_window(
    qtbot: QtBot, world: World, window: MainWindow, key: Qt.Key, goes_to_bob: bool
) -> None:
    before = _state(world)
    view = _shown(qtbot, window)
    assert view.card
    assert view.card.finding.trouble is Trouble.SOMEBODY_ELSE  # the worst comes first
    (face,) = view.grid.tiles.keys()
    assert view.grid.selected_keys() == [face]
    assert view.deny.text() == "&Not Ann (N)"
    assert view.move_over.text() == "&It is Bob (O)"
    view.grid.setFocus()
    qtbot.keyClick(view.grid, key)
    _settled(qtbot, window)
    assert face not in set(view.grid.tiles.keys())
    with world.library() as library:
        assert face not in _faces(library, "Ann")
        assert (face in _faces(library, "Bob")) == goes_to_bob
    press(qtbot, window, Qt.Key.Key_Z)
    _settled(qtbot, window)
    assert _state(world) == before
    qtbot.waitUntil(lambda: view.grid.tiles.keys() == [face], timeout=PATIENCE_MS)


def test_two_people_of_a_finding_are_merged_after_a_look_at_both(
    qtbot: QtBot, world: World, window: MainWindow
) -> None:
    before = _state(world)
    view = _shown(qtbot, window)
    view.merge.click()
    qtbot.waitUntil(lambda: window.findChild(MergeDialog) is not None, timeout=PATIENCE_MS)
    dialog = window.findChild(MergeDialog)
    assert dialog
    assert "Bob becomes Ann" in dialog.words.text()
    dialog.merge.click()
    _settled(qtbot, window)
    assert "Bob" not in {person[0] for person in world.persons()}
    press(qtbot, window, Qt.Key.Key_Z)
    _settled(qtbot, window)
    assert _state(world) == before


def test_without_a_finding_nothing_can_be_pressed(qtbot: QtBot, world: World, window: MainWindow) -> None:
    view = _shown(qtbot, window)
    with world.library() as library:
        finished_check, _ = cards(library)
    view._show((finished_check, []))
    assert not view.grid.tiles.rowCount()
    assert [button.isEnabled() for button in (view.deny, view.move_over, view.merge)] == [False] * 3


def test_a_photo_in_two_folders_teaches_the_person_in_whose_folder_it_was_chosen(
    qtbot: QtBot, world: World, window: MainWindow
) -> None:
    world.put(4, "people/Ann")  # which is Eve's, too
    world.build()
    before = _state(world)
    _shown(qtbot, window)
    place = window.places["People"]
    assert isinstance(place, PeoplePlace)
    assert place.checks
    place.checks.pages.setCurrentWidget(place.checks.left_out)
    page = place.checks.left_out
    qtbot.waitUntil(lambda: page.grid.tiles.rowCount() == 2, timeout=PATIENCE_MS)
    tiles = [page.grid.tiles.tile(row) for row in range(2)]
    assert tiles[0].key == tiles[1].key
    row = next(row for row, tile in enumerate(tiles) if tile.name == "Eve")
    assert not page.say.isEnabled()  # nothing is chosen
    page.grid.setCurrentIndex(page.grid.tiles.index(row))
    assert page.reason.text().startswith("Eve, 4.png: ")
    page.say.click()
    _settled(qtbot, window)
    with world.library() as library:
        assert tiles[0].key in _faces(library, "Eve")
        assert tiles[0].key not in _faces(library, "Ann")
    press(qtbot, window, Qt.Key.Key_Z)
    _settled(qtbot, window)
    assert _state(world) == before
