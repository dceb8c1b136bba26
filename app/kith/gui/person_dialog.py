"""What is known of a person, to be changed: names, dates, notes, fields; hiding, deleting and forgetting them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QT_TRANSLATE_NOOP
from PyQt6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from kith.errors import BadInput
from kith.gui.fitting_dialog import FittingDialog, ScrolledPage
from kith.gui.phrases import translate
from kith.gui.place import House
from kith.gui.plain_text import message, wrapped
from kith.values.partial_dates import check_date
from kith.values.persons import Person

if TYPE_CHECKING:
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.outcome import Outcome

_DATE = QT_TRANSLATE_NOOP("Kith", "1950, 1950-03 or 1950-03-28")
_NOTES_HEIGHT = 70
_FORGET = QT_TRANSLATE_NOOP(
    "Kith",
    "Everything Kith knows of {name} is erased: the numbers that describe their faces, their name, their details, what "
    "you said of them. Photos and filed copies stay. This cannot be undone.",
)


class PersonDialog(FittingDialog):
    """Changes a person; what is changed can be taken back by Ctrl+Z, but for forgetting them."""

    def __init__(self, house: House, person: Person, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Edit Person"))
        self._house = house
        self._person = person
        self.name = QLineEdit(person.name)
        self.name.setCursorPosition(0)  # of a long name the beginning shows
        self.folder = QCheckBox(self.tr("Rename the &folder in the people folder, too"))
        self.folder.setVisible(len(person.folders) == 1)
        self.aliases = QLineEdit(", ".join(person.aliases))
        self.aliases.setPlaceholderText(self.tr("Other names, with commas between them"))
        self.birth, self.death = QLineEdit(person.birth or ""), QLineEdit(person.death or "")
        for edit in (self.birth, self.death):
            edit.setPlaceholderText(translate("Kith", _DATE))
        self.notes = QPlainTextEdit(person.notes)
        self.notes.setFixedHeight(_NOTES_HEIGHT)
        self.notes.setTabChangesFocus(True)
        self.fields = QPlainTextEdit("\n".join(f"{key}: {value}" for key, value in person.fields))
        self.fields.setPlaceholderText(self.tr("town: Rome"))
        self.fields.setFixedHeight(_NOTES_HEIGHT)
        self.fields.setTabChangesFocus(True)
        self.hidden = QCheckBox(self.tr("&Hide from lists"))
        self.hidden.setChecked(person.hidden)
        self.problem = wrapped(bold=True)
        self._lay_out()

    def accept(self) -> None:
        """Change what was changed, and close; or say what cannot be."""
        try:
            changes = self._changes()
        except BadInput as error:
            self.problem.setText(error.message)
            return
        self._say(changes)

    def reject(self) -> None:
        """Close, unless something is being changed just now."""
        if self.isEnabled():
            super().reject()

    def _say(self, changes: "Sequence[Callable[[OpenLibrary], Outcome]]") -> None:
        """Make the changes one after the other, and close; or say what is refused."""
        if not changes:
            self.setEnabled(True)
            super().accept()
            return
        self.setEnabled(False)
        number = self._person.id
        first, *others = changes

        def go_on(person: Person) -> None:
            self._person = person  # what is refused afterwards can be mended without saying this twice
            self._say(others)

        def done(_outcome: "Outcome") -> None:
            self._house.desk.read(lambda library: library.people.by_number(number), go_on, self._refuse)

        self._house.desk.act(first, done, self._refuse)

    def _refuse(self, reason: str) -> None:
        self.setEnabled(True)
        self.problem.setText(reason)

    def _lay_out(self) -> None:
        form = QFormLayout()
        rows: tuple[tuple[str, QWidget], ...] = (
            (self.tr("&Name"), self.name),
            ("", self.folder),
            (self.tr("&Also called"), self.aliases),
            (self.tr("&Born"), self.birth),
            (self.tr("&Died"), self.death),
            (self.tr("N&otes"), self.notes),
            (self.tr("O&ther, a line each"), self.fields),
            ("", self.hidden),
        )
        for title, field in rows:
            form.addRow(title, field)
            if title:
                field.setAccessibleName(title.replace("&", ""))
        page = QVBoxLayout()
        page.addLayout(form)
        page.addStretch()
        column = QVBoxLayout(self)
        for widget in (ScrolledPage(page), self.problem, self._buttons()):
            column.addWidget(widget)
        self.resize(520, 480)

    def _buttons(self) -> QDialogButtonBox:
        roles, standard = QDialogButtonBox.ButtonRole, QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Save | standard.Cancel)
        self.delete = QPushButton(self.tr("De&lete"))
        self.forget = QPushButton(self.tr("&Forget for good…"))
        for button in (self.delete, self.forget):
            button.setAutoDefault(False)
            buttons.addButton(button, roles.DestructiveRole)
        self.delete.clicked.connect(self._delete)
        self.forget.clicked.connect(self._ask_to_forget)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        return buttons

    def _changes(self) -> "list[Callable[[OpenLibrary], Outcome]]":
        person, name = self._person, self.name.text().strip()
        changes: list[Callable[[OpenLibrary], Outcome]] = []
        details = self._details()
        fields = self._fields()
        aliases = self._aliases()
        if details or fields or aliases:
            changes.append(partial(_set, person.id, details, fields, aliases))
        if name != person.name:
            changes.append(partial(_rename, person.id, name, self.folder.isVisible() and self.folder.isChecked()))
        return changes

    def _details(self) -> dict[str, str | bool | None]:
        """Return the details that are others now; raises BadInput for what is no date."""
        told: dict[str, str | bool | None] = {"notes": self.notes.toPlainText(), "hidden": self.hidden.isChecked()}
        for key, edit in (("birth", self.birth), ("death", self.death)):
            text = edit.text().strip()
            told[key] = check_date(text) if text else None
        return {key: value for key, value in told.items() if value != getattr(self._person, key)}

    def _fields(self) -> dict[str, str | None]:
        """Return the free fields that are others now, None for one that is gone; raises BadInput for a line of none."""
        told: dict[str, str] = {}
        for line in filter(str.strip, self.fields.toPlainText().splitlines()):
            key, colon, value = line.partition(":")
            if not colon or not key.strip() or not value.strip():
                raise BadInput(self.tr("{0}: write it as town: Rome.").format(line.strip()))
            told[key.strip()] = value.strip()
        before = dict(self._person.fields)
        gone: dict[str, str | None] = dict.fromkeys(before.keys() - told.keys())
        return gone | {key: value for key, value in told.items() if before.get(key) != value}

    def _aliases(self) -> dict[str, bool]:
        told = {name.strip() for name in self.aliases.text().split(",") if name.strip()}
        before = set(self._person.aliases)
        return dict.fromkeys(before - told, False) | dict.fromkeys(sorted(told - before), True)

    def _delete(self) -> None:
        self._house.desk.act(partial(_delete, self._person.id))
        self.reject()

    def _ask_to_forget(self) -> None:
        """Forget the person once that was confirmed: the one thing here that cannot be taken back."""
        answers = QMessageBox.StandardButton
        box = message(self, translate("Kith", _FORGET).format(name=self._person.name), QMessageBox.Icon.Warning)
        box.setStandardButtons(answers.Yes | answers.Cancel)
        box.setDefaultButton(answers.Cancel)
        box.finished.connect(self._forget_if)
        box.open()

    def _forget_if(self, answer: int) -> None:
        if answer == QMessageBox.StandardButton.Yes:
            self._house.desk.act(partial(_forget, self._person.id))
            self.reject()


def _rename(person_id: int, name: str, with_folder: bool, library: "OpenLibrary") -> "Outcome":
    from kith.jobs.person_changes import PersonChanges

    return PersonChanges(library).rename(library.people.by_number(person_id), name, with_folder)


def _set(
    person_id: int,
    details: dict[str, str | bool | None],
    fields: dict[str, str | None],
    aliases: dict[str, bool],
    library: "OpenLibrary",
) -> "Outcome":
    from kith.jobs.person_changes import PersonChanges

    return PersonChanges(library).set(library.people.by_number(person_id), details, fields, aliases)


def _delete(person_id: int, library: "OpenLibrary") -> "Outcome":
    from kith.jobs.person_changes import PersonChanges

    return PersonChanges(library).delete(library.people.by_number(person_id))


def _forget(person_id: int, library: "OpenLibrary") -> "Outcome":
    from kith.jobs.erasure import forget

    return forget(library, library.people.by_number(person_id))
