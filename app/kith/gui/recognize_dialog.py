"""Ask which photos to recognise and where their copies go."""

from pathlib import Path

from PyQt6.QtWidgets import QCheckBox, QDialogButtonBox, QFormLayout, QPushButton, QVBoxLayout, QWidget

from kith.gui.background import Newest
from kith.gui.fitting_dialog import FittingDialog
from kith.gui.folders import ChooseFolder, FolderField, is_folder, why_not_apart
from kith.gui.phrases import translate
from kith.gui.plain_text import wrapped
from kith.messages import JobName
from kith.photos.outputs import REPORT
from kith.settings import Settings


class RecognizeDialog(FittingDialog):
    """Two folders, as they were the last time; accepted only where they can be used."""

    def __init__(self, settings: Settings, choose: ChooseFolder, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(JobName.RECOGNIZE_FOLDER)
        self._settings = settings
        self.input = FolderField(self.tr("Photos to recognise"), settings.input_folder, choose)
        self.input.say(self.tr("Its photos are only read; subfolders are searched too.") if settings.recursive else "")
        self.output = FolderField(self.tr("Copies and report go to"), settings.output_folder, choose)
        self.output.say(self.tr("One folder per person, Unknown for photos of nobody known, and {0}.").format(REPORT))
        self.only_tell = QCheckBox(self.tr("Only &tell what would be filed"))
        self.problem = wrapped(bold=True)
        self._look = Newest(self, pause_ms=0)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.start = QPushButton(self.tr("&Recognize"))
        buttons.addButton(self.start, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.buttons = buttons
        self._lay_out()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(self.tr("&Photos to recognise"), self.input)
        form.addRow(self.tr("&Copies and report go to"), self.output)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.only_tell)
        column.addWidget(self.problem)
        column.addWidget(self.buttons)

    @property
    def folders(self) -> dict[str, Path]:
        """The folders chosen, by their settings' keys."""
        chosen = {"process_dir": self.input.folder, "processed_dir": self.output.folder}
        return {key: folder for key, folder in chosen.items() if folder}

    def accept(self) -> None:
        """Close if the folders can be used, else say why not; that is looked up in a thread."""
        people, photos, output = self._settings.dataset_folder, self.input.folder, self.output.folder
        self.start.setEnabled(False)
        self._look.ask(lambda _stop: _why_not(people, photos, output), self._tell)

    def _tell(self, problem: str) -> None:
        self.start.setEnabled(True)
        self.problem.setText(problem)
        if not problem:
            super().accept()


def _why_not(people: Path, photos: Path | None, output: Path | None) -> str:
    if photos is None:
        return translate("Kith", "Choose the photos.")
    if not is_folder(photos):
        return translate("Kith", "There is no folder {0}: choose the folder of photos.").format(photos)
    if output is None:
        return translate("Kith", "Choose a folder for the copies and the report.")
    return why_not_apart(people, photos, output)
