"""A photo large: zoom, boxes and names, why, and every word one may say of whom it shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QImage, QKeySequence, QShortcut
from PyQt6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from kith.errors import BadPhoto
from kith.gui.background import Newest
from kith.gui.help import open_outside
from kith.gui.name_field import ask_whom
from kith.gui.photo_canvas import PhotoCanvas
from kith.gui.photo_panel import PhotoPanel
from kith.gui.photos_model import grounds_of, title_of
from kith.gui.phrases import GONE, translate
from kith.gui.place import House
from kith.gui.plain_text import Label, set_tip
from kith.gui.style import SPACE, icon
from kith.jobs.explanation import Why
from kith.jobs.photo_view import PhotoView, ShownPerson, Standing, alike_to, others_in, view_photo, why_of
from kith.jobs.user_words import Heeded, Ignored, Is, IsNot, Shows, TakenBack, UserWord
from kith.photos.box import Box
from kith.values.links import Source

if TYPE_CHECKING:
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.outcome import Outcome

_FIRST_SIDE, _FULL_SIDE = 2000, 8000  # pixels: what is read at first, and when one looks closer
Word = Callable[["OpenLibrary"], UserWord]


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whom the name is for that one types: an appearance, or somebody whom one adds, at a box or without."""

    photo_id: int = 0
    appearance_id: int | None = None
    is_new: bool = False
    box: Box | None = None


