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
        field = FIELDS[key]
        title = field.title or key
        default = text_of(field.default)
        editor = _editor(key, title)
        self.key = key
        self.title = title
        self._folder = settings.folder
        self._default = default
        self._problem_with = problem_with
        self._editor = editor
        self.widget = editor.widget
        self.choose = _button("Choose…", f"Choose: {title}")
        self.reset_button = _button("Reset", f"Reset: {title}")
        set_tip(self.reset_button, f"The default: {default or 'empty'}")
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

    def reset(self) -> None:
        """Put the default into the field."""
        self._editor.write(self._default)

    def ask_for_folder(self, choose: ChooseFolder) -> None:
        """Let the user choose the folder."""
        start = self._place() or self._folder
        if chosen := choose(self.title, start):
            self._editor.write(str(chosen))

    def _place(self) -> Path | None:
        text = self.text
        return self._folder / Path(text).expanduser() if text else None

    def _check(self) -> None:
        text = self.text
        problem = self._problem_with(self.key, text)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.reset_button.setEnabled(text != self._default)
        explanation = self._explanation(problem)
        self.help.setText(explanation)
        self.changed.emit()

    def _explanation(self, problem: str) -> str:
        words = FIELDS[self.key].description or ""
        if problem or self.key not in PATHS:
            return words
        place = self._place()
        if place is None or str(place) == self.text:
            return words
        return f"{words}\nThat is {place}"

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
        key = self.key
        default = FIELDS[key].default
        is_number = type(default) in (int, float)
        row = QHBoxLayout()
        row.addWidget(self.widget, not is_number)
        if key in PATHS and key.endswith("_dir"):
            row.addWidget(self.choose)
        row.addWidget(self.reset_button)
        row.addStretch(is_number)
        return row

    def _colour_problem(self) -> None:
        palette = self.problem.palette()
        background = palette.color(QPalette.ColorRole.Window)
        is_dark = background.lightness() < 128
        colour = _PROBLEM_COLOURS[is_dark]
        self.problem.setStyleSheet(f"color: {colour}")


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
