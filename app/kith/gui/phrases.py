"""The window's words for what messages name: its menus, keys and labels instead of commands and keys of settings."""

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from kith.messages import Action, Message, Named, Setting
from kith.settings_model import FIELDS

# What a text goes through that no widget shows by itself; QT_TRANSLATE_NOOP marks one that is made before there is a
# language to say it in.
translate = QCoreApplication.translate

# Actions without an entry are none of the window's: their words are the command to type.
ENTRIES = {
    Action.BUILD_KB: QT_TRANSLATE_NOOP("Kith", "Knowledge Base ▸ Build KB"),
    Action.FORGET_MISSING: QT_TRANSLATE_NOOP("Kith", "“Forget” in the question that follows"),
    Action.RECOGNIZE: QT_TRANSLATE_NOOP("Kith", "Recognition ▸ Recognize Folder…"),
    Action.DOWNLOAD_MODELS: QT_TRANSLATE_NOOP("Kith", "Help ▸ First Steps…"),
    Action.ADD_MODELS: QT_TRANSLATE_NOOP("Kith", "“Choose a File…” in the first steps"),
    Action.UNDO: "Ctrl+Z",
}

GONE = QT_TRANSLATE_NOOP("Kith", "The photo is not there any more.")


def in_window(text: str) -> str:
    """Return a text as the window says it."""
    return text.worded(_worded) if isinstance(text, Message) else text


def _worded(named: Named) -> str:
    if isinstance(named, Setting):
        field = FIELDS[named.key]
        return translate("Kith", "“{0}” in the settings").format(field.title)
    entry = ENTRIES.get(named.action)
    return translate("Kith", entry) if entry else str(named)
