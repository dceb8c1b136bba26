"""The buttons of Review: what they are called, their keys, and where they are offered."""

from collections.abc import Callable, Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import QWidget

from kith.gui.choice_button import ChoiceButton
from kith.gui.review_model import Step

# What the buttons below do, by name: their words, their key, and in which queues they are offered.
BUTTONS: dict[str, tuple[str, str, tuple[Step, ...]]] = {
    "back": ("Back", "B", tuple(Step)),
    "split": ("Two people", "P", (Step.GROUPS,)),
    "confirm": ("All are this person", "A", (Step.LIKELY,)),
    "deny": ("Not this person", "X", (Step.LIKELY,)),
    "ignore": ("Ignore", "I", tuple(Step)),
    "others": ("Ignore all others", "O", (Step.SINGLES,)),
    "skip": ("Skip", "S", tuple(Step)),
}
TIPS = {
    "split": "Those taken out are another person: a group of their own from now on",
    "confirm": "All faces that are not taken out are this person",
    "deny": "Those taken out are not this person",
    "ignore": "A stranger, a statue, a picture: nobody to be asked about again",
    "others": "Everybody else unknown in this photo is nobody to be asked about again",
    "skip": "Ask another day; not again while this window is open",
    "back": "Ask again about what was asked about before",
}


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
