"""The window as a person meets it: real clicks and keys, real photos, real threads."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QAction, QColor, QPalette
from PyQt6.QtWidgets import QApplication, QDialog, QMessageBox
from pytestqt.qtbot import QtBot

from kith import __version__
from kith.gui.console import MOST_LINES, Console, Kind
from kith.gui.help import ProblemDialog
from kith.gui.home_place import HomePlace
from kith.gui.main_window import MainWindow
from kith.gui.pace import SMOOTHED_OVER_S, Pace, time_left
from kith.gui.places import HOME
from kith.gui.recognize_dialog import RecognizeDialog
from kith.gui.style import Tone, colour
from kith.jobs.context import open_context
from kith.jobs.worker_processes import WorkerProcesses
from kith.jobs.workers import InlineExecutor
from kith.library.store import open_store
from kith.logs import log_file
from tests.desk import CHIRAC, CHIRAC_AGAIN, NOBODY, POWELL, POWELL_AGAIN, REPOSITORY, TWO_STRANGERS, Desk
from tests.windows import (
    PATIENCE_MS,
    Gate,
    build,
    click,
    console_has,
    dialog,
    open_window,
    press,
    press_start,
    start_recognition,
    wait_for_end,
)

PHOTOS = [*POWELL_AGAIN, *CHIRAC_AGAIN, NOBODY, TWO_STRANGERS]
HEAVY = {"torch", "torchreid", "dlib", "cv2", "onnxruntime"}


@pytest.fixture
def desk(tmp_path: Path, material: Path) -> Desk:
    desk = Desk(tmp_path / "desk", material, workers=1)
    desk.put_all(POWELL, "people/Colin Powell")
    desk.put_all(CHIRAC, "people/Jacques Chirac")
    desk.put_all(PHOTOS, "input")
    return desk


@pytest.fixture
def window(qtbot: QtBot, desk: Desk) -> MainWindow:
    return open_window(qtbot, desk.settings_file())


@pytest.fixture
def gate() -> Gate:
    return Gate()


def _jobs_can_start(window: MainWindow) -> bool:
    states = {action.isEnabled() for action in (window.does.build, window.does.recognize, window.does.review)}
    assert len(states) == 1
    return states.pop()


def test_build_learns_the_people_and_gives_the_buttons_back(qtbot: QtBot, desk: Desk, gate: Gate) -> None:
    window = open_window(qtbot, desk.settings_file(), gate)
    assert "Start here" in window.steps.build.accessibleName()
    click(qtbot, window.steps.build)
    assert not _jobs_can_start(window)
    assert window.progress.abort_button.isEnabled()
    gate.open(2)
    console_has(qtbot, window, "Colin Powell/Colin_Powell_0002.jpg: learned")
    qtbot.waitUntil(lambda: (window.progress.bar.maximum(), window.progress.bar.text()) == (6, "1 of 6 photos"))
    gate.open_wide()
    wait_for_end(qtbot, window)
    assert _jobs_can_start(window)
    assert not window.progress.abort_button.isEnabled()
    assert window.progress.bar.text() == "6 of 6 photos"
    assert window.status.text() == "6 photos done, 6 teach 2 people"
    console_has(qtbot, window, "Jacques Chirac: 3 used, 0 left out")
    assert sorted(desk.links().values()) == ["Colin Powell"] * 3 + ["Jacques Chirac"] * 3
    assert "Start here" not in window.steps.build.accessibleName()
    assert window.steps.recognize.property("next")


def _next(window: MainWindow) -> list[str]:
    """Return which of the large buttons stands out."""
    steps = window.steps
    buttons = {"build": steps.build, "recognize": steps.recognize, "look": steps.output, "review": steps.review}
    return [name for name, button in buttons.items() if button.property("next")]


def _advice(window: MainWindow) -> str:
    home = window.places[HOME]
    assert isinstance(home, HomePlace)
    return home.advice.advice.text()


def test_after_a_failed_build_the_next_step_is_another_build(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "people/Ann").mkdir(parents=True)
    open_store(tmp_path / "people/library.sqlite", create=True).close()
    (tmp_path / "settings.json").write_text(json.dumps({"dataset_dir": "people"}), encoding="utf-8")
    window = open_window(qtbot, tmp_path / "settings.json")
    build(qtbot, window)
    dialog(qtbot, QMessageBox).accept()
    assert _next(window) == ["build"]
    qtbot.waitUntil(lambda: "Start here" in window.steps.build.accessibleName())
    again = open_window(qtbot, tmp_path / "settings.json")
    qtbot.wait(50)
    assert _next(again) == ["build"]


def test_after_a_stopped_build_the_next_step_is_another_and_who_is_away_stays_known(
    qtbot: QtBot, desk: Desk, gate: Gate
) -> None:
    desk.build()
    window = open_window(qtbot, desk.settings_file(), gate)
    qtbot.waitUntil(lambda: _next(window) == ["recognize"], timeout=PATIENCE_MS)
    shutil.rmtree(desk.people / "Colin Powell")
    shutil.rmtree(desk.people / "Jacques Chirac")
    desk.put(NOBODY, "people/Cat/")
    desk.put(TWO_STRANGERS, "people/Cat/")
    click(qtbot, window.steps.build)
    click(qtbot, window.progress.abort_button)
    gate.open_wide()
    wait_for_end(qtbot, window)
    assert _next(window) == ["build"]
    build(qtbot, window)
    console_has(qtbot, window, "Cat: 0 used")
    qtbot.waitUntil(lambda: _next(window) == ["recognize"], timeout=PATIENCE_MS)
    assert "Your people are known" in _advice(window)


def test_after_a_failed_recognition_the_next_step_is_another(qtbot: QtBot, desk: Desk, window: MainWindow) -> None:
    build(qtbot, window)
    shutil.rmtree(desk.input)
    desk.input.mkdir()
    start_recognition(qtbot, window)
    dialog(qtbot, QMessageBox).accept()
    wait_for_end(qtbot, window)
    assert _next(window) == ["recognize"]


def test_the_end_of_a_job_takes_the_keyboard_from_nobody_who_types(qtbot: QtBot, desk: Desk, gate: Gate) -> None:
    window = open_window(qtbot, desk.settings_file(), gate)
    click(qtbot, window.steps.build)
    press(qtbot, window, Qt.Key.Key_F)
    gate.open_wide()
    wait_for_end(qtbot, window)
    assert window.focusWidget() is window.console.search
    qtbot.keyClicks(window.focusWidget(), "colin powell")
    assert window.console.search.text() == "colin powell"
    assert not window.jobs.running


def test_recognition_by_keys_files_the_photos_and_remembers_the_folders(qtbot: QtBot, desk: Desk) -> None:
    file = desk.settings_file()
    file.write_text(json.dumps(json.loads(file.read_text()) | {"process_dir": "elsewhere", "a_new_key": 1}))
    window = open_window(qtbot, file)
    press(qtbot, window, Qt.Key.Key_B)
    wait_for_end(qtbot, window)
    press(qtbot, window, Qt.Key.Key_R)
    asked = dialog(qtbot, RecognizeDialog)
    qtbot.keyClick(asked.input.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "There is no folder" in asked.problem.text(), timeout=PATIENCE_MS)
    asked.input.edit.selectAll()
    qtbot.keyClicks(asked.input.edit, str(desk.input))
    target = desk.root / "a new folder" / "sorted"
    asked.output.edit.selectAll()
    qtbot.keyClicks(asked.output.edit, str(target))
    with qtbot.waitSignal(asked.finished, timeout=PATIENCE_MS):
        qtbot.keyClick(asked.output.edit, Qt.Key.Key_Return)
    wait_for_end(qtbot, window)
    console_has(qtbot, window, "Colin_Powell_0007.jpg → Colin Powell | Face: [99 % Colin Powell (0.")
    assert sorted(path.relative_to(target).as_posix() for path in target.rglob("*.jpg")) == [
        "Colin Powell/Colin_Powell_0007.jpg",
        "Colin Powell/Colin_Powell_0009.jpg",
        "Jacques Chirac/Jacques_Chirac_0005.jpg",
        "Jacques Chirac/Jacques_Chirac_0008.jpg",
        "Unknown/cat.jpg",
        "Unknown/two_people.jpg",
    ]
    assert window.status.text() == "6 photos done, 4 with people known, 0 unsure, 2 unknown, 0 failed"
    qtbot.waitUntil(lambda: _next(window) == ["review"], timeout=PATIENCE_MS)
    kept = json.loads(file.read_text())
    assert (kept["process_dir"], kept["processed_dir"], kept["a_new_key"]) == (str(desk.input), str(target), 1)
    press(qtbot, window, Qt.Key.Key_R)
    assert dialog(qtbot, RecognizeDialog).input.edit.text() == str(desk.input)


def test_folders_are_chosen_and_refused_where_they_cannot_be_used(qtbot: QtBot, desk: Desk, window: MainWindow) -> None:
    asked_for: list[tuple[str, Path]] = []

    def choose(title: str, start: Path) -> Path | None:
        asked_for.append((title, start))
        return desk.people if title.startswith("Copies") else None

    window.choose_folder = choose
    click(qtbot, window.steps.recognize)
    asked = dialog(qtbot, RecognizeDialog)
    click(qtbot, asked.input.button)
    click(qtbot, asked.output.button)
    assert asked_for == [("Photos to recognise", desk.input), ("Copies and report go to", desk.output)]
    assert (asked.input.folder, asked.output.folder) == (desk.input, desk.people)
    press_start(qtbot, asked)
    assert f"is the people folder {desk.people}" in asked.problem.text()
    for output in (desk.people / "output", desk.root, desk.input, desk.input / "sorted"):
        asked.output.edit.setText(str(output))
        asked.problem.clear()
        press_start(qtbot, asked)
        assert f"The output folder {output} " in asked.problem.text()
        assert f"for example {desk.root / 'sorted'}" in asked.problem.text()
    assert asked.isVisible()
    asked.output.edit.clear()
    press_start(qtbot, asked)
    assert asked.problem.text() == "Choose a folder for the copies and the report."
    assert asked.isVisible()
    qtbot.keyClick(asked, Qt.Key.Key_Escape)
    assert not window.jobs.running


def test_abort_leaves_a_partial_run_in_order_and_the_next_one_goes_on(qtbot: QtBot, desk: Desk, gate: Gate) -> None:
    desk.build()
    window = open_window(qtbot, desk.settings_file(), gate)
    start_recognition(qtbot, window)
    gate.open(2)
    console_has(qtbot, window, "cat.jpg → Unknown")
    click(qtbot, window.progress.abort_button)
    assert not window.does.abort.isEnabled()
    assert "stopping" in window.progress.pace_label.text()
    gate.open_wide()
    wait_for_end(qtbot, window)
    done = len(desk.copies())
    assert 1 <= done <= 4, "two tasks, one of two photos, may be at work when the wish to stop comes"
    assert window.status.text().startswith(f"Stopped after {done} of 6 photos")
    console_has(qtbot, window, "the next run goes on from there")
    assert len(desk.report()) == 6
    assert _jobs_can_start(window)
    start_recognition(qtbot, window)
    wait_for_end(qtbot, window)
    assert len(desk.copies()) == 6
    console_has(qtbot, window, f"0 failed; {6 - done} analysed now")


def test_closing_during_a_run_stops_it_and_closes_when_it_has_ended(qtbot: QtBot, desk: Desk, gate: Gate) -> None:
    window = open_window(qtbot, desk.settings_file(), gate)
    click(qtbot, window.steps.build)
    gate.open(1)
    console_has(qtbot, window, "Build KB: 6 photos")
    assert not window.close()
    assert window.isVisible()
    assert not window.isEnabled()
    assert "Stopping" in window.status.text()
    gate.open_wide()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert not window.jobs.running
    with open_context(desk.settings, threading.Event(), "test"):
        assert desk.query("PRAGMA integrity_check") == [("ok",)]
    assert 1 <= len(desk.query("SELECT id FROM analyses")) < 6


class _Broken(InlineExecutor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        raise ZeroDivisionError("a bug")


def test_bug_while_running_ends_the_job_and_names_the_log(
    qtbot: QtBot, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    window = open_window(qtbot, desk.settings_file(), _Broken)
    click(qtbot, window.steps.build)
    box = dialog(qtbot, QMessageBox)
    assert "Build KB could not be finished" in box.text()
    assert str(log_file()) in box.text()
    wait_for_end(qtbot, window)
    assert _jobs_can_start(window)
    assert window.progress.bar.maximum() > 0, "a bar that runs on would say that something is going on"
    assert window.status.text() == "Build KB could not be finished"
    (record,) = caplog.records
    assert record.exc_info
    assert isinstance(record.exc_info[1], ZeroDivisionError)


def test_errors_to_act_on_say_what_to_do_in_the_windows_words(qtbot: QtBot, desk: Desk, window: MainWindow) -> None:
    start_recognition(qtbot, window)
    box = dialog(qtbot, QMessageBox)
    assert "no library" in box.text()
    assert "Knowledge Base ▸ Build KB" in box.text()
    click(qtbot, box.button(QMessageBox.StandardButton.Ok))
    wait_for_end(qtbot, window)
    with open_context(desk.settings, threading.Event(), "kith on the command line", create=True):
        click(qtbot, window.steps.build)
        box = dialog(qtbot, QMessageBox)
    assert "kith on the command line" in box.text()
    assert "wait until it has ended" in box.text()
    wait_for_end(qtbot, window)


class _Deadly(WorkerProcesses):
    """Worker processes that die of the photo of a cat."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(_do_or_die, fn, *args, **kwargs)


