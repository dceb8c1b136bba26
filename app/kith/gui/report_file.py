"""The report and the console saved where the user wants them, in a thread: the table as it is, page and data anew."""

import shutil
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QObject

from kith.errors import KithError
from kith.gui.background import Newest
from kith.gui.phrases import in_window, translate
from kith.settings import Settings

KINDS = QT_TRANSLATE_NOOP("Kith", "Web page (*.html);;Everything, for programs (*.json);;Table (*.csv)")


class ReportFile(QObject):
    """Writes files that the user named, one at a time; `tell` says that one is saved, `warn` why it could not be."""

    def __init__(self, owner: QObject, tell: Callable[[str], object], warn: Callable[[str], object]) -> None:
        super().__init__(owner)
        self._tell = tell
        self._warn = warn
        self._task = Newest(self, pause_ms=0)

    def save(self, settings: Settings, report: Path, target: Path) -> None:
        """Save a report.csv, or by the target's ending the page or the data of its output folder."""
        if target.suffix.lower() in {".html", ".htm", ".json"}:
            self._ask(target, partial(_report, settings, report.parent, target))
        elif target != report:
            self._ask(target, lambda _stop: shutil.copyfile(report, target))

    def save_text(self, text: str, target: Path) -> None:
        """Save a text."""
        self._ask(target, lambda _stop: target.write_text(text, encoding="utf-8"))

    def _ask(self, target: Path, write: Callable[[threading.Event], object]) -> None:
        self._tell(self.tr("Writing {file} …").replace("{file}", target.name))
        self._task.ask(partial(_problem, target, write), partial(self._told, target))

    def _told(self, target: Path, problem: str) -> None:
        if problem:
            self._warn(problem)
        else:
            self._tell(self.tr("Saved {file}").replace("{file}", str(target)))


def _problem(target: Path, write: Callable[[threading.Event], object], stop: threading.Event) -> str:
    """Write a file, and return why that cannot be; empty where it was done."""
    try:
        write(stop)
    except KithError as error:
        return in_window(error.message)
    except OSError as error:
        return translate("Kith", "{0} could not be written: {1}.").format(target, error.strerror or error)
    return ""


def _report(settings: Settings, output: Path, target: Path, stop: threading.Event) -> None:
    from kith.jobs.full_report import FullReport
    from kith.jobs.open_library import OpenLibrary

    with OpenLibrary(settings) as library:
        FullReport(library, output).write(target, lambda _done, _total: None, stop)
