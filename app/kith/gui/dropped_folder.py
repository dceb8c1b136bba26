"""The question what a folder dropped onto the window is: people to learn from, or photos to recognise."""

from enum import IntEnum
from pathlib import Path

from PyQt6.QtWidgets import QVBoxLayout, QWidget

from kith.gui.background import Newest
from kith.gui.choice_button import ChoiceButton
from kith.gui.fitting_dialog import FittingDialog
from kith.gui.folder_steps import Chosen
from kith.gui.folders import is_folder, people_problem
from kith.gui.plain_text import Label, wrapped
from kith.settings import Settings
from kith.text import printable

_WIDTH = 480


class Choice(IntEnum):
    """What becomes of it."""

    PEOPLE = 1
    PHOTOS = 2


class DroppedFolder(FittingDialog):
    """Asks what a folder is, and says what it looks like once that was looked up.

    Folders are kept in the settings file before the dialog is accepted; `choice` tells what for.
    """

    def __init__(self, folder: Path, settings_file: Path, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("A folder for Kith"))
        self._folder, self._file, self._settings = folder, settings_file, settings
        self.choice: Choice | None = None
        self.hint = wrapped(self.tr("Looking what is in it …"))
        self.problem = wrapped(bold=True)
        self.people = ChoiceButton(self.tr("&Learn People from It"))
        self.photos = ChoiceButton(self.tr("&Recognise Photos in It"))
        self.neither = ChoiceButton(self.tr("&Cancel"))
        self.people.clicked.connect(lambda: self._choose(Choice.PEOPLE))
        self.photos.clicked.connect(lambda: self._choose(Choice.PHOTOS))
        self.neither.clicked.connect(self.reject)
        self._look, self._keep = Newest(self, pause_ms=0), Newest(self, pause_ms=0)
        self._lay_out()
        self._look.ask(lambda stop: (is_folder(folder), people_problem(folder, settings, stop)), self._tell)

    def _lay_out(self) -> None:
        self.setMinimumWidth(_WIDTH)
        column = QVBoxLayout(self)
        name = Label(printable(self._folder.name or str(self._folder)), bold=True, size=1.15, wraps=True)
        for widget in (name, self.hint, self.problem, self.people, self.photos, self.neither):
            column.addWidget(widget)

    def _tell(self, found: tuple[bool, str]) -> None:
        is_there, problem = found
        if not is_there:
            self.hint.setText(self.tr("That is no folder: drop the folder that the photos lie in."))
            self.people.setEnabled(False)
            self.photos.setEnabled(False)
        elif problem:
            self.hint.setText(self.tr("It holds no folders of photos: people are learned from a folder for each."))
            self.people.setEnabled(False)
        else:
            self.hint.setText(
                self.tr(
                    "It holds folders of photos. If each is named as a person, people can be learned from it: Kith "
                    "then goes by this people folder, and no longer by {}."
                ).format(printable(str(self._settings.dataset_folder)))
            )

    def _choose(self, choice: Choice) -> None:
        settings, folder = self._settings, self._folder
        teaches = choice is Choice.PEOPLE
        people = folder if teaches else settings.dataset_folder
        photos = None if teaches else folder
        chosen = Chosen(self._file, settings, people, photos, settings.output_folder)

        def kept(problem: str) -> None:
            self.problem.setText(problem)
            if not problem:
                self.choice = choice
                self.accept()

        self._keep.ask(lambda _stop: chosen.problem(), kept)
