"""First steps as a dialog, to be got again at any time: folders, privacy and model files."""

from pathlib import Path

from PyQt6.QtWidgets import QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from kith.gui.background import Newest
from kith.gui.fitting_dialog import FittingDialog, ScrolledPage
from kith.gui.folder_steps import ON_THEIR_WAY, FolderSteps
from kith.gui.folders import ChooseFolder
from kith.gui.phrases import translate
from kith.gui.plain_text import wrapped
from kith.settings import Settings


class FirstStart(FittingDialog):
    """Asks for the three folders, keeps them in the settings file and creates the people folder where it is missing."""

    def __init__(self, settings_file: Path, settings: Settings, choose: ChooseFolder, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Welcome to Kith"))
        self.steps = steps = FolderSteps(settings_file, settings, choose)
        self.people, self.photos, self.output = steps.people, steps.photos, steps.output
        self.models, self.privacy = steps.models, steps.privacy
        self.problem = wrapped(bold=True)
        self._keep = Newest(self, pause_ms=0)
        page = QVBoxLayout()
        page.addWidget(steps)
        page.addStretch()
        column = QVBoxLayout(self)
        for widget in (ScrolledPage(page), self.problem, self._buttons()):
            column.addWidget(widget)

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        roles = QDialogButtonBox.ButtonRole
        self.start = QPushButton(self.tr("Co&ntinue"))
        buttons.addButton(self.start, roles.AcceptRole)
        self.later = buttons.addButton(self.tr("&Later"), roles.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        return buttons

    def accept(self) -> None:
        """Keep the folders, in a thread, and close, or say what is wrong with them."""
        chosen = self.steps.chosen
        if self.models.download:
            self._tell(translate("Kith", ON_THEIR_WAY))
        else:
            self.start.setEnabled(False)
            self._keep.ask(lambda _stop: chosen.problem(), self._tell)

    def _tell(self, problem: str) -> None:
        self.start.setEnabled(True)
        self.problem.setText(problem)
        if not problem:
            super().accept()

    def done(self, result: int) -> None:
        """Close once a download has ended: it is stopped, which takes as long as its connection lets it."""
        self.steps.drop()
        if download := self.models.download:
            self.setEnabled(False)
            download.finished.connect(lambda: super(FirstStart, self).done(result))
            download.stop.set()
        else:
            super().done(result)
