"""Where the window was, how large, and at which place: the same the next time."""

from PyQt6.QtCore import QByteArray, QSettings

from kith.gui.main_window import MainWindow
from kith.gui.places import PLACES
from kith.settings import user_folder

FILE = "window.ini"


def _file() -> QSettings:
    return QSettings(str(user_folder("config") / FILE), QSettings.Format.IniFormat)


def restore(window: MainWindow) -> None:
    """Put the window where it was, on a screen that is there and no larger, and turn to its place."""
    kept = _file()
    geometry, place = kept.value("geometry"), kept.value("place")
    if isinstance(geometry, QByteArray):
        window.restoreGeometry(geometry)
    if screen := window.screen():  # also the first time: in a system's large letters a screen has room for less
        window.resize(window.size().boundedTo(screen.availableSize()))
    if isinstance(place, str) and place in PLACES:
        window.go(place)


def keep(window: MainWindow) -> None:
    """Remember where the window is; in vain where nothing can be written."""
    kept = _file()
    kept.setValue("geometry", window.saveGeometry())
    kept.setValue("place", window.place)
    kept.sync()
