"""The log file: what a bug report needs and the screen should not show."""

import faulthandler
import logging
import logging.handlers
from pathlib import Path

from app.settings import user_folder

LOG_BYTES = 1_000_000
LOG_FILES = 5


def log_file() -> Path:
    """Return where the log is written."""
    return user_folder("log") / "kith.log"


def start_log() -> None:
    """Send all logging to the rotating log file, and crashes of native code beside it; silently none without it."""
    try:
        log_file().parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            log_file(), maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", errors="backslashreplace"
        )
        faulthandler.enable(log_file().with_name("crash.log").open("a", encoding="utf-8"))
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
