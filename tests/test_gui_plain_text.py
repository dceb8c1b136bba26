"""Names of people and files are shown as they are, whatever markup they look like."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QTextDocument
from PyQt6.QtWidgets import QApplication, QDialog, QLabel, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from kith.errors import BadInput
from kith.gui.console import Kind
from kith.gui.first_start import FirstStart
from kith.gui.next_steps import Step
from kith.gui.plain_text import Label, in_order, message, set_tip, tip, wrapped
from kith.gui.recognize_dialog import RecognizeDialog
from kith.gui.review_model import Step as Queue
from kith.gui.review_place import ReviewPlace
from kith.gui.settings_dialog import SettingsDialog
from kith.jobs.person_changes import PersonChanges
from tests.desk import REPOSITORY
from tests.making import posix_only
from tests.small_world import World
from tests.windows import PATIENCE_MS, console_has, dialog, open_window, press_start

PERSON = '<b>Bo</b> <img src="file:///x.png"> &lt;i&gt; &amp; Söhne'
FILE = "<h1>&amp;<img src=x.png>"

pytestmark = posix_only  # elsewhere no file is called so


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A library of people and photos with markup in their names, some of them in question."""
    world = World(tmp_path / FILE)
    with world.library() as library:
        PersonChanges(library).rename(library.people.find("Ann"), PERSON)
        PersonChanges(library).rename(library.people.find("Bob"), f"{PERSON} 2")
    for photo in list((world.root / "input").iterdir()):
        photo.rename(photo.with_name(f"{FILE} {photo.name}"))
    world.recognise()
    return world


def _settings_file(world: World, **changes: object) -> Path:
    file = world.root / "settings.json"
    file.write_text(json.dumps(world.values | changes), encoding="utf-8")
    return file


def _rendered(text: str) -> str:
    document = QTextDocument()
    document.setHtml(text)
    return document.toPlainText()


def _texts(widget: QWidget) -> Iterator[str]:
    """Yield what labels and tips show, having checked that none of it is taken for markup."""
    for label in widget.findChildren(QLabel):
        if "<" in label.text() or "&" in label.text():
            named = label.buddy() is not None  # & marks the letter of a shortcut
            assert label.textFormat() is Qt.TextFormat.PlainText or named, label.text()
        yield label.text()
    for one in [widget, *widget.findChildren(QWidget)]:
        if "<" in one.toolTip() or "&" in one.toolTip():
            yield _rendered(one.toolTip())


def _close(shown: QDialog) -> None:
    shown.reject()
    QApplication.processEvents()


def test_the_review_shows_names_as_they_are(qtbot: QtBot, world: World) -> None:
    window = open_window(qtbot, _settings_file(world), lambda: world.eyes)
    window.does.review.trigger()
    review = window.places["Review"]
    assert isinstance(review, ReviewPlace)
    qtbot.waitUntil(lambda: not review.busy, timeout=PATIENCE_MS)
    review.tabs.setCurrentIndex(Queue.SINGLES)
    qtbot.waitUntil(lambda: not review.busy, timeout=PATIENCE_MS)
    texts = list(_texts(review))
    assert {PERSON, f"{PERSON} 2"} <= set(texts)
    face = review.model.face
    assert face
    assert str(face.path) in texts, "in the tip"
    assert FILE.split()[0] in review.single.file.text()
    review.single.rest()
    qtbot.keyClick(review.single, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: not review.busy, timeout=PATIENCE_MS)
    assert PERSON in review.note.text()
    assert review.note.text() in _texts(review)


