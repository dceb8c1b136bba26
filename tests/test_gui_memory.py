"""The window opens where it was."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from kith.gui.window_memory import FILE, keep, restore
from kith.settings import user_folder
from tests.small_world import World
from tests.windows import open_window


def test_size_and_place_are_remembered(qtbot: QtBot, tmp_path: Path) -> None:
    world = World(tmp_path)
    file = world.root / "settings.json"
    file.write_text(world.settings.model_dump_json(), encoding="utf-8")
    first = open_window(qtbot, file)
    restore(first)  # the first time there is nothing
    assert first.place == "Home"
    first.resize(950, 580)
    first.go("People")
    keep(first)
    again = open_window(qtbot, file)
    restore(again)
    assert (again.height(), again.place) == (580, "People")  # as wide as the screen of the tests lets it be


def test_a_window_larger_than_the_screen_is_made_to_fit(qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(qtbot, tmp_path / "settings.json")
    screen = window.screen()
    assert screen
    room = screen.availableSize()
    window.resize(room.width() + 300, room.height() + 300)
    restore(window)
    assert window.height() <= room.height()
    assert window.width() <= max(room.width(), window.minimumSizeHint().width())


def test_a_file_of_nonsense_does_no_harm(qtbot: QtBot, tmp_path: Path) -> None:
    kept = user_folder("config") / FILE
    kept.parent.mkdir(parents=True, exist_ok=True)
    for values in ("\xff\x00[", "place=Nowhere\ngeometry=@ByteArray(x)\n", "place=@Invalid()\n"):
        kept.write_text(f"[General]\n{values}", encoding="latin-1")
        window = open_window(qtbot, tmp_path / "settings.json")
        restore(window)
        assert window.place == "Home"
