"""Home: the first steps, then what happened last and what to do next; a job while it runs, and what it came to."""

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from kith.errors import KithError
from kith.gui.advice_page import AdvicePage
from kith.gui.background import Newest
from kith.gui.folders import is_missed
from kith.gui.home_model import Do, State
from kith.gui.next_steps import Step
from kith.gui.phrases import translate
from kith.gui.place import House, Place
from kith.gui.places import PLACES, REVIEW, WELCOME
from kith.gui.result_page import ResultPage
from kith.gui.run_view import RunView
from kith.gui.style import SPACE
from kith.gui.watch_row import WatchRow
from kith.messages import JobName
from kith.settings import Settings

if TYPE_CHECKING:
    from kith.gui.welcome_page import WelcomePage
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.outcome import Outcome

# The large button that does what is advised; where none does, none stands out.
_LARGE = {
    Do.STEPS: Step.BUILD,
    Do.BUILD: Step.BUILD,
    Do.RECOGNIZE: Step.RECOGNIZE,
    Do.REVIEW: Step.REVIEW,
    Do.OUTPUT: Step.LOOK,
}
_PAUSE_MS = 50  # what is loaded to look must not hold up the window's first sight


class HomePlace(Place):
    """The large buttons, and below them the page of the moment; these give way to a job and to the first steps."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self.advice = AdvicePage()
        self.advice.add(WatchRow(house.does.watch, house.watcher))
        self.advice.wanted.connect(self._do)
        self.run = RunView(house)
        self.result = ResultPage(house)
        self.result.review.connect(lambda: self._do(Do.REVIEW))
        self.result.closed.connect(self._look_around)
        self.welcome: WelcomePage | None = None
        self._recognizes_next = False
        self._was_running = False
        self._stopped_build = False
        self._look = Newest(self, _PAUSE_MS)
        self._is_looking = self._looks_once_more = False
        self._pages = QStackedWidget()
        for page in (self.advice, self.run, self.result):
            self._pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * SPACE)
        column.addWidget(house.steps)
        column.addWidget(self._pages, 1)
        self._connect()
        self._has_looked = False

    @property
    def page(self) -> QWidget | None:
        """The page of the moment."""
        return self._pages.currentWidget()

    def enter(self, what: object = None) -> None:
        """Show the first steps if they are asked for, else what is so now."""
        if what == WELCOME and not self.house.jobs.running:
            self._welcome()
        else:
            self.look_again()

    def look_again(self) -> None:
        """Look how things stand, in a thread that nobody waits for: a drive may sleep, and a library be large."""
        settings, fault = self.house.settings, self.house.settings_fault
        self._look_away()
        if self.house.jobs.running:
            return
        if fault:
            self._tell(State(fault))
            return
        stopped = self._stopped_build
        self._is_looking = True
        self._look.ask(lambda stop: _look_around(settings, stopped, stop), self._show)

    def _look_away(self) -> None:
        self._look.drop()
        self._is_looking = self._looks_once_more = False

    def _count_groups(self) -> None:
        """Look again, when a look under way has ended: the groups of unknown faces were brought up to date."""
        if self._is_looking:
            self._looks_once_more = True
        elif self.isVisible() and self.page is self.advice:
            self.look_again()

    def _connect(self) -> None:
        jobs = self.house.jobs
        self.house.waiting.found.connect(self._count_groups)
        jobs.changed.connect(self._follow_job)
        jobs.happened.connect(self.run.take)
        jobs.stopping.connect(self.run.stopping)
        jobs.ended.connect(self._after_job)

    def _show(self, state: State) -> None:
        """Show how things stand; the first time look, too, whether a run was killed."""
        self._tell(state)
        self._is_looking = False
        if self._looks_once_more:
            self.look_again()
        if not self._has_looked:
            self._has_looked = True
            self.house.desk.read(_was_killed, self._complete, lambda _: None)

    def _tell(self, state: State) -> None:
        self.advice.show_state(state)
        step = _LARGE.get(state.advice.does)
        self.house.steps.advise(step)
        if step is None and self.house.steps.has_keyboard:
            self.advice.button.setFocus()

    def _complete(self, was_killed: bool) -> None:
        """Let what a killed run had planned be done, and say so."""
        if was_killed and not self.house.jobs.running:
            self.house.desk.act(_completed, fail=lambda _: None)

    def _follow_job(self) -> None:
        jobs = self.house.jobs
        if jobs.by_itself:
            return  # whoever is here looks at something else
        if jobs.running and not self._was_running:
            self._look_away()
            self.run.begin(jobs.job_name)
            self._turn_to(self.run)
        elif self._was_running and not jobs.running:
            self.run.end()
            self._turn_to(self._page_after(self.run))
        self._was_running = jobs.running

    def _page_after(self, run: RunView) -> QWidget:
        model, jobs = run.model, self.house.jobs
        self._stopped_build = model.job == JobName.BUILD_KB and model.stopping and not jobs.built
        if model.job != JobName.RECOGNIZE_FOLDER or jobs.report is None or model.done < model.total:
            return self.advice
        self.result.show_run(model)
        return self.result

    def _after_job(self) -> None:
        goes_on, self._recognizes_next = self._recognizes_next and bool(self.house.jobs.built), False
        if goes_on:
            self._resume()

    def _turn_to(self, page: QWidget) -> None:
        self._pages.setCurrentWidget(page)
        self.house.steps.setVisible(page in (self.advice, self.result))
        if page is not self.welcome and self.welcome:
            self.welcome.steps.drop()
            self._pages.removeWidget(self.welcome)
            self.welcome.deleteLater()
            self.welcome = None

    def _welcome(self) -> None:
        if self.welcome is None:
            from kith.gui.welcome_page import WelcomePage

            house = self.house
            self.welcome = welcome = WelcomePage(house.settings_file, house.settings, house.choose_folder)
            welcome.ready.connect(self._begin)
            welcome.later.connect(self._look_around)
            self._pages.addWidget(welcome)
        self._turn_to(self.welcome)
        self.welcome.steps.people.edit.setFocus()

    def _look_around(self) -> None:
        self._turn_to(self.advice)
        self.look_again()

    def _begin(self, has_photos: bool) -> None:
        """Learn the people, and then look for them."""
        self._recognizes_next = has_photos
        self.house.does.build.trigger()

    def _resume(self) -> None:
        self.house.recognize(self.house.settings, {})

    def _do(self, wanted: Do) -> None:
        does = self.house.does
        match wanted:
            case Do.MEND:
                self.house.mend_settings()
            case Do.LOOK_AGAIN:
                self.look_again()
            case Do.STEPS:
                self._welcome()
            case Do.BUILD:
                does.build.trigger()
            case Do.RESUME:
                self._resume()
            case Do.RECOGNIZE:
                does.recognize.trigger()
            case Do.REVIEW:
                self._review()
            case Do.MOVES:
                does.filed.trigger()
            case Do.OUTPUT:
                does.output.trigger()

    def _review(self) -> None:
        if REVIEW in PLACES:
            self.house.go(REVIEW)
        else:
            self.house.does.review.trigger()


def _was_killed(library: "OpenLibrary") -> bool:
    return bool(library.store.runs.killed())


def _completed(library: "OpenLibrary") -> "Outcome":
    from kith.jobs.context import sole_job
    from kith.jobs.filing_runs import complete_killed
    from kith.jobs.outcome import Outcome

    with sole_job(library.settings.library_file, translate("Kith", "Completing a run")):
        return Outcome(" ".join(complete_killed(library.store, library.settings, library.decisions)))


def _look_around(settings: Settings, stopped_build: bool, stop: threading.Event) -> State:
    """Return how things stand: with a library of its own, since that of the window has others waiting for it."""
    if is_missed(settings.dataset_folder, settings):
        return State(away=str(settings.dataset_folder))
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.overview import overview

    found = None
    with suppress(KithError), OpenLibrary(settings) as library:
        found = overview(library, stop, regroup=False)
    return State(stopped=stopped_build, overview=found)
