"""Answers that come while the one who asked is going."""

import threading

from PyQt6 import sip
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from kith.gui.background import Newest
from tests.windows import PATIENCE_MS


def test_an_answer_is_not_told_to_a_widget_that_is_just_going(qtbot: QtBot) -> None:
    owner = QWidget()
    newest = Newest(owner, 0)
    begun, may_end = threading.Event(), threading.Event()
    heard: list[bool] = []

    def task(_stop: threading.Event) -> bool:
        begun.set()
        return may_end.wait(PATIENCE_MS / 1000)

    newest.ask(task, heard.append)
    qtbot.waitUntil(begun.is_set, timeout=PATIENCE_MS)
    may_end.set()
    for thread in threading.enumerate():
        if thread.name == "kith-question":
            thread.join()
    # The widget goes first, then what it holds; whatever its end sets off may have events told between the two.
    owner.destroyed.connect(lambda: QApplication.sendPostedEvents())
    sip.delete(owner)
    assert heard == []
