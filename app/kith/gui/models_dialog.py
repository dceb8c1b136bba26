"""Model files: which are there, which are missing or damaged, and fetching one, several, all, or those needed."""

import threading
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QItemSelectionModel, Qt
from PyQt6.QtWidgets import QDialogButtonBox, QPushButton, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from kith.gui.background import Newest
from kith.gui.fitting_dialog import FittingDialog
from kith.gui.model_download import ModelBox
from kith.gui.phrases import translate
from kith.gui.plain_text import tip, wrapped
from kith.gui.style import SPACE, Tone, colour
from kith.settings import Settings
from kith.text import counted, size_in_words

if TYPE_CHECKING:
    from kith.model_registry import ModelFile
    from kith.vision.model_files import ModelStatus

_INTRO = QT_TRANSLATE_NOOP(
    "Kith",
    "Each network lies in a file that is fetched only when you ask for it, checked by its hash, and used on this "
    "computer alone. Choose one to download it, several with Ctrl or Shift, or all with Ctrl+A; one that breaks off "
    "goes on where it stopped.",
)
_TONES = {"ready": Tone.SURE, "missing": Tone.UNKNOWN, "damaged": Tone.PROBLEM}


class ModelsDialog(FittingDialog):
    """Every model file with its state; below it what the settings ask for and is missing."""

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Model Files"))
        self._settings = settings
        self._result = 0
        self._look_up = Newest(self, pause_ms=0)
        self.list = QTreeWidget()
        self.list.setHeaderLabels(
            [self.tr("File"), self.tr("State"), self.tr("Size"), self.tr("Licence"), self.tr("What it does")]
        )
        self.list.setAccessibleName(self.tr("Model files"))
        self.list.setRootIsDecorated(False)
        self.list.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.list.itemSelectionChanged.connect(self._offer)
        self.fetch = QPushButton()
        self.fetch.setAutoDefault(False)
        self.fetch.clicked.connect(self._fetch)
        self.box = ModelBox(settings)
        self.box.changed.connect(self._look)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.fetch, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(wrapped(translate("Kith", _INTRO)))
        column.addWidget(self.list, 1)
        column.addWidget(self.box)
        column.addWidget(buttons)
        self.resize(820, 500)
        self._offer()
        self._look()

    def done(self, result: int) -> None:
        """Close once a download has ended: it is stopped, which takes as long as its connection lets it."""
        if download := self.box.download:
            self.setEnabled(False)
            self._result = result
            download.finished.connect(self._end)
            download.stop.set()
        else:
            super().done(result)

    def _end(self) -> None:
        super().done(self._result)

    def _look(self) -> None:
        self._look_up.ask(partial(_status, self._settings), self._show)
        self._offer()

    def _show(self, found: "list[ModelStatus]") -> None:
        chosen = self.list.indexOfTopLevelItem(self.list.currentItem()) if self.list.currentItem() else -1
        self.list.clear()
        for status in found:
            model = status.model
            row = QTreeWidgetItem([model.name, status.state, size_in_words(model.size), model.licence, model.purpose])
            row.setData(0, Qt.ItemDataRole.UserRole, status)
            row.setForeground(1, colour(_TONES[status.state], self.palette()))
            row.setToolTip(0, tip(str(status.path or "")))
            self.list.addTopLevelItem(row)
        for column in range(self.list.columnCount() - 1):
            self.list.resizeColumnToContents(column)
            self.list.setColumnWidth(column, self.list.columnWidth(column) + 2 * SPACE)
        flags = QItemSelectionModel.SelectionFlag  # told, or a key that is held would have it toggled
        self.list.setCurrentItem(self.list.topLevelItem(max(chosen, 0)), 0, flags.ClearAndSelect | flags.Rows)

    def _offer(self) -> None:
        """Offer what can be fetched of the files chosen."""
        models = self._fetchable
        self.fetch.setEnabled(bool(models) and self.box.download is None)
        size = size_in_words(sum(model.size for model in models))
        words = self.tr("&Download {0}, {1}") if models else self.tr("&Download the Chosen")
        self.fetch.setText(words.format(models[0].name if len(models) == 1 else counted(len(models), "File"), size))

    @property
    def _fetchable(self) -> "list[ModelFile]":
        found: list[ModelStatus] = [row.data(0, Qt.ItemDataRole.UserRole) for row in self.list.selectedItems()]
        return [status.model for status in found if status.state != "ready" and status.model.urls]

    def _fetch(self) -> None:
        if models := self._fetchable:
            self.box.fetch(models)
            self._offer()


def _status(settings: Settings, _stop: threading.Event) -> "list[ModelStatus]":
    from kith.vision.model_files import status

    return status(settings)
