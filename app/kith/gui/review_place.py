"""Review: who unknown and unsure faces are, in three queues."""

from collections.abc import Callable, Sequence
from functools import partial

from PyQt6.QtCore import QT_TRANSLATE_NOOP, Qt
from PyQt6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from kith.errors import BadInput
from kith.gui.choice_button import ChoiceButton
from kith.gui.name_field import ask_whom, one_spaced
from kith.gui.phrases import translate
from kith.gui.place import House, Place
from kith.gui.plain_text import narrow, set_tip, wrapped
from kith.gui.question_view import REFUSE_KEYS, QuestionView
from kith.gui.review_buttons import BUTTONS, ReviewButtons, connect_keys, press
from kith.gui.review_filter import ReviewFilter
from kith.gui.review_model import Act, ReviewModel, Step
from kith.gui.review_pages import GroupPage, LikelyPage, ReviewPage
from kith.gui.review_questions import ReviewQuestions
from kith.gui.style import SPACE
from kith.jobs.review import Question
from kith.jobs.review_queues import Choice, Waiting, names_of

_NOBODY = QT_TRANSLATE_NOOP(
    "Kith",
    "There is no unknown or unsure face to review.\n\n"
    "When a folder has been recognised, faces that are not sure to be anybody known are shown here.",
)


