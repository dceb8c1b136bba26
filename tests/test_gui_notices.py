"""The console shows what the library warns of, and outlives nothing."""

import logging
import os
import subprocess
import sys
import threading

from PyQt6.QtGui import QAction
from pytestqt.qtbot import QtBot

from kith.gui.console import Console
from kith.gui.library_notices import LibraryNotices
from tests.desk import REPOSITORY


def test_a_warning_from_any_thread_shows_in_the_console(qtbot: QtBot) -> None:
    console = Console(QAction())
    qtbot.addWidget(console)
    notices, log = LibraryNotices(console), logging.getLogger("kith.library.store")
    logging.getLogger("kith.library").addHandler(notices)
    try:
        thread = threading.Thread(target=log.warning, args=("%d entries are \x1b[31mdamaged", 3))
        thread.start()
        thread.join()
        log.info("not for the console")
        qtbot.waitUntil(lambda: len(console.lines()) > 0)
    finally:
        logging.getLogger("kith.library").removeHandler(notices)
    (line,) = console.lines()
    assert line.endswith("3 entries are \\x1b[31mdamaged")


def test_a_window_thrown_away_while_lines_come_in_takes_nothing_down_with_it() -> None:
    code = (
        "import gc; from PyQt6.QtGui import QAction; from PyQt6.QtWidgets import QApplication, QMainWindow\n"
        "from kith.gui.console import Console, Kind\n"
        "application = QApplication([])\n"
        "for number in range(30):\n"
        "    window = QMainWindow()\n"
        "    console = Console(QAction('Save', window))\n"
        "    window.setCentralWidget(console); window.resize(300, 100); window.show()\n"
        "    for number in range(50): console.add(Kind.NOTICE, 100 * 'x')\n"
        "    application.processEvents(); console._flush(); window.resize(200, 100)\n"
        "    window.own = window\n"
        "    window.deleteLater(); del window, console; gc.collect(); application.processEvents()\n"
        "print('done')"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "done\n"), run.stderr