def _do_or_die(work: Callable[..., Any], photos: Sequence[Any]) -> Any:
    if any("cat.jpg" in str(photo) for photo in photos):
        os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    return work(photos)


def test_photo_that_kills_its_worker_is_named_and_the_run_goes_on(qtbot: QtBot, desk: Desk) -> None:
    desk.build()
    window = open_window(qtbot, desk.settings_file(), lambda: _Deadly(2))
    start_recognition(qtbot, window)
    wait_for_end(qtbot, window)
    console_has(qtbot, window, "cat.jpg: failed: the process that read it died")
    assert window.status.text() == "6 photos done, 4 with people known, 0 unsure, 1 unknown, 1 failed"
    assert len(desk.copies()) == 5


def test_report_and_console_are_saved_elsewhere(qtbot: QtBot, desk: Desk, window: MainWindow, tmp_path: Path) -> None:
    assert not window.does.report.isEnabled(), "there is no report yet"
    build(qtbot, window)
    start_recognition(qtbot, window)
    wait_for_end(qtbot, window)
    window.choose_file = lambda title, suggestion, kind: tmp_path / suggestion.name.replace(".html", ".csv")
    press(qtbot, window, Qt.Key.Key_E)
    qtbot.waitUntil(lambda: window.status.text().startswith("Saved "), timeout=PATIENCE_MS)
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        assert [row["people"] for row in csv.DictReader(file)] == [
            "",
            *["Colin Powell"] * 2,
            *["Jacques Chirac"] * 2,
            "",
        ]
    console_has(qtbot, window, "Report:")
    press(qtbot, window, Qt.Key.Key_S)
    target = tmp_path / "kith-console.txt"
    qtbot.waitUntil(lambda: window.status.text() == f"Saved {target}", timeout=PATIENCE_MS)
    saved = (tmp_path / "kith-console.txt").read_text(encoding="utf-8")
    assert saved.splitlines() == window.console.text.toPlainText().splitlines()
    window.choose_file = lambda title, suggestion, kind: tmp_path / "no folder" / "report.csv"
    press(qtbot, window, Qt.Key.Key_E)
    assert "No such file" in dialog(qtbot, QMessageBox).text()


