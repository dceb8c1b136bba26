"""Privacy: everything that Kith keeps on this computer, and erasing it."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QDialogButtonBox,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from kith.errors import KithError
from kith.gui.background import Newest
from kith.gui.fitting_dialog import FittingDialog
from kith.gui.phrases import in_window, translate
from kith.gui.plain_text import tip, wrapped
from kith.settings import Settings
from kith.text import counted, printable, size_in_words

if TYPE_CHECKING:
    from kith.jobs.stored_files import Kind, Stored

_INTRO = QT_TRANSLATE_NOOP(
    "Kith", "Nothing of yours leaves this computer. This is all that Kith keeps on it; mark what you want to be rid of."
)
_STAYS = QT_TRANSLATE_NOOP(
    "Kith",
    "What stays: your photos, and the copies filed for you, with their report and names, in {0}: delete these there as "
    "you like.",
)
_LOOKING = QT_TRANSLATE_NOOP("Kith", "Looking what there is …")
_SURE = QT_TRANSLATE_NOOP("Kith", "Really erase? This cannot be undone.")


class PrivacyDialog(FittingDialog):
    """Names all that is stored, with its places and sizes; what is marked is erased by a second press of the button.

    `with_library_closed` runs that while the window has the library closed, and calls what it is given with the words.
    """

    erased = pyqtSignal()

    def __init__(
        self,
        settings: Settings,
        settings_file: Path,
        with_library_closed: Callable[[Callable[[], str], Callable[[str], None]], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._with_library_closed = with_library_closed
        self.setWindowTitle(self.tr("Privacy"))
        self._settings = settings
        self._file = settings_file
        self._task = Newest(self, pause_ms=0)
        self._sure = False
        self.list = QTreeWidget()
        self.list.setHeaderLabels([self.tr("What"), self.tr("Size")])
        self.list.setAccessibleName(self.tr("What Kith keeps"))
        if header := self.list.header():
            header.setStretchLastSection(False)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.itemChanged.connect(self._rest)
        self.words = wrapped(translate("Kith", _LOOKING))
        self.erase_button = QPushButton()
        self.erase_button.setAutoDefault(False)
        self.erase_button.clicked.connect(self._press)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.erase_button, QDialogButtonBox.ButtonRole.DestructiveRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(wrapped(translate("Kith", _INTRO)))
        column.addWidget(self.list, 1)
        column.addWidget(self.words)
        column.addWidget(wrapped(translate("Kith", _STAYS).format(settings.output_folder)))
        column.addWidget(buttons)
        self.resize(760, 480)
        self._rest()
        self._look()

    @property
    def marked(self) -> "list[Kind]":
        """The kinds that are marked."""
        rows = map(self.list.topLevelItem, range(self.list.topLevelItemCount()))
        checked = Qt.CheckState.Checked
        return [row.data(0, Qt.ItemDataRole.UserRole) for row in rows if row and row.checkState(0) == checked]

    def _look(self) -> None:
        self._task.ask(partial(_stored, self._settings, self._file), self._show)

    def _show(self, stored: "list[Stored]") -> None:
        if self.words.text() == translate("Kith", _LOOKING):
            self.words.clear()
        self.list.clear()
        for kept in stored:
            row = QTreeWidgetItem([kept.what, size_in_words(kept.size)])
            row.setCheckState(0, Qt.CheckState.Unchecked)
            row.setData(0, Qt.ItemDataRole.UserRole, kept.kind)
            row.setToolTip(0, tip(kept.what))
            row.addChildren([QTreeWidgetItem([printable(str(path))]) for path in kept.places])
            self.list.addTopLevelItem(row)
            row.setExpanded(True)
        self._rest()

    def _rest(self) -> None:
        """Want the button pressed twice again."""
        self._sure = False
        marked = len(self.marked)
        self.erase_button.setText(
            self.tr("&Erase {0} …").format(counted(marked, "kind")) if marked else self.tr("&Erase …")
        )
        self.erase_button.setEnabled(bool(marked))

    def _press(self) -> None:
        if not self._sure:
            self._sure = True
            self.words.setText(translate("Kith", _SURE))
            self.erase_button.setText(self.tr("&Erase for good"))
            return
        self.erase_button.setEnabled(False)
        self._with_library_closed(partial(_erased, self._settings, self._file, self.marked), self._told)

    def _told(self, words: str) -> None:
        self.words.setText(words)
        self.erased.emit()
        self._look()


def _stored(settings: Settings, file: Path, _stop: threading.Event) -> "list[Stored]":
    from kith.jobs.stored_files import stored_files

    return stored_files(settings, file)


def _erased(settings: Settings, file: Path, kinds: "list[Kind]") -> str:
    from kith.jobs.stored_files import erase

    try:
        gone = erase(settings, file, kinds)
    except KithError as error:
        return in_window(error.message)
    return translate("Kith", "Erased: {0}.").format(counted(len(gone), "file or folder", "files and folders"))
