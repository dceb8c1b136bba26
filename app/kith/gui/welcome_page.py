"""The first start: people, photos, go, in the window itself."""

from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from kith.gui.background import Newest
from kith.gui.fitting_dialog import ScrolledPage
from kith.gui.folder_steps import ON_THEIR_WAY, FolderSteps
from kith.gui.folders import ChooseFolder
from kith.gui.phrases import translate
from kith.gui.plain_text import wrapped
from kith.gui.style import SPACE
from kith.settings import Settings


class WelcomePage(QWidget):
    """Asks for the folders; `ready` tells that they are kept, and whether there are photos to recognise.

    `later` tells that the user wants to look around first.
    """

    ready = pyqtSignal(bool)
    later = pyqtSignal()

    def __init__(self, settings_file: Path, settings: Settings, choose: ChooseFolder) -> None:
        super().__init__()
        self.steps = FolderSteps(settings_file, settings, choose)
        self.problem = wrapped(bold=True)
        self.start = QPushButton(self.tr("3  Find M&y People"))
        self.skip = QPushButton(self.tr("&Later"))
        self._keep = Newest(self, pause_ms=0)
        for button, press in ((self.start, self._start), (self.skip, self.later.emit)):
            button.setAutoDefault(False)
            button.clicked.connect(press)
        self._lay_out()

    def _lay_out(self) -> None:
        page = QVBoxLayout()
        page.addWidget(self.steps)
        page.addStretch()
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.start)
        buttons.addWidget(self.skip)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(ScrolledPage(page), 1)
        column.addWidget(self.problem)
        column.addLayout(buttons)

    def _start(self) -> None:
        if self.steps.models.download:
            self.problem.setText(translate("Kith", ON_THEIR_WAY))
            return
        chosen = self.steps.chosen
        self.start.setEnabled(False)

        def kept(problem: str) -> None:
            self.start.setEnabled(True)
            self.problem.setText(problem)
            if not problem:
                self.ready.emit(chosen.photos is not None)

        self._keep.ask(lambda _stop: chosen.problem(), kept)
