"""The filter above the photos: who shows, how sure, where, when, and any words."""

from collections.abc import Iterable
from pathlib import Path

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QModelIndex, QStringListModel, Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QCompleter, QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QWidget

from kith.gui.phrases import translate
from kith.gui.plain_text import Label, set_tip, tip
from kith.gui.style import SPACE
from kith.gui.wheel import ComboBox
from kith.jobs.photo_search import Choices
from kith.text import as_read
from kith.values.partial_dates import earliest, latest
from kith.values.photo_filter import PhotoFilter, PhotoState

_PAUSE_MS = 120  # while somebody types
_SEPARATOR = ";"  # between people
_SEARCH_TIP = QT_TRANSLATE_NOOP(
    "Kith",
    "Names, and words of the path; with and, or, not and brackets. Anna? also where she is only suggested. "
    "Also year:2019, date:2019-05..2019-08, folder:Italy, camera:Canon, faces:2.., with:unsure",
)


class PhotoFilterBar(QWidget):
    """The fields of a PhotoFilter; `changed` tells that they mean another one."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._people: dict[str, int] = {}
        self._folders: tuple[str, ...] | None = None  # not known yet
        self._names = QStringListModel(self)
        self.any_of = self._people_field(self.tr("with any of"))
        self.all_of = self._people_field(self.tr("with all of"))
        self.none_of = self._people_field(self.tr("without"))
        self.state = ComboBox()
        for state, text in self._states():
            self.state.addItem(text, state)
        self.folder = ComboBox()
        self.since, self.until = self._field(self.tr("from 2019-05")), self._field(self.tr("to"))
        self.text = self._field(self.tr("Anna and (Ben or Cleo) not Dora"))
        self.clear = QPushButton(self.tr("Clear"))
        self.hint = Label(wraps=True)
        self._lay_out()
        self.know(Choices({}, ()))
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE_MS)
        self._soon.timeout.connect(self._tell)
        self.state.currentIndexChanged.connect(lambda: self._soon.start())
        self.folder.currentIndexChanged.connect(lambda: self._soon.start())
        self.clear.clicked.connect(self.empty)

    def know(self, choices: Choices) -> None:
        """Offer these people and folders; what is chosen stays."""
        self._people = {as_read(name): key for key, name in choices.people.items()}
        names = list(choices.people.values())
        if names != self._names.stringList():
            self._names.setStringList(names)
        folders = tuple(map(str, choices.folders))
        if folders != self._folders:
            chosen = self.folder.currentData()
            self._folders = folders
            self.folder.blockSignals(True)
            self.folder.clear()
            self.folder.addItem(self.tr("All folders"), None)
            for folder in choices.folders:
                self.folder.addItem(folder.name or str(folder), str(folder))
                self.folder.setItemData(self.folder.count() - 1, tip(str(folder)), Qt.ItemDataRole.ToolTipRole)
            self.folder.setCurrentIndex(max(0, self.folder.findData(chosen)))
            self.folder.blockSignals(False)

    def wanted(self) -> PhotoFilter | None:
        """Return the filter that the fields mean; None, and why below them, while they mean none."""
        problem = self._problem()
        self.hint.setText(problem)
        self.hint.setVisible(bool(problem))
        if problem:
            return None
        folder = self.folder.currentData()  # as text: Qt finds no other data again
        return PhotoFilter(
            all_of=self._numbers(self.all_of),
            any_of=self._numbers(self.any_of),
            none_of=self._numbers(self.none_of),
            state=self.state.currentData(),
            folder=folder and Path(folder),
            since=self.since.text().strip(),
            until=self.until.text().strip(),
            text=self.text.text(),
        )

    def show_people(self, names: Iterable[str]) -> None:
        """Mean the photos with all of these people."""
        self.empty()
        self.all_of.setText(f"{_SEPARATOR} ".join(names))

    def empty(self) -> None:
        """Mean all photos."""
        for field in self._fields():
            field.clear()
        for box in (self.state, self.folder):
            box.setCurrentIndex(0)

    def _fields(self) -> tuple[QLineEdit, ...]:
        return self.any_of, self.all_of, self.none_of, self.since, self.until, self.text

    def _states(self) -> Iterable[tuple[PhotoState | None, str]]:
        return (
            (None, self.tr("All photos")),
            (PhotoState.SURE, self.tr("Sure")),
            (PhotoState.UNSURE, self.tr("Unsure")),
            (PhotoState.UNKNOWN, self.tr("Unknown")),
            (PhotoState.FAILED, self.tr("Failed")),
            (PhotoState.DUPLICATES, self.tr("Duplicates")),
        )

    def _field(self, placeholder: str) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText(placeholder)
        field.setAccessibleName(placeholder)
        field.setClearButtonEnabled(True)
        field.textChanged.connect(lambda: self._soon.start())
        return field

    def _people_field(self, placeholder: str) -> QLineEdit:
        field = self._field(placeholder)
        completer = _LastName(self._names, field)
        field.setCompleter(completer)
        set_tip(field, self.tr("Names; several with ; between them"))
        return field

    def _lay_out(self) -> None:
        self.state.setAccessibleName(self.tr("How sure"))
        self.folder.setAccessibleName(self.tr("Folder"))
        self.folder.setMinimumContentsLength(12)
        self.folder.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.text.setAccessibleName(self.tr("Search"))
        set_tip(self.text, translate("Kith", _SEARCH_TIP))
        for date in (self.since, self.until):
            set_tip(date, self.tr("A year (2019), year and month (2019-05) or the day (2019-05-31)"))
        self.clear.setAutoDefault(False)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(SPACE // 2)
        for column, widget in enumerate((self.any_of, self.all_of, self.none_of, self.state)):
            grid.addWidget(widget, 0, column)
        dates = QHBoxLayout()
        dates.addWidget(self.since, 3)
        dates.addWidget(self.until, 2)
        for column, widget in ((0, self.text), (2, self.folder), (3, self.clear)):
            grid.addWidget(widget, 1, column)
        grid.addLayout(dates, 1, 1)
        for column in range(3):
            grid.setColumnStretch(column, 1)
        self.hint.hide()
        grid.addWidget(self.hint, 2, 0, 1, 4)

    def _problem(self) -> str:
        for field in (self.any_of, self.all_of, self.none_of):
            for name in _named(field):
                if as_read(name) not in self._people:
                    return self.tr("Nobody is called {name}.").replace("{name}", name)
        for field, day in ((self.since, earliest), (self.until, latest)):
            text = field.text().strip()
            try:
                if text:
                    day(text)
            except ValueError:
                told = self.tr("{text} is no date: give a year (1950), year and month (1950-03) or the day.")
                return told.replace("{text}", text)
        return ""

    def _numbers(self, field: QLineEdit) -> tuple[int, ...]:
        return tuple(self._people[as_read(name)] for name in _named(field))

    def _tell(self) -> None:
        self.changed.emit()


class _LastName(QCompleter):
    """Completes the last of several names."""

    def __init__(self, names: QStringListModel, field: QLineEdit) -> None:
        super().__init__(names, field)
        self._field = field
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setFilterMode(Qt.MatchFlag.MatchContains)

    def splitPath(self, path: str | None) -> list[str]:  # noqa: N802 - Qt's name
        """Return what is being typed: the last name."""
        return [(path or "").rpartition(_SEPARATOR)[2].strip()]

    def pathFromIndex(self, index: QModelIndex) -> str:  # noqa: N802 - Qt's name
        """Return the field's text with the last name completed."""
        before, separator, _ = self._field.text().rpartition(_SEPARATOR)
        return f"{before}{separator}{' ' if separator else ''}{super().pathFromIndex(index)}"


def _named(field: QLineEdit) -> list[str]:
    return [name.strip() for name in field.text().split(_SEPARATOR) if name.strip()]
