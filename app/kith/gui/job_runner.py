"""One job at a time: from its start to the end of its thread, told to console and progress row."""

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from kith.errors import KithError
from kith.gui.console import Console, Kind
from kith.gui.phrases import in_window, translate
from kith.gui.progress import JobProgress
from kith.gui.workers import JobWorker, KbBuilder
from kith.logs import log_file

if TYPE_CHECKING:
    from kith.jobs.events import Event, FolderAway


class JobRunner(QObject):
    """Runs jobs; `changed` tells that one began or that its thread has ended, `ended` the latter alone.

    `happened` carries what the job tells, `stopping` that the wish to stop was heard.
    `failed` tells in words what ended one early, `missed` which folders that taught somebody a build did not find.
    `outcome` is a sentence on the last job, `report` what it wrote if it was a recognition. `built` says whether the
    last build came to its end and taught somebody, None before one.
    """

    changed = pyqtSignal()
    ended = pyqtSignal()
    happened = pyqtSignal(object)
    stopping = pyqtSignal()
    failed = pyqtSignal(str)
    missed = pyqtSignal(object)

    def __init__(self, console: Console, progress: JobProgress) -> None:
        super().__init__()
        self._console = console
        self._progress = progress
        self._worker: JobWorker | None = None
        self.outcome = ""
        self.report: Path | None = None
        self.built: bool | None = None
        self._away: list[FolderAway] = []

    @property
    def running(self) -> bool:
        """Whether a job's thread is at work."""
        return self._worker is not None

    @property
    def job_name(self) -> str:
        """What the job at work is called, empty where none is."""
        return self._worker.job_name if self._worker else ""

    @property
    def by_itself(self) -> bool:
        """Whether the job at work was begun by no user."""
        return bool(self._worker and self._worker.by_itself)

    def start(self, worker: JobWorker) -> None:
        """Start a job; there must be none at work."""
        job = worker.job_name
        self._worker = worker
        worker.happened.connect(self._happened)
        worker.failed.connect(self._failed)
        worker.finished.connect(self._ended)
        self.outcome = _running(job)
        self._progress.begin(job)
        self.changed.emit()
        worker.start()

    def stop(self) -> None:
        """Let the job stop as soon as the photos at work are done."""
        if self._worker:
            self._worker.stop.set()
            self._progress.stopping()
            self.stopping.emit()

    def _happened(self, event: "Event") -> None:
        # The job has loaded these by now, the window need not before it shows.
        from kith.gui.lines import headline, lines_of
        from kith.jobs.events import (
            BuildFinished,
            PhotoDone,
            PhotoFailed,
            PhotoLearned,
            PhotosDone,
            RecognitionFinished,
            RedecisionFinished,
            Started,
            Waits,
        )

        match event:
            case Started():
                self._progress.set_total(event.total)
            case Waits():
                self._progress.waits(event.line if event.reason else "")
            case PhotoLearned() | PhotoDone() | PhotoFailed() | PhotosDone():
                self._progress.set_done(event.done)
            case BuildFinished():
                self.outcome, self.report = headline(event), None
                taught = [person for person in event.people if person.used]
                self.built = bool(taught) and not event.stopped
                self._away = [folder for folder in event.away if folder.photos and not folder.forgotten]
            case RedecisionFinished():
                self.outcome = headline(event)
            case RecognitionFinished():
                self.outcome, self.report = headline(event), event.report
        for kind, text in lines_of(event):
            self._console.add(kind, text)
        self.happened.emit(event)

    def _failed(self, error: Exception) -> None:
        worker = self._worker
        job = worker.job_name if worker else ""
        if isinstance(worker, KbBuilder):
            self.built, self.report = False, None
        self.outcome = self.tr("{0} could not be finished").format(job)
        text = in_window(error.message) if isinstance(error, KithError) else _told_of_bug(job, error)
        self._console.add(Kind.PROBLEM, text)
        self.failed.emit(text)

    def _ended(self) -> None:
        if self._worker:
            self._worker.wait()  # `finished` is told a moment before the thread is gone
        if self._worker and self.outcome == _running(self._worker.job_name):
            self.outcome = ""
        self._worker = None
        self._progress.end("")
        self.changed.emit()
        self.ended.emit()
        away, self._away = self._away, []
        if away:
            self.missed.emit(away)


def _running(job: str) -> str:
    return translate("Kith", "{0} is running").format(job)


def _told_of_bug(job: str, error: Exception) -> str:
    kind = type(error).__name__
    return translate(
        "Kith",
        "{0} was ended by a bug in Kith ({1}). What is stored and filed is safe, and it can be started again. "
        "{2} tells what happened; Help ▸ Report a Problem… shows it.",
    ).format(job, kind, log_file())
