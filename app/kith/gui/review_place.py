"""Review: who unknown and unsure faces are, in three queues."""

from collections.abc import Callable, Sequence
from functools import partial

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from kith.errors import BadInput
from kith.gui.choice_button import ChoiceButton
from kith.gui.faces_page import FacesPage
from kith.gui.name_field import ask_whom, one_spaced
from kith.gui.picture_grid import Tile
from kith.gui.place import House, Place
from kith.gui.plain_text import Label, in_order, narrow, set_tip, wrapped
from kith.gui.question_view import REFUSE_KEYS, QuestionView
from kith.gui.review_buttons import BUTTONS, TIPS, connect_keys, press
from kith.gui.review_filter import ReviewFilter
from kith.gui.review_model import Act, ReviewModel, Step
from kith.gui.review_questions import ReviewQuestions
from kith.gui.style import SPACE, Tone
from kith.gui.thumbnails import Picture
from kith.jobs.outcome import Outcome
from kith.jobs.phrases import display_names
from kith.jobs.review import Question
from kith.jobs.review_queues import Choice, Face, Waiting
from kith.text import percent, printable

_NOBODY = (
    "There is no unknown or unsure face to review.\n\n"
    "When a folder has been recognised, faces that are not sure to be anybody known are shown here."
)
_NAME_WIDTH = 100  # pixels of a name on a button


