"""Which faces are asked about: a span of dates, and a folder."""

from collections.abc import Iterable
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from kith.errors import BadInput
from kith.gui.plain_text import Label, tip
from kith.gui.style import SPACE
from kith.gui.wheel import ComboBox
from kith.jobs.review_queues import Choice
from kith.text import printable
from kith.values.partial_dates import check_date

_DATE_LENGTH = 10  # of 2004-05-31


class ReviewFilter(QWidget):
    """Two fields for partial dates and a menu of folders; `chosen` tells that another choice is made."""

    chosen = pyqtSignal(object)
    refused = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.since = self._date(self.tr("Taken from"), "2004")
        self.until = self._date(self.tr("Taken until"), "2005-06")
        self.folder = ComboBox()
        self.folder.setAccessibleName(self.tr("Folder"))
        self.folder.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.folder.setMinimumContentsLength(8)
        self.folder.addItem(self.tr("Any folder"), None)
        self.folder.activated.connect(self._choose)
        self._choice = Choice()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE // 2)
        for widget in (_named(self.tr("From"), self.since), self.since, _named(self.tr("to"), self.until), self.until):
            row.addWidget(widget)
        row.addWidget(self.folder)
        row.addStretch()

    def offer(self, folders: Iterable[Path]) -> None:
        """Offer these folders, and the one that is chosen."""
        chosen = self._choice.folder
        wanted = sorted({*folders, *([chosen] if chosen else [])})
        if wanted == [self.folder.itemData(row) for row in range(1, self.folder.count())]:
            return
        while self.folder.count() > 1:
            self.folder.removeItem(1)
        for folder in wanted:
            self.folder.addItem(printable(folder.name or str(folder)), folder)
            self.folder.setItemData(self.folder.count() - 1, tip(str(folder)), 3)  # Qt.ItemDataRole.ToolTipRole
        self.folder.setCurrentIndex(wanted.index(chosen) + 1 if chosen else 0)

    def reset(self) -> None:
        """Choose everybody."""
        self.since.clear()
        self.until.clear()
        self.folder.setCurrentIndex(0)
        self._choose()

    def _date(self, name: str, example: str) -> QLineEdit:
        edit = QLineEdit()
        edit.setAccessibleName(name)
        edit.setPlaceholderText(example)
        edit.setToolTip(self.tr("{}: a year, a month (2004-05) or a day (2004-05-31)").format(name))
        edit.setMaxLength(_DATE_LENGTH)
        edit.setFixedWidth(edit.fontMetrics().averageCharWidth() * (_DATE_LENGTH + 3))
        edit.editingFinished.connect(self._choose)
        return edit

    def _choose(self) -> None:
        since, until = self.since.text().strip(), self.until.text().strip()
        try:
            for date in filter(None, (since, until)):
                check_date(date)
        except BadInput as error:
            self.refused.emit(error.message)
            return
        choice = Choice(since, until, self.folder.currentData())
        if choice != self._choice:
            self._choice = choice
            self.chosen.emit(choice)


def _named(text: str, field: QWidget) -> QLabel:
    label = Label(text)
    label.setBuddy(field)
    return label
