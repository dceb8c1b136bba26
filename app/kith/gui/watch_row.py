"""The switch that has the input folder watched, and what came of it."""

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from kith.gui.plain_text import set_tip, wrapped
from kith.gui.watcher import Watcher


class WatchRow(QWidget):
    """A box that does what the action does, and a line below it."""

    def __init__(self, action: QAction, watcher: Watcher) -> None:
        super().__init__()
        self._action, self._watcher = action, watcher
        self.box = QCheckBox(self.tr("Watch the input folder: new photos are recognised as they come"))
        set_tip(self.box, action.toolTip())
        self.told = wrapped()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.addWidget(self.box)
        row.addStretch()
        column.addLayout(row)
        column.addWidget(self.told)
        self.box.clicked.connect(self._switch)
        action.toggled.connect(self.box.setChecked)
        watcher.changed.connect(self._tell)
        self.box.setChecked(action.isChecked())
        self._tell()

    def _switch(self) -> None:
        self._action.trigger()
        self.box.setChecked(self._action.isChecked())

    def _tell(self) -> None:
        self.told.setText(self._watcher.line)
        self.told.setVisible(bool(self._watcher.line))