def test_settings_that_cannot_be_used_are_named_in_the_console(qtbot: QtBot, desk: Desk) -> None:
    file = desk.settings_file()
    file.write_text(json.dumps(json.loads(file.read_text()) | {"face_tol": "strict"}))
    window = open_window(qtbot, file)
    console_has(qtbot, window, 'face_tol: "strict" is not a number from 0 to 1.5; the default 0.0 is used')


@pytest.fixture
def console(qtbot: QtBot) -> Console:
    console = Console(QAction("Save"))
    qtbot.addWidget(console)
    console.show()
    return console


def _shown(console: Console) -> list[str]:
    return [line.partition("  ")[2] for line in console.text.toPlainText().splitlines()]


def test_console_filters_by_kind_and_text(qtbot: QtBot, console: Console) -> None:
    for kind in Kind:
        console.add(kind, f"a line of kind {kind.name}")
    qtbot.waitUntil(lambda: len(_shown(console)) == len(Kind))
    qtbot.keyClicks(console.kinds, "Problems")
    assert _shown(console) == ["a line of kind LEFT_OUT", "a line of kind PROBLEM"]
    qtbot.keyClicks(console.search, "out")
    console.add(Kind.KNOWN, "about no problem")
    console.add(Kind.PROBLEM, "OUT of memory")
    qtbot.waitUntil(lambda: _shown(console) == ["a line of kind LEFT_OUT", "OUT of memory"])
    assert len(console.as_text().splitlines()) == 2
    qtbot.keyClicks(console.search, " of nothing")
    assert (_shown(console), console.text.placeholderText()) == ([], "No line is like that.")
    console.search.clear()
    console.kinds.setCurrentIndex(2)
    assert _shown(console) == ["a line of kind UNSURE", "a line of kind UNKNOWN"]
    console.kinds.setCurrentIndex(0)
    assert len(_shown(console)) == len(Kind) + 2