def test_the_window_and_its_dialogs_show_folders_and_values_as_they_are(qtbot: QtBot, world: World) -> None:
    file = _settings_file(world, library_path=str(world.root / "known.sqlite"), face_tol=PERSON, **{PERSON: 1})
    (world.root / FILE).mkdir()
    window = open_window(qtbot, file)
    window.console.add(Kind.PROBLEM, f"{PERSON}: failed")
    console_has(qtbot, window, f"{PERSON}: failed")
    window.steps.show_next(Step.BUILD, FILE)
    assert any(FILE in text for text in _texts(window))

    window.first_steps()
    first = dialog(qtbot, FirstStart)
    first.people.edit.setText(str(world.root / f"{FILE}2"))
    first.photos.edit.setText(str(world.root / "absent"))
    press_start(qtbot, first)
    assert any(FILE in text for text in _texts(first))
    assert str(world.root / "known.sqlite") in first.privacy.text()
    _close(first)

    window.does.recognize.trigger()
    recognize = dialog(qtbot, RecognizeDialog)
    recognize.input.edit.setText(str(world.root / "absent"))
    press_start(qtbot, recognize)
    assert FILE in recognize.problem.text()
    assert recognize.problem.text() in _texts(recognize)
    _close(recognize)

    window.does.settings.trigger()
    settings = dialog(qtbot, SettingsDialog)
    assert any(f"{PERSON} is no setting" in text for text in _texts(settings))
    _close(settings)


def test_boxes_show_errors_as_they_are(qtbot: QtBot, world: World) -> None:
    window = open_window(qtbot, _settings_file(world))
    window.jobs.failed.emit(str(BadInput(f"{PERSON}\nis away")))
    box = dialog(qtbot, QMessageBox)
    assert f"{PERSON}\nis away" in box.text()
    assert box.text() in _texts(box)
    _close(box)
    window.does.about.trigger()
    about = dialog(qtbot, QMessageBox)
    assert "never leave this computer" in about.text()
    assert list(_texts(about))
    _close(about)


def test_a_box_is_no_larger_than_a_screen(qtbot: QtBot) -> None:
    box = message(None, "word " * 5000)
    qtbot.addWidget(box)
    box.open()
    assert box.height() < 600
    box.close()


@pytest.mark.parametrize("text", ["plain", "a < b", PERSON, "two\nlines & <b>", ""])
def test_a_tip_shows_its_text_as_it_is(qtbot: QtBot, text: str) -> None:
    label = Label(text)
    qtbot.addWidget(label)
    set_tip(label, text)
    assert label.text() == text
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert _rendered(label.toolTip()).replace("\N{NO-BREAK SPACE}", " ") == text or label.toolTip() == text


@pytest.mark.parametrize("kind", [Label, lambda text: message(None, text)])
def test_what_would_turn_a_text_round_or_is_none_is_shown_escaped(
    qtbot: QtBot, kind: Callable[[str], QLabel | QMessageBox]
) -> None:
    shown = kind("a\nb\u202egpj.exe \udcff\x1b")
    qtbot.addWidget(shown)
    drawn = QLabel.text(shown) if isinstance(shown, QLabel) else shown.text()
    assert drawn == "a\nb\\u202egpj.exe \\udcff\\x1b"


def test_no_text_of_the_window_is_left_to_a_guess() -> None:
    """Every label, tip and box comes from the one place."""
    bare = re.compile(r"\bQLabel\(|\bQMessageBox\(|widget\.setToolTip|TextFormat\.(Auto|Rich)")
    sources = [path for path in (REPOSITORY / "app/kith/gui").glob("*.py") if path.name != "plain_text.py"]
    assert [path.name for path in sources if bare.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("name", ["מרים בת יוסף", "عبد الرحمن بن محمد", "משה ב. כ'הן-לוי"])
def test_a_name_from_right_to_left_keeps_to_itself(qtbot: QtBot, name: str) -> None:
    label = wrapped(f"Face: {name}, <1 % likely; {name}")
    qtbot.addWidget(label)
    isolated = f"\N{RIGHT-TO-LEFT ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"
    assert QLabel.text(label) == f"Face: {isolated}, <1 % likely; {isolated}"
    assert label.text() == f"Face: {name}, <1 % likely; {name}"


def test_a_text_without_such_names_stays_as_it_is() -> None:
    assert in_order("Anna (0.41), Jürgen, 李明") == "Anna (0.41), Jürgen, 李明"


def test_a_tip_with_a_name_like_markup_shows_it() -> None:
    assert tip("<img src=x>") == '<p style="white-space: pre-wrap">&lt;img src=x&gt;</p>'
    assert tip("Anna") == "Anna"
