"""Review Unknowns: one unknown or unsure face at a time, with the people it might be."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence, QShortcut, QShowEvent
from PyQt6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from kith.errors import KithError
from kith.gui.background import Background
from kith.gui.choice_button import ChoiceButton
from kith.gui.name_field import ask_whom
from kith.gui.plain_text import Label, set_tip, wrapped
from kith.gui.question_view import QuestionView
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.review import Question, Review, TakenBackAnswer
from kith.library.review_records import Unknown
from kith.messages import Message, joined
from kith.settings import Settings
from kith.text import as_read, counted

T = TypeVar("T")

LOADING = "Looking for unknown faces …"
NOBODY = (
    "There is no unknown or unsure face to review.\n\n"
    "When a folder has been recognized, faces that are not sure to be anybody known are shown here one by one."
)


class ReviewDialog(QDialog):
    """Asks who each unknown or unsure face is; every answer is written down and filed at once.

    While the dialog is shown the library is open, in a background thread; two more decode pictures.
    """

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Review Unknowns")
        self._settings = settings
        self._review: Review | None = None
        self._unknowns: list[Unknown] = []
        self._at = 0
        self._question: Question | None = None
        self.busy = False
        self._named: set[Unknown] = set()
        self._meant: set[str] = set()  # new names that are no slips of known ones, says the user
        self.view = QuestionView(settings.face_tol)
        self.message = wrapped()
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.progress = Label()
        self.note = wrapped()
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # no file name widens it
        keys = QKeySequence(QKeySequence.StandardKey.Undo).toString(QKeySequence.SequenceFormat.NativeText)
        texts = ("Back (B)", f"Undo ({keys})", "Skip (S)", "Close")
        self.back, self.undo, self.skip, self.end = (ChoiceButton(text) for text in texts)
        set_tip(self.undo, "Take the last answer of this review back")
        self._lay_out()
        self._connect()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Begin the review."""
        super().showEvent(event)
        if event and not event.spontaneous():  # spontaneous: it was only minimised
            self._desk = Background()
            self._pictures = Background(threads=2)
            self._at = 0
            self._meant.clear()
            self._tell(LOADING)
            self.note.clear()
            self._run(self._open, self._begin)

    def done(self, result: int) -> None:
        """Close when all that was answered is written down."""
        if self.isVisible():
            self._pictures.drop()
            self._desk.run(self._close_review, lambda _: None)
            self._desk.close()
        super().done(result)

    def _open(self) -> list[Unknown]:
        self._review = Review(OpenLibrary(self._settings))
        return self._review.unknowns()

    def _close_review(self) -> None:
        if self._review:
            self._review.library.close()
            self._review = None

    def _run(self, task: Callable[[], T], then: Callable[[T], None], fail: Callable[[str], None] | None = None) -> None:
        """Do something in the background; until it is done no answer is taken: it would be for another face."""
        self.busy = True

        def ended(future: "Future[T]") -> None:
            self.busy = False
            error = future.exception()
            if error is None:
                then(future.result())
            elif isinstance(error, KithError):
                (fail or self._fail)(error.message)
            else:
                raise error

        self._desk.run(task, ended)

    def _begin(self, unknowns: list[Unknown]) -> None:
        self._unknowns = unknowns
        self._named.clear()
        if unknowns:
            self._ask()
        else:
            self._tell(NOBODY)

    def _ask(self) -> None:
        """Show the face whose turn it is, or what the review came to."""
        review = self._review
        if self._at == len(self._unknowns) or review is None:
            self._tell(self._summary())
            return
        unknown = self._unknowns[self._at]
        self._run(lambda: (review.question(unknown), [*review.library.people.names().values()]), self._show)

    def _show(self, found: tuple[Question, list[str]]) -> None:
        self._question, known = found
        self._count(self._question.unknown, is_named=bool(self._question.said))
        self.progress.setText(f"Face {self._at + 1} of {len(self._unknowns)}")
        self.back.setEnabled(self._at > 0)
        self.skip.setEnabled(True)
        self._pages.setCurrentWidget(self.view)
        self.view.show_question(self._question, known, self._pictures)

    def _tell(self, text: str) -> None:
        """Show words instead of a face."""
        self._question = None
        self.message.setText(text)
        self.progress.clear()
        self.back.setEnabled(self._at > 0)
        self.skip.setEnabled(False)
        self._pages.setCurrentWidget(self.message)
        self.end.setFocus()

    def _fail(self, text: str) -> None:
        if self._question:
            self.note.setText(text)
        else:
            self._tell(text)

    def _summary(self) -> str:
        named = len(self._named)
        left = len(self._unknowns) - named
        rest = f"\n\n{counted(left, 'face')} left unknown: they are asked about again the next time." if left else ""
        return f"That was the last one. {counted(named, 'face')} named.{rest}"

    def _accept(self, person_id: int) -> None:
        self._answer(lambda review, unknown: review.accept(unknown, person_id), named=True)

    def _name(self, text: str) -> None:
        """Take a name, but ask once about a new one that is much like a known one."""
        review, name = self._review, " ".join(text.split())
        if self.busy or self._question is None or review is None:
            return
        if as_read(name) in self._meant:
            self._take_name(name)
        else:
            self._run(lambda: review.alike(name), lambda known: self._ask_about(name, known))

    def _ask_about(self, name: str, known: tuple[int, str] | None) -> None:
        def take() -> None:
            self._meant.add(as_read(name))
            self._take_name(name)

        if known is None:
            self._take_name(name)
        else:
            person_id, known_name = known
            ask_whom(self, name, known_name, lambda: self._accept(person_id), take)

    def _take_name(self, text: str) -> None:
        self._answer(lambda review, unknown: review.name(unknown, text), named=True)

    def _take_back(self) -> None:
        if self._review and not self.busy:
            self._run(self._review.undo, self._taken_back, self.note.setText)

    def _taken_back(self, answer: TakenBackAnswer) -> None:
        """Say what is taken back, and ask about that face again."""
        self.note.setText(joined([answer.text, *answer.problems], "\n"))
        self._at = self._unknowns.index(answer.unknown)
        self._ask()

    def _refuse(self, person_id: int) -> None:
        self._answer(lambda review, unknown: review.not_this_person(unknown, person_id), named=False)

    def _answer(self, say: Callable[[Review, Unknown], Outcome], *, named: bool) -> None:
        """Write an answer down, then show the next face, or this one again where it has no name yet."""
        review, question = self._review, self._question
        if self.busy or question is None or review is None:
            return
        unknown = question.unknown
        self._run(lambda: say(review, unknown), lambda outcome: self._go_on(outcome, unknown, named))

    def _go_on(self, outcome: Outcome, unknown: Unknown, named: bool) -> None:
        problems = (Message("Your answer is kept, but not filed: ", problem) for problem in outcome.problems)
        self.note.setText(joined([outcome.text, *problems, *outcome.hints]))
        self._count(unknown, is_named=named)
        self._at += named
        self._ask()

    def _count(self, unknown: Unknown, *, is_named: bool) -> None:
        self._named.discard(unknown)
        if is_named:
            self._named.add(unknown)

    def _move(self, step: int) -> None:
        if not self.busy and 0 <= self._at + step <= len(self._unknowns):
            self.note.clear()
            self._at += step
            self._ask()

    def _accept_by_key(self, index: int) -> None:
        card = self.view.cards[index]
        if self._question and not card.isHidden():
            card.accept_button.click()

    def _connect(self) -> None:
        self.view.accepted.connect(self._accept)
        self.view.refused.connect(self._refuse)
        self.view.named.connect(self._name)
        self.back.clicked.connect(lambda: self._move(-1))
        self.skip.clicked.connect(lambda: self._move(1))
        self.undo.clicked.connect(self._take_back)
        self.end.clicked.connect(self.close)
        keys: dict[str, Callable[[], object]] = {
            "S": self.skip.click,
            "B": self.back.click,
            "N": self.view.name.setFocus,
            **{str(index + 1): partial(self._accept_by_key, index) for index in range(len(self.view.cards))},
        }
        for key, slot in keys.items():
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setAutoRepeat(False)  # a key held down answers one question
            shortcut.activated.connect(slot)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self).activated.connect(self._take_back)

    def _lay_out(self) -> None:
        self._pages = QStackedWidget()
        self._pages.addWidget(self.message)
        self._pages.addWidget(self.view)
        row = QHBoxLayout()
        row.addWidget(self.back)
        row.addWidget(self.undo)
        row.addWidget(self.progress, 1, Qt.AlignmentFlag.AlignCenter)
        row.addWidget(self.skip)
        row.addWidget(self.end)
        column = QVBoxLayout(self)
        column.addWidget(self._pages, 1)
        column.addWidget(self.note)
        column.addLayout(row)
        self.resize(860, 600)