class PhotoPage(QWidget):
    """Shows a photo: `left` tells that one wants back, `stepped` that one wants the photo so many after it."""

    left = pyqtSignal()
    stepped = pyqtSignal(int)

    def __init__(self, house: House) -> None:
        super().__init__()
        self._house = house
        self.canvas = PhotoCanvas()
        self.panel = PhotoPanel()
        self.view: PhotoView | None = None
        self._subject = _Subject()
        self._side = 0  # of the picture at hand
        self._moment: int | None = None  # of a video
        self._look = Newest(self, pause_ms=0)
        self.zoom = Label()
        self.buttons: dict[str, QToolButton] = {}
        self._lay_out()
        self._connect()

    @property
    def photo_id(self) -> int:
        """The photo that is shown, or about to be."""
        return self._subject.photo_id

    @property
    def _chosen(self) -> int | None:
        return self._subject.appearance_id

    # Showing a photo

    def show_photo(self, photo_id: int, appearance_id: int | None = None) -> None:
        """Show a photo, and somebody in it chosen."""
        self.view = None  # no word on those of the photo before
        self._turn_to(_Subject(photo_id, appearance_id))
        self._read(self._show)

    def _turn_to(self, subject: _Subject) -> None:
        """Be about somebody else: what was typed was not for them."""
        if subject != self._subject:
            self._subject = subject
            self.panel.name.empty()

    def look_again(self) -> None:
        """Show who is who now; photo, zoom and who is chosen stay."""
        self._read(self._update)

    def _read(self, then: "Callable[[PhotoView, Sequence[str]], None]") -> None:
        wanted = self.photo_id

        def answered(answer: tuple[PhotoView, list[str]]) -> None:
            if wanted == self.photo_id:
                then(*answer)

        def fail(reason: str) -> None:
            if wanted == self.photo_id:
                self._fail(reason)

        def read(library: "OpenLibrary") -> tuple[PhotoView, list[str]]:
            return view_photo(library, wanted), list(library.people.names().values())

        self._house.desk.read(read, answered, fail)

    def _fail(self, reason: str) -> None:
        self.canvas.show_problem(reason)
        self._house.tell(reason)

    def _show(self, view: PhotoView, names: Sequence[str]) -> None:
        self._side = 0
        self.canvas.show_photo(view)
        self._moment = next((person.box.moment for person in view.people if person.box), None)
        self.canvas.show_moment(self._moment)
        self._update(view, names)
        self._zoomed()
        if self.view and self.view.path is None:
            self.canvas.show_problem(translate("Kith", GONE))
        self._load(_FIRST_SIDE)

    def _update(self, view: PhotoView, names: Sequence[str]) -> None:
        self.view = view
        self.canvas.show_people(view)
        self.panel.show_photo(view, names, title_of(view))
        for name in ("folder", "open"):
            self.buttons[name].setEnabled(view.path is not None)
        if self._subject.is_new:
            self._ask_for_name()
        else:
            self.choose(self._chosen)

    def _show_moment(self, moment: int | None) -> None:
        """Show a video as it is at a moment."""
        if moment != self._moment:
            self._moment, self._side = moment, 0
            self.canvas.show_moment(moment)
            self._load(_FIRST_SIDE)

    def _load(self, side: int) -> None:
        view = self.view
        if view is None or view.path is None or self._side >= min(side, max(view.width, view.height)):
            return
        wanted, path, moment = view.id, view.path, self._moment

        def show(image: QImage | str) -> None:
            if (wanted, moment) != (self.photo_id, self._moment):
                return
            if isinstance(image, str):
                self.canvas.show_problem(image)
            else:
                self._side = side
                self.canvas.show_image(image)
                self._zoomed()

        self._look.ask(lambda _stop: _image(path, side, moment), show)

    def _zoomed(self) -> None:
        scale = self.canvas.frame.scale * self.devicePixelRatioF()
        self.zoom.setText(f"{round(100 * scale)} %")
        if self.view and scale * max(self.view.width, self.view.height) > _FIRST_SIDE and self._side:
            self._load(_FULL_SIDE)

    # Choosing somebody

    def choose(self, appearance_id: int | None) -> None:
        """Choose somebody: why they are who they are follows."""
        person = self._person(appearance_id)
        self._turn_to(_Subject(self.photo_id, person.appearance_id if person else None))
        self.canvas.choose(self._chosen)
        self.panel.choose(person)
        if person and person.box:
            self._show_moment(person.box.moment)
        if person:
            key = person.appearance_id
            self._house.desk.read(lambda library: why_of(library, key), lambda why: self._explain(key, why))

    def _person(self, appearance_id: int | None) -> ShownPerson | None:
        people = self.view.people if self.view else ()
        return next((person for person in people if person.appearance_id == appearance_id), None)

    def _explain(self, key: int, why: Why) -> None:
        if key == self._chosen:
            self.panel.show_why("\n\n".join(map(grounds_of, why.appearances)))

    # What the user says

    def confirm(self) -> None:
        """Say that the chosen one is who they are taken for."""
        person = self._person(self._chosen)
        if person and person.person_id is not None and person.source is Source.MACHINE:
            key, meant = person.appearance_id, person.person_id
            self._say(lambda library: Is([key], library.people.by_number(meant)))

    def deny(self) -> None:
        """Say that the chosen one is not who they are taken for."""
        person = self._person(self._chosen)
        if person and person.person_id is not None:
            key, denied = person.appearance_id, person.person_id
            self._say(lambda library: IsNot(key, library.people.by_number(denied)))

    def ignore(self) -> None:
        """Ignore the chosen one, or no longer."""
        person = self._person(self._chosen)
        if person and person.standing is not Standing.SURE:
            word = Heeded if person.standing is Standing.IGNORED else Ignored
            keys = [person.appearance_id]
            self._say(lambda _: word(keys))

    def ignore_others(self) -> None:
        """Ignore everybody unknown but the chosen one."""
        others = others_in(self.view, self._chosen or 0) if self.view else []
        if others:
            self._say(lambda _: Ignored(others))
        else:
            self._house.tell(self.tr("Nobody else is unknown in this photo."))

    def take_back(self) -> None:
        """Take back what the user said of the chosen one."""
        person = self._person(self._chosen)
        if person and person.said_of is not None:
            key, said_of = person.appearance_id, person.said_of
            self._say(lambda library: TakenBack(key, library.people.by_number(said_of)))

    def draw(self) -> None:
        """Let the mouse draw a box around a face."""
        self.canvas.draw_faces(not self.canvas.is_drawing)
        if self.canvas.is_drawing:
            self.panel.question.setText(self.tr("Draw a box around the face. Esc: stop."))

    def add(self) -> None:
        """Ask who is in the photo, nobody can say where."""
        self._add(None)

    def _add(self, box: Box | None) -> None:
        self._turn_to(_Subject(self.photo_id, is_new=True, box=box))
        self.canvas.choose(None)
        self._ask_for_name()

    def _ask_for_name(self) -> None:
        somewhere = self.tr("Who shows in this photo, without a box?")
        self.panel.ask_for_name(self.tr("Whose face did you draw?") if self._subject.box else somewhere)

    def name(self, text: str) -> None:
        """Say who somebody is, once it is clear that a new name is meant as it is typed."""
        subject = self._subject

        def heard(known: str) -> None:
            if known:
                meant = partial(self._name, subject, text, meant=True)
                ask_whom(self, text, known, partial(self._name, subject, known), meant)
            else:
                self._name(subject, text)

        self._house.desk.read(lambda library: alike_to(library, text), heard, self._house.tell)

    def _name(self, subject: _Subject, text: str, *, meant: bool = False) -> None:
        key, photo, box = subject.appearance_id, subject.photo_id, subject.box
        if subject.is_new:
            self._say(lambda library: Shows(photo, library.people.meant(text), box, meant), is_drawn=box is not None)
        elif key is not None:
            self._say(lambda library: Is([key], library.people.meant(text), meant=meant))
        if subject == self._subject:
            self.panel.name.empty()
            self._turn_to(_Subject(photo, key))
            self.canvas.setFocus()

    def _say(self, word: Word, *, is_drawn: bool = False) -> None:
        def said(_outcome: "Outcome") -> None:
            if is_drawn:
                self._house.drawn.describe_new()

        self._house.desk.act(lambda library: library.say(word(library)), said)

    # Around the photo

    def leave(self) -> None:
        """Leave what one is at: the field, drawing, adding, and then the photo."""
        if self.panel.name.edit.hasFocus() or self._subject.is_new:
            self.panel.name.empty()
            self.choose(self._chosen)
            self.canvas.setFocus()
        elif self.canvas.is_drawing:
            self.canvas.draw_faces(False)
            self.choose(self._chosen)
        else:
            self.left.emit()

    def open_folder(self) -> None:
        """Show the photo's folder in the file manager."""
        if self.view and self.view.path:
            self._open(self.view.path.parent)

    def open_photo(self) -> None:
        """Open the photo in the system's viewer."""
        if self.view and self.view.path:
            self._open(self.view.path)

    def _open(self, path: Path) -> None:
        if not open_outside(path):
            self._house.tell(self.tr("{0} could not be opened.").format(path))

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(SPACE // 2)
        for name, (text, picture, tip, _, _) in self._tools().items():
            button = QToolButton()
            button.setText(text)
            button.setAccessibleName(tip)
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            beside = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            button.setToolButtonStyle(beside if picture else Qt.ToolButtonStyle.ToolButtonTextOnly)
            if picture:
                button.setIcon(icon(picture, self.palette()))
            set_tip(button, tip)
            self.buttons[name] = button
            bar.addWidget(button)
            if name == "next":
                bar.addStretch()
            elif name == "actual":
                bar.addWidget(self.zoom)
                bar.addStretch()
        row = QHBoxLayout()
        row.addWidget(self.canvas, 1)
        row.addWidget(self.panel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addLayout(bar)
        column.addLayout(row, 1)

    def _tools(self) -> "dict[str, tuple[str, str, str, tuple[str, ...], Callable[[], object]]]":
        """Return the buttons above the photo: text, icon, name, keys, what they do."""
        zoom = self.canvas.zoom
        return {
            "back": (self.tr("Back (Esc)"), "chevron-left", self.tr("Back to the photos"), ("Esc",), self.leave),
            "previous": ("←", "", self.tr("Previous photo"), ("Left",), lambda: self.stepped.emit(-1)),
            "next": ("→", "", self.tr("Next photo"), ("Right",), lambda: self.stepped.emit(1)),
            "smaller": ("−", "zoom-out", self.tr("Smaller"), ("-",), lambda: zoom(-1)),
            "larger": ("+", "zoom-in", self.tr("Larger"), ("+", "="), lambda: zoom(1)),
            "fit": (self.tr("Fit (0)"), "", self.tr("Whole photo"), ("0",), lambda: self.canvas.zoom_to(None)),
            "actual": (
                self.tr("Actual size (1)"),
                "",
                self.tr("Actual size"),
                ("1",),
                lambda: self.canvas.zoom_to(1.0),
            ),
            "folder": (self.tr("Folder"), "folder-open", self.tr("Show in the file manager"), (), self.open_folder),
            "open": (self.tr("Open"), "external-link", self.tr("Open in the system's viewer"), (), self.open_photo),
        }

    def _connect(self) -> None:
        for name, (_, _, _, keys, does) in self._tools().items():
            self.buttons[name].clicked.connect(lambda _checked, does=does: does())
            self._bind(keys, does)
        panel, canvas = self.panel, self.canvas
        for button, key, does in (
            (panel.confirm, "Y", self.confirm),
            (panel.deny, "N", self.deny),
            (panel.ignore, "I", self.ignore),
            (panel.ignore_others, "O", self.ignore_others),
            (panel.take_back, "T", self.take_back),
            (panel.draw, "D", self.draw),
            (panel.add, "B", self.add),
        ):
            button.clicked.connect(lambda _checked, does=does: does())
            self._bind([key], does)
        panel.chosen.connect(self.choose)
        panel.named.connect(self.name)
        canvas.chosen.connect(self.choose)
        canvas.drawn.connect(self._add)
        canvas.zoomed.connect(self._zoomed)

    def _bind(self, keys: Sequence[str], does: Callable[[], object]) -> None:
        for key in keys:
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(does)


def _image(path: Path, side: int, moment: int | None) -> QImage | str:
    from kith.gui.pictures import large_picture

    try:
        return large_picture(path, side, moment)
    except BadPhoto as error:
        return translate("Kith", "Cannot be shown: {0}.").format(error.reason)
    except OSError:
        return translate("Kith", GONE)
