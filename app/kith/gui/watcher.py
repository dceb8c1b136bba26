"""The input folder watched while the window is open: a thread looks at it, the window's jobs recognise what came."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QThread, QTimer, pyqtSignal

from kith.errors import KithError
from kith.gui.console import Console, Kind
from kith.gui.job_runner import JobRunner
from kith.gui.phrases import in_window
from kith.gui.workers import JobWorker
from kith.messages import JobName
from kith.settings import Settings

if TYPE_CHECKING:  # loaded by the threads, after the window shows
    from kith.jobs.context import Context
    from kith.jobs.events import Event
    from kith.jobs.watch import Watch
    from kith.jobs.workers import ExecutorFactory

TICK_MS = 500
_AGAIN_S = 30.0  # until it is tried again to begin
_LOOK_S = 0.2


class ArrivalsWorker(JobWorker):
    """Recognises photos that came; what cannot be done now is tried again later, and not asked about."""

    job_name = JobName.RECOGNIZE_FOLDER
    by_itself = True

    def __init__(
        self, settings: Settings, executor: "ExecutorFactory | None", watch: "Watch", photos: list[Path]
    ) -> None:
        super().__init__(settings, executor)
        self._watch, self._photos = watch, photos

    def _job(self, context: "Context") -> "Iterator[Event]":
        return self._watch.recognise(context, self._photos)

    def _end_early(self, error: KithError) -> None:
        for event in self._watch.put_off(error):
            self.happened.emit(event)


class _Looks(QThread):
    """Looks what comes; after `arrived` it waits until the photos are dealt with."""

    said = pyqtSignal(object)
    arrived = pyqtSignal(object)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.stop = threading.Event()
        self.dealt_with = threading.Event()
        self.watch: Watch | None = None
        self.problem = ""

    def run(self) -> None:
        """Watch until the wish to stop; where that cannot begin, try again from time to time."""
        while not self.stop.is_set():
            watch = self._begun()
            if watch is None:
                self.stop.wait(_AGAIN_S)
                continue
            try:
                self._follow(watch)
            finally:
                watch.close()

    def _begun(self) -> "Watch | None":
        from kith.jobs.watch import Watch

        try:
            self.watch, self.problem = Watch(self.settings, [self.settings.input_folder]), ""
        except KithError as error:
            self.watch, self.problem = None, in_window(error.message)
        return self.watch

    def _follow(self, watch: "Watch") -> None:
        from kith.jobs.watch import arrivals_in

        for event in arrivals_in(watch, self.stop):
            if not isinstance(event, list):
                self.said.emit(event)
                continue
            self.dealt_with.clear()
            self.arrived.emit(event)
            while not self.stop.is_set() and not self.dealt_with.wait(_LOOK_S):
                pass


class Watcher(QObject):
    """Watches while the settings say so; `changed` tells that `line` says something else.

    What came is recognised by `jobs`, after whatever is at work there. Whoever stops that watches no more: `stopped`.
    """

    changed = pyqtSignal()
    stopped = pyqtSignal()

    def __init__(
        self, jobs: JobRunner, console: Console, executor: "ExecutorFactory | None", parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs, self._console, self._executor = jobs, console, executor
        self._looks: _Looks | None = None
        self._photos: list[Path] = []
        self._is_at_work = False
        self.line = ""
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        jobs.stopping.connect(self._stop_wanted)
        jobs.ended.connect(self._job_ended)

    def follow(self, settings: Settings | None) -> None:
        """Watch by these settings, or, where they say so or there are none, no more."""
        wanted = settings if settings and settings.watch else None
        if (self._looks.settings if self._looks else None) == wanted:
            return
        self.close()
        if wanted:
            self._looks = looks = _Looks(wanted)
            looks.said.connect(self._say)
            looks.arrived.connect(self._take)
            looks.start()
            self._timer.start()
        self._tick()

    def close(self) -> None:
        """Watch no more; a run at work goes on."""
        looks, self._looks = self._looks, None
        self._timer.stop()
        self._photos = []
        if looks:
            looks.stop.set()
            looks.wait()

    def _tick(self) -> None:
        self._recognise()
        looks = self._looks
        watch = looks.watch if looks else None
        line = watch.line if watch else looks.problem if looks else ""
        if line != self.line:
            self.line = line
            self.changed.emit()

    def _say(self, event: "Event") -> None:
        from kith.gui.lines import lines_of

        for kind, text in lines_of(event):
            self._console.add(kind, text)

    def _take(self, photos: list[Path]) -> None:
        if self.sender() is self._looks:  # not one that watches no more
            self._photos = photos
            self._recognise()

    def _recognise(self) -> None:
        """Recognise what came, once no other job is at work."""
        looks = self._looks
        if looks and looks.watch and self._photos and not self._jobs.running:
            photos, self._photos = self._photos, []
            self._is_at_work = True
            self._jobs.start(ArrivalsWorker(looks.settings, self._executor, looks.watch, photos))

    def _stop_wanted(self) -> None:
        if self._is_at_work:
            self._console.add(Kind.NOTICE, self.tr("The input folder is watched no more, until you say so again."))
            self.stopped.emit()

    def _job_ended(self) -> None:
        self._is_at_work = False
        if self._looks and not self._photos:
            self._looks.dealt_with.set()
        self._tick()
