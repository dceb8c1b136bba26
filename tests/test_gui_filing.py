"""What was filed, in the window: runs taken back, moves learned, a killed run completed at the start."""

import json
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from kith.gui.filing_dialog import FilingDialog
from kith.gui.home_place import HomePlace
from kith.gui.main_window import MainWindow
from kith.gui.recognize_dialog import RecognizeDialog
from kith.jobs.overview import overview
from tests.test_runs import Cabinet, _cut_off
from tests.test_runs import built as built
from tests.test_runs import world as world
from tests.windows import PATIENCE_MS, click, console_has, dialog, open_window, press_start, wait_for_end


def _window(qtbot: QtBot, world: Cabinet) -> MainWindow:
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values), encoding="utf-8")
    return open_window(qtbot, file, lambda: world.eyes)


def _dialog(qtbot: QtBot, window: MainWindow) -> FilingDialog:
    window.does.filed.trigger()
    dialog = window.findChild(FilingDialog)
    assert dialog
    qtbot.waitUntil(lambda: dialog.list.topLevelItemCount() > 0, timeout=PATIENCE_MS)
    return dialog


def test_a_run_is_taken_back_in_the_window(qtbot: QtBot, world: Cabinet) -> None:
    world.change(file_as="move")
    before = world.tree()
    world.run()
    dialog = _dialog(qtbot, _window(qtbot, world))
    assert not dialog.moves.isVisible()
    dialog.undo.click()
    qtbot.waitUntil(lambda: "Taken back: what run 1 did with 7 photos." in dialog.words.text(), timeout=PATIENCE_MS)
    assert world.tree() == before
    qtbot.waitUntil(lambda: "taken back" in dialog.list.topLevelItem(0).text(2), timeout=PATIENCE_MS)
    assert not dialog.undo.isEnabled()


def test_one_photo_of_a_run_is_taken_back_in_the_window(qtbot: QtBot, world: Cabinet) -> None:
    world.run()
    dialog = _dialog(qtbot, _window(qtbot, world))
    qtbot.keyClicks(dialog.photo, "13.png")
    assert dialog.undo.text() == "&Take This Photo Back"
    dialog.undo.click()
    qtbot.waitUntil(lambda: "what run 1 did with 1 photo." in dialog.words.text(), timeout=PATIENCE_MS)
    assert world.filed().keys() == {f"{number}.png" for number in (5, 6, 8, 10, 11, 12)}
    qtbot.waitUntil(dialog.undo.isEnabled, timeout=PATIENCE_MS)
    dialog.photo.setText("no such photo")
    dialog.undo.click()
    qtbot.waitUntil(lambda: "no such photo" in dialog.words.text(), timeout=PATIENCE_MS)
    assert len(world.filed()) == 6


def test_the_window_tells_what_would_be_filed_and_files_nothing(qtbot: QtBot, world: Cabinet) -> None:
    world.change(process_dir=str(world.input), processed_dir=str(world.output))
    window = _window(qtbot, world)
    click(qtbot, window.steps.recognize)
    asked = dialog(qtbot, RecognizeDialog)
    asked.only_tell.setChecked(True)
    press_start(qtbot, asked)
    wait_for_end(qtbot, window)
    console_has(qtbot, window, "6.png: copy to Ann/6.png, copy to Bob/6.png")
    console_has(qtbot, window, "Planned are 9 new files")
    assert window.console.isVisible()
    assert not world.output.exists()


def test_moves_are_offered_on_home_and_learned_in_the_window(qtbot: QtBot, world: Cabinet) -> None:
    world.run()
    (world.output / "Unknown/8.png").rename(world.output / "Ann/8.png")
    with world.library() as library:
        assert overview(library).moved == 1
    window = _window(qtbot, world)
    home = window.places["Home"]
    assert isinstance(home, HomePlace)
    told = "1 copy was moved to another folder by hand: take that as your word?"
    qtbot.waitUntil(lambda: told in home.advice.advice.text(), timeout=PATIENCE_MS)
    dialog = _dialog(qtbot, window)
    qtbot.waitUntil(lambda: dialog.moves.count() == 1, timeout=PATIENCE_MS)
    assert dialog.moves.item(0).text() == "8.png: from Unknown to Ann"
    dialog.learn.click()
    qtbot.waitUntil(lambda: "taken as your word" in dialog.words.text(), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not dialog.moves.isVisible(), timeout=PATIENCE_MS)
    assert world.filed()["8.png"] == {"Ann"}


def test_a_killed_run_is_completed_when_the_window_opens(
    qtbot: QtBot, world: Cabinet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world.change(file_as="move")
    _cut_off(world, monkeypatch, "kith.filing.moves.remove_name", 2)
    twice = [path.name for path in world.input.iterdir() if path.name in world.filed()]
    assert len(twice) == 1
    window = _window(qtbot, world)
    told: list[str] = []
    window.desk.told.connect(told.append)
    qtbot.waitUntil(lambda: not (world.input / twice[0]).exists(), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: any("was interrupted" in text for text in told), timeout=PATIENCE_MS)
