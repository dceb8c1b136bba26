"""The large buttons: what Kith does, in the order a newcomer does it."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QAction, QPalette
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from kith.gui.folders import is_folder, is_missed
from kith.gui.menus import Actions, share
from kith.gui.plain_text import Label, wrapped
from kith.gui.style import Tone, colour
from kith.settings import Settings


class Step(Enum):
    """What to do next."""

    BUILD = "build"
    RECOGNIZE = "recognize"
    LOOK = "look"
    REVIEW = "review"


@dataclass(frozen=True)
class Around:
    """What is there already: a report, an output folder, and a knowledge base that was built to its end.

    `missed` tells that the people folder was used and is not there now.
    """

    report: bool = False
    output: bool = False
    taught: bool = False
    missed: bool = False


def look_around(settings: Settings, report: Path) -> Around:
    """Look what is there; not in the GUI thread, since a drive may be slow to answer."""
    taught = settings.library_file.is_file() and settings.encodings_file.is_file()
    missed = is_missed(settings.dataset_folder, settings)
    output = is_folder(settings.output_folder)
    return Around(report.is_file(), output, taught, missed)


def next_step(is_filed: bool, is_taught: bool) -> Step:
    """Return what to do next: look at what was filed, recognise by what was taught, or first teach somebody."""
    if is_filed:
        return Step.LOOK
    return Step.RECOGNIZE if is_taught else Step.BUILD


_LEAST_WIDTH = 200  # pixels of a large button: four of them fit on a narrow screen, whatever the font

# Colours of the theme, but for the next step: a theme's own highlight need not be readable.
_LOOK = """
LargeButton {{ border: 1px solid palette(mid); border-radius: 8px; background: palette(button); }}
LargeButton:hover:enabled, LargeButton:focus {{ border: 2px solid palette(highlight); }}
LargeButton:pressed {{ background: palette(mid); }}
LargeButton[next="true"]:enabled {{ background: {ground}; }}
LargeButton[next="true"]:enabled:hover, LargeButton[next="true"]:enabled:focus {{ border: 2px solid palette(text); }}
LargeButton[next="true"] QLabel:enabled {{ color: {ink}; }}
"""


class LargeButton(QPushButton):
    """A button for an action, with a title and a sentence below it."""

    def __init__(self, title: str, action: QAction) -> None:
        super().__init__()
        self._title = Label(title, bold=True, size=1.15, wraps=True)
        self._sentence = wrapped()
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 10)
        for label in (self._title, self._sentence):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(label)
        column.setStretch(1, 1)
        self.setMinimumWidth(_LEAST_WIDTH)
        policies = QSizePolicy.Policy
        policy = QSizePolicy(policies.Ignored, policies.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        share(action, self)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for title and sentence."""
        width = max(self.width(), _LEAST_WIDTH)
        height = self.heightForWidth(width)
        return QSize(_LEAST_WIDTH, height)

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Return what title and sentence need, and no less than one line and two, lest buttons jump."""
        layout = self.layout()
        title = self._title.fontMetrics().lineSpacing()
        sentence = self.fontMetrics().lineSpacing()
        least = title + 2 * sentence + 32
        needed = layout.totalHeightForWidth(width) if layout else 0
        return max(least, needed)

    def say(self, sentence: str, *, is_next: bool = False) -> None:
        """Show the sentence, and whether this is what to do next."""
        self._sentence.setText(sentence)
        self.setAccessibleName(f"{self._title.text()}: {sentence}")
        self.setProperty("next", is_next)
        for widget in (self, self._title, self._sentence):  # a rule on a property is looked up anew only when asked
            if style := widget.style():
                style.unpolish(widget)
                style.polish(widget)


class NextSteps(QWidget):
    """A row of large buttons over the window's actions; the one to press next stands out."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.build = LargeButton(self.tr("1  Build KB"), actions.build)
        self.recognize = LargeButton(self.tr("2  Recognize Folder…"), actions.recognize)
        self.output = LargeButton(self.tr("3  Open Output Folder"), actions.output)
        self.review = LargeButton(self.tr("4  Review Unknowns…"), actions.review)
        self._colour()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.build, self.recognize, self.output, self.review):
            row.addWidget(button, 1)
        self._buttons = {
            Step.BUILD: self.build,
            Step.RECOGNIZE: self.recognize,
            Step.LOOK: self.output,
            Step.REVIEW: self.review,
        }
        self._guess: Step | None = None
        self._advice: tuple[Step | None] | None = None
        self._people, self._is_missed = "", False

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """Take the colours of a new theme."""
        super().changeEvent(event)
        if event and event.type() == QEvent.Type.PaletteChange:
            self._colour()

    def _colour(self) -> None:
        palette = self.palette()
        ground, ink = colour(Tone.NOTICE, palette), palette.color(QPalette.ColorRole.Base)
        look = _LOOK.format(ground=ground.name(), ink=ink.name())
        if look != self.styleSheet():
            self.setStyleSheet(look)

    def show_next(self, step: Step | None, people: str, is_missed: bool = False) -> None:
        """Point at a step, if at any, until something else is advised.

        `people` is the name of the people folder, which `is_missed` where it is gone.
        """
        self._guess, self._people, self._is_missed = step, people, is_missed
        window = self.window()
        types = window and isinstance(window.focusWidget(), QLineEdit | QPlainTextEdit)  # somebody, who goes on
        self._show(takes_keyboard=not types)

    def advise(self, step: Step | None) -> None:
        """Point at a step, if at any, now that the library was looked at: it is known better what comes next."""
        self._advice = (step,)
        self._show(takes_keyboard=self.has_keyboard)

    @property
    def has_keyboard(self) -> bool:
        """Whether one of the buttons has it, or will have it once the window is turned to."""
        window = self.window()
        return window is not None and window.focusWidget() in self._buttons.values()

    def forget_advice(self) -> None:
        """Point at what seems to be next, since something changed."""
        self._advice = None

    def _show(self, takes_keyboard: bool) -> None:
        (step,) = self._advice or (self._guess,)
        sentences = {
            Step.BUILD: self._learn(step),
            Step.RECOGNIZE: self.tr("Find your people in a folder of photos"),
            Step.LOOK: self.tr("See the copies, a folder for each person"),
            Step.REVIEW: self.tr("Say who the others are"),
        }
        for each, button in self._buttons.items():
            button.say(sentences[each], is_next=each is step)
        if step and takes_keyboard:
            self._buttons[step].setFocus()

    def _learn(self, step: Step | None) -> str:
        if self._is_missed:
            return self.tr("“{0}” is not there now: is its drive plugged in?").format(self._people)
        if step is Step.BUILD and self._guess is Step.BUILD:
            return self.tr("Start here: learn your people from “{0}”").format(self._people)
        if step is Step.BUILD:
            return self.tr("Learn who is new in “{0}”").format(self._people)
        if self._guess is None:
            return self.tr("Learn your people from the people folder")
        return self.tr("Learn your people again after you added photos")
