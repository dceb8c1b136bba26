"""A field for a person's name that knows the people there are."""

from collections.abc import Callable

from PyQt6.QtCore import QStringListModel, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QMessageBox, QSizePolicy, QVBoxLayout, QWidget

from kith.gui.choice_button import ChoiceButton
from kith.gui.plain_text import message, wrapped
from kith.jobs.person_names import same_name


def ask_whom(parent: QWidget, name: str, known: str, yes: Callable[[], object], no: Callable[[], object]) -> None:
    """Ask whether a name was meant for somebody known, and do what the user says; nothing where they do not say."""
    answers = QMessageBox.StandardButton
    box = message(parent, f"{name}: did you mean {known}?", QMessageBox.Icon.Question)
    box.setStandardButtons(answers.Yes | answers.No | answers.Cancel)
    box.setDefaultButton(answers.Cancel)  # one more Enter after the name decides nothing
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    does: dict[int, Callable[[], object]] = {answers.Yes: yes, answers.No: no}
    box.finished.connect(lambda answer: does.get(answer, lambda: None)())
    box.open()


class _Edit(QLineEdit):
    """Escape closes its list of names, or empties it, rather than closing the dialog around it."""

    left = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Take Escape for itself, when the list of names has not."""
        completer = self.completer()
        popup = completer.popup() if completer else None
        if event and event.key() == Qt.Key.Key_Escape and not (popup and popup.isVisible()):
            self.clear()
            self.left.emit()
        else:
            super().keyPressEvent(event)


class NameField(QWidget):
    """Completes known names wherever they hold what is typed.

    Enter completes first and names then; a name that is a part of a known one is added with the button.
    """

    named = pyqtSignal(str)
    left = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._known = QStringListModel()
        self.edit = _Edit()
        self.edit.setAccessibleName("Name")
        self.edit.setPlaceholderText("Type a name")
        self._completer = self._make_completer()
        self.edit.setCompleter(self._completer)
        self.button = ChoiceButton("Name")
        self.hint = wrapped()
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # no name widens the dialog
        self.edit.textChanged.connect(self._tell)
        self.edit.returnPressed.connect(self._enter)
        self.edit.left.connect(self.left)
        self.button.clicked.connect(self._name)
        self.setFocusProxy(self.edit)
        row = QHBoxLayout()
        row.addWidget(self.edit, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.hint)
        self._tell("")

    def start(self, known: list[str]) -> None:
        """Be empty, and know these people."""
        names = sorted(known, key=str.casefold)
        self._known.setStringList(names)
        self.edit.setText("")  # unlike clear() nothing that the field's own undo would bring back

    def _make_completer(self) -> QCompleter:
        completer = QCompleter(self._known, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        return completer

    def _tell(self, text: str) -> None:
        name = " ".join(text.split())
        is_new = bool(name) and not self._is_known(name)
        self.button.setText("Add person" if is_new else "Name")
        self.button.setEnabled(bool(name))
        self.hint.setText(f"{name} would be a new person." if is_new else "")

    def _is_known(self, name: str) -> bool:
        return any(same_name(name, known) for known in self._known.stringList())

    def _enter(self) -> None:
        completion = self._completer.currentCompletion()
        if completion and self.button.isEnabled() and not self._is_known(" ".join(self.edit.text().split())):
            self.edit.setText(completion)
            if popup := self._completer.popup():
                popup.hide()
        else:
            self._name()

    def _name(self) -> None:
        if self.button.isEnabled():
            self.named.emit(self.edit.text())
