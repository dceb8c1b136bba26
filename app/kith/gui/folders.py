"""Folders the user chooses: a field for one, what lies in it, and remembering it in the settings file."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QT_TRANSLATE_NOOP
from PyQt6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from kith.errors import BadInput
from kith.gui.phrases import translate
from kith.gui.plain_text import wrapped
from kith.settings import Settings, people_folder_is_away, update

AWAY = QT_TRANSLATE_NOOP(
    "Kith", "This folder is not there now: is its drive plugged in, its share mounted? If not, choose another one."
)
ChooseFolder = Callable[[str, Path], Path | None]
ChooseFile = Callable[[str, Path, str], Path | None]
ChooseFiles = Callable[[str], list[Path]]


def choose_folder(parent: QWidget, title: str, start: Path) -> Path | None:
    """Ask for a folder; None where the user thinks better of it."""
    chosen = QFileDialog.getExistingDirectory(parent, title, str(start))
    return Path(chosen) if chosen else None


def choose_file(parent: QWidget, title: str, suggestion: Path, kind: str) -> Path | None:
    """Ask where to save a file; None where the user thinks better of it."""
    chosen, _ = QFileDialog.getSaveFileName(parent, title, str(suggestion), kind)
    return Path(chosen) if chosen else None


def choose_files(parent: QWidget, title: str) -> list[Path]:
    """Ask for files that are there; none where the user thinks better of it."""
    chosen, _ = QFileDialog.getOpenFileNames(parent, title)
    return [Path(file) for file in chosen]


class FolderField(QWidget):
    """A folder to type or choose, with a hint below it."""

    def __init__(self, title: str, folder: Path | None, choose: ChooseFolder) -> None:
        super().__init__()
        self._title = title
        self._choose = choose
        edit = QLineEdit(str(folder) if folder else "")
        edit.setAccessibleName(title)
        edit.setMinimumWidth(380)
        button = QPushButton(self.tr("Choose…"))
        button.setAutoDefault(False)
        button.setAccessibleName(self.tr("Choose: {0}").format(title))
        button.clicked.connect(self._ask)
        self.setFocusProxy(edit)
        hint = wrapped()
        hint.hide()
        row = QHBoxLayout()
        row.addWidget(edit, 1)
        row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(hint)
        self.edit = edit
        self.button = button
        self.hint = hint

    @property
    def folder(self) -> Path | None:
        """The folder as it stands in the field."""
        text = self.edit.text().strip()
        if not text:
            return None
        expanded = os.path.expanduser(text)
        return Path(os.path.abspath(expanded))

    def say(self, text: str) -> None:
        """Say something about the folder below it."""
        self.hint.setText(text)
        self.hint.setVisible(bool(text))

    def _ask(self) -> None:
        start = self.folder or Path.home()
        if chosen := self._choose(self._title, start):
            self.edit.setText(str(chosen))


def is_folder(path: Path) -> bool:
    """Return whether a folder is there and can be reached."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_missed(people: Path, settings: Settings) -> bool:
    """Say whether a folder is the people folder of the settings, was used, and is not there now."""
    return people == settings.dataset_folder and people_folder_is_away(settings)


def people_problem(people: Path, settings: Settings, stop: threading.Event | None = None) -> str:
    """Return what keeps a folder from teaching anybody, empty where a person's folder in it has a photo.

    That may be a walk through all of a large folder: not in the GUI thread. `stop` ends it, whatever it returns then.
    """
    from kith.jobs.folder_checks import file_in_the_way
    from kith.photos.search import find_photos

    if is_missed(people, settings):
        return translate("Kith", AWAY)
    if file := file_in_the_way(people):
        return translate("Kith", "{0} is a file: name a folder.").format(file)
    if not is_folder(people):
        return translate("Kith", "This folder is not there yet: it will be created.")
    own = any(True for _ in find_photos(people, settings.valid_exts, recursive=False, stop=stop))
    photos = find_photos(people, settings.valid_exts, leave_out=[settings.output_folder], stop=stop)
    if any(photo.parent != people for photo in photos if isinstance(photo, Path)):
        return ""
    if own:
        return translate(
            "Kith",
            "Its photos lie in no person's folder: put them into one folder for each person, named as the person.",
        )
    return translate(
        "Kith",
        "There is no photo in it yet: put one folder of photos for each person there, named as the person. If they are "
        "there already, is its drive plugged in, its share mounted?",
    )


def why_not_apart(people: Path, photos: Path | None, output: Path) -> str:
    """Return why people, photos and copies cannot lie in these folders, empty where they can."""
    from kith.jobs.folder_checks import check_inputs, check_output, check_people

    inputs = [photos] if photos else []
    try:
        check_people(people)
        check_inputs(inputs)
        check_output(output, people, inputs)
    except BadInput as error:
        return error.message
    return ""


def remember(settings_file: Path, **folders: Path) -> None:
    """Write folders, and nothing else, into the settings file; raises BadInput."""
    update(settings_file, {key: str(folder) for key, folder in folders.items()})
