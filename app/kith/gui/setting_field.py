"""One setting: its title, a field fit for its values, what it does, and what is wrong with the value typed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import pyqtBoundSignal, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from kith.gui.folders import ChooseFile, ChooseFiles, ChooseFolder
from kith.gui.plain_text import Label, set_tip, wrapped
from kith.gui.style import Tone, colour
from kith.gui.wheel import ComboBox
from kith.setting_types import CHOICES, UNITS
from kith.settings import Settings, allowed
from kith.settings_model import FIELDS, MODELS, PATHS


@dataclass(frozen=True)
class _Editor:
    """A widget whose value is text, as on the command line."""

    widget: QWidget
    read: Callable[[], str]
    write: Callable[[str], object]
    changed: pyqtBoundSignal


def text_of(value: object) -> str:
    """Return a setting's value as a user writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


class SettingField(QWidget):
    """Edits the setting `key`; `problem_with` says of a text why it cannot be its value, empty if it can."""

    changed = pyqtSignal()

    def __init__(self, key: str, settings: Settings, problem_with: Callable[[str, str], str]) -> None:
        super().__init__()
        field = FIELDS[key]
        title = field.title or key
        default = text_of(field.default)
        editor = _editor(key, title)
        self.key = key
        self.title = title
        self._folder = settings.folder
        self._default = default
        self._problem_with = problem_with
        self._problem = self._conflict = ""
        self._editor = editor
        self.widget = editor.widget
        self.choose = _button(self.tr("Choose…"), self.tr("Choose: {0}").format(title))
        self.reset_button = _button(self.tr("Reset"), self.tr("Reset: {0}").format(title))
        set_tip(self.reset_button, self.tr("The default: {0}").format(default or "empty"))
        self.help = wrapped()
        self.problem = wrapped(bold=True)
        self._lay_out()
        value = getattr(settings, key)
        editor.write(text_of(value))
        editor.changed.connect(self._check)
        self.reset_button.clicked.connect(self.reset)
        self._check()

    @property
    def text(self) -> str:
        """The value as it stands in the field."""
        return self._editor.read().strip()

    @property
    def is_sound(self) -> bool:
        """Whether the value can be one, whatever the other fields say."""
        return not self._problem

    def reset(self) -> None:
        """Put the default into the field."""
        self._editor.write(self._default)

    def ask_for_path(self, choose_folder: ChooseFolder, choose_file: ChooseFile, choose_files: ChooseFiles) -> None:
        """Let the user choose the folder or file: one to be read, but for the library, which may not be there yet."""
        start = self._place() or self._folder
        if self._is_folder:
            chosen = choose_folder(self.title, start)
        elif self.key == "library_path":
            chosen = choose_file(self.title, start, self.tr("Libraries (*.sqlite)"))
        else:
            chosen = next(iter(choose_files(self.title)), None)
        if chosen:
            self._editor.write(str(chosen))

    def say_conflict(self, reason: str) -> None:
        """Say why the value does not fit the other fields, unless it cannot be one at all; empty where it does."""
        self._conflict = reason
        self._show_problem()

    @property
    def _is_folder(self) -> bool:
        return self.key.endswith("_dir")

    def _place(self) -> Path | None:
        text = self.text
        return self._folder / Path(text).expanduser() if text else None

    def _check(self) -> None:
        text = self.text
        self._problem = self._problem_with(self.key, text)
        self._conflict = ""
        self._show_problem()
        self.reset_button.setEnabled(text != self._default)
        self.help.setText(self._explanation())
        self.changed.emit()

    def _show_problem(self) -> None:
        problem = self._problem or self._conflict
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))

    def _explanation(self) -> str:
        words = f"{FIELDS[self.key].description} {self._range_and_default()}"
        if self._problem or self.key not in PATHS:
            return words
        place = self._place()
        if place is None or str(place) == self.text:
            return words
        return self.tr("{0}\nThat is {1}").format(words, place)

    def _range_and_default(self) -> str:
        default = self._default
        if self._is_number:
            return self.tr("It is {0}; the default is {1}.").format(allowed(self.key), default)
        return self.tr("The default is {0}.").format(default) if default else self.tr("It is empty by default.")

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 10)
        column.setSpacing(3)
        if not isinstance(self.widget, QCheckBox):  # which shows its title itself
            title = wrapped(self.title, bold=True)
            column.addWidget(title)
        column.addLayout(self._row())
        self._colour_problem()
        column.addWidget(self.problem)
        column.addWidget(self.help)

    def _row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(self.widget, not self._is_number)
        if unit := UNITS.get(self.key):
            row.addWidget(Label(unit), 1)
        if self.key in (*PATHS, *MODELS):
            row.addWidget(self.choose)
        row.addWidget(self.reset_button)
        return row

    @property
    def _is_number(self) -> bool:
        return type(FIELDS[self.key].default) in (int, float)

    def _colour_problem(self) -> None:
        ink = colour(Tone.PROBLEM, self.problem.palette())
        self.problem.setStyleSheet(f"color: {ink.name()}")


def _editor(key: str, title: str) -> _Editor:
    default = FIELDS[key].default
    if isinstance(default, bool):
        return _box(title)
    if choices := CHOICES.get(key):
        menu = ComboBox()
        menu.addItems(choices)
        menu.setEditable(key in MODELS)
        menu.setAccessibleName(title)
        return _Editor(menu, menu.currentText, menu.setCurrentText, menu.currentTextChanged)
    edit = QLineEdit()
    edit.setAccessibleName(title)
    return _Editor(edit, edit.text, edit.setText, edit.textChanged)


def _box(title: str) -> _Editor:
    box = QCheckBox(title)

    def read() -> str:
        return text_of(box.isChecked())

    def write(text: str) -> None:
        box.setChecked(text == "yes")

    return _Editor(box, read, write, box.toggled)


def _button(text: str, accessible_name: str) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setAccessibleName(accessible_name)
    return button
