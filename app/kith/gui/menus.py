"""The menus: every action and page of the window with its shortcut and its place in the menu bar of macOS.

A page is a dialog behind an entry: a new one is a module of its own, and here its action, its place and its maker.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import Protocol

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QAbstractButton, QDialog, QMainWindow, QMenu, QMenuBar, QWidget

from kith.gui.folders import ChooseFile, ChooseFolder
from kith.gui.library_desk import LibraryDesk
from kith.gui.phrases import translate
from kith.gui.plain_text import in_order
from kith.gui.thumbnails import Thumbnails
from kith.settings import Settings
from kith.text import printable

Role = QAction.MenuRole
_LONGEST = 70  # characters of what is undone, in a menu


class Needs(Enum):
    """What of the settings a page needs."""

    NOTHING = auto()
    FOLDERS = auto()  # the user's own; while the file is broken those read before, or the defaults if the user agrees
    FILE = auto()  # one that can be read, for the page writes to it


class Host(Protocol):
    """What a page asks of the window that opens it."""

    @property
    def settings(self) -> Settings:
        """The settings as their file has them now."""

    @property
    def settings_file(self) -> Path:
        """The file of the settings."""

    choose_folder: ChooseFolder
    choose_file: ChooseFile
    thumbnails: Thumbnails
    desk: LibraryDesk

    def recognize(self, settings: Settings, folders: dict[str, Path], only_tell: bool = False) -> None:
        """Recognise the photos in a folder, and keep the folders, by their settings, for the next time."""

    def apply_settings(self, before: Settings, after: Settings) -> None:
        """Decide all recognised photos again, by settings that were changed; Ctrl+Z takes that back."""

    def with_library_closed(self, task: Callable[[], str], then: Callable[[str], None]) -> None:
        """Run a task while the window has the library closed; `then` is given what came of it."""

    def forget_what_was(self) -> None:
        """Show that what was there may be gone: the library, the settings, the pictures."""

    def refresh(self) -> None:
        """Show what is so now."""


@dataclass(frozen=True, slots=True)
class Page:
    """How a page is made for the window, which becomes its parent, and what it needs."""

    make: Callable[[Host, QWidget], QDialog]
    needs: Needs


class Actions:
    """What can be done in the window, as actions that its buttons share."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        act, tr = self._action, partial(translate, "Actions")
        self.build = act(tr("&Build KB"), "Ctrl+B", tr("Learn your people from the people folder"))
        self.recognize = act(tr("&Recognize Folder…"), "Ctrl+R", tr("Find your people in a folder of photos"))
        self.abort = act(tr("&Abort"), "Ctrl+.", tr("Stop when the photos at work are done; the next run goes on"))
        self.watch = act(tr("Wa&tch Input Folder"), "Ctrl+T", tr("Recognise new photos there as they come"))
        self.watch.setCheckable(True)
        self.report = act(tr("&Write Report…"), "Ctrl+E", tr("Save what was found: as a page, a table or data"))
        self.review = act(tr("Review &Unknowns…"), "Ctrl+U", tr("Say who is in the photos Kith was not sure of"))
        self.output = act(tr("Open &Output Folder"), "Ctrl+O", tr("Show the copies in the file manager"))
        self.filed = act(tr("&What Was Filed…"), "", tr("Each run that filed photos, to be taken back"))
        self.undo = act(tr("&Undo"), "Ctrl+Z", tr("Take back what you did last"))
        self.redo = act(tr("&Redo"), "Ctrl+Y", tr("Do again what you took back"))
        self.redo.setShortcuts([QKeySequence("Ctrl+Y"), QKeySequence("Ctrl+Shift+Z")])
        self.save_console = act(tr("Save &Console…"), "Ctrl+S", tr("Save the lines of the console as a text file"))
        self.save_console.setIconText(tr("Save Console…"))  # a button has this text, and Qt's own loses the dots
        self.find = act(tr("&Find in Console"), "Ctrl+F", tr("Show only lines with a text"))
        self.settings = act(tr("&Settings…"), "Ctrl+,", tr("Change how Kith works"), Role.PreferencesRole)
        self.quit = act(tr("&Quit"), "Ctrl+Q", "", Role.QuitRole)
        self.first_steps = act(tr("&First Steps…"), "F1", tr("Folders, privacy and model files"))
        self.models = act(tr("&Model Files…"), "", tr("Which networks are there, and fetching those that are not"))
        self.import_names = act(tr("&Import Names…"), "", tr("Take over whom other programs named in photos"))
        self.write_names = act(tr("Write &Names…"), "", tr("Write who shows for other programs to read"))
        self.import_people = act(tr("I&mport People…"), "", tr("Take over a relative's people from a file"))
        self.export_people = act(tr("E&xport People…"), "", tr("Write people to a file for a relative"))
        self.privacy = act(tr("&Privacy…"), "", tr("Everything Kith keeps on this computer, and erasing it"))
        self.log_folder = act(tr("&Log Folder"), "", tr("Show the log files in the file manager"))
        self.problem = act(tr("Report a &Problem…"), "", tr("What a report needs, as text to copy; nothing is sent"))
        self.about = act(tr("&About Kith"), "", "", Role.AboutRole)
        self.pages = {
            self.recognize: Page(_recognition, Needs.FOLDERS),
            self.filed: Page(_filed, Needs.FOLDERS),
            self.settings: Page(_settings, Needs.FILE),
            self.first_steps: Page(_first_steps, Needs.FILE),
            self.models: Page(_models, Needs.FOLDERS),
            self.import_names: Page(_import_names, Needs.FOLDERS),
            self.write_names: Page(_write_names, Needs.FOLDERS),
            self.import_people: Page(_import_people, Needs.FOLDERS),
            self.export_people: Page(_export_people, Needs.FOLDERS),
            self.privacy: Page(_privacy, Needs.FOLDERS),
            self.problem: Page(_problem, Needs.NOTHING),
            self.about: Page(_about, Needs.NOTHING),
        }

    def fill(self, bar: QMenuBar, look_at_steps: Callable[[], None]) -> None:
        """Put the actions into the menu bar; what can be undone is looked at when its menu is opened."""
        menus: tuple[tuple[str, list[QAction | None]], ...] = (
            (translate("Kith", "&File"), [self.settings, None, self.find, self.save_console, None, self.quit]),
            (
                translate("Kith", "&Edit"),
                [
                    *(self.undo, self.redo, None, self.import_names, self.write_names),
                    *(None, self.import_people, self.export_people),
                ],
            ),
            (translate("Kith", "&Knowledge Base"), [self.build]),
            (
                translate("Kith", "&Recognition"),
                [
                    self.recognize,
                    self.watch,
                    self.abort,
                    None,
                    self.output,
                    self.filed,
                    self.report,
                    None,
                    self.review,
                ],
            ),
            (
                translate("Kith", "&Help"),
                [self.first_steps, self.models, self.privacy, None, self.log_folder, self.problem, None, self.about],
            ),
        )
        for title, actions in menus:
            menu = bar.addMenu(title)
            if menu:
                _fill(menu, actions)
                if self.undo in actions:
                    menu.aboutToShow.connect(look_at_steps)

    def show_steps(self, undoes: str, redoes: str) -> None:
        """Say in words what is undone and done again; empty where there is nothing, as they then say themselves."""
        tr = partial(translate, "Actions")
        for action, name, what in ((self.undo, tr("&Undo"), undoes), (self.redo, tr("&Redo"), redoes)):
            told = printable(what)
            told = told if len(told) <= _LONGEST else f"{told[:_LONGEST]} …"
            action.setText(f"{name}: {in_order(told).replace('&', '&&')}" if what else name)

    def enable(self, *, running: bool, report: bool, output: bool) -> None:
        """Offer what makes sense now: while a job is running, no other one."""
        names = (self.import_names, self.write_names, self.import_people)
        for action in (self.build, self.recognize, self.review, self.first_steps, *names):
            action.setEnabled(not running)
        self.abort.setEnabled(running)
        self.report.setEnabled(report)
        self.output.setEnabled(output)

    def _action(self, text: str, keys: str, help_text: str, role: Role = Role.NoRole) -> QAction:
        shortcut = QKeySequence(keys)
        shown = shortcut.toString(QKeySequence.SequenceFormat.NativeText)
        action = QAction(text, self._window)
        action.setShortcut(shortcut)
        action.setStatusTip(help_text)
        action.setToolTip(f"{help_text} ({shown})" if shown else help_text)
        action.setMenuRole(role)
        return action


