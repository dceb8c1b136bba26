"""The settings dialog under real clicks and keys."""

import json
from enum import StrEnum
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from kith.gui.setting_field import text_of
from kith.gui.settings_dialog import GROUPS, SettingsDialog
from kith.setting_types import UNITS
from kith.settings import Settings, load
from kith.settings_model import FIELDS
from tests.windows import PATIENCE_MS, open_window, turn_wheel

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"mine": [1], "face_tol": 0.5, "dataset_dir": "people"}), encoding="utf-8")
    return path


def _open(qtbot: QtBot, file: Path) -> SettingsDialog:
    dialog = SettingsDialog(file)
    qtbot.addWidget(dialog)
    dialog.open()
    return dialog


def _show(dialog: SettingsDialog, key: str) -> None:
    """Turn to the page of a setting."""
    dialog.pages.setCurrentIndex(next(index for index, keys in enumerate(GROUPS.values()) if key in keys))


def _type(qtbot: QtBot, dialog: SettingsDialog, key: str, text: str) -> None:
    _show(dialog, key)
    edit = dialog.fields[key].widget
    assert isinstance(edit, QLineEdit)
    edit.selectAll()
    qtbot.keyClick(edit, Qt.Key.Key_Delete)
    qtbot.keyClicks(edit, text)


def _save(qtbot: QtBot, dialog: SettingsDialog) -> None:
    qtbot.mouseClick(dialog.save_button, LEFT)
    qtbot.waitUntil(dialog.save_button.isEnabled, timeout=PATIENCE_MS)  # what was changed is tried before


def _words(dialog: SettingsDialog) -> list[str]:
    """Return what can be read on the page shown."""
    return [label.text() for label in dialog.findChildren(QLabel) if label.isVisible()]


def test_every_setting_is_on_one_page_with_its_title_and_help(qtbot: QtBot, file: Path) -> None:
    dialog = _open(qtbot, file)
    assert sorted(key for keys in GROUPS.values() for key in keys) == sorted(FIELDS)
    for index, keys in enumerate(GROUPS.values()):
        dialog.pages.setCurrentIndex(index)
        words = "\n".join(_words(dialog) + [box.text() for box in dialog.findChildren(QCheckBox) if box.isVisible()])
        for key in keys:
            assert str(FIELDS[key].title) in words
            assert str(FIELDS[key].description) in words


def test_every_setting_tells_its_default_and_a_number_its_range_and_unit(qtbot: QtBot, file: Path) -> None:
    dialog = _open(qtbot, file)
    for key, field in dialog.fields.items():
        default = FIELDS[key].default
        words = field.help.text()
        assert (text_of(default) or "It is empty by default") in words, key
        if type(default) in (int, float):
            assert "number" in words, key
            assert UNITS[key] in [label.text() for label in field.findChildren(QLabel)]


def test_what_is_one_of_a_few_is_chosen_from_a_list(qtbot: QtBot, file: Path) -> None:
    dialog = _open(qtbot, file)
    for key, field in dialog.fields.items():
        if isinstance(FIELDS[key].default, StrEnum):
            few = [*type(FIELDS[key].default).__members__.values()]
            assert isinstance(field.widget, QComboBox), key
            assert [field.widget.itemText(at) for at in range(field.widget.count())] == few


def test_what_is_typed_is_saved_and_nothing_of_the_file_is_lost(qtbot: QtBot, file: Path) -> None:
    dialog = _open(qtbot, file)
    _type(qtbot, dialog, "face_tol", "0.45")
    _type(qtbot, dialog, "valid_exts", "JPG, .tif")
    _show(dialog, "recursive")
    recursive, policy = dialog.fields["recursive"].widget, dialog.fields["body_policy"].widget
    assert isinstance(recursive, QCheckBox)
    assert isinstance(policy, QComboBox)
    qtbot.keyClick(recursive, Qt.Key.Key_Space)
    _show(dialog, "body_policy")
    qtbot.keyClick(policy, Qt.Key.Key_End)
    _save(qtbot, dialog)
    assert not dialog.isVisible()
    written = json.loads(file.read_text(encoding="utf-8"))
    assert list(written)[:3] == ["mine", "face_tol", "dataset_dir"]
    changed = {"face_tol": 0.45, "valid_exts": [".jpg", ".tif"], "recursive": False, "body_policy": "off"}
    assert written == Settings().model_dump(mode="json") | {"mine": [1], "dataset_dir": "people"} | changed


