"""What the settings in the fields would come to, while they are moved: counts, gains and losses, and the distances."""

import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QT_TRANSLATE_NOOP
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from kith.errors import KithError
from kith.gui.background import Newest
from kith.gui.fitting_dialog import ScrolledPage
from kith.gui.histogram import Histogram
from kith.gui.phrases import in_window, translate
from kith.gui.plain_text import Label, narrow
from kith.gui.style import SPACE
from kith.settings import Settings
from kith.text import counted

if TYPE_CHECKING:  # loaded by the threads that ask
    from kith.jobs.events import RedecisionFinished
    from kith.jobs.setting_preview import Bars

    Answer = tuple[RedecisionFinished | None, list[str]]

_WORKING = QT_TRANSLATE_NOOP("Kith", "Trying it on your photos …")
_PEOPLE = 12  # whose gains and losses are told
_TOO_FEW = QT_TRANSLATE_NOOP("Kith", "Too few photos of your people to draw how far apart they are.")


class SettingPreview(QWidget):
    """A column beside the fields; nothing is written, and the newest settings are those it tells of."""

    def __init__(self) -> None:
        super().__init__()
        self._ask, self._ask_before, self._measure = Newest(self), Newest(self, pause_ms=0), Newest(self, pause_ms=0)
        self._before: RedecisionFinished | None = None
        self.words = narrow()
        self.people = narrow()
        self.distance_words = narrow()
        self.certainty = Histogram(self.tr("How sure Kith is of your own photos"))
        self.distances = Histogram(self.tr("How far apart your own photos are"))
        column = QVBoxLayout()
        column.setSpacing(SPACE)
        column.addWidget(Label(self.tr("On your photos"), bold=True))
        for widget in (self.words, self.people, self.distance_words, self.certainty, self.distances):
            column.addWidget(widget)
        column.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(ScrolledPage(column))
        self.certainty.hide()
        self.distances.hide()

    def begin(self, settings: Settings) -> None:
        """Tell of the settings as they are."""
        self.words.setText(translate("Kith", _WORKING))
        self.people.hide()
        self._ask_before.ask(partial(_previewed, settings), self._begun)
        self._measure.ask(lambda _stop: _measured(settings), self._draw)
        self._show_lines(settings)

    def show_settings(self, settings: Settings) -> None:
        """Tell of other settings, once nothing was typed for a moment."""
        self._show_lines(settings)
        if self._before:
            self.words.setText(translate("Kith", _WORKING))
            self.words.show()
            self._ask.ask(partial(_previewed, settings), self._tell)

    def _begun(self, answer: "Answer") -> None:
        self._before, _ = answer
        self._tell(answer)

    def _tell(self, answer: "Answer") -> None:
        finished, lines = answer
        self.words.setText(counts_in_words(finished, self._before) if finished else "")
        self.people.setText("\n".join(lines[:_PEOPLE]))
        for label in (self.words, self.people):
            label.setVisible(bool(label.text()))

    def _draw(self, measured: "tuple[Bars, Bars] | None") -> None:
        if not measured:
            self.distance_words.setText(translate("Kith", _TOO_FEW))
            return
        self.distance_words.setText(
            self.tr(
                "Your own photos asked who they are: filled bars are the same person, outlined ones strangers. "
                "Above: how sure; below: the distance."
            )
        )
        for histogram, bars in ((self.distances, measured[0]), (self.certainty, measured[1])):
            histogram.show_bars(bars.same, bars.others, bars.most)
            histogram.show()

    def _show_lines(self, settings: Settings) -> None:
        self.certainty.show_lines(((settings.suggest_at, self.tr("unsure")), (settings.sure_at, self.tr("sure"))))
        self.distances.show_lines(((settings.face_tol, self.tr("tolerance")),) if settings.face_tol else ())


def counts_in_words(now: "RedecisionFinished", before: "RedecisionFinished | None") -> str:
    """Return how many photos are sure, unsure and unknown, and how many more or fewer than before."""
    then = before or now
    counts = (
        (now.known, then.known, translate("Kith", "sure")),
        (now.unsure, then.unsure, translate("Kith", "unsure")),
        (now.unknown, then.unknown, translate("Kith", "unknown")),
    )
    told = [f"{count:,} {word}{_difference(count - was)}" for count, was, word in counts]
    return translate("Kith", "Of {0}: {1}").format(counted(now.done, "photo"), " · ".join(told))


def _difference(more: int) -> str:
    return f" ({more:+,})".replace("-", "−") if more else ""


def _previewed(settings: Settings, stop: threading.Event) -> "Answer":
    """Return what these settings would come to, and who gains and loses, or only why it cannot be told."""
    from kith.jobs.phrases import change_lines
    from kith.jobs.setting_preview import preview

    try:
        finished = preview(settings, stop)
    except KithError as error:
        return None, [in_window(error.message)]
    return finished, [line for person in finished.people for line in change_lines(person, with_photos=False)]


def _measured(settings: Settings) -> "tuple[Bars, Bars] | None":
    from kith.jobs.setting_preview import own_distances

    with suppress(KithError):  # which the preview tells
        return own_distances(settings)
    return None
