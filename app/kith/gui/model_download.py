"""Fetch the model files that are missing, with progress, in a thread."""

import logging
import threading
from functools import partial
from urllib.parse import urlsplit

from PyQt6.QtCore import Qt, QThread, pyqtSignal
from PyQt6.QtWidgets import QGroupBox, QProgressBar, QPushButton, QVBoxLayout

from kith.errors import KithError
from kith.gui.background import Newest
from kith.gui.phrases import in_window
from kith.gui.plain_text import wrapped
from kith.model_registry import ModelFile
from kith.settings import Settings
from kith.vision.download import download
from kith.vision.model_files import default_folder, missing_models

_log = logging.getLogger(__name__)

LOOKING = "Looking for the model files …"


class _Stopped(Exception):
    """The user does not want the download any more."""


class ModelDownload(QThread):
    """Fetches models one after the other; what fails is told and costs that one model."""

    progressed = pyqtSignal(str, int, int)
    failed = pyqtSignal(str)

    def __init__(self, models: list[ModelFile], settings: Settings) -> None:
        super().__init__()
        self.stop = threading.Event()
        self._models = models
        self._settings = settings

    def run(self) -> None:
        """Fetch until all are there or the user stops it."""
        for model in self._models:
            try:
                folder = default_folder(self._settings)
                download(model, folder, partial(self._tell, model))
            except _Stopped:
                return
            except KithError as error:
                self.failed.emit(in_window(error.message))
            except Exception:  # noqa: BLE001 - one that leaves run() ends the program
                _log.exception("the download of %s was ended by a bug", model.name)
                self.failed.emit(f"{model.name} could not be fetched; the log tells why.")

    def _tell(self, model: ModelFile, done: int, size: int) -> None:
        if self.stop.is_set():
            raise _Stopped
        self.progressed.emit(model.name, done, size)


class ModelBox(QGroupBox):
    """Says which model files are missing and what works without them, and fetches them."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("Model files")
        self._settings = settings
        self._thread: ModelDownload | None = None
        self._failures: list[str] = []
        self._missing: list[ModelFile] = []
        self._look_up = Newest(self, pause_ms=0)
        self.words = wrapped()
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self._press)
        self.bar = QProgressBar()
        self.bar.hide()
        column = QVBoxLayout(self)
        column.addWidget(self.words)
        column.addWidget(self.bar)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self._look()

    @property
    def download(self) -> ModelDownload | None:
        """The download that is running."""
        return self._thread

    def _look(self) -> None:
        """Look which files are there, and whether they are whole, which means to read them."""
        self.words.setText(LOOKING)
        self.button.hide()
        settings = self._settings
        self._look_up.ask(lambda _stop: missing_models(settings), self._tell_missing)

    def _tell_missing(self, missing: list[ModelFile]) -> None:
        self._missing = missing
        megabytes = sum(model.size for model in missing) / 1e6
        self.button.setText(f"&Download {megabytes:.1f} MB")
        self.button.setVisible(bool(missing))
        words = "\n".join([*self._failures, *_told(missing)])
        self.words.setText(words or "All model files are there.")

    def _press(self) -> None:
        if self._thread:
            self._thread.stop.set()
            return
        self._failures = []
        thread = ModelDownload(self._missing, self._settings)
        thread.progressed.connect(self._show)
        thread.failed.connect(self._failures.append)
        thread.finished.connect(self._ended)
        self._thread = thread
        self.button.setText("&Stop the download")
        self.bar.setRange(0, 0)
        self.bar.show()
        thread.start()

    def _show(self, name: str, done: int, size: int) -> None:
        bar = self.bar
        bar.setFormat(f"{name}: %p %")
        bar.setRange(0, size)
        bar.setValue(done)

    def _ended(self) -> None:
        if self._thread:
            self._thread.wait()  # `finished` is told a moment before the thread is gone
        self._thread = None
        self.bar.hide()
        self._look()


def _told(missing: list[ModelFile]) -> list[str]:
    lines = [f"The model that {model.purpose} ({model.name}) is missing: {model.without}." for model in missing]
    if missing:
        hosts = {urlsplit(model.url).netloc for model in missing}
        names = " and ".join(sorted(hosts))
        lines.append(f"Kith can fetch it from {names}; nothing of yours is sent there.")
    return lines