class ReviewPlace(Place):
    """Shows one entry of a queue at a time; what is said counts at once, and is written down behind."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self.model = ReviewModel()
        self._ended_when_asked = 0
        self._is_known = False  # whether it is known yet who waits
        self._questions = ReviewQuestions(house.desk)
        self.tabs = QTabBar()
        self.filter = ReviewFilter()
        self.choosing = ChoiceButton(self.tr("Some only (F)"))
        self.groups = FacesPage(house.thumbnails, self.tr("All are (N)"))
        self.likely = FacesPage(house.thumbnails, self.tr("Those taken out are (N)"))
        self.single = QuestionView(house.thumbnails)
        self.message = wrapped()
        self.again = ChoiceButton(self.tr("Ask about the skipped ones (R)"))
        self.note = narrow()
        self.progress = Label()
        self.buttons = {name: ChoiceButton(f"{words} ({key})") for name, (words, key, _) in BUTTONS.items()}
        self._lay_out()
        self._connect()

    @property
    def busy(self) -> bool:
        """Whether anything is done in the background, or not known yet."""
        return not self._is_known or self.house.desk.busy

    def enter(self, what: object = None) -> None:
        """Ask about the first queue that has anybody."""
        del what
        self.house.waiting.look()
        self.model.turn_to_first()
        self._draw()
        self._rest()

    def _asking(self) -> None:
        self._ended_when_asked = self.model.ended

    def _take(self, waiting: Waiting) -> None:
        step, was_known = self.model.step, self._is_known
        self._is_known = True
        self.model.take(waiting, self._ended_when_asked)
        self.filter.offer({face.path.parent for face in waiting.faces})
        self._draw()
        if self.model.step is not step or not was_known:
            self._rest()

    def _fail(self, text: str) -> None:
        self._is_known = True
        self.model.take(Waiting(), self.model.ended)
        self._draw()
        self.message.setText(text)

    # What is shown

    def _draw(self) -> None:
        model = self.model
        self._draw_tabs()
        draw = {Step.GROUPS: self._draw_group, Step.LIKELY: self._draw_likely, Step.SINGLES: self._draw_single}
        if model.line.current:
            draw[model.step]()
            self._pages.setCurrentWidget(self._page)
        else:
            self._draw_message()
        self._draw_buttons()

    @property
    def _page(self) -> FacesPage | QuestionView:
        pages: dict[Step, FacesPage | QuestionView] = {Step.GROUPS: self.groups, Step.LIKELY: self.likely}
        return pages.get(self.model.step, self.single)

    def _draw_tabs(self) -> None:
        names = {
            Step.GROUPS: self.tr("&Groups"),
            Step.LIKELY: self.tr("&Likely"),
            Step.SINGLES: self.tr("Single &faces"),
        }
        self.tabs.blockSignals(True)
        for step, count in self.model.counts.items():
            self.tabs.setTabText(step, f"{names[step]} ({count:,})")
        self.tabs.setCurrentIndex(self.model.step)
        self.tabs.blockSignals(False)

    def _draw_group(self) -> None:
        page, line = self.groups, self.model.line
        faces = len(line.faces)
        words = self.tr("Who is this? {} faces look alike") if faces > 1 else self.tr("Who is this?")
        page.heading.setText(words.format(faces))
        page.hint.setText(self.tr("A click or Space takes a face out: it is left for later."))
        near = self.model.near()
        page.near.show_group(near[0] if near else None)
        self._draw_faces(page, self._group_tile)

    def _draw_likely(self) -> None:
        page, line = self.likely, self.model.line
        name = line.current.name if line.current else ""
        page.heading.setText(self.tr("Are all of these {}?" if len(line.faces) > 1 else "Is this {}?").format(name))
        page.hint.setText(self.tr("The surest first. A click or Space takes a wrong one out, Ctrl+A all."))
        short = self.fontMetrics().elidedText(in_order(printable(name)), Qt.TextElideMode.ElideRight, _NAME_WIDTH)
        faces = len(line.faces)
        words = self.tr("All {} are {} (A)") if faces > 1 else self.tr("This is {1} (A)")
        self.buttons["confirm"].setText(words.format(faces, short))
        self.buttons["deny"].setText(self.tr("Not {} (X)").format(short))
        page.near.show_group(None)
        page.name.setEnabled(bool(line.taken_out))
        self._draw_faces(page, self._likely_tile)

    def _draw_faces(self, page: FacesPage, tile: Callable[[Face], Tile]) -> None:
        line = self.model.line
        page.name.know(self._names().values())
        if following := line.next():
            page.prefetch(following.faces)
        page.show_tiles([tile(face) for face in line.shown], line.marked)

    def _group_tile(self, face: Face) -> Tile:
        return self._tile(face, face.taken_at[:10], face.path.name)

    def _likely_tile(self, face: Face) -> Tile:
        sure = self.tr("{} likely").format(percent(face.certainty)) if face.certainty is not None else face.path.name
        return self._tile(face, self.tr("distance {:.2f}").format(face.value), sure)

    def _tile(self, face: Face, note: str, name: str) -> Tile:
        line = self.model.line
        picture = Picture(face.path, face.box)
        if not line.is_asked(face):
            return Tile(face.id, picture, self.tr("found meanwhile"), note, Tone.SURE, faded=True)
        if face.id in line.marked:
            return Tile(face.id, picture, self.tr("taken out"), note, Tone.UNSURE, faded=True)
        return Tile(face.id, picture, name, note)

    def _draw_single(self) -> None:
        face = self.model.face
        if face is None:
            return
        if self._questions.turn_to(face):
            self.single.show_face(face.path, face.box)
            self.single.name.know(self._names().values())
        self._ask()

    def _ask(self) -> None:
        """Show the question about the single face, once all that was said counts in it."""
        following = self.model.line.next()
        if self.model.is_said:
            self._questions.ask(self._show_question, following.faces[0] if following else None, self.single.prefetch)

    def _show_question(self, question: Question) -> None:
        self.single.show_question(question, list(self._names().values()))

    def _draw_message(self) -> None:
        skipped = self.model.line.skipped
        if not self._is_known:
            text = self.tr("Looking for unknown faces …")
        elif self.model.is_empty:
            text = self.tr(_NOBODY)
        elif skipped:
            text = self.tr("Nothing is left here but what you skipped: {}.").format(skipped)
        else:
            text = self.tr("Nothing is left here.")
        self.message.setText(text)
        self.again.setVisible(bool(skipped))
        self._pages.setCurrentIndex(len(Step))

    def _draw_buttons(self) -> None:
        model, line = self.model, self.model.line
        is_asked = line.current is not None
        can = {
            "back": line.can_go_back,
            "split": model.can_split,
            "confirm": bool(line.faces),
            "deny": bool(line.taken_out),
            "ignore": bool(model.named()),
            "others": is_asked,
            "skip": is_asked,
        }
        for name, (_, _, steps) in BUTTONS.items():
            self.buttons[name].setVisible(model.step in steps)
            self.buttons[name].setEnabled(can[name])
        skipped = self.tr(", {} skipped").format(line.skipped) if line.skipped else ""
        self.progress.setText(self.tr("{} to go").format(f"{line.left:,}") + skipped)

    def _names(self) -> dict[int, str]:
        return display_names(self.model.waiting.people.values())

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
        if self._pages.currentIndex() != step:
            self._rest()

        def done(_outcome: Outcome) -> None:
            self._end()

        def fail(text: str) -> None:
            self.note.setText(text)
            self._end()

        self.house.desk.act(act.task, done, fail)

    def _end(self) -> None:
        self.model.ended += 1
        self._draw()

    def _name(self, text: str) -> None:
        """Take a name, but ask about a new one that is much like a known one."""
        name = one_spaced(text)
        try:
            known = self.model.doubt(name)
        except BadInput as error:
            self.note.setText(error.message)
            return
        if known:
            shown = self._names()[known.id]
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
        for name, button in self.buttons.items():
            set_tip(button, self.tr(TIPS[name]))
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
        below = QHBoxLayout()
        for name, button in self.buttons.items():
            if name == "skip":
                below.addStretch()
                below.addWidget(self.progress)
            below.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addLayout(above)
        column.addWidget(self.filter)
        column.addWidget(self._pages, 1)
        column.addWidget(self.note)
        column.addLayout(below)
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
