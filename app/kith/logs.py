"""The log file: what a bug report needs and the screen should not show."""

import faulthandler
import logging
import logging.handlers
import os
import threading
from io import TextIOWrapper
from pathlib import Path

from kith.settings import user_folder

_log = logging.getLogger(__name__)

LOG_BYTES = 1_000_000
LOG_FILES = 5


def log_file() -> Path:
    """Return where the log is written."""
    return user_folder("log") / "kith.log"


def told_of_bug(kind: str = "") -> str:
    """Return that a bug was met, of this kind, and where it is told of."""
    which = f" ({kind})" if kind else ""
    return f"Something went wrong that should not have{which}. {log_file()} tells what"


def start_log() -> None:
    """Send all logging to the rotating log file, and crashes of native code beside it; silently none without it.

    They tell names and places of photos, so only their owner may read them.
    """
    threading.excepthook = _log_end_of_thread
    folder = log_file().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for older in folder.glob("*.log*"):
            if not older.is_symlink():
                older.chmod(0o600)
        handler = _Log(
            log_file(), maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", errors="backslashreplace"
        )
        faulthandler.enable(open(folder / "crash.log", "a", encoding="utf-8", opener=_private))  # noqa: SIM115 - to the end
    except OSError:
        logging.getLogger().addHandler(logging.NullHandler())  # without any, logging writes to the screen
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)


class _Log(logging.handlers.RotatingFileHandler):
    """A log that only its owner may read, and that does without what cannot be written."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding=self.encoding, errors=self.errors, opener=_private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Nothing: logging's own prints a traceback among what the user reads."""


def _log_end_of_thread(end: threading.ExceptHookArgs) -> None:
    if end.exc_value is not None:
        _log.error("a thread was ended", exc_info=end.exc_value)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
