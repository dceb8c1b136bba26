"""How far a job is: bar, photos per second, time left, and the button that stops it."""

import math
import time

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from kith.gui.choice_button import ChoiceButton
from kith.gui.menus import share
from kith.gui.pace import Pace, time_left
from kith.gui.phrases import translate
from kith.gui.plain_text import Label

SAID_EVERY_S = 0.5
TICK_MS = 100


class JobProgress(QWidget):
    """A row with the job's name, bar, pace and the abort button; nothing before there was a job."""

    def __init__(self, abort: QAction) -> None:
        super().__init__()
        self._name = Label()
        self.bar = _photos_bar()
        self.pace_label = Label()
        self.abort_button = ChoiceButton(abort.text())
        share(abort, self.abort_button)
        self._done = 0
        self._said_at = 0.0
        self._pace = Pace(0.0)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._name)
        row.addWidget(self.bar, 1)
        row.addWidget(self.pace_label)
        row.addWidget(self.abort_button)
        self._rest()
        self.hide()

    def begin(self, job: str) -> None:
        """Show that a job prepares: how many photos there are is not known yet."""
        self._name.setText(job)
        self.pace_label.setText(self.tr("starting …"))
        bar = self.bar
        bar.setFormat("")
        bar.setRange(0, 0)
        bar.setEnabled(True)
        self.show()

    def set_total(self, total: int) -> None:
        """Show a bar over `total` photos and begin to measure the pace."""
        self.bar.setRange(0, total)
        self.bar.setFormat(self.tr("%v of %m photos"))
        self._done = 0
        self._said_at = 0.0
        self._pace = Pace(time.monotonic())
        self._timer.start()

    def set_done(self, done: int) -> None:
        """Take down how many photos are done; the bar shows it with the next tick, since each of its steps repaints."""
        self._done = done

    def stopping(self) -> None:
        """Show that the wish to stop was heard."""
        self._said_at = math.inf
        self.pace_label.setText(self.tr("stopping when the photos at work are done …"))

    def waits(self, line: str) -> None:
        """Show why the job waits, or that it goes on where there is nothing to say."""
        self._said_at = math.inf if line else 0.0
        self.pace_label.setText(line)

    def end(self, outcome: str) -> None:
        """Leave the bar where the job ended, with a word on how."""
        self._timer.stop()
        if self.bar.maximum() == 0:
            self._rest()
        else:
            self.bar.setValue(self._done)
        self.pace_label.setText(outcome)

    def _rest(self) -> None:
        bar = self.bar
        bar.setRange(0, 1)
        bar.setValue(0)
        bar.setFormat("")
        bar.setEnabled(False)

    def _tick(self) -> None:
        now = time.monotonic()
        bar, pace, done = self.bar, self._pace, self._done
        bar.setValue(done)
        pace.note(done, now)
        rate = pace.rate
        if rate and now - self._said_at >= SAID_EVERY_S:
            self._said_at = now
            photos = bar.maximum() - done
            left = time_left(photos / rate)
            self.pace_label.setText(self.tr("{0:.1f} photos/s, {1}").format(rate, left))


def _photos_bar() -> QProgressBar:
    bar = QProgressBar()
    bar.setAccessibleName(translate("Kith", "Photos done"))
    bar.setMinimumWidth(120)
    return bar
