"""Start the window."""

import logging
import os
import signal
import sys
import threading
from functools import partial
from types import TracebackType

from PyQt6.QtCore import QSettings, QTimer
from PyQt6.QtWidgets import QApplication, QMessageBox

from kith import __version__
from kith.gui.console import Kind
from kith.gui.library_notices import LibraryNotices
from kith.gui.main_window import MainWindow
from kith.gui.phrases import translate
from kith.gui.plain_text import message
from kith.gui.style import be_readable
from kith.gui.window_memory import keep, restore
from kith.logs import start_log, told_of_bug
from kith.messages import command
from kith.process import CANNOT
from kith.settings import load_user_settings, user_folder, user_settings_file

_log = logging.getLogger(__name__)


def main() -> int:
    """Show the window until it is closed and return the exit code."""
    if not _has_display():
        sys.stderr.write(
            translate("Kith", "There is no display to show the window on. {0} tells what works without.\n").format(
                command("--help")
            )
        )
        return CANNOT
    start_log()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own handler would wait for the next click
    # Qt's own dialog keeps the folders last chosen: among Kith's settings, where README says what is to be deleted.
    folder = str(user_folder("config"))
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, folder)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Kith")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("kith")
    be_readable(app)
    first_time = not user_settings_file().exists()
    window = MainWindow(load_user_settings())
    sys.excepthook = report_bug
    notices = LibraryNotices(window.console)
    logging.getLogger("kith.library").addHandler(notices)
    restore(window)
    remember = partial(keep, window)  # held here: Qt alone would not keep it
    app.aboutToQuit.connect(remember)
    window.show()
    _log.info("Kith %s: the window is shown", __version__)
    QTimer.singleShot(0, lambda: greet(window, first_time))
    return app.exec()


def greet(window: MainWindow, first_time: bool) -> None:
    """Show the first steps to whoever has no settings yet or no photos of people; first of all tell of broken ones.

    Whose people are only missing, with their drive perhaps, is told so.
    """
    from kith.gui.background import Newest
    from kith.gui.folders import is_missed, people_problem

    settings = window.settings
    people = settings.dataset_folder

    def look(stop: threading.Event) -> tuple[str, bool]:
        problem = people_problem(people, settings, stop)
        is_known = is_missed(people, settings) or os.path.isfile(settings.library_file)
        return problem, is_known

    def tell(found: tuple[str, bool]) -> None:
        problem, is_known = found
        if not problem:
            return
        is_busy = window.jobs.running or QApplication.activeModalWidget() is not None
        if is_known:
            window.console.add(Kind.PROBLEM, f"{people}: {problem}")
        elif not is_busy:
            window.welcome()

    if window.settings_are_broken:
        window.mend_settings()
    elif first_time:
        window.welcome()
    else:
        Newest(window, pause_ms=0).ask(look, tell)


def _has_display() -> bool:
    if sys.platform != "linux":
        return True
    needed = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return any(os.environ.get(name) for name in needed)


def report_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log an exception that nobody caught, which Qt would end the program for, and say so."""
    _log.error("bug", exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)
    if QApplication.activeModalWidget() is None:
        text = translate("Kith", "{0}; Help ▸ Report a Problem… shows it.").format(told_of_bug(kind.__name__))
        box = message(QApplication.activeWindow(), text, QMessageBox.Icon.Critical)
        box.open()
