"""Work off the GUI thread, its results handed back on it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from typing import Any, TypeVar
from weakref import ref

from PyQt6.QtCore import QCoreApplication, QObject, QTimer, pyqtSignal
from PyQt6.sip import isdeleted

T = TypeVar("T")

PAUSE_MS = 250  # somebody who types pauses longer only when they look at what they typed


class _Relay(QObject):
    """Hands what threads come to to the GUI thread: one for the whole program, which no thread's end takes along."""

    handed = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__(QCoreApplication.instance())
        self.handed.connect(self._take)

    def hand(self, tell: Callable[[], object]) -> None:
        """Have `tell` called on the GUI thread; by nobody where the program ends."""
        with suppress(RuntimeError):  # Qt's half is gone
            self.handed.emit(tell)

    def _take(self, tell: Callable[[], object]) -> None:
        tell()


@cache
def _relay() -> _Relay:
    """Return the relay, made in the GUI thread, where all tasks are given."""
    return _Relay()


class Background:
    """Threads that run tasks in the order given; what each comes to is told on the GUI thread."""

    def __init__(self, threads: int = 1) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="kith-background")
        self._closed = False
        self._hand = _relay().hand

    def run(self, task: Callable[[], T], then: Callable[["Future[T]"], None]) -> None:
        """Run a task and call `then` with its finished future, unless all was closed before or meanwhile."""
        if self._closed:
            return
        future = self._pool.submit(task)
        future.add_done_callback(lambda ended: self._hand(partial(self._tell, then, ended)))

    def close(self, *, wait: bool = True) -> None:
        """Return when all tasks have ended, or at once, and they end by themselves; tell nothing more."""
        self._closed = True
        self._pool.shutdown(wait=wait)

    def drop(self) -> None:
        """Return at once: tasks at work end by themselves, others never begin; tell nothing more."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _tell(self, then: Callable[["Future[Any]"], None], future: "Future[Any]") -> None:
        if not self._closed:
            then(future)


class _Question:
    """A task in a thread of its own; once cancelled it is told to stop and not heard of any more."""

    def __init__(
        self, task: Callable[[threading.Event], T], then: Callable[[T], None], asked_with: "_Questions"
    ) -> None:
        self._then: Callable[[Any], None] = then
        self._asked_with = asked_with  # which lives as long as the thread, to be told that the owner is gone
        self._stop = threading.Event()
        self._hand = _relay().hand
        # A drive that does not answer holds up this thread alone, and not the end of the program.
        thread = threading.Thread(target=self._answer, args=(task,), name="kith-question", daemon=True)
        thread.start()

    def cancel(self) -> None:
        """Want no answer any more."""
        self._stop.set()

    def _answer(self, task: Callable[[threading.Event], T]) -> None:
        future: Future[T] = Future()
        try:
            answer = task(self._stop)
            future.set_result(answer)
        except Exception as error:  # noqa: BLE001 - raised where the answer is heard
            future.set_exception(error)
        self._hand(partial(self._tell, future))

    def _tell(self, answer: "Future[Any]") -> None:
        if not self._stop.is_set() and self._asked_with.has_owner:
            self._then(answer.result())


class _Questions:
    """The questions of one owner."""

    def __init__(self, owner: QObject) -> None:
        self._owner = ref(owner)  # else a thread would be the last to hold a widget, and the one to end it
        self._asked: list[_Question] = []

    @property
    def has_owner(self) -> bool:
        """Whether the owner is still there, and is not going just now."""
        owner = self._owner()
        return owner is not None and not isdeleted(owner)

    def ask(self, task: Callable[[threading.Event], T], then: Callable[[T], None]) -> None:
        self._asked.append(_Question(task, then, self))

    def cancel(self) -> None:
        for question in self._asked:
            question.cancel()
        self._asked.clear()


class Newest(QObject):
    """Answers the newest of several questions, once none came for a moment; those before it are cancelled.

    A question is a task that ends early when its event is set. None is answered after the owner is gone.
    """

    def __init__(self, owner: QObject, pause_ms: int = PAUSE_MS) -> None:
        super().__init__(owner)
        self._questions = _Questions(owner)
        pause = QTimer(self)
        pause.setSingleShot(True)
        pause.setInterval(pause_ms)
        pause.timeout.connect(self._end_pause)  # no lambda: it may be collected before the timer is
        self._pause = pause
        self._begin: Callable[[], object] = lambda: None
        self.destroyed.connect(self._questions.cancel)  # no partial: it may be collected before this object is

    def ask(self, task: Callable[[threading.Event], T], then: Callable[[T], None]) -> None:
        """Ask instead of what was asked before; `then` is called with the answer."""
        self.drop()
        self._begin = lambda: self._questions.ask(task, then)
        self._pause.start()

    def _end_pause(self) -> None:
        self._begin()

    def drop(self) -> None:
        """Want no answer any more."""
        self._pause.stop()
        self._questions.cancel()