def share(action: QAction, button: QAbstractButton) -> None:
    """Have a button do what an action does, whenever the action can be done."""
    button.setToolTip(action.toolTip())
    button.setEnabled(action.isEnabled())
    button.clicked.connect(action.trigger)
    action.changed.connect(lambda: button.setEnabled(action.isEnabled()))


def _fill(menu: QMenu, actions: list[QAction | None]) -> None:
    for action in actions:
        if action:
            menu.addAction(action)
        else:
            menu.addSeparator()


# The makers load a page when it is first opened: the window need not have it before it shows.


def _recognition(host: Host, window: QWidget) -> QDialog:
    from kith.gui.recognize_dialog import RecognizeDialog

    settings = host.settings
    dialog = RecognizeDialog(settings, host.choose_folder, window)
    dialog.accepted.connect(lambda: host.recognize(settings, dialog.folders, dialog.only_tell.isChecked()))
    return dialog


def _filed(host: Host, window: QWidget) -> QDialog:
    from kith.gui.filing_dialog import FilingDialog

    return FilingDialog(host.desk, window)


def _settings(host: Host, window: QWidget) -> QDialog:
    from kith.gui.settings_dialog import SettingsDialog

    dialog = SettingsDialog(host.settings_file, window)
    dialog.finished.connect(host.refresh)
    dialog.applied.connect(host.apply_settings)
    return dialog


