"""First steps: where people and photos are, what becomes of them, and the model files."""

from pathlib import Path

from PyQt6.QtWidgets import QDialogButtonBox, QFormLayout, QGroupBox, QVBoxLayout, QWidget

from kith.errors import BadInput
from kith.gui.background import Newest
from kith.gui.fitting_dialog import FittingDialog, ScrolledPage
from kith.gui.folders import (
    AWAY,
    ChooseFolder,
    FolderField,
    is_folder,
    is_missed,
    people_problem,
    remember,
    why_not_apart,
)
from kith.gui.model_download import ModelBox
from kith.gui.plain_text import Label, wrapped
from kith.settings import Settings

WELCOME = (
    "Kith learns the people you know from a folder of photos for each of them, and then finds them in other photos: "
    "it puts copies into a folder for each person. Your own photos are only read."
)
PRIVACY = (
    "From every photo Kith computes numbers that describe the faces and bodies in it, and keeps them with the photo's "
    "place, time and camera. "
    "All of it stays on this computer, in the files {library} and {encodings}; nothing is ever sent anywhere. "
    "To erase what Kith knows, delete these two files, and the copies if you do not want them any more."
)
LOOKING = "Looking for photos in it …"


class FirstStart(FittingDialog):
    """Asks for the three folders, keeps them in the settings file and creates the people folder where it is missing."""

    def __init__(self, settings_file: Path, settings: Settings, choose: ChooseFolder, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Welcome to Kith")
        self._file = settings_file
        self._settings = settings
        self.people = FolderField("Your people", settings.dataset_folder, choose)
        self.photos = FolderField("Photos to recognize", None, choose)
        self.output = FolderField("Copies and report go to", settings.output_folder, choose)
        self.photos.edit.setPlaceholderText("Can be chosen later")
        self._look = Newest(self)
        look_once = Newest(self, pause_ms=0)
        look_once.ask(lambda _stop: is_folder(settings.input_folder), self._offer_photos)
        self.people.edit.textChanged.connect(self._look_at_people)
        self.models = ModelBox(settings)
        self.problem = wrapped(bold=True)
        self._lay_out()
        self._look_at_people()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Your &people", self.people)
        form.addRow("P&hotos to recognize", self.photos)
        form.addRow("&Copies and report go to", self.output)
        privacy = QGroupBox("Privacy")
        self.privacy = wrapped(_privacy(self._settings))
        inside = QVBoxLayout(privacy)
        inside.addWidget(self.privacy)
        page = QVBoxLayout()
        page.setSpacing(12)
        page.addWidget(Label("Welcome to Kith", bold=True, size=1.5))
        page.addWidget(wrapped(WELCOME))
        page.addLayout(form)
        page.addWidget(privacy)
        page.addWidget(self.models)
        page.addStretch()
        column = QVBoxLayout(self)
        for widget in (ScrolledPage(page), self.problem, self._buttons()):
            column.addWidget(widget)

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        roles = QDialogButtonBox.ButtonRole
        self.start = buttons.addButton("Co&ntinue", roles.AcceptRole)
        self.later = buttons.addButton("&Later", roles.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        return buttons

    def accept(self) -> None:
        """Keep the folders and close, or say what is wrong with them."""
        if self.models.download:
            self.problem.setText("The model files are on their way: wait for them, or stop the download.")
            return
        try:
            self._keep()
        except BadInput as error:
            self.problem.setText(error.message)
        else:
            super().accept()

    def done(self, result: int) -> None:
        """Close once a download has ended: it is stopped, which takes as long as its connection lets it."""
        self._look.drop()
        if download := self.models.download:
            self.setEnabled(False)
            download.finished.connect(lambda: super(FirstStart, self).done(result))
            download.stop.set()
        else:
            super().done(result)

    def _keep(self) -> None:
        people = self.people.folder
        photos = self.photos.folder
        output = self.output.folder
        if people is None or output is None:
            raise BadInput("Name a folder for your people and one for the copies.")
        if people == photos:
            raise BadInput("People and photos to recognize need a folder each: choose another one.")
        if problem := why_not_apart(people, photos, output):
            raise BadInput(problem)
        if is_missed(people, self._settings):
            raise BadInput(f"{people}: {AWAY}")
        if photos and not is_folder(photos):
            raise BadInput(f"There is no folder {photos}: choose the folder of photos, or leave it empty for now.")
        try:
            people.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"{people} cannot be created: {error.strerror or error}.") from error
        folders = {"dataset_dir": people, "processed_dir": output}
        if photos:
            folders["process_dir"] = photos
        remember(self._file, **folders)

    def _offer_photos(self, there: bool) -> None:
        """Fill in the folder of last time, unless it is gone or the user was faster."""
        edit = self.photos.edit
        is_untouched = not edit.text() and not edit.isModified()
        if there and is_untouched:
            folder = self._settings.input_folder
            edit.setText(str(folder))

    def _look_at_people(self) -> None:
        field, settings = self.people, self._settings
        people = field.folder
        if people is None:
            self._look.drop()
            field.say("")
        else:
            field.say(LOOKING)
            self._look.ask(lambda stop: people_problem(people, settings, stop), field.say)


def _privacy(settings: Settings) -> str:
    library = settings.library_file
    encodings = f"{settings.encodings_filename} in your people folder"
    return PRIVACY.format(library=library if settings.library_path else library.name, encodings=encodings)
