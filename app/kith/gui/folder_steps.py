"""The three folders to begin with, checked in the background, with the model files and a word on privacy."""

from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QT_TRANSLATE_NOOP
from PyQt6.QtWidgets import QFormLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from kith.errors import BadInput
from kith.gui.background import Newest
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
from kith.gui.phrases import translate
from kith.gui.plain_text import Label, wrapped
from kith.gui.style import SPACE
from kith.settings import Settings

WELCOME = QT_TRANSLATE_NOOP(
    "Kith",
    "Kith learns the people you know from a folder of photos for each of them, and then finds them in other photos: "
    "it puts copies into a folder for each person. Your own photos are only read.",
)
PRIVATE = QT_TRANSLATE_NOOP("Kith", "Everything stays on this computer; nothing is ever sent anywhere.")
PRIVACY = QT_TRANSLATE_NOOP(
    "Kith",
    "From every photo Kith computes numbers that describe the faces and bodies in it, and keeps them with the photo's "
    "place, time and camera. "
    "All of it stays on this computer, in the files {library} and {encodings}; nothing is ever sent anywhere. "
    "Help ▸ Privacy… shows every file that Kith keeps, and erases what you do not want any more.",
)
LOOKING = QT_TRANSLATE_NOOP("Kith", "Looking for photos in it …")
ON_THEIR_WAY = QT_TRANSLATE_NOOP("Kith", "The model files are on their way: wait for them, or stop the download.")


class FolderSteps(QWidget):
    """Asks for people, photos and where copies go; what it says of the people folder was looked up in a thread."""

    def __init__(self, settings_file: Path, settings: Settings, choose: ChooseFolder) -> None:
        super().__init__()
        self._file = settings_file
        self._settings = settings
        self.people = FolderField(self.tr("Your people"), settings.dataset_folder, choose)
        self.photos = FolderField(self.tr("Photos to recognise"), None, choose)
        self.output = FolderField(self.tr("Copies and report go to"), settings.output_folder, choose)
        self.photos.edit.setPlaceholderText(self.tr("Can be chosen later"))
        self._look = Newest(self)
        look_once = Newest(self, pause_ms=0)
        look_once.ask(lambda _stop: is_folder(settings.input_folder), self._offer_photos)
        self.people.edit.textChanged.connect(self._look_at_people)
        self.models = ModelBox(settings)
        self.privacy = wrapped(_privacy(settings))
        self.more = QPushButton(self.tr("&More on Privacy"))
        self._lay_out()
        self._look_at_people()

    @property
    def chosen(self) -> "Chosen":
        """The folders as they stand in the fields."""
        return Chosen(self._file, self._settings, self.people.folder, self.photos.folder, self.output.folder)

    def drop(self) -> None:
        """Look at nothing more, and stop fetching."""
        self._look.drop()
        if download := self.models.download:
            download.stop.set()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setVerticalSpacing(SPACE)
        form.addRow(self.tr("1  Your &people"), self.people)
        form.addRow(self.tr("2  Ph&otos to recognise"), self.photos)
        form.addRow(self.tr("&Copies and report go to"), self.output)
        self.more.setCheckable(True)
        self.more.setAutoDefault(False)
        self.more.toggled.connect(self.privacy.setVisible)
        self.privacy.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * SPACE)
        column.addWidget(Label(self.tr("Welcome to Kith"), bold=True, size=1.5))
        column.addWidget(wrapped(translate("Kith", WELCOME)))
        column.addLayout(form)
        column.addWidget(self.models)
        sentence = QHBoxLayout()
        sentence.addWidget(wrapped(translate("Kith", PRIVATE)), 1)
        sentence.addWidget(self.more)
        column.addLayout(sentence)
        column.addWidget(self.privacy)

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
            field.say(translate("Kith", LOOKING))
            self._look.ask(lambda stop: people_problem(people, settings, stop), field.say)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Folders to be kept in the settings file, if they can be used."""

    settings_file: Path
    settings: Settings
    people: Path | None
    photos: Path | None
    output: Path | None

    def keep(self) -> None:
        """Write them down, and create the people folder where it is missing; raises BadInput."""
        people, photos, output = self.people, self.photos, self.output
        if people is None or output is None:
            raise BadInput(translate("Kith", "Name a folder for your people and one for the copies."))
        if people == photos:
            raise BadInput(translate("Kith", "People and photos to recognise need a folder each: choose another one."))
        if problem := why_not_apart(people, photos, output):
            raise BadInput(problem)
        if is_missed(people, self.settings):
            raise BadInput(f"{people}: {translate('Kith', AWAY)}")
        if photos and not is_folder(photos):
            raise BadInput(
                translate(
                    "Kith", "There is no folder {0}: choose the folder of photos, or leave it empty for now."
                ).format(photos)
            )
        try:
            people.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(
                translate("Kith", "{0} cannot be created: {1}.").format(people, error.strerror or error)
            ) from error
        folders = {"dataset_dir": people, "processed_dir": output}
        if photos:
            folders["process_dir"] = photos
        remember(self.settings_file, **folders)

    def problem(self) -> str:
        """Keep them, and return why that cannot be, empty where it was done."""
        try:
            self.keep()
        except BadInput as error:
            return error.message
        return ""


def _privacy(settings: Settings) -> str:
    library = settings.library_file
    encodings = translate("Kith", "{0} in your people folder").format(settings.encodings_filename)
    return translate("Kith", PRIVACY).format(
        library=library if settings.library_path else library.name, encodings=encodings
    )