def _first_steps(host: Host, window: QWidget) -> QDialog:
    from kith.gui.first_start import FirstStart

    dialog = FirstStart(host.settings_file, host.settings, host.choose_folder, window)
    dialog.finished.connect(host.refresh)
    return dialog


def _models(host: Host, window: QWidget) -> QDialog:
    from kith.gui.models_dialog import ModelsDialog

    return ModelsDialog(host.settings, window)


def _privacy(host: Host, window: QWidget) -> QDialog:
    from kith.gui.privacy_dialog import PrivacyDialog

    dialog = PrivacyDialog(host.settings, host.settings_file, host.with_library_closed, window)
    dialog.erased.connect(host.forget_what_was)
    return dialog


def _import_names(host: Host, window: QWidget) -> QDialog:
    from kith.gui.names_dialog import import_dialog

    dialog = import_dialog(host.settings, host.choose_folder, window)
    dialog.changed.connect(host.forget_what_was)
    return dialog


def _write_names(host: Host, window: QWidget) -> QDialog:
    from kith.gui.names_dialog import writing_dialog

    return writing_dialog(host.settings, window)


def _import_people(host: Host, window: QWidget) -> QDialog:
    from kith.gui.people_file_dialogs import ImportPeopleDialog

    dialog = ImportPeopleDialog(host.settings, host.thumbnails, window)
    dialog.changed.connect(host.forget_what_was)
    return dialog


def _export_people(host: Host, window: QWidget) -> QDialog:
    from kith.gui.people_file_dialogs import ExportPeopleDialog

    return ExportPeopleDialog(host.settings, host.choose_file, window)


def _problem(_host: Host, window: QWidget) -> QDialog:
    from kith.gui.help import ProblemDialog

    return ProblemDialog(window)


def _about(_host: Host, window: QWidget) -> QDialog:
    from kith.gui.help import about

    return about(window)
