"""After a build: the question whether to forget what folders taught that are missing now."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QT_TRANSLATE_NOOP
from PyQt6.QtWidgets import QMessageBox, QWidget

from kith.gui.phrases import translate
from kith.gui.plain_text import message

if TYPE_CHECKING:
    from kith.jobs.events import FolderAway

SHOWN = 2  # folders; the console has them all
MISSING = QT_TRANSLATE_NOOP("Kith", "Folders that taught people are missing, or have no photo any more:")
FORGET = QT_TRANSLATE_NOOP(
    "Kith",
    "If they are on a drive or a share that is not there now, keep what was learned from them: these people are "
    "recognised as before. Forget it only if the photos are not to teach any more.",
)


def forget_question(
    parent: QWidget, folders: "Sequence[FolderAway]", forget: Callable[[Sequence[Path]], None]
) -> QMessageBox:
    """Return the question, to be opened; `forget` is called with the folders if the user says so."""
    lines = [f"{folder.person}: {folder.path}" for folder in folders[:SHOWN]]
    more = (
        [translate("Kith", "and {0} more, which the console names").format(len(folders) - SHOWN)]
        if len(folders) > SHOWN
        else []
    )
    box = message(
        parent,
        "\n".join([translate("Kith", MISSING), *lines, *more, "", translate("Kith", FORGET)]),
        QMessageBox.Icon.Question,
    )
    keep = box.addButton(translate("Kith", "&Keep"), QMessageBox.ButtonRole.RejectRole)
    chosen = box.addButton(translate("Kith", "&Forget"), QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)

    def decide(pressed: object) -> None:
        if pressed is chosen:
            forget([folder.path for folder in folders])

    box.buttonClicked.connect(decide)
    return box
