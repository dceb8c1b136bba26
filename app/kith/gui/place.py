"""The places of the window: what each is given, and what it must do."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from PyQt6.QtWidgets import QWidget

from kith.gui.console import Console
from kith.gui.folders import ChooseFile, ChooseFolder
from kith.gui.menus import Actions
from kith.gui.next_steps import NextSteps
from kith.settings import Settings

if TYPE_CHECKING:
    from kith.gui.drawn_faces import DrawnFaces
    from kith.gui.job_runner import JobRunner
    from kith.gui.library_desk import LibraryDesk
    from kith.gui.review_watch import ReviewWatch
    from kith.gui.thumbnails import Thumbnails
    from kith.gui.watcher import Watcher


class FaceInPhoto(NamedTuple):
    """Somebody in a photo, to be shown in Photos; `back` is the place, and what there, that one comes from."""

    photo_id: int
    appearance_id: int
    back: tuple[str, object]


class House(Protocol):
    """What the window gives to its places."""

    does: Actions
    steps: NextSteps
    console: Console
    jobs: "JobRunner"
    desk: "LibraryDesk"
    waiting: "ReviewWatch"
    watcher: "Watcher"
    thumbnails: "Thumbnails"
    drawn: "DrawnFaces"
    choose_folder: ChooseFolder
    choose_file: ChooseFile

    @property
    def settings(self) -> Settings:
        """The settings as their file has them now."""

    @property
    def settings_file(self) -> Path:
        """The file of the settings."""

    @property
    def settings_fault(self) -> str:
        """Why nothing in that file can be read, empty where it can."""

    def mend_settings(self) -> None:
        """Tell what is wrong with a broken settings file, and ask what is to be done."""

    def go(self, place: str, what: object = None) -> None:
        """Turn to a place, and there to somebody or something."""

    def tell(self, text: str) -> None:
        """Say a sentence in the status line."""

    def apply_settings(self, before: Settings, after: Settings) -> None:
        """Decide all recognised photos again, by settings that were changed; Ctrl+Z takes that back."""

    def recognize(self, settings: Settings, folders: dict[str, Path], only_tell: bool = False) -> None:
        """Recognise the photos in a folder, and keep the folders, by their settings, for the next time."""


class Place(QWidget):
    """A page of the window; made when it is first turned to."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house

    def enter(self, what: object = None) -> None:
        """Show what is so now, of `what` if that is given; called each time one turns to the place."""

    def look_again(self) -> None:
        """The library is another one now, and the place in sight: show that without moving what is being looked at."""
