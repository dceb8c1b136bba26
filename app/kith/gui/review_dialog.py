"""Review Unknowns: one unknown or unsure face at a time, with the people it might be."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence, QShortcut, QShowEvent
from PyQt6.QtWidgets import QDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from kith.gui.choice_button import ChoiceButton
from kith.gui.name_field import ask_whom, one_spaced
from kith.gui.plain_text import Label, narrow, set_tip, wrapped
from kith.gui.question_view import QuestionView
from kith.gui.review_desk import ReviewDesk
from kith.gui.review_round import ReviewRound
from kith.jobs.outcome import Outcome
from kith.jobs.review import Question, Review, TakenBackAnswer
from kith.library.review_queries import Unknown
from kith.messages import Message, joined
from kith.settings import Settings
from kith.text import as_read

T = TypeVar("T")

LOADING = "Looking for unknown faces …"
NOT_FILED = "Your answer is kept, but not filed: "
NOBODY = (
    "There is no unknown or unsure face to review.\n\n"
    "When a folder has been recognized, faces that are not sure to be anybody known are shown here one by one."
)


class ReviewDialog(QDialog):
    """Asks who each unknown or unsure face is; every answer is written down and filed at once."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Review Unknowns")
        self._settings = settings
        self._desk = ReviewDesk(settings)
        self._round = ReviewRound()
        self._question: Question | None = None
        self._meant: set[str] = set()  # new names that are no slips of known ones, says the user
        self.view = QuestionView()
        self.message = _centred()
        self.progress = Label()
        self.note = narrow()
        keys = _undo_keys().toString(QKeySequence.SequenceFormat.NativeText)
        self.back = ChoiceButton("Back (B)")
        self.undo = ChoiceButton(f"Undo ({keys})")
        self.skip = ChoiceButton("Skip (S)")
        self.end = ChoiceButton("Close")
        set_tip(self.undo, "Take the last answer of this review back")
        self._lay_out()
        self._connect()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Begin the review."""
        super().showEvent(event)
        if event is None or event.spontaneous():  # spontaneous: it was only minimised
            return
        self._desk = ReviewDesk(self._settings)
        self._round = ReviewRound()
        self._meant.clear()
        self._tell(LOADING)
        self.note.clear()
        self._run(self._desk.open, self._begin)

    @property
    def busy(self) -> bool:
        """Whether something is done in the background, and no answer taken."""
        return self._desk.busy

    def done(self, result: int) -> None:
        """Close when all that was answered is written down."""
        if self.isVisible():
            self._desk.close()
        super().done(result)

    def _run(self, task: Callable[[], T], then: Callable[[T], None], fail: Callable[[str], None] | None = None) -> None:
        self._desk.run(task, then, fail or self._fail)

    def _begin(self, unknowns: list[Unknown]) -> None:
        self._round = ReviewRound(unknowns)
        if self._round.is_empty:
            self._tell(NOBODY)
        else:
            self._ask()

    def _ask(self) -> None:
        """Show the face whose turn it is, or what the review came to."""
        review, unknown = self._desk.review, self._round.current
        if unknown is None or review is None:
            self._tell(self._round.summary())
            return

        def look_up() -> tuple[Question, list[str]]:
            question = review.question(unknown)
            known = review.library.people.names()
            return question, list(known.values())

        self._run(look_up, self._show)

    def _show(self, found: tuple[Question, list[str]]) -> None:
        question, known = found
        self._question = question
        self._round.count(question.unknown, is_named=bool(question.said))
        self.progress.setText(self._round.place)
        self._turn_to(self.view)
        self.view.show_question(question, known, self._desk.pictures)

    def _tell(self, text: str) -> None:
        """Show words instead of a face."""
        self._question = None
        self.message.setText(text)
        self.progress.clear()
        self._turn_to(self.message)
        self.end.setFocus()

    def _turn_to(self, page: QWidget) -> None:
        self.back.setEnabled(not self._round.is_at_first)
        self.skip.setEnabled(page is self.view)
        self._pages.setCurrentWidget(page)

    def _fail(self, text: str) -> None:
        if self._question:
            self.note.setText(text)
        else:
            self._tell(text)

    def _accept(self, person_id: int) -> None:
        self._answer(lambda review, unknown: review.accept(unknown, person_id), named=True)

    def _name(self, text: str) -> None:
        """Take a name, but ask once about a new one that is much like a known one."""
        review = self._desk.review
        name = one_spaced(text)
        if self.busy or self._question is None or review is None:
            return
        if as_read(name) in self._meant:
            self._take_name(name)
        else:
            self._run(partial(review.alike, name), partial(self._ask_about, name))

    def _ask_about(self, name: str, known: tuple[int, str] | None) -> None:
        def take() -> None:
            self._meant.add(as_read(name))
            self._take_name(name)

        if known is None:
            self._take_name(name)
        else:
            person_id, known_name = known
            ask_whom(self, name, known_name, partial(self._accept, person_id), take)

    def _take_name(self, text: str) -> None:
        self._answer(lambda review, unknown: review.name(unknown, text), named=True)

    def _take_back(self) -> None:
        review = self._desk.review
        if review and not self.busy:
            self._run(review.undo, self._taken_back, self.note.setText)

    def _taken_back(self, answer: TakenBackAnswer) -> None:
        """Say what is taken back, and ask about that face again."""
        note = joined([answer.text, *answer.problems], "\n")
        self.note.setText(note)
        self._round.turn_to(answer.unknown)
        self._ask()

    def _refuse(self, person_id: int) -> None:
        self._answer(lambda review, unknown: review.not_this_person(unknown, person_id), named=False)

    def _answer(self, say: Callable[[Review, Unknown], Outcome], *, named: bool) -> None:
        """Write an answer down, then show the next face, or this one again where it has no name yet."""
        review, question = self._desk.review, self._question
        if self.busy or question is None or review is None:
            return
        unknown = question.unknown
        self._run(partial(say, review, unknown), partial(self._go_on, unknown, named))

    def _go_on(self, unknown: Unknown, named: bool, outcome: Outcome) -> None:
        problems = [Message(NOT_FILED, problem) for problem in outcome.problems]
        note = joined([outcome.text, *problems, *outcome.hints])
        self.note.setText(note)
        self._round.count(unknown, is_named=named)
        if named:
            self._round.move(1)
        self._ask()

    def _move(self, step: int) -> None:
        if not self.busy and self._round.move(step):
            self.note.clear()
            self._ask()

    def _accept_by_key(self, index: int) -> None:
        card = self.view.cards[index]
        if self._question and not card.isHidden():
            card.accept_button.click()

    def _connect(self) -> None:
        view = self.view
        view.accepted.connect(self._accept)
        view.refused.connect(self._refuse)
        view.named.connect(self._name)
        self.back.clicked.connect(lambda: self._move(-1))
        self.skip.clicked.connect(lambda: self._move(1))
        self.undo.clicked.connect(self._take_back)
        self.end.clicked.connect(self.close)
        self._connect_keys()

    def _connect_keys(self) -> None:
        keys: dict[str, Callable[[], object]] = {"S": self.skip.click, "B": self.back.click}
        keys["N"] = self.view.name.setFocus
        for index in range(len(self.view.cards)):
            digit = str(index + 1)
            keys[digit] = partial(self._accept_by_key, index)
        for key, slot in keys.items():
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setAutoRepeat(False)  # a key held down answers one question
            shortcut.activated.connect(slot)
        undo = QShortcut(_undo_keys(), self)
        undo.activated.connect(self._take_back)

    def _lay_out(self) -> None:
        pages = QStackedWidget()
        pages.addWidget(self.message)
        pages.addWidget(self.view)
        self._pages = pages
        row = QHBoxLayout()
        row.addWidget(self.back)
        row.addWidget(self.undo)
        row.addWidget(self.progress, 1, Qt.AlignmentFlag.AlignCenter)
        row.addWidget(self.skip)
        row.addWidget(self.end)
        column = QVBoxLayout(self)
        column.addWidget(pages, 1)
        column.addWidget(self.note)
        column.addLayout(row)
        self.resize(860, 600)


def _centred() -> Label:
    label = wrapped()
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def _undo_keys() -> QKeySequence:
    return QKeySequence(QKeySequence.StandardKey.Undo)
