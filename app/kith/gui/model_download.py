"""The model files that are missing: fetched with progress in a thread, or taken from files that the user chooses."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QThread, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QGroupBox, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout

from kith.errors import KithError
from kith.gui.background import Newest
from kith.gui.folders import ChooseFiles, choose_files
from kith.gui.pace import Pace, time_left
from kith.gui.phrases import in_window, translate
from kith.gui.plain_text import set_tip, wrapped
from kith.model_registry import ModelFile
from kith.settings import Settings
from kith.vision.download import download
from kith.vision.given_models import add_models, facts_of
from kith.vision.model_files import default_folder, missing_models

_log = logging.getLogger(__name__)

LOOKING = QT_TRANSLATE_NOOP("Kith", "Looking for the model files …")
TAKING = QT_TRANSLATE_NOOP("Kith", "Looking whether that is a model file …")


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
                self.failed.emit(self.tr("{0} could not be fetched; the log tells why.").format(model.name))

    def _tell(self, model: ModelFile, done: int, size: int) -> None:
        if self.stop.is_set():
            raise _Stopped
        self.progressed.emit(model.name, done, size)


_under_way: set[ModelDownload] = set()  # kept alive here, since what shows them may go before they have stopped


def _keep_alive(download: ModelDownload) -> None:
    """Let a download outlive the widget that began it, and end before the program does."""
    _under_way.add(download)
    download.finished.connect(lambda: _let_go(download))
    if app := QCoreApplication.instance():
        app.aboutToQuit.connect(lambda: _let_go(download))


def _let_go(download: ModelDownload) -> None:
    download.stop.set()
    download.wait()
    _under_way.discard(download)


class ModelBox(QGroupBox):
    """Says which model files are missing and what works without them, and fetches or takes them.

    `changed` tells that others may be there than before.
    """

    changed = pyqtSignal()

    def __init__(self, settings: Settings) -> None:
        super().__init__(self.tr("Model files"))
        self._settings = settings
        self._thread: ModelDownload | None = None
        self._failures: list[str] = []
        self._missing: list[ModelFile] = []
        self._look_up = Newest(self, pause_ms=0)
        self.words = wrapped()
        self.button = _button(self._press)
        self.choose = _button(self._choose)
        self.choose.setText(self.tr("Choose a F&ile…"))
        self.copy = _button(self._copy)
        self.copy.setText(self.tr("Copy &Addresses"))
        set_tip(self.copy, self.tr("Size, SHA-256 and addresses of the missing files, to fetch them by other means"))
        self.choose_files: ChooseFiles = partial(choose_files, self)
        self.bar = QProgressBar()
        self.bar.hide()
        self._pace: Pace | None = None
        buttons = QHBoxLayout()
        buttons.addWidget(self.button)
        buttons.addWidget(self.choose)
        buttons.addWidget(self.copy)
        buttons.addStretch()
        column = QVBoxLayout(self)
        column.addWidget(self.words)
        column.addWidget(self.bar)
        column.addLayout(buttons)
        self._look()

    @property
    def download(self) -> ModelDownload | None:
        """The download that is running."""
        return self._thread

    def _look(self) -> None:
        """Look which files are there, and whether they are whole, which means to read them."""
        self._wait(translate("Kith", LOOKING))
        settings = self._settings
        self._look_up.ask(lambda _stop: missing_models(settings), self._tell_missing)

    def _wait(self, words: str) -> None:
        self.words.setText(words)
        for button in (self.button, self.choose, self.copy):
            button.hide()

    def _tell_missing(self, missing: list[ModelFile]) -> None:
        self._missing = missing
        megabytes = sum(model.size for model in missing) / 1e6
        self.button.setText(self.tr("&Download {0:.1f} MB").format(megabytes))
        for button in (self.button, self.choose, self.copy):
            button.setVisible(bool(missing))
        words = "\n".join([*self._failures, *_told(missing)])
        self.words.setText(words or self.tr("All model files that the settings ask for are there."))
        self.changed.emit()

    def _press(self) -> None:
        if self._thread:
            self._thread.stop.set()
            return
        self.fetch(self._missing)

    def fetch(self, models: list[ModelFile]) -> None:
        """Fetch model files, one after the other; nothing else must be fetched now."""
        self._failures = []
        thread = ModelDownload(models, self._settings)
        thread.progressed.connect(self._show)
        thread.failed.connect(self._failures.append)
        thread.finished.connect(self._ended)
        self._thread = thread
        _keep_alive(thread)
        self.choose.hide()
        self.button.setText(self.tr("&Stop the download"))
        self.button.show()
        self.bar.setRange(0, 0)
        self.bar.show()
        thread.start()

    def _show(self, name: str, done: int, size: int) -> None:
        bar = self.bar
        if bar.maximum() != size or done < bar.value():  # another file, or all of it anew
            self._pace = None
        bar.setFormat(f"{name}: %p %{self._paced(done, size)}")
        bar.setRange(0, size)
        bar.setValue(done)

    def _paced(self, done: int, size: int) -> str:
        """Return how fast it comes and how long it will take, as soon as that is known."""
        now = time.monotonic()
        pace = self._pace
        if pace is None:  # what was there before came in no time
            self._pace = Pace(now, done)
            return ""
        pace.note(done, now)
        if not pace.rate:
            return ""
        return self.tr(", {0:.1f} MB/s, {1}").format(pace.rate / 1000000.0, time_left((size - done) / pace.rate))

    def _choose(self) -> None:
        """Take what the user has fetched by other means."""
        files = self.choose_files(self.tr("Model files fetched by other means"))
        if not files:
            return
        self._wait(translate("Kith", TAKING))
        folder = default_folder(self._settings)
        self._look_up.ask(lambda _stop: _refusals(files, folder), self._taken)

    def _taken(self, refused: list[str]) -> None:
        self._failures = refused
        if refused:
            self._failures += [self.tr("Those that are missing are:"), *map(facts_of, self._missing)]
        self._look()

    def _copy(self) -> None:
        if clipboard := QGuiApplication.clipboard():
            facts = map(facts_of, self._missing)
            clipboard.setText("\n".join(facts))

    def _ended(self) -> None:
        if self._thread:
            self._thread.wait()  # `finished` is told a moment before the thread is gone
        self._thread = None
        self.bar.hide()
        self._look()


def _button(press: Callable[[], None]) -> QPushButton:
    button = QPushButton()
    button.setAutoDefault(False)
    button.clicked.connect(press)
    return button


def _refusals(files: list[Path], folder: Path) -> list[str]:
    """Take files, and return what is wrong with those that cannot be taken."""
    try:
        return add_models(files, folder).refused
    except KithError as error:
        return [in_window(error.message)]


def _told(missing: list[ModelFile]) -> list[str]:
    lines = [
        translate("Kith", "The model that {0} ({1}, licence {2}) is missing: {3}.").format(
            model.purpose, model.name, model.licence, model.without
        )
        for model in missing
    ]
    if missing:
        hosts = {urlsplit(url).netloc for model in missing for url in model.urls}
        names = ", ".join(sorted(hosts))
        lines.append(translate("Kith", "Kith can fetch it from {0}; nothing of yours is sent there.").format(names))
    return lines
