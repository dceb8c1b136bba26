"""A field for a person's name that knows the people there are."""

from collections.abc import Callable, Iterable

from PyQt6.QtCore import QStringListModel, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QMessageBox, QVBoxLayout, QWidget

from kith.gui.choice_button import ChoiceButton
from kith.gui.phrases import translate
from kith.gui.plain_text import message, narrow
from kith.jobs.person_names import may_mean


def ask_whom(parent: QWidget, name: str, known: str, yes: Callable[[], object], no: Callable[[], object]) -> None:
    """Ask whether a name was meant for somebody known, and do what the user says; nothing where they do not say."""
    answers = QMessageBox.StandardButton
    box = message(parent, translate("Kith", "{0}: did you mean {1}?").format(name, known), QMessageBox.Icon.Question)
    box.setStandardButtons(answers.Yes | answers.No | answers.Cancel)
    box.setDefaultButton(answers.Cancel)  # one more Enter after the name decides nothing
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def decide(answer: int) -> None:
        if answer == answers.Yes:
            yes()
        elif answer == answers.No:
            no()

    box.finished.connect(decide)
    box.open()


def one_spaced(text: str) -> str:
    """Return a name as typed, without blanks around it and with one between its words."""
    return " ".join(text.split())


class _Edit(QLineEdit):
    """Escape closes its list of names, or empties it, rather than closing the dialog around it."""

    left = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Take Escape for itself, when the list of names has not."""
        is_escape = event is not None and event.key() == Qt.Key.Key_Escape
        if is_escape and not self._shows_names():
            self.clear()
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _shows_names(self) -> bool:
        completer = self.completer()
        popup = completer.popup() if completer else None
        return bool(popup and popup.isVisible())


class NameField(QWidget):
    """Completes known names wherever they hold what is typed.

    Enter completes first and names then, and tells with `passed` that the field is empty; a name that is a part of a
    known one is added with the button.
    """

    named = pyqtSignal(str)
    passed = pyqtSignal()
    left = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._known = QStringListModel()
        self._completer = self._make_completer()
        self.edit = self._make_edit()
        self.button = ChoiceButton(self.tr("Name"))
        self.button.clicked.connect(self._name)
        self.hint = narrow()
        self.setFocusProxy(self.edit)
        self._lay_out()
        self._tell("")

    def know(self, known: Iterable[str]) -> None:
        """Know these people."""
        names = sorted(known, key=str.casefold)
        if names != self._known.stringList():
            self._known.setStringList(names)
            self._tell(self.edit.text())

    def empty(self) -> None:
        """Be empty."""
        self.edit.setText("")  # unlike clear() nothing that the field's own undo would bring back

    def _make_edit(self) -> _Edit:
        edit = _Edit()
        edit.setAccessibleName(self.tr("Name"))
        edit.setPlaceholderText(self.tr("Type a name"))
        edit.setCompleter(self._completer)
        edit.textChanged.connect(self._tell)
        edit.returnPressed.connect(self._enter)
        edit.left.connect(self.left)
        return edit

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.edit, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.hint)

    def _make_completer(self) -> QCompleter:
        completer = QCompleter(self._known, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        return completer

    def _tell(self, text: str) -> None:
        name = one_spaced(text)
        button_text, hint = self.tr("Name"), ""
        if self._is_new(name):
            button_text = self.tr("Add person")
            hint = self.tr("{0} would be a new person.").format(name)
        button = self.button
        button.setText(button_text)
        button.setEnabled(bool(name))
        self.hint.setText(hint)

    def _is_new(self, name: str) -> bool:
        known = self._known.stringList()
        return bool(name) and not any(may_mean(name, person) for person in known)

    def _enter(self) -> None:
        name = one_spaced(self.edit.text())
        if not name:
            self.passed.emit()
            return
        completion = self._completer.currentCompletion()
        if completion and self._is_new(name):
            self.edit.setText(completion)
            if popup := self._completer.popup():
                popup.hide()
        else:
            self._name()

    def _name(self) -> None:
        if self.button.isEnabled():
            self.named.emit(self.edit.text())
