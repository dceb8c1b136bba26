"""The main window: its places, the progress of the job at work, and the dialogs behind the menus."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, Qt, QTimer
from PyQt6.QtGui import QAction, QCloseEvent, QShowEvent
from PyQt6.QtWidgets import QDialog, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from kith.gui.background import Newest
from kith.gui.console import Console, Kind
from kith.gui.drawn_faces import DrawnFaces
from kith.gui.field_undo import FieldUndo
from kith.gui.folder_drops import FolderDrops, page_about
from kith.gui.folders import ChooseFile, ChooseFolder, choose_file, choose_folder
from kith.gui.job_runner import JobRunner
from kith.gui.library_desk import LibraryDesk
from kith.gui.menus import Actions, Needs, Page
from kith.gui.next_steps import Around, NextSteps, look_around, next_step
from kith.gui.phrases import translate
from kith.gui.place import Place
from kith.gui.place_bar import PlaceBar
from kith.gui.place_stack import OnAnyScreen, PlaceStack
from kith.gui.places import CONSOLE, HOME, PLACES, REVIEW, WELCOME
from kith.gui.plain_text import OneLine, message
from kith.gui.progress import JobProgress
from kith.gui.report_file import KINDS, ReportFile
from kith.gui.review_watch import ReviewWatch
from kith.gui.settings_in_use import SettingsInUse
from kith.gui.style import SPACE
from kith.gui.thumbnails import Thumbnails
from kith.gui.watcher import Watcher
from kith.gui.workers import FolderWorker, JobWorker, KbBuilder, Redecider
from kith.logs import log_file
from kith.photos.outputs import PAGE, REPORT
from kith.process import STOPPING, keep_what_is_loaded
from kith.settings import Loaded, Settings

if TYPE_CHECKING:
    from kith.jobs.events import FolderAway
    from kith.jobs.workers import ExecutorFactory


class MainWindow(QMainWindow):
    """Starts the jobs and shows them; `choose_folder` and `choose_file` ask the user for a folder or a file to save."""

    def __init__(self, loaded: Loaded, executor: "ExecutorFactory | None" = None) -> None:
        super().__init__()
        self.choose_folder: ChooseFolder = partial(choose_folder, self)
        self.choose_file: ChooseFile = partial(choose_file, self)
        self._in_use = SettingsInUse(loaded)
        self._executor = executor
        self._closing = False
        self._around = Around()
        self._look = Newest(self, pause_ms=0)
        self._report_file = ReportFile(self, self.tell, self._warn)
        does = Actions(self)
        self.does = does
        self.steps = NextSteps(does)
        self.progress = JobProgress(does.abort)
        self.console = Console(does.save_console)
        self.status = OneLine(self.tr("Ready"))
        self.jobs = JobRunner(self.console, self.progress)
        self.desk = LibraryDesk(lambda: self.settings, lambda: self._in_use.refusal)
        self.drawn = DrawnFaces(self, self, executor)
        self.waiting = ReviewWatch(self.desk)
        FieldUndo(self)
        self.watcher = Watcher(self.jobs, self.console, executor)
        self._first_look = QTimer(self)
        self._first_look.setSingleShot(True)
        self.thumbnails = Thumbnails()
        self.bar = PlaceBar([(name, icon) for name, (icon, _) in PLACES.items()])
        self._stack = PlaceStack(self)
        self._lay_out()
        self._connect()
        self._tell_problems()
        self.go(HOME)
        self.refresh()

    def go(self, place: str, what: object = None) -> None:
        """Turn to a place, and there to somebody or something."""
        self.bar.turn_to(place)
        self._stack.go(place, what)

    @property
    def places(self) -> dict[str, Place]:
        """The places that were turned to."""
        return self._stack.made

    @property
    def place(self) -> str:
        """The place one is at."""
        return self._stack.place

    def tell(self, text: str) -> None:
        """Say a sentence in the status line."""
        self.status.setText(text)

    @property
    def settings(self) -> Settings:
        """The settings as their file has them now."""
        return self._in_use.read()

    @property
    def settings_file(self) -> Path:
        """Where they lie."""
        return self._in_use.file

    def welcome(self) -> None:
        """Show the first steps in Home."""
        self.go(HOME, WELCOME)

    def first_steps(self) -> None:
        """Ask for the folders, explain what becomes of the photos, offer the model files."""
        self.show_page(self.does.pages[self.does.first_steps])

    def show_page(self, page: Page) -> None:
        """Open a page, unless that would be on default folders for the only reason that the user's cannot be read."""
        self._with(page.needs, lambda: self._open(page.make(self, self)))

    def _with(self, needs: Needs, act: Callable[[], object]) -> None:
        """Do what needs so much of the settings, or tell what is wrong with them."""
        if self._has(needs):
            act()
        else:
            self.mend_settings()

    def _has(self, needs: Needs) -> bool:
        if needs is Needs.NOTHING or not self.settings_are_broken:
            return True
        return needs is Needs.FOLDERS and self._in_use.may_be_used

    @property
    def settings_are_broken(self) -> bool:
        """Whether nothing in the settings file can be read."""
        return bool(self.settings and self._in_use.broken)

    @property
    def settings_fault(self) -> str:
        """Why nothing could be read in it the last time, empty where it could."""
        return self._in_use.broken

    def mend_settings(self) -> None:
        """Tell what is wrong with a broken settings file, and ask what is to be done."""
        from kith.gui.broken_settings import BrokenSettings, Choice

        in_use = self._in_use

        def decided(decision: int) -> None:
            if decision == Choice.WITHOUT:
                in_use.defaults_will_do = True
            self.refresh()
            if decision == Choice.AFRESH:
                self.first_steps()

        dialog = BrokenSettings(in_use, self)
        dialog.finished.connect(decided)
        self._open(dialog)

    def _ask_about(self, folder: Path) -> None:
        self.show_page(page_about(folder, self))

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Look who waits to be reviewed, once the window shows."""
        super().showEvent(event)
        if event and not event.spontaneous():
            self._first_look.start()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """Look, when one turns to this window, whether another one or a command changed the library."""
        super().changeEvent(event)
        is_turned_to = event and event.type() == QEvent.Type.ActivationChange and self.isActiveWindow()
        if is_turned_to and not self.jobs.running and not self._closing:
            self.desk.look_for_others()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Close at once, or when the running job has stopped."""
        if event and self.jobs.running:
            event.ignore()
            self._closing = True
            self._stop()
            self.setEnabled(False)
        else:
            self._first_look.stop()
            self.watcher.close()
            self.thumbnails.close()
            self.desk.close()
            super().closeEvent(event)

    def _lay_out(self) -> None:
        self.setWindowTitle("Kith")
        drops = FolderDrops(self, lambda: not self.jobs.running)
        drops.dropped.connect(self._ask_about)
        drops.too_many.connect(lambda: self.tell(self.tr("Drop one folder at a time: nothing was done.")))
        self.resize(1000, 600)  # with its frame on a screen of 1024 × 640
        centre = QWidget()
        column = QVBoxLayout()
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(OnAnyScreen(self._stack), 1)
        column.addWidget(self.progress)
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.bar)
        row.addLayout(column, 1)
        self.setCentralWidget(centre)
        self.status.setContentsMargins(8, 0, 0, 4)
        if bar := self.menuBar():
            self.does.fill(bar, self.desk.look_at_steps)
        if line := self.statusBar():
            line.addWidget(self.status, 1)

    def _connect(self) -> None:
        does, jobs = self.does, self.jobs
        slots: dict[QAction, Callable[[], object]] = {
            does.build: partial(self._with, Needs.FOLDERS, self._build),
            does.undo: self.desk.undo,
            does.redo: self.desk.redo,
            does.abort: self._stop,
            does.report: self._save_report,
            does.output: lambda: self._show_folder(self.settings.output_folder),
            does.save_console: self._save_console,
            does.find: partial(self.go, CONSOLE),
            does.review: partial(self._with, Needs.FOLDERS, partial(self.go, REVIEW)),
            does.quit: self.close,
            does.watch: lambda: self._watch(does.watch.isChecked()),
            does.log_folder: lambda: self._show_folder(log_file().parent),
        }
        for action, page in does.pages.items():
            slots[action] = partial(self.show_page, page)
        for action, slot in slots.items():
            action.triggered.connect(lambda _checked, slot=slot: slot())
        jobs.failed.connect(lambda text: self._warn(text, jobs.outcome))
        jobs.changed.connect(self.refresh)
        jobs.changed.connect(self.thumbnails.forget)
        jobs.ended.connect(self.desk.look_again)
        self.bar.chosen.connect(self.go)
        self.desk.told.connect(self.tell)
        self.desk.failed.connect(self.tell)
        self.desk.changed.connect(self._stack.look_again)
        self.desk.settings_turned.connect(self._turn_settings)
        self.desk.steps.connect(self._show_steps_back)
        self._first_look.timeout.connect(self.waiting.look)
        self.waiting.counted.connect(partial(self.bar.count, REVIEW))
        self.waiting.found.connect(lambda _: keep_what_is_loaded())
        jobs.missed.connect(self._ask_to_forget)
        self.watcher.stopped.connect(lambda: self._watch(False))

    def refresh(self) -> None:
        """Show what can be done by what the last job told, and by what is on the disk once that was looked at."""
        settings, report = self.settings, self._report
        self.steps.forget_advice()
        self._show_steps()
        ready = self.tr("The settings file cannot be read") if self._in_use.broken else self.tr("Ready")
        self.status.setText(self.jobs.outcome or ready)
        if self._closing and not self.jobs.running:
            self.close()
        else:
            self.does.watch.setChecked(settings.watch)
            self.watcher.follow(settings if self._in_use.may_be_used else None)
            self._look.ask(lambda _stop: look_around(settings, report), self._see)
            self._stack.look_again()

    def _watch(self, wanted: bool) -> None:
        self._with(Needs.FILE, lambda: self._write({"watch": wanted}))
        self.refresh()

    def _write(self, values: Mapping[str, object]) -> bool:
        """Write some of the settings, and say whether they were; what hinders is told."""
        problem = self._in_use.write(values)
        if problem:
            self._warn(problem)
        return not problem

    def _show_steps_back(self) -> None:
        self.does.show_steps(self.desk.undoes, self.desk.redoes)

    def _see(self, around: Around) -> None:
        if around != self._around:
            self._around = around
            self._show_steps()

    def _show_steps(self) -> None:
        jobs, around = self.jobs, self._around
        running = jobs.running
        filed = jobs.report is not None
        report = filed or around.report
        output = filed or around.output
        self.does.enable(running=running, report=report, output=output)
        if not running:
            taught = around.taught if jobs.built is None else jobs.built
            step = None if self._in_use.refusal else next_step(filed, taught)
            people = self._in_use.last.dataset_folder
            self.steps.show_next(step, people.name, around.missed)

    @property
    def _report(self) -> Path:
        usual = self._in_use.last.output_folder / REPORT
        return self.jobs.report or usual

    def _tell_problems(self) -> None:
        for problem in self._in_use.problems():
            self.console.add(Kind.PROBLEM, problem)

    def _start(self, worker: JobWorker) -> None:
        self._tell_problems()
        self.jobs.start(worker)

    def _build(self, forget: Sequence[Path] = ()) -> None:
        worker = KbBuilder(self.settings, self._executor)
        worker.forget = forget
        self._start(worker)

    def _ask_to_forget(self, folders: "Sequence[FolderAway]") -> None:
        from kith.gui.missing_folders import forget_question

        if not self._closing:
            question = forget_question(self, folders, self._build)
            self._open(question)

    def _stop(self) -> None:
        self.jobs.stop()
        self.does.abort.setEnabled(False)
        self.status.setText(f"{STOPPING} …")

    def recognize(self, settings: Settings, folders: dict[str, Path], only_tell: bool = False) -> None:
        """Recognise the photos in a folder by these settings, and keep the folders for the next time.

        With `only_tell` nothing is filed, and the console tells what would be.
        """
        chosen = {key: str(folder) for key, folder in folders.items()}
        if problem := self._in_use.write(chosen):
            self.console.add(Kind.PROBLEM, problem)
        worker = FolderWorker(Settings.at(settings.folder, settings.model_dump() | chosen), self._executor)
        worker.only_tell = only_tell
        self._start(worker)
        if only_tell:
            self.go(CONSOLE)

    def apply_settings(self, before: Settings, after: Settings) -> None:
        """Decide all recognised photos again, by settings that were changed; Ctrl+Z takes that back."""
        decide = self.decide_again
        self.desk.act(lambda library: library.apply_settings(before, after), lambda _: decide(), lambda _: None)

    def _turn_settings(self, values: Mapping[str, object]) -> None:
        """Let the file have the settings that were taken back, and decide by them."""
        if self._write(values):
            self.decide_again()

    def decide_again(self) -> None:
        """Decide all recognised photos again, by the settings as they are now, if there are any."""

        def start(photos: int) -> None:
            if photos and not self.jobs.running:
                self._start(Redecider(self.settings, self._executor))

        self.desk.read(lambda library: library.count_recognised(), start, self.tell)

    def with_library_closed(self, task: Callable[[], str], then: Callable[[str], None]) -> None:
        """Run a task while the window has the library closed; `then` is given what came of it."""
        self.desk.run_closed(task, then)

    def forget_what_was(self) -> None:
        """Show that what was there may be gone: the library, the settings, the pictures."""
        self.thumbnails.forget()
        self.desk.look_again()
        self.refresh()

    def _show_folder(self, folder: Path) -> None:
        from kith.gui.help import open_outside

        if not open_outside(folder):
            self._warn(self.tr("The folder could not be shown: it is {0}.").format(folder))

    def _save_report(self) -> None:
        suggestion = self._report.parent / PAGE
        target = self.choose_file(self.tr("Write Report"), suggestion, translate("Kith", KINDS))
        if target:
            self._report_file.save(self.settings, self._report, target)

    def _save_console(self) -> None:
        suggestion = Path.home() / "kith-console.txt"
        target = self.choose_file(self.tr("Save Console"), suggestion, self.tr("Text files (*.txt)"))
        if target:
            self._report_file.save_text(self.console.as_text(), target)

    def _warn(self, text: str, headline: str = "") -> None:
        if not self._closing:
            headline = headline or self.tr("That did not work")
            box = message(self, f"{headline}.\n\n{text}")
            self._open(box)

    def _open(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
