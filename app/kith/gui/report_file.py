"""The report saved where the user wants it: the table as it is, the page and the data made anew in a thread."""

import shutil
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QObject

from kith.errors import KithError
from kith.gui.background import Newest
from kith.gui.folders import written
from kith.gui.phrases import in_window
from kith.settings import Settings

KINDS = "Web page (*.html);;Everything, for programs (*.json);;Table (*.csv)"


class ReportFile(QObject):
    """Writes reports, one at a time; `tell` says that one is saved, `warn` why it could not be."""

    def __init__(self, owner: QObject, tell: Callable[[str], object], warn: Callable[[str], object]) -> None:
        super().__init__(owner)
        self._tell = tell
        self._warn = warn
        self._task = Newest(self, pause_ms=0)

    def save(self, settings: Settings, report: Path, target: Path) -> None:
        """Save a report.csv, or by the target's ending the page or the data of its output folder."""
        if target.suffix.lower() not in {".html", ".htm", ".json"}:
            if target != report:
                written(target, partial(shutil.copyfile, report, target), self._tell, self._warn)
            return
        self._tell(self.tr("Writing {file} …").replace("{file}", target.name))
        self._task.ask(partial(_write, settings, report.parent, target), partial(self._told, target))

    def _told(self, target: Path, problem: str) -> None:
        if problem:
            self._warn(problem)
        else:
            self._tell(self.tr("Saved {file}").replace("{file}", str(target)))


def _write(settings: Settings, output: Path, target: Path, stop: threading.Event) -> str:
    from kith.jobs.full_report import FullReport
    from kith.jobs.open_library import OpenLibrary

    try:
        with OpenLibrary(settings) as library:
            FullReport(library, output).write(target, lambda _done, _total: None, stop)
    except KithError as error:
        return in_window(error.message)
    return ""