def test_console_keeps_the_last_lines_only(qtbot: QtBot, console: Console) -> None:
    for number in range(MOST_LINES + 7):
        console.add(Kind.KNOWN, f"line {number}")
    last = f"line {MOST_LINES + 6}"
    qtbot.waitUntil(lambda: _shown(console)[-1:] == [last], timeout=60_000)
    assert (console.text.blockCount(), _shown(console)[0]) == (MOST_LINES, "line 7")
    bar = console.text.verticalScrollBar()
    assert bar
    qtbot.waitUntil(lambda: bar.value() == bar.maximum() > 0)


def _last_line_in_sight(console: Console) -> bool:
    cursor = console.text.textCursor()
    cursor.movePosition(cursor.MoveOperation.End)
    viewport = console.text.viewport()
    assert viewport
    return viewport.rect().contains(console.text.cursorRect(cursor))


def _line_at_the_top(console: Console) -> str:
    return console.text.cursorForPosition(QPoint(0, 0)).block().text()


def test_console_stays_where_the_reader_scrolled_to(qtbot: QtBot, console: Console) -> None:
    console.resize(800, 400)
    for number in range(200):
        console.add(Kind.KNOWN, f"line {number} {'is long ' * 5}")
    qtbot.waitUntil(lambda: len(_shown(console)) == 200)
    bar = console.text.verticalScrollBar()
    assert bar
    qtbot.waitUntil(lambda: _last_line_in_sight(console))
    console.resize(console.width() // 4, console.height())
    assert not _last_line_in_sight(console)
    qtbot.waitUntil(lambda: _last_line_in_sight(console))
    qtbot.keyClick(console.text, Qt.Key.Key_PageUp)
    reading = _line_at_the_top(console)
    assert not _last_line_in_sight(console)
    console.add(Kind.KNOWN, "one more")
    qtbot.waitUntil(lambda: len(_shown(console)) == 201)
    assert _line_at_the_top(console) == reading
    bar.triggerAction(bar.SliderAction.SliderToMaximum)
    console.add(Kind.KNOWN, "the last one")
    qtbot.waitUntil(lambda: len(_shown(console)) == 202 and _last_line_in_sight(console))


def test_odd_file_names_stay_on_their_line_and_can_be_saved(qtbot: QtBot, console: Console) -> None:
    console.add(Kind.PROBLEM, "a\nb\x1b[31m\u202egpj.\udcff")
    qtbot.waitUntil(lambda: _shown(console) == ["a\\nb\\x1b[31m\\u202egpj.\\udcff"])
    assert b"\\udcff" in console.as_text().encode()


def _luminance(colour: QColor) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize(("base", "text"), [("#ffffff", "#000000"), ("#2d2d2d", "#ffffff")])
def test_colours_can_be_read_on_light_and_dark(qtbot: QtBot, console: Console, base: str, text: str) -> None:
    palette = QPalette(QColor(base))
    palette.setColor(QPalette.ColorRole.Base, QColor(base))
    palette.setColor(QPalette.ColorRole.Text, QColor(text))
    console.add(Kind.PROBLEM, "a problem")
    qtbot.waitUntil(lambda: len(_shown(console)) == 1)
    console.setPalette(palette)
    document = console.text.document()
    assert document
    drawn = document.begin().layout()
    assert drawn
    assert {run.format.foreground().color().name() for run in drawn.formats()} <= {colour(Tone.PROBLEM, palette).name()}
    for tone in Tone:
        light, dark = sorted((_luminance(colour(tone, palette)), _luminance(QColor(base))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_pace_forgets_how_fast_known_photos_went() -> None:
    pace = Pace(100.0)
    assert pace.rate == 0
    pace.note(1000, 101.0)
    assert pace.rate == 1000
    for second in range(1, 40):
        pace.note(1000 + second, 101.0 + second)
    assert pace.rate == pytest.approx(1.0)
    pace.note(1039, 140.0 + SMOOTHED_OVER_S)
    assert pace.rate < 0.1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "about 5 s left"), (43, "about 45 s left"), (119, "about 2 min left"), (7_380, "about 2 h 3 min left")],
)
def test_time_left_in_words(seconds: float, words: str) -> None:
    assert time_left(seconds) == words