class ReviewPlace(Place):
    """Shows one entry of a queue at a time; what is said counts at once, and is written down behind."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self.model = ReviewModel()
        self._ended_when_asked = 0
        self._is_known, self._reason = False, ""  # whether it is known yet who waits, and why that cannot be known
        self._questions = ReviewQuestions(house.desk)
        self.tabs = QTabBar()
        self.filter = ReviewFilter()
        self.choosing = ChoiceButton(self.tr("Some only (F)"))
        self.groups = GroupPage(house.thumbnails, self.tr("All are (N)"))
        self.likely = LikelyPage(house.thumbnails, self.tr("Those taken out are (N)"))
        self.single = QuestionView(house.thumbnails)
        self.message = wrapped()
        self.again = ChoiceButton(self.tr("Ask about the skipped ones (R)"))
        self.note = narrow()
        self._row = ReviewButtons()
        self.buttons, self.progress = self._row.by_name, self._row.progress
        self._lay_out()
        self._connect()
        if house.waiting.now:  # looked up already, for its count on the bar
            self._take(house.waiting.now)

    @property
    def busy(self) -> bool:
        """Whether anything is done in the background, or not known yet."""
        return not self._is_known or self.house.desk.busy

    def enter(self, what: object = None) -> None:
        """Ask about the group of the number given, or about the first queue that has anybody."""
        self.note.clear()
        self.house.waiting.look()
        if isinstance(what, int):
            self.model.turn_to_group(what)
        self.model.begin()
        self._draw()
        self._rest()

    def _asking(self) -> None:
        self._ended_when_asked = self.model.ended

    def _take(self, waiting: Waiting) -> None:
        page, was_known = self._pages.currentIndex(), self._is_known
        self._is_known, self._reason = True, ""
        self.model.take(waiting, self._ended_when_asked)
        self.filter.offer(waiting.folders)
        self._draw()
        if self.isVisible() and (self._pages.currentIndex() != page or not was_known):
            self._rest()

    def _fail(self, text: str) -> None:
        self._is_known, self._reason = True, text
        self.model.lose()
        self._draw()

    # What is shown

    def _draw(self) -> None:
        model = self.model
        self._draw_tabs()
        if model.line.current:
            self._draw_single() if model.step is Step.SINGLES else self._draw_faces()
            self._pages.setCurrentWidget(self._page)
        else:
            self._draw_message()
        self._row.show_model(model)
        self._tell_count()

    @property
    def _page(self) -> ReviewPage | QuestionView:
        pages: dict[Step, ReviewPage | QuestionView] = {Step.GROUPS: self.groups, Step.LIKELY: self.likely}
        return pages.get(self.model.step, self.single)

    def _draw_tabs(self) -> None:
        names = {
            Step.GROUPS: self.tr("&Groups"),
            Step.LIKELY: self.tr("&Likely"),
            Step.SINGLES: self.tr("&Single faces"),
        }
        self.tabs.blockSignals(True)
        for step, count in self.model.counts.items():
            self.tabs.setTabText(step, f"{names[step]} ({count:,})")
        self.tabs.setCurrentIndex(self.model.step)
        self.tabs.blockSignals(False)

    def _draw_faces(self) -> None:
        if faces := self.model.unheard():
            self.house.desk.read(partial(names_of, faces=faces), self._know_found, lambda _: None)
        (self.groups if self.model.step is Step.GROUPS else self.likely).show_model(self.model)

    def _know_found(self, found: dict[int, str]) -> None:
        self.model.found |= found
        self._draw()

    def _draw_single(self) -> None:
        face = self.model.face
        if face is None:
            return
        if self._questions.turn_to(face):
            self.single.show_face(face.path, face.box)
            self.single.name.know(self.model.names().values())
        self._ask()

    def _ask(self) -> None:
        """Show the question about the single face, once all that was said counts in it."""
        following = self.model.line.next()
        if self.model.is_said:
            self._questions.ask(self._show_question, following.faces[0] if following else None, self.single.prefetch)

    def _ask_anew(self) -> None:
        """Ask about the single face again: something was said, perhaps elsewhere, or taken back."""
        self._questions.forget()
        if self.model.step is Step.SINGLES:
            self._ask()

    def _show_question(self, question: Question) -> None:
        self.single.show_question(question, list(self.model.names().values()), self.model.line.is_over)

    def _draw_message(self) -> None:
        skipped = self.model.line.skipped
        if not self._is_known:
            text = self.tr("Looking for unknown faces …")
        elif not self.model.count:
            text = self._reason or translate("Kith", _NOBODY)
        elif skipped:
            text = self.tr("Nothing is left here but what you skipped: {}.").format(skipped)
        else:
            text = self.tr("Nothing is left here.")
        self.message.setText(text)
        self.again.setVisible(bool(skipped))
        self._pages.setCurrentIndex(len(Step))

    def _tell_count(self) -> None:
        """Have the count at the left follow at once, before the library was asked again."""
        if self._is_known:
            self.house.waiting.counted.emit(self.model.count)

    def _rest(self) -> None:
        self._page.rest() if self.model.line.current else self.setFocus()

    # What is said

    def _say(self, act: Act | None) -> None:
        """Show at once what an act comes to, and have it written down."""
        if act is None:
            return
        step = self._pages.currentIndex()
        self._questions.forget()
        self._draw()
        if self._pages.currentIndex() != step or not self._page.name.isEnabled():
            self._rest()

        def fail(text: str) -> None:
            self.note.setText(text)
            self._end()

        self.house.desk.act(act.task, lambda _: self._end(), fail)

    def _end(self) -> None:
        """Count the act as written down; the desk tells then that the library is another one."""
        self.model.ended += 1

    def _name(self, text: str) -> None:
        """Take a name, but ask about a new one that is much like a known one."""
        name = one_spaced(text)
        try:
            known = self.model.doubt(name)
        except BadInput as error:
            self.note.setText(error.message)
            return
        if known:
            shown = self.model.names()[known.id]
            ask_whom(self, name, shown, partial(self._take_name, shown), partial(self._mean, name))
        else:
            self._take_name(name)

    def _mean(self, name: str) -> None:
        self.model.mean(name)
        self._take_name(name)

    def _take_name(self, name: str) -> None:
        page = self._page
        if act := self.model.name(name):
            page.name.empty()
            self._say(act)

    def _mark(self, keys: Sequence[int]) -> None:
        self.model.mark(keys)
        self._draw()

    def _together(self) -> None:
        if near := self.model.near():
            self.model.put_together(near[0].id)
            self._draw()

    def _skip(self) -> None:
        self.model.skip()
        self._move()

    def _pass(self) -> None:
        """Go on, the keyboard left in the field, where there is nothing to be said."""
        if self.model.line.is_over and self.model.step is Step.GROUPS:
            self.model.skip()
            self._draw()

    def _back(self) -> None:
        self.model.back()
        self._move()

    def _ask_again(self) -> None:
        self.model.line.ask_all_again()
        self._move()

    def _turn(self, tab: int) -> None:
        self.model.turn_to(Step(tab))
        self._draw()

    def _move(self) -> None:
        self.note.clear()
        self._draw()
        self._rest()

    def _offer_choice(self, is_offered: bool) -> None:
        self.filter.setVisible(is_offered)
        if is_offered:
            self.filter.since.setFocus()
        else:
            self.filter.reset()
            self._rest()

    def _choose(self, choice: Choice) -> None:
        self.model.choose(choice)
        self._draw()

    # How it is put together

    def _connect(self) -> None:
        model, house = self.model, self.house
        house.waiting.asking.connect(self._asking)
        house.waiting.found.connect(self._take)
        house.waiting.failed.connect(self._fail)
        house.desk.changed.connect(self._ask_anew)
        house.desk.told.connect(self.note.setText)
        house.desk.failed.connect(self.note.setText)
        self.tabs.currentChanged.connect(self._turn)
        self.choosing.toggled.connect(self._offer_choice)
        self.filter.chosen.connect(self._choose)
        self.filter.refused.connect(self.note.setText)
        for page in (self.groups, self.likely):
            page.marked.connect(self._mark)
        for field in (self.groups.name, self.likely.name, self.single.name):
            field.named.connect(self._name)
            field.passed.connect(self._pass)
        self.groups.near.button.clicked.connect(self._together)
        self.single.accepted.connect(lambda person: self._say(model.accept(person)))
        self.single.refused.connect(lambda person: self._say(model.refuse(person)))
        self.again.clicked.connect(self._ask_again)
        acts: dict[str, Callable[[], Act | None]] = {"split": model.split, "confirm": model.confirm}
        acts |= {"deny": model.deny, "ignore": model.ignore, "others": model.ignore_others}
        for name, act in acts.items():
            self.buttons[name].clicked.connect(lambda _, act=act: self._say(act()))
        self.buttons["skip"].clicked.connect(self._skip)
        self.buttons["back"].clicked.connect(self._back)
        self._connect_keys()

    def _connect_keys(self) -> None:
        keys: list[tuple[str, Callable[[], object]]] = [("N", self._go_to_name)]
        for name, (_, key, _) in BUTTONS.items():
            keys.append((key, partial(press, self.buttons[name])))
        for key, button in (("T", self.groups.near.button), ("R", self.again), ("F", self.choosing)):
            keys.append((key, partial(press, button)))
        for number, (card, refuse_key) in enumerate(zip(self.single.cards, REFUSE_KEYS, strict=True), 1):
            keys.append((str(number), partial(press, card.accept_button)))
            keys.append((refuse_key, partial(press, card.refuse_button)))
        connect_keys(self, keys)

    def _go_to_name(self) -> None:
        if self.model.line.current and self._page.name.isEnabled():
            self._page.name.setFocus()

    def _lay_out(self) -> None:
        for _ in Step:
            self.tabs.addTab("")
        self.choosing.setCheckable(True)
        set_tip(self.choosing, self.tr("Ask about some photos only: by their date, or in a folder"))
        self.filter.hide()
        self.tabs.setDrawBase(False)
        self.tabs.setAccessibleName(self.tr("Queues"))
        above = QHBoxLayout()
        above.addWidget(self.tabs)
        above.addStretch()
        above.addWidget(self.choosing)
        self._pages = QStackedWidget()
        for page in (self.groups, self.likely, self.single, self._message_page()):
            self._pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addLayout(above)
        column.addWidget(self.filter)
        column.addWidget(self._pages, 1)
        column.addWidget(self.note)
        column.addWidget(self._row)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._draw()

    def _message_page(self) -> QWidget:
        page = QWidget()
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(page)
        column.addStretch()
        column.addWidget(self.message)
        column.addWidget(self.again, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch()
        return page
