"""The library as the window has it open: threads read it for the screen, another one writes what the user says."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NoReturn, TypeVar

from PyQt6.QtCore import QObject, pyqtSignal

from kith.errors import BadInput, KithError
from kith.gui.background import Background
from kith.gui.phrases import in_window
from kith.settings import Settings

if TYPE_CHECKING:  # loaded by the threads, after the window shows
    from kith.jobs.descriptions import Asked
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.outcome import Outcome

T = TypeVar("T")


class _Hand:
    """A thread with the library open in it, opened anew where it is another one than before."""

    def __init__(self) -> None:
        self._thread = Background()
        self._library: OpenLibrary | None = None
        self._opened: object = None

    def run(
        self, settings: Settings, look: int, task: "Callable[[OpenLibrary], T]", ended: "Callable[[Future[T]], None]"
    ) -> None:
        self._thread.run(lambda: task(self._at(settings, look)), ended)

    def _at(self, settings: Settings, look: int) -> "OpenLibrary":
        from kith.jobs.open_library import OpenLibrary

        wanted = settings, look, _identity(settings)
        if self._library is None or self._opened != wanted:
            self._close()
            self._library = OpenLibrary(settings)
            self._opened = wanted
        if not self._library.decisions.are_current:
            self._library.decisions.forget()
        return self._library

    def run_closed(self, task: Callable[[], T], ended: "Callable[[Future[T]], None]") -> None:
        """Run a task without the library, which whoever asks for it next opens anew."""

        def run() -> T:
            self._close()
            return task()

        self._thread.run(run, ended)

    def close(self, *, wait: bool = True) -> None:
        self._thread.run(self._close, lambda _: None)
        self._thread.close(wait=wait)

    def _close(self) -> None:
        library, self._library = self._library, None
        if library:
            library.close()


class LibraryDesk(QObject):
    """Reads and changes the library off the GUI thread; answers come back on it.

    `undoes` and `redoes` say in words what `undo` takes back and `redo` does again, `steps` that they are others now.
    `changed` tells that something was said, taken back or done by a job: whoever shows the library looks again.
    `told` carries what became of a word, in a sentence, `failed` why there is nothing to be shown or done,
    `settings_turned` the settings that were taken back, `drawn_again` drawn faces that came back and are to be
    described. After a word the photos in which somebody is still unknown are decided again, until the next one is
    said; `settled` tells that for now nothing more follows.
    """

    changed = pyqtSignal()
    settled = pyqtSignal()
    told = pyqtSignal(str)
    failed = pyqtSignal(str)
    settings_turned = pyqtSignal(object)
    drawn_again = pyqtSignal(object)
    steps = pyqtSignal()

    def __init__(self, settings: Callable[[], Settings], refusal: Callable[[], str] = str) -> None:
        super().__init__()
        self._settings, self._refusal = settings, refusal
        self._reads, self._long_reads, self._writes = _Hand(), _Hand(), _Hand()
        self._look = 0
        self._state: object = None
        self._writing = 0
        self._reading = 0
        self.undoes, self.redoes = "", ""
        self.changed.connect(self.look_at_steps)
        self._follows = False  # whether what is taught has not been applied to all photos yet
        self._teaches = False  # whether the newest word does, rather than takes one back
        self._stop_following = threading.Event()

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return self._writing > 0 or self._reading > 0

    def read(
        self,
        task: "Callable[[OpenLibrary], T]",
        then: Callable[[T], None],
        fail: Callable[[str], None] | None = None,
        is_long: bool = False,
    ) -> None:
        """Ask the library something; `then` is given the answer, `fail` a sentence on why there is none.

        For what takes long there is another thread, so that no other answer waits for it.
        """
        self._reading += 1

        def ended(future: "Future[T]") -> None:
            self._reading -= 1
            self._hand_on(future, then, fail)

        hand = self._long_reads if is_long else self._reads
        self._run(hand, task, ended)

    def _run(self, hand: _Hand, task: "Callable[[OpenLibrary], T]", ended: "Callable[[Future[T]], None]") -> None:
        """Run a task over the library, or tell why it is not known which one that is."""
        settings = self._settings()
        if refusal := self._refusal():
            hand.run_closed(partial(_refuse, refusal), ended)
        else:
            hand.run(settings, self._look, task, ended)

    def act(
        self,
        task: "Callable[[OpenLibrary], Outcome]",
        then: "Callable[[Outcome], None] | None" = None,
        fail: Callable[[str], None] | None = None,
    ) -> None:
        """Change the library as the user says; what became of it is told, and given to `then`."""
        self._writing += 1
        self._stop_following.set()

        def say(library: "OpenLibrary") -> "Outcome":
            before, made = library.store.changes.state(), len(library.made)
            try:
                return task(library)
            finally:
                self._teaches = len(library.made) > made
                self._follows = self._follows or library.store.changes.state() != before

        def ended(future: "Future[Outcome]") -> None:
            self._writing -= 1
            self._hand_on(future, done, fail)
            self.changed.emit()
            self._go_on()

        def done(outcome: "Outcome") -> None:
            self._tell(outcome)
            if outcome.settings:
                self.settings_turned.emit(outcome.settings)
            if then:
                then(outcome)

        self._run(self._writes, say, ended)

    def _go_on(self) -> None:
        """Let the words said so far teach, unless another is being said already."""
        if self._writing:
            return
        is_to_be_shown = not (self._follows and self._teaches)  # what is taken back: before others are decided again
        if is_to_be_shown:
            self.settled.emit()
        if not self._follows:
            return
        self._writing += 1
        stop = threading.Event()
        self._stop_following = stop

        def follow(library: "OpenLibrary") -> "Outcome":
            from kith.jobs.follow_up import FollowUp

            following = FollowUp(library, stop)
            outcome = following.run()
            self._follows = not following.is_complete
            return outcome

        self._run(self._writes, follow, self._followed)

    def _followed(self, future: "Future[Outcome]") -> None:
        self._writing -= 1
        self._hand_on(future, self._found, None)
        if future.exception():
            self._follows = False  # it would fail again
        self._go_on()

    def _found(self, outcome: "Outcome") -> None:
        if outcome.text or outcome.problems:
            self._tell(outcome)
            self.changed.emit()

    def _tell(self, outcome: "Outcome") -> None:
        told = map(in_window, (outcome.text, *outcome.problems, *outcome.hints))
        self.told.emit(" ".join(filter(None, told)))

    def undo(self) -> None:
        """Take the newest change back."""
        self.act(lambda library: library.undo())

    def redo(self) -> None:
        """Do again what was undone last."""
        came_back: list[Asked] = []

        def redo(library: "OpenLibrary") -> "Outcome":
            from kith.jobs import drawn_faces

            outcome, asked = drawn_faces.redo(library)
            came_back.extend(asked)
            return outcome

        self.act(redo, lambda _: self.drawn_again.emit(came_back) if came_back else None)

    def look_at_steps(self) -> None:
        """Look what can be undone and done again, perhaps by another program's doing."""
        self.read(lambda library: (library.undoes, library.redoes), self._know_steps, lambda _: None)

    def _know_steps(self, steps: tuple[str, str]) -> None:
        self.undoes, self.redoes = steps
        self.steps.emit()

    def look_for_others(self) -> None:
        """Tell that the library is another one if another window or a command wrote to it since this was asked last."""

        def compare(state: object) -> None:
            before, self._state = self._state, state
            if before not in (None, state):
                self.changed.emit()
                self.settled.emit()

        if not self.busy:
            self.read(lambda library: library.store.state(), compare, lambda _: None)

    def look_again(self) -> None:
        """Open the library anew: a job has been at it."""
        self._look += 1
        self.changed.emit()
        self.settled.emit()

    def run_closed(self, task: Callable[[], T], then: Callable[[T], None]) -> None:
        """Run a task in a thread while nothing here has the library open: who asks for it meanwhile waits."""
        readers = self._reads, self._long_reads
        closed, done = threading.Semaphore(0), threading.Event()

        def stay_closed() -> None:
            closed.release()
            done.wait()

        def run() -> T:
            try:
                for _ in readers:
                    closed.acquire()
                return task()
            finally:
                done.set()

        for hand in readers:
            hand.run_closed(stay_closed, lambda _: None)
        self._writes.run_closed(run, lambda future: self._hand_on(future, then, None))

    def close(self) -> None:
        """Return when all that was said is written down, and the library is closed; for a check nobody waits."""
        self._stop_following.set()
        self._long_reads.close(wait=False)
        for hand in (self._reads, self._writes):
            hand.close()

    def _hand_on(self, future: "Future[T]", then: Callable[[T], None], fail: Callable[[str], None] | None) -> None:
        error = future.exception()
        if error is None:
            then(future.result())
        elif isinstance(error, KithError):
            (fail or self.failed.emit)(in_window(error.message))
        else:
            raise error


def _refuse(reason: str) -> NoReturn:
    raise BadInput(reason)


def _identity(settings: Settings) -> tuple[int, int] | None:
    """Return which file the library is: a restored one takes the place of another."""
    with suppress(OSError):
        found = settings.library_file.stat()
        return found.st_dev, found.st_ino
    return None
