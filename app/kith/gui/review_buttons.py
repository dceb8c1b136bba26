"""The buttons of Review: what they are called, their keys, and where they are offered."""

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt
from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from kith.gui.choice_button import ChoiceButton
from kith.gui.phrases import translate
from kith.gui.plain_text import Label, in_order, set_tip
from kith.gui.review_model import ReviewModel, Step
from kith.text import printable

_NAME_WIDTH = 100  # pixels of a name on a button
# What the buttons below do, by name: their words, their key, and in which queues they are offered.
BUTTONS: dict[str, tuple[str, str, tuple[Step, ...]]] = {
    "back": (QT_TRANSLATE_NOOP("Kith", "Back"), "B", tuple(Step)),
    "split": (QT_TRANSLATE_NOOP("Kith", "Two people"), "P", (Step.GROUPS,)),
    "confirm": (QT_TRANSLATE_NOOP("Kith", "All are this person"), "A", (Step.LIKELY,)),
    "deny": (QT_TRANSLATE_NOOP("Kith", "Not this person"), "X", (Step.LIKELY,)),
    "ignore": (QT_TRANSLATE_NOOP("Kith", "Ignore"), "I", tuple(Step)),
    "others": (QT_TRANSLATE_NOOP("Kith", "Ignore all others"), "O", (Step.SINGLES,)),
    "skip": (QT_TRANSLATE_NOOP("Kith", "Skip"), "S", tuple(Step)),
}
TIPS = {
    "split": QT_TRANSLATE_NOOP("Kith", "Those taken out are another person: a group of their own from now on"),
    "confirm": QT_TRANSLATE_NOOP("Kith", "All faces that are not taken out are this person"),
    "deny": QT_TRANSLATE_NOOP("Kith", "Those taken out are not this person"),
    "ignore": QT_TRANSLATE_NOOP("Kith", "A stranger, a statue, a picture: nobody to be asked about again"),
    "others": QT_TRANSLATE_NOOP("Kith", "Everybody else unknown in this photo is nobody to be asked about again"),
    "skip": QT_TRANSLATE_NOOP("Kith", "Ask another day; not again while this window is open"),
    "back": QT_TRANSLATE_NOOP("Kith", "Ask again about what was asked about before"),
}


class ReviewButtons(QWidget):
    """The row below: what can be done with what is asked about, and how much there is to go."""

    def __init__(self) -> None:
        super().__init__()
        self.progress = Label()
        self.by_name = {name: ChoiceButton(_words(name)) for name in BUTTONS}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for name, button in self.by_name.items():
            set_tip(button, translate("Kith", TIPS[name]))
            if name == "skip":
                row.addStretch()
                row.addWidget(self.progress)
            row.addWidget(button)

    def show_model(self, model: ReviewModel) -> None:
        """Offer what can be done now."""
        line = model.line
        is_asked = line.current is not None
        can = {
            "back": line.can_go_back,
            "split": model.can_split,
            "confirm": bool(line.faces),
            "deny": bool(line.taken_out),
            "ignore": bool(model.named()),
            "others": is_asked,
            "skip": is_asked,
        }
        self._name_likely(model)
        for is_offered in (False, True):  # all of them at once would widen the window for good
            for name, (_, _, steps) in BUTTONS.items():
                if (model.step in steps) is is_offered:
                    self.by_name[name].setVisible(is_offered)
                    self.by_name[name].setEnabled(can[name])
        self.by_name["skip"].setText(self.tr("Next (S)") if line.is_over else self.tr("Skip (S)"))
        skipped = self.tr(", {} skipped").format(line.skipped) if line.skipped else ""
        self.progress.setText(self.tr("{} to go").format(f"{line.left:,}") + skipped)

    def _name_likely(self, model: ReviewModel) -> None:
        name = printable(model.likely_name)
        if not name:
            for button in ("confirm", "deny"):
                self.by_name[button].setText(_words(button))
            return
        short = self.fontMetrics().elidedText(in_order(name), Qt.TextElideMode.ElideRight, _NAME_WIDTH)
        faces = len(model.line.faces)
        words = self.tr("All {} are {} (A)") if faces > 1 else self.tr("This is {1} (A)")
        self.by_name["confirm"].setText(words.format(faces, short))
        self.by_name["deny"].setText(self.tr("Not {} (X)").format(short))


def _words(name: str) -> str:
    words, key, _ = BUTTONS[name]
    return f"{translate('Kith', words)} ({key})"


def connect_keys(page: QWidget, keys: Sequence[tuple[str, Callable[[], object]]]) -> None:
    """Let keys do things while the page has the keyboard; one key may mean several, of which one shows at a time."""
    by_key: dict[str, list[Callable[[], object]]] = {}
    for key, does in keys:
        by_key.setdefault(key, []).append(does)
    for key, of_key in by_key.items():
        shortcut = QShortcut(QKeySequence(key), page)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.setAutoRepeat(False)  # a key held down answers one question
        shortcut.activated.connect(lambda of_key=of_key: [does() for does in of_key])


def press(button: ChoiceButton) -> None:
    """Press a button by its key, where it is there to be pressed."""
    if button.isVisible():
        button.click()