@pytest.mark.parametrize(
    ("key", "bad", "reason"),
    [
        ("face_tol", "2", "2 is not a number from 0 to 1.5"),
        ("face_tol", "nan", "nan is not a number from 0 to 1.5"),
        ("resize_max", "12.5", "12.5 is not a whole number from 200 to 10000"),
        ("lap_var_thresh", "-1", "-1 is not a number of at least 0"),
        ("valid_exts", "", "is not a list of file endings"),
        ("encodings_filename", "a/b", "a/b is not a bare file name"),
        ("dataset_dir", "", "is not a path"),
    ],
)
def test_a_bad_value_is_refused_with_the_reason_beside_it(
    qtbot: QtBot, file: Path, key: str, bad: str, reason: str
) -> None:
    before = file.read_bytes()
    dialog = _open(qtbot, file)
    good = dialog.fields[key].text
    _type(qtbot, dialog, key, bad)
    assert reason in dialog.fields[key].problem.text()
    assert dialog.fields[key].problem.isVisible()
    dialog.pages.setCurrentIndex(dialog.pages.count() - 1 if key in GROUPS["Folders"] else 0)
    _save(qtbot, dialog)
    assert dialog.isVisible()
    assert dialog.fields[key].widget.isVisible()  # its page was turned to
    assert file.read_bytes() == before
    _type(qtbot, dialog, key, good)
    assert not dialog.fields[key].problem.isVisible()
    _save(qtbot, dialog)
    assert not dialog.isVisible()
    assert load(file).settings == load(file).settings.model_copy(update={"face_tol": 0.5, "dataset_dir": "people"})


@pytest.mark.parametrize(
    ("key", "bad", "reason"),
    [
        ("processed_dir", "people", "is the people folder"),
        ("processed_dir", "people/copies", "lies in the people folder"),
        ("process_dir", "people", "people folder"),
        ("dataset_dir", "a file", "is a file: choose a folder"),
        ("models_dir", "a file", "is a file: choose a folder"),
        ("library_path", "", ""),
    ],
)
def test_folders_that_cannot_be_are_refused(
    qtbot: QtBot, file: Path, tmp_path: Path, key: str, bad: str, reason: str
) -> None:
    (tmp_path / "a file").write_text("x")
    dialog = _open(qtbot, file)
    _type(qtbot, dialog, key, bad)
    _save(qtbot, dialog)
    assert dialog.isVisible() == bool(reason)
    assert reason in dialog.fields[key].problem.text()


@pytest.mark.parametrize("key", ["face_model", "second_opinion", "person_detector", "reid_model"])
def test_a_model_that_is_none_is_refused(qtbot: QtBot, file: Path, key: str) -> None:
    dialog = _open(qtbot, file)
    field = dialog.fields[key].widget
    assert isinstance(field, QComboBox)
    field.setEditText("nonsense")
    assert "nonsense is no" in dialog.fields[key].problem.text()
    _save(qtbot, dialog)
    assert dialog.isVisible()


def test_a_setting_goes_back_to_its_default_alone(qtbot: QtBot, file: Path) -> None:
    dialog = _open(qtbot, file)
    _type(qtbot, dialog, "lap_var_thresh", "10")
    field = dialog.fields["face_tol"]
    assert not dialog.fields["body_tol"].reset_button.isEnabled()
    qtbot.mouseClick(field.reset_button, LEFT)
    assert not field.reset_button.isEnabled()
    _save(qtbot, dialog)
    saved = load(file).settings
    assert (saved.face_tol, saved.lap_var_thresh) == (Settings().face_tol, 10)


def test_all_go_back_to_their_defaults_but_the_folders(qtbot: QtBot, file: Path) -> None:
    file.write_text(json.dumps({"dataset_dir": "people", "face_tol": 0.4, "recursive": False, "workers": 3, "x": 1}))
    dialog = _open(qtbot, file)
    qtbot.mouseClick(dialog.reset_button, LEFT)
    _save(qtbot, dialog)
    assert json.loads(file.read_text()) == Settings().model_dump(mode="json") | {"dataset_dir": "people", "x": 1}


def test_a_folder_is_chosen(qtbot: QtBot, file: Path, tmp_path: Path) -> None:
    dialog = _open(qtbot, file)
    asked: list[tuple[str, Path]] = []

    def choose(title: str, start: Path) -> Path | None:
        asked.append((title, start))
        return tmp_path / "mine" if len(asked) == 1 else None

    dialog.choose_folder = choose
    field = dialog.fields["dataset_dir"]
    qtbot.mouseClick(field.choose, LEFT)
    qtbot.mouseClick(field.choose, LEFT)
    _save(qtbot, dialog)
    assert asked == [("People folder", tmp_path / "people"), ("People folder", tmp_path / "mine")]
    assert load(file).settings.dataset_dir == str(tmp_path / "mine")


