"""What the library warns of shows in the window's console."""

import logging
import threading

from PyQt6.QtGui import QAction
from pytestqt.qtbot import QtBot

from app.gui.console import Console
from app.gui.library_notices import LibraryNotices


def test_a_warning_from_any_thread_shows_in_the_console(qtbot: QtBot) -> None:
    console = Console(QAction())
    qtbot.addWidget(console)
    notices, log = LibraryNotices(console), logging.getLogger("app.identity.store")
    logging.getLogger("app.identity").addHandler(notices)
    try:
        thread = threading.Thread(target=log.warning, args=("%d entries are \x1b[31mdamaged", 3))
        thread.start()
        thread.join()
        log.info("not for the console")
        qtbot.waitUntil(lambda: len(console.lines()) > 0)
    finally:
        logging.getLogger("app.identity").removeHandler(notices)
    (line,) = console.lines()
    assert line.endswith("3 entries are \\x1b[31mdamaged")
