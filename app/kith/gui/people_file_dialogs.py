"""People of a relative's library taken over from a file, shown person by person before, and written to one."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QSignalBlocker, QSize, Qt
from PyQt6.QtGui import QIcon, QImage, QPixmap
from PyQt6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from kith.gui.folders import ChooseFile, choose_files
from kith.gui.names_dialog import NamesDialog, Told
from kith.gui.phrases import in_window, translate
from kith.gui.plain_text import Label
from kith.gui.thumbnails import Picture, Thumbnails
from kith.gui.wheel import ComboBox
from kith.settings import Settings
from kith.text import printable

if TYPE_CHECKING:
    from kith.jobs.import_people import PeopleFound
    from kith.jobs.people_matching import PersonMeant

_SIDE = 56  # pixels of a face
_NEW, _WITHOUT = "new", "left out"  # beside people's numbers: what may be chosen
_TAKE_OVER = QT_TRANSLATE_NOOP(
    "Kith",
    "A relative's people join yours: their details, the faces they know them by, and what they said of photos. Where "
    "that contradicts you, yours stays and theirs is kept beside it. Ctrl+Z takes all of it back.",
)
_HAND_ON = QT_TRANSLATE_NOOP(
    "Kith",
    "A relative can take your people over from a file: names, details, taught faces and what you said of photos. Faces "
    "as numbers are biometric: give it only to whom you trust.",
)


@dataclass(frozen=True, slots=True)
class _Found(Told):
    """Who is in a file and who that is here, with the faces of both, and everybody here by number."""

    file: Path | None = None
    people: "Sequence[PersonMeant]" = ()
    faces: Mapping[int, bytes] = field(default_factory=dict)
    portraits: Mapping[int, Picture] = field(default_factory=dict)
    everybody: Sequence[tuple[int, str]] = ()


class ImportPeopleDialog(NamesDialog):
    """Shows who is in a file and who that is here, lets the user choose otherwise, and takes them over."""

    def __init__(self, settings: Settings, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(self.tr("Import People"), translate("Kith", _TAKE_OVER), self.tr("&Import People"), parent)
        self._settings = settings
        self._thumbnails = thumbnails
        self._found = _Found(())
        self._choices: dict[int, str] = {}
        self.choose_files = partial(choose_files, self)
        self.table = QTreeWidget()
        self.table.setHeaderLabels([self.tr("In the File"), self.tr("Here"), self.tr("Why")])
        self.table.setAccessibleName(self.tr("People in the file"))
        self.table.setRootIsDecorated(False)
        self.table.setWordWrap(True)
        self.table.setIconSize(QSize(_SIDE, _SIDE))
        self.who = ComboBox()
        self.who.setAccessibleName(self.tr("Who that is here"))
        self.who.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.asked = Label(self.tr("Who is that here?"))
        self.asked.setBuddy(self.who)
        self.file = QPushButton(self.tr("&Choose File…"))
        self._lay_out()
        self.table.currentItemChanged.connect(self._ask)
        self.who.activated.connect(self._choose)
        thumbnails.ready.connect(self._draw_portraits)
        self.words.setText(self.tr("Choose the file of a relative."))

    def _lay_out(self) -> None:
        if header := self.table.header():
            header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.file.setAutoDefault(False)
        self.file.clicked.connect(self._choose_file)
        self.buttons.addButton(self.file, QDialogButtonBox.ButtonRole.ActionRole)
        row = QHBoxLayout()
        row.addWidget(self.asked)
        row.addWidget(self.who, 1)
        column = self.layout()
        if isinstance(column, QVBoxLayout):
            column.insertWidget(2, self.table, 3)
            column.insertLayout(3, row)
        self.lines.setAccessibleName(self.tr("What contradicts"))
        self.lines.setVisible(False)
        self._ask()
        self.resize(860, 560)

    def _choose_file(self) -> None:
        chosen = [] if self.busy else self.choose_files(self.tr("The file of a relative"))
        if chosen:
            self._choices.clear()
            self.look_at(chosen[0])

    def look_at(self, file: Path) -> None:
        """Show who is in a file."""
        self.look(partial(_finding, self._settings, file, dict(self._choices)))

    def _show(self, told: Told) -> None:
        super()._show(told)
        self.lines.setVisible(bool(told.lines))
        at = self.table.indexOfTopLevelItem(self.table.currentItem()) if self.table.currentItem() else 0
        self._found = told if isinstance(told, _Found) else _Found(())
        self.table.clear()
        for meant in self._found.people:
            here = _here(meant)
            apart = "" if meant.distance is None else self.tr(" ({0} apart)").format(f"{meant.distance:.2f}")
            perhaps = self.tr("; perhaps {0}").format(meant.perhaps) if meant.perhaps else ""
            item = QTreeWidgetItem([printable(meant.name), printable(here), printable(meant.reason + perhaps + apart)])
            item.setIcon(0, _icon(QImage.fromData(self._found.faces.get(meant.number, b""))))
            self.table.addTopLevelItem(item)
        self._draw_portraits()
        self.table.setCurrentItem(self.table.topLevelItem(at))
        self._ask()

    def _draw_portraits(self, _picture: object = None) -> None:
        for row, meant in enumerate(self._found.people):
            item = self.table.topLevelItem(row)
            picture = self._found.portraits.get(meant.person_id or 0)
            image = self._thumbnails.image(picture, _SIDE) if picture else None
            if item and image:
                item.setIcon(1, _icon(image))

    def _chosen(self) -> "PersonMeant | None":
        item = self.table.currentItem()
        at = self.table.indexOfTopLevelItem(item) if item else -1
        return self._found.people[at] if 0 <= at < len(self._found.people) else None

    def _ask(self) -> None:
        """Ask who the person of the row is."""
        meant = self._chosen()
        for widget in (self.who, self.asked):
            widget.setEnabled(meant is not None)
        self.who.clear()
        if meant is None:
            return
        self.asked.setText(self.tr("Who is {0} here?").format(_short(meant.name)))
        self.who.addItem(self.tr("Somebody new"), _NEW)
        self.who.addItem(self.tr("Nobody: leave them out"), _WITHOUT)
        for number, name in self._found.everybody:
            self.who.addItem(printable(name), f"#{number}")
        now = f"#{meant.person_id}" if meant.person_id else meant.verdict.value
        self.who.setCurrentIndex(self.who.findData(now))

    def _choose(self) -> None:
        meant = self._chosen()
        if meant and self._found.file and not self.busy:
            self._choices[meant.number] = self.who.currentData()
            self.look_at(self._found.file)


def _here(meant: "PersonMeant") -> str:
    here = {_NEW: translate("Kith", "somebody new"), _WITHOUT: translate("Kith", "left out")}
    return meant.into or here[meant.verdict.value]


def _short(name: str) -> str:
    return printable(name if len(name) <= 40 else f"{name[:40]}…")


def _icon(image: QImage) -> QIcon:
    """Return a face as an icon; where there is none, an empty one keeps the rows alike."""
    pixmap = QPixmap(_SIDE, _SIDE)
    pixmap.fill(Qt.GlobalColor.transparent)
    return QIcon(pixmap if image.isNull() else QPixmap.fromImage(image))


def _finding(settings: Settings, file: Path, chosen: Mapping[int, str], _stop: threading.Event) -> Told:
    from kith.jobs.import_people import contradiction_lines, find_people, summary_line
    from kith.jobs.people_matching import Verdict

    verdicts = {verdict.value: verdict for verdict in Verdict}
    found = find_people(settings, file, {f"#{key}": verdicts.get(choice, choice) for key, choice in chosen.items()})
    everybody, portraits = _known_here(settings)
    return _Found(
        tuple(contradiction_lines(found.joined)),
        summary_line(found),
        partial(_taking_over, settings, found),
        file=file,
        people=found.people,
        faces=found.told.content.faces,
        portraits=portraits,
        everybody=everybody,
    )


def _known_here(settings: Settings) -> tuple[list[tuple[int, str]], dict[int, Picture]]:
    """Return everybody here by name, and the faces that stand for them; nobody where there is no library yet."""
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.people_wall import wall

    if not settings.library_file.exists():
        return [], {}
    with OpenLibrary(settings) as library:
        people = wall(library)
    portraits = {person.id: Picture(person.spot.path, person.spot.box) for person in people if person.spot}
    return [(person.id, person.name) for person in people], portraits


def _taking_over(settings: Settings, found: "PeopleFound", _stop: threading.Event) -> Told:
    from kith.jobs.import_people import import_people

    outcome = import_people(settings, found)
    return Told(tuple(map(in_window, (*outcome.problems, *outcome.hints))), in_window(outcome.text))


class ExportPeopleDialog(NamesDialog):
    """Asks whom to write to a file, and whether with their faces, and writes it."""

    def __init__(self, settings: Settings, choose: ChooseFile, parent: QWidget) -> None:
        super().__init__(self.tr("Export People"), translate("Kith", _HAND_ON), self.tr("&Export People…"), parent)
        self._settings = settings
        self._choose_file = choose
        self.people = QListWidget()
        self.people.setAccessibleName(self.tr("People to export"))
        self.people.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # long names are elided
        self.everybody = QCheckBox(self.tr("&All or none"))
        self.everybody.clicked.connect(self._choose_all)
        self.people.itemChanged.connect(self._tell_chosen)
        self.with_faces = QCheckBox(self.tr("With a small &picture of each face"))
        self.whole = QCheckBox(self.tr("Also whom I i&gnore"))
        column = self.layout()
        if isinstance(column, QVBoxLayout):
            column.insertWidget(1, self.everybody)
            column.insertWidget(2, self.people, 3)
            column.insertWidget(3, self.with_faces)
            column.insertWidget(4, self.whole)
        self.everybody.setEnabled(False)
        self.lines.setVisible(False)
        self.look(partial(_everybody, settings))

    def _show(self, told: Told) -> None:
        super()._show(told)
        if not isinstance(told, _Found):
            self.do.setEnabled(bool(self._chosen()))
        elif told.everybody:
            self._fill(told.everybody)

    def _fill(self, everybody: Sequence[tuple[int, str]]) -> None:
        with QSignalBlocker(self.people):
            for number, name in everybody:
                item = QListWidgetItem(printable(name), self.people)
                item.setData(Qt.ItemDataRole.UserRole, number)
                item.setCheckState(Qt.CheckState.Checked)
        self.everybody.setEnabled(True)
        self._tell_chosen()

    def _items(self) -> list[QListWidgetItem]:
        items = [self.people.item(row) for row in range(self.people.count())]
        return [item for item in items if item]

    def _chosen(self) -> list[QListWidgetItem]:
        return [item for item in self._items() if item.checkState() is Qt.CheckState.Checked]

    def _choose_all(self) -> None:
        """Choose everybody, or nobody where everybody is chosen."""
        items, states = self._items(), Qt.CheckState
        state = states.Unchecked if len(self._chosen()) == len(items) else states.Checked
        with QSignalBlocker(self.people):
            for item in items:
                item.setCheckState(state)
        self._tell_chosen()

    def _tell_chosen(self) -> None:
        """Say how many are chosen, in words and by the box for all."""
        chosen, known, states = len(self._chosen()), self.people.count(), Qt.CheckState
        some = states.PartiallyChecked if chosen else states.Unchecked
        self.everybody.setCheckState(states.Checked if chosen == known else some)
        if not self.busy:
            self.words.setText(self.tr("{0:,} of {1:,} people chosen").format(chosen, known))
            self.do.setEnabled(chosen > 0)

    def _begin(self) -> None:
        if self.busy:
            return
        suggestion = self._settings.dataset_folder.parent / "family.zip"
        file = self._choose_file(self.tr("Export People"), suggestion, self.tr("People (*.zip)"))
        if file:
            names = [f"#{item.data(Qt.ItemDataRole.UserRole)}" for item in self._chosen()]
            whole, with_faces = self.whole.isChecked(), self.with_faces.isChecked()
            self._deed = partial(_exporting, self._settings, file, names, whole, with_faces)
            super()._begin()


def _everybody(settings: Settings, _stop: threading.Event) -> Told:
    everybody, _ = _known_here(settings)
    return _Found((), "" if everybody else translate("Kith", "Nobody is known yet."), everybody=everybody)


def _exporting(
    settings: Settings, file: Path, names: Sequence[str], whole: bool, with_faces: bool, _stop: threading.Event
) -> Told:
    from kith.jobs.export_people import export_people, export_summary

    (line,) = export_summary(export_people(settings, file, names, whole, with_faces))
    return Told((), line)