def test_a_relative_folder_stays_one_and_is_explained(qtbot: QtBot, file: Path, tmp_path: Path) -> None:
    dialog = _open(qtbot, file)
    assert str(tmp_path / "people") in dialog.fields["dataset_dir"].help.text()
    _type(qtbot, dialog, "processed_dir", "sorted")
    assert str(tmp_path / "sorted") in dialog.fields["processed_dir"].help.text()
    _save(qtbot, dialog)
    assert load(file).settings.processed_dir == "sorted"


def test_what_was_wrong_in_the_file_is_told_and_mended(qtbot: QtBot, file: Path) -> None:
    file.write_text(json.dumps({"face_tol": 7, "face_toll": 1}), encoding="utf-8")
    dialog = _open(qtbot, file)
    assert dialog.problems.isVisible()
    assert all(problem in dialog.problems.text() for problem in load(file).problems)
    assert dialog.fields["face_tol"].text == str(Settings().face_tol)
    _save(qtbot, dialog)
    assert json.loads(file.read_text(encoding="utf-8"))["face_toll"] == 1
    assert not _open(qtbot, file).fields["face_tol"].problem.isVisible()
    assert [problem for problem in load(file).problems if "7" in problem] == []


def test_a_file_without_problems_tells_none_and_a_missing_one_is_made(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = _open(qtbot, tmp_path / "new/settings.json")
    assert not dialog.problems.isVisible()
    _save(qtbot, dialog)
    assert load(tmp_path / "new/settings.json").settings.model_dump() == Settings().model_dump()


def test_cancel_saves_nothing(qtbot: QtBot, file: Path) -> None:
    before = file.read_bytes()
    dialog = _open(qtbot, file)
    _type(qtbot, dialog, "face_tol", "0.3")
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert file.read_bytes() == before


def test_a_file_that_cannot_be_written_keeps_the_dialog_open_and_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder is needed")
    dialog = _open(qtbot, tmp_path / "taken/settings.json")
    _save(qtbot, dialog)
    assert dialog.isVisible()
    assert "could not be saved" in dialog.failure.text()
    assert dialog.failure.isVisible()


def test_the_table_of_tolerances_stands_beside_the_face_tolerance(qtbot: QtBot, file: Path) -> None:
    dialog = _open(qtbot, file)
    _show(dialog, "face_tol")
    words = _words(dialog)
    rows = ["0.6", "standard", "0.5", "strict", "0.4", "very strict", "0.35", "extremely strict"]
    start = words.index("0.6")
    assert words[start : start + len(rows)] == rows
    assert any("how likely" in text for text in words)


def _turnable(shown: QWidget) -> list[QWidget]:
    """Return every field that Qt lets the wheel change."""
    kinds = (QAbstractSpinBox, QComboBox, QAbstractSlider)
    found = [widget for widget in shown.findChildren(QWidget) if isinstance(widget, kinds)]
    return [widget for widget in found if not isinstance(widget, QScrollBar)]


def test_the_wheel_over_a_field_without_the_keyboard_scrolls_and_changes_nothing(qtbot: QtBot, file: Path) -> None:
    dialog = _open(qtbot, file)
    dialog.resize(500, 260)
    before = {key: field.text for key, field in dialog.fields.items()}
    fields = _turnable(dialog)
    assert len(fields) >= 4
    for field in fields:
        key = next(key for key, one in dialog.fields.items() if one.widget is field)
        _show(dialog, key)
        page = dialog.pages.currentWidget()
        assert isinstance(page, QScrollArea)
        page.ensureWidgetVisible(field, 0, 0)
        dialog.setFocus()
        assert field.focusPolicy() is Qt.FocusPolicy.StrongFocus, "the wheel itself gives no keyboard"
        bar = page.verticalScrollBar()
        assert bar
        at = bar.value()
        turn_wheel(field, notches=-1 if at < bar.maximum() else 1)
        assert bar.value() != at
    assert {key: field.text for key, field in dialog.fields.items()} == before


def test_a_field_with_the_keyboard_heeds_the_wheel(qtbot: QtBot, file: Path) -> None:
    dialog = _open(qtbot, file)
    _show(dialog, "body_policy")
    menu = dialog.fields["body_policy"].widget
    menu.setFocus()
    qtbot.waitUntil(menu.hasFocus)
    turn_wheel(menu)
    assert dialog.fields["body_policy"].text == "event"


def test_the_wheel_over_the_window_changes_no_filter(qtbot: QtBot, file: Path) -> None:
    window = open_window(qtbot, file)
    for field in _turnable(window):
        turn_wheel(field)
    assert window.console.kinds.currentText() == "All lines"