def test_problem_report_is_text_to_copy(qtbot: QtBot, window: MainWindow) -> None:
    lines = [f"line {number}" for number in range(1000)]
    log_file().parent.mkdir(parents=True)
    log_file().write_text("\n".join([*lines, f"ERROR cannot read {Path.home() / 'Pictures'}"]), encoding="utf-8")
    window.does.problem.trigger()
    told = dialog(qtbot, ProblemDialog)
    qtbot.waitUntil(lambda: bool(told.text.toPlainText()), timeout=PATIENCE_MS)
    click(qtbot, told.copy)
    clipboard = QApplication.clipboard()
    assert clipboard
    text = clipboard.text()
    for part in (f"Kith {__version__}", sys.version.split()[0], "torch 2", f"ERROR cannot read ~{os.sep}Pictures"):
        assert part in text
    assert "line 999\n" in text
    assert "line 700\n" not in text
    assert str(Path.home()) not in text


def test_review_is_turned_to_by_its_shortcut(qtbot: QtBot, window: MainWindow) -> None:
    build(qtbot, window)
    press(qtbot, window, Qt.Key.Key_U)
    assert window.places["Review"].isVisible()


def test_settings_open_by_their_shortcut_and_close_by_escape(qtbot: QtBot, window: MainWindow) -> None:
    build(qtbot, window)
    press(qtbot, window, Qt.Key.Key_Comma)
    shown = dialog(qtbot, QDialog)
    assert "Settings" in shown.windowTitle()
    qtbot.keyClick(shown, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None, timeout=PATIENCE_MS)


