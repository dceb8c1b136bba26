"""One setting: its title, a field fit for its values, what it does, and what is wrong with the value typed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import pyqtBoundSignal, pyqtSignal
from PyQt6.QtGui import QPalette
from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from kith.gui.folders import ChooseFolder
from kith.gui.plain_text import set_tip, wrapped
from kith.gui.wheel import ComboBox
from kith.settings import Settings
from kith.settings_model import CHOICES, FIELDS, MODELS, PATHS

_PROBLEM_COLOURS = ("#b3261e", "#ff9b93")  # on a light and on a dark window, both of contrast 4.5 and more


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
        self.key = key
        self.title = FIELDS[key].title or key
        self._folder = settings.folder
        self._default = text_of(FIELDS[key].default)
        self._problem_with = problem_with
        self._editor = _editor(key, self.title)
        self.widget = self._editor.widget
        self.choose = _button("Choose…", f"Choose: {self.title}")
        self.reset_button = _button("Reset", f"Reset: {self.title}")
        set_tip(self.reset_button, f"The default: {self._default or 'empty'}")
        self.help = wrapped()
        self.problem = wrapped(bold=True)
        self._lay_out()
        self._editor.write(text_of(getattr(settings, key)))
        self._editor.changed.connect(self._check)
        self.reset_button.clicked.connect(self.reset)
        self._check()

    @property
    def text(self) -> str:
        """The value as it stands in the field."""
        return self._editor.read().strip()

    def reset(self) -> None:
        """Put the default into the field."""
        self._editor.write(self._default)

    def ask_for_folder(self, choose: ChooseFolder) -> None:
        """Let the user choose the folder."""
        if chosen := choose(self.title, self._place() or self._folder):
            self._editor.write(str(chosen))

    def _place(self) -> Path | None:
        return self._folder / Path(self.text).expanduser() if self.text else None

    def _check(self) -> None:
        problem = self._problem_with(self.key, self.text)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.reset_button.setEnabled(self.text != self._default)
        self.help.setText(self._explanation(problem))
        self.changed.emit()

    def _explanation(self, problem: str) -> str:
        words = FIELDS[self.key].description or ""
        place = None if problem or self.key not in PATHS else self._place()
        return f"{words}\nThat is {place}" if place and str(place) != self.text else words

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        is_number = type(FIELDS[self.key].default) in (int, float)
        row.addWidget(self.widget, not is_number)
        if self.key in PATHS and self.key.endswith("_dir"):
            row.addWidget(self.choose)
        row.addWidget(self.reset_button)
        row.addStretch(is_number)
        palette = self.problem.palette()
        is_dark = palette.color(QPalette.ColorRole.Window).lightness() < 128
        self.problem.setStyleSheet(f"color: {_PROBLEM_COLOURS[is_dark]}")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 10)
        column.setSpacing(3)
        if not isinstance(self.widget, QCheckBox):  # which shows its title itself
            column.addWidget(wrapped(self.title, bold=True))
        column.addLayout(row)
        column.addWidget(self.problem)
        column.addWidget(self.help)


def _editor(key: str, title: str) -> _Editor:
    default = FIELDS[key].default
    if isinstance(default, bool):
        box = QCheckBox(title)
        return _Editor(box, lambda: text_of(box.isChecked()), lambda text: box.setChecked(text == "yes"), box.toggled)
    if choices := CHOICES.get(key):
        menu = ComboBox()
        menu.addItems(choices)
        menu.setEditable(key in MODELS)
        menu.setAccessibleName(title)
        return _Editor(menu, menu.currentText, menu.setCurrentText, menu.currentTextChanged)
    edit = QLineEdit()
    edit.setAccessibleName(title)
    return _Editor(edit, edit.text, edit.setText, edit.textChanged)


def _button(text: str, accessible_name: str) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setAccessibleName(accessible_name)
    return button
