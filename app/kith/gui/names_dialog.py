"""Names in photos: written for other programs, and taken over from them; each is shown before it is done."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QT_TRANSLATE_NOOP, pyqtSignal
from PyQt6.QtWidgets import QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from kith.errors import KithError
from kith.gui.background import Newest
from kith.gui.fitting_dialog import FittingDialog
from kith.gui.folders import ChooseFolder
from kith.gui.phrases import in_window, translate
from kith.gui.plain_text import in_order, wrapped
from kith.gui.read_pane import ReadPane
from kith.settings import Settings
from kith.text import printable

if TYPE_CHECKING:
    from kith.jobs.import_tags import TagsFound

_LOOKING = QT_TRANSLATE_NOOP("Kith", "Looking …")
_AT_WORK = QT_TRANSLATE_NOOP("Kith", "At work … Closing stops it; what is done by then stays.")
_WRITE = QT_TRANSLATE_NOOP(
    "Kith",
    "Other photo programs read who shows in a photo from XMP: in small files beside your copies or photos, or in the "
    "photos themselves, as “Names in photos” of the settings says. What they wrote there stays.",
)
_TAKE_OVER = QT_TRANSLATE_NOOP(
    "Kith",
    "Names that digiKam, Lightroom, Picasa, Windows and others gave to people in your photos become your own word "
    "here. Ctrl+Z takes all of it back.",
)

_NONE_TO_WRITE = QT_TRANSLATE_NOOP(
    "Kith",
    "Nothing is to be written: each file has the names it should have. “Names in photos” of the settings says which "
    "files get names.",
)
_NONE_FOUND = QT_TRANSLATE_NOOP(
    "Kith", "Nobody was found. Names are read in the photos themselves, in .xmp files beside them and in .picasa.ini."
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a look or a deed came to: lines to read, a sentence on it, and what may be done then, if anything.

    `nothing` stands where the lines would, if there are none.
    """

    lines: tuple[str, ...]
    words: str = ""
    deed: "Deed | None" = None
    nothing: str = field(default="", kw_only=True)


Deed = Callable[[threading.Event], Told]


class NamesDialog(FittingDialog):
    """Shows what would be done, and does it when the button is pressed; `changed` tells that it was."""

    changed = pyqtSignal()

    def __init__(self, title: str, intro: str, press: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._task = Newest(self, pause_ms=0)
        self._deed: Deed | None = None
        self._stop: threading.Event | None = None
        self._result = 0
        self.lines = ReadPane(translate("Kith", "What would be done"))
        self.words = wrapped(bold=True)
        self.do = QPushButton(press)
        self.do.setAutoDefault(False)
        self.do.setEnabled(False)
        self.do.clicked.connect(self._begin)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.buttons.addButton(self.do, QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for shown in (wrapped(intro), self.words):
            column.addWidget(shown)
        column.addWidget(self.lines, 1)
        column.addStretch()
        column.addWidget(self.buttons)
        self.resize(760, 460)

    @property
    def busy(self) -> bool:
        """Whether something is being done."""
        return self._stop is not None

    def look(self, look: Deed) -> None:
        """Show what would be done, once that is known."""
        self.words.setText(translate("Kith", _LOOKING))
        self.lines.clear()
        self.lines.setPlaceholderText(translate("Kith", _LOOKING))
        self.do.setEnabled(False)
        self._task.ask(partial(_told, look), self._show)

    def done(self, result: int) -> None:
        """Close, once what is being done has stopped."""
        if self._stop:
            self._stop.set()
            self._result = result
            self.setEnabled(False)
        else:
            super().done(result)

    def _show(self, told: Told) -> None:
        self.lines.setPlainText(in_order("\n".join(map(printable, told.lines))))
        self.lines.setPlaceholderText(told.nothing)
        self.lines.setVisible(bool(told.lines or told.nothing))
        self.words.setText(told.words)
        self._deed = told.deed
        self.do.setEnabled(told.deed is not None)

    def _begin(self) -> None:
        deed = self._deed
        if deed is None or self._stop:
            return
        self.do.setEnabled(False)
        self.words.setText(translate("Kith", _AT_WORK))
        stop = self._stop = threading.Event()
        self._task.ask(lambda _stop: _told(deed, stop), self._end)

    def _end(self, told: Told) -> None:
        self._stop = None
        self._show(told)
        self.changed.emit()
        if not self.isEnabled():
            super().done(self._result)


def _told(deed: Deed, stop: threading.Event) -> Told:
    try:
        return deed(stop)
    except KithError as error:
        return Told((), in_window(error.message))


def writing_dialog(settings: Settings, parent: QWidget) -> NamesDialog:
    """Return the dialog that writes names into XMP now."""
    dialog = NamesDialog(
        translate("Kith", "Write Names"), translate("Kith", _WRITE), translate("Kith", "&Write Names"), parent
    )
    dialog.look(partial(_writing, settings, True))
    return dialog


def _writing(settings: Settings, preview: bool, stop: threading.Event) -> Told:
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.write_names import names_summary, write_names

    with OpenLibrary(settings) as library:
        written = write_names(library, preview=preview, stop=stop)
    *lines, summary = names_summary(written)
    deed = partial(_writing, settings, False) if preview and written.files else None
    nothing = translate("Kith", _NONE_TO_WRITE) if preview else ""
    return Told((*lines, *map(in_window, written.problems)), summary, deed, nothing=nothing)


def import_dialog(settings: Settings, choose: ChooseFolder, parent: QWidget) -> NamesDialog:
    """Return the dialog that takes over the names of other programs, its folder to be chosen."""
    dialog = NamesDialog(
        translate("Kith", "Import Names"), translate("Kith", _TAKE_OVER), translate("Kith", "&Import Names"), parent
    )
    folder = QPushButton(translate("Kith", "&Choose Folder…"))
    folder.setAutoDefault(False)
    dialog.buttons.addButton(folder, QDialogButtonBox.ButtonRole.ActionRole)

    def ask() -> None:
        chosen = (
            None
            if dialog.busy
            else choose(translate("Kith", "Photos that other programs named"), settings.input_folder)
        )
        if chosen:
            dialog.look(partial(_finding, settings, chosen))

    folder.clicked.connect(ask)
    dialog.words.setText(translate("Kith", "Choose the folder of photos."))
    dialog.lines.setPlaceholderText(translate("Kith", "Whom other programs named in its photos will be listed here."))
    return dialog


def _finding(settings: Settings, folder: Path, _stop: threading.Event) -> Told:
    from kith.jobs.import_tags import find_tags, found_lines

    found = find_tags(settings, folder)
    *lines, summary = found_lines(found)
    deed = partial(_taking_over, settings, found) if found.photos else None
    return Told((*lines, *map(in_window, found.problems)), summary, deed, nothing=translate("Kith", _NONE_FOUND))


def _taking_over(settings: Settings, found: "TagsFound", stop: threading.Event) -> Told:
    from kith.jobs.import_tags import import_tags

    outcome = import_tags(settings, found, stop=stop)
    return Told(tuple(map(in_window, (*outcome.problems, *outcome.hints))), in_window(outcome.text))