def test_menus_have_their_place_on_macos_and_no_shortcut_twice(window: MainWindow) -> None:
    does = window.does
    roles = QAction.MenuRole
    assert does.settings.menuRole() is roles.PreferencesRole
    assert does.about.menuRole() is roles.AboutRole
    assert does.quit.menuRole() is roles.QuitRole
    actions = [one for one in vars(does).values() if isinstance(one, QAction)]
    assert all(one.menuRole() is roles.NoRole for one in actions if one not in (does.settings, does.about, does.quit))
    keys = [one.shortcut().toString() for one in actions if not one.shortcut().isEmpty()]
    assert len(keys) == len(set(keys)) >= 8


WITHOUT_NETWORKS = """
import sys
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication
from kith.gui.main_window import MainWindow
from kith.settings import load

def check():
    if not window.jobs.running:
        app.exit(0)

if __name__ == "__main__":
    app = QApplication([])
    window = MainWindow(load(sys.argv[1]))
    window.show()
    window.grab()  # all is drawn, and nothing that waits for its turn has begun
    print(window.isVisible(), sorted({"numpy", "PIL", *sys.argv[2:]} & set(sys.modules)))
    window.does.build.trigger()
    timer = QTimer(timeout=check)
    timer.start(10)
    app.exec()
    print(window.status.text(), sorted(set(sys.argv[2:]) & set(sys.modules)))
"""


def test_window_shows_and_works_without_the_networks_packages(desk: Desk, tmp_path: Path, shared: Path) -> None:
    script = tmp_path / "window.py"
    script.write_text(WITHOUT_NETWORKS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script, desk.settings_file(), *HEAVY],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.stdout.splitlines() == ["True []", "6 photos done, 6 teach 2 people []"], done.stderr
