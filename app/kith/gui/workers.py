"""Jobs in a thread of their own; what they tell reaches the window as signals."""

import logging
import threading
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QThread, pyqtSignal

from kith.errors import KithError
from kith.messages import JobName
from kith.process import OUT_OF_MEMORY, is_out_of_memory
from kith.settings import Settings

if TYPE_CHECKING:  # the jobs are loaded by their thread, after the window shows
    from kith.jobs.context import Context
    from kith.jobs.events import Event
    from kith.jobs.workers import ExecutorFactory

_log = logging.getLogger(__name__)


class JobWorker(QThread):
    """Runs one job; `happened` carries its events, `failed` what ended it early, `finished` alone means done.

    `stop` is the job's own wish to stop: set it directly, from any thread.
    """

    happened = pyqtSignal(object)
    failed = pyqtSignal(Exception)
    job_name: str
    begins_library = False
    by_itself = False  # not begun by a user who waits for it

    def __init__(
        self, settings: Settings, executor: "ExecutorFactory | None" = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.stop = threading.Event()
        self._settings = settings
        self._executor = executor

    @abstractmethod
    def _job(self, context: "Context") -> "Iterator[Event]":
        """Return the job."""

    def _end_early(self, error: KithError) -> None:
        """Tell what ended the job."""
        self.failed.emit(error)

    def run(self) -> None:
        """Run the job to its end, whatever that is; the store is opened here since its connection is this thread's."""
        try:
            from kith.jobs.context import open_context

            opened = open_context(
                self._settings,
                self.stop,
                self.job_name,
                self._executor,
                create=self.begins_library,
                tell=self.happened.emit,
            )
            with opened as context:
                for event in self._job(context):
                    self.happened.emit(event)
        except KithError as error:
            self._end_early(error)
        except Exception as error:  # noqa: BLE001 - one that leaves run() ends the program
            _log.exception("%s was ended by a bug", self.job_name)
            told = KithError(OUT_OF_MEMORY) if is_out_of_memory(error) else error
            self.failed.emit(told)


class KbBuilder(JobWorker):
    """Builds the knowledge base."""

    job_name = JobName.BUILD_KB
    begins_library = True
    forget: Sequence[Path] = ()  # the missing folders whose people are no longer wanted

    def _job(self, context: "Context") -> "Iterator[Event]":
        from kith.jobs.build_kb import build_kb

        return build_kb(context, self.forget)


class FolderWorker(JobWorker):
    """Recognises the photos of the settings' input folder into their output folder."""

    job_name = JobName.RECOGNIZE_FOLDER
    only_tell = False  # what would be filed

    def _job(self, context: "Context") -> "Iterator[Event]":
        from kith.jobs.recognize_folder import recognize_folder

        settings = self._settings
        return recognize_folder(context, [settings.input_folder], settings.output_folder, self.only_tell)


class Redecider(JobWorker):
    """Decides all recognised photos again from what is stored."""

    job_name = JobName.DECIDE_AGAIN

    def _job(self, context: "Context") -> "Iterator[Event]":
        from kith.jobs.redecision import redecide

        return redecide(context)
