"""The window's words for what messages name: its menus, keys and labels instead of commands and keys of settings."""

from kith.messages import Action, Message, Named, Setting
from kith.settings_model import FIELDS

# Actions without an entry are none of the window's: their words are the command to type.
ENTRIES = {
    Action.BUILD_KB: "Knowledge Base ▸ Build KB",
    Action.FORGET_MISSING: "“Forget” in the question that follows",
    Action.RECOGNIZE: "Recognition ▸ Recognize Folder…",
    Action.DOWNLOAD_MODELS: "Help ▸ First Steps…",
    Action.ADD_MODELS: "“Choose a File…” in the first steps",
    Action.UNDO: "Ctrl+Z",
}

GONE = "The photo is not there any more."


def in_window(text: str) -> str:
    """Return a text as the window says it."""
    return text.worded(_worded) if isinstance(text, Message) else text


def _worded(named: Named) -> str:
    if isinstance(named, Setting):
        field = FIELDS[named.key]
        return f"“{field.title}” in the settings"
    entry = ENTRIES.get(named.action)
    return entry or str(named)
