"""A name that is changed where it stands."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QMouseEvent
from PyQt6.QtWidgets import QLineEdit, QSizePolicy, QStackedWidget

from kith.gui.name_field import one_spaced
from kith.gui.plain_text import Label, set_tip


class _Edit(QLineEdit):
    """Escape leaves it, and nothing around it."""

    left = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Take Escape for itself."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class NameInPlace(QStackedWidget):
    """Shows a name large, or a field to change it: Enter takes it over, as `renamed` tells, Escape leaves it."""

    renamed = pyqtSignal(str)
    ended = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._name = ""
        self.label = Label(bold=True, size=1.5, wraps=True)
        self.edit = _Edit()
        self.edit.setFont(self.label.font())
        self.edit.setAccessibleName(self.tr("Name"))
        set_tip(self.edit, self.tr("Enter renames, Esc leaves the name as it is"))
        policies = QSizePolicy.Policy
        self.label.setSizePolicy(policies.Ignored, policies.Preferred)  # however long, it asks for no width
        self.setSizePolicy(policies.Ignored, policies.Preferred)
        for widget in (self.label, self.edit):
            self.addWidget(widget)
        self.edit.returnPressed.connect(self._take)
        self.edit.left.connect(self._end)

    def text(self) -> str:
        """Return the name as it is shown."""
        return self.label.text()

    def show_name(self, name: str, shown: str) -> None:
        """Show a name, as it is `shown` among namesakes; what is being typed stays."""
        self._name = name
        self.label.setText(shown)

    def begin(self) -> None:
        """Let the name be changed."""
        self.edit.setText(self._name)
        self.setCurrentWidget(self.edit)
        self.edit.setFocus()
        self.edit.selectAll()

    def stop(self) -> None:
        """Show the name, whatever was typed."""
        self.setCurrentWidget(self.label)

    def mouseDoubleClickEvent(self, _event: QMouseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Let the name be changed."""
        self.begin()

    def _take(self) -> None:
        name = one_spaced(self.edit.text())
        self._end()
        if name and name != self._name:
            self.renamed.emit(name)

    def _end(self) -> None:
        self.stop()
        self.ended.emit()
