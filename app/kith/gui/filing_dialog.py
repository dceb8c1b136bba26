"""What was filed: each run with a button to take it back, and copies moved by hand, to be taken as the user's word."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import (
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLineEdit,
    QListWidget,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from kith.gui.fitting_dialog import FittingDialog
from kith.gui.library_desk import LibraryDesk
from kith.gui.phrases import in_window
from kith.gui.plain_text import in_order, wrapped
from kith.text import counted, printable

if TYPE_CHECKING:  # loaded by the threads
    from kith.jobs.moved_copies import MovedCopy
    from kith.jobs.open_library import OpenLibrary
    from kith.jobs.outcome import Outcome
    from kith.library.run_records import FilingRun

_MOVES_HEIGHT = 110  # pixels


class FilingDialog(FittingDialog):
    """The runs, the newest first, and below them the moves, if there are any."""

    def __init__(self, desk: LibraryDesk, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("What Was Filed"))
        self._desk = desk
        self._runs: Sequence[FilingRun] = ()
        self._moves: Sequence[MovedCopy] = ()
        self.list = QTreeWidget()
        self.list.setHeaderLabels([self.tr("When"), self.tr("What"), self.tr("Filed"), self.tr("Where")])
        self.list.setAccessibleName(self.tr("Runs"))
        self.list.setRootIsDecorated(False)
        if header := self.list.header():
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.list.currentItemChanged.connect(self._offer)
        self.photo = QLineEdit()
        self.photo.setPlaceholderText(self.tr("A photo's name or path; empty for all photos of the run"))
        self.undo = QPushButton(self.tr("&Take This Run Back"))
        self.photo.textChanged.connect(self._name_undo)
        self.moves = QListWidget()
        self.moves.setAccessibleName(self.tr("Copies moved by hand"))
        self.moves.setFixedHeight(_MOVES_HEIGHT)
        self.moved = wrapped("")
        self.learn = QPushButton(self.tr("Take It as My &Word"))
        self.words = wrapped("")
        self._lay_out()
        self._look()

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        intro = self.tr(
            "Each run that filed photos can be taken back: its copies and links go, and photos that it moved lie where "
            "they lay before. What you altered stays."
        )
        column = QVBoxLayout(self)
        for button, does in ((self.undo, self._take_back), (self.learn, self._take_as_word)):
            button.setAutoDefault(False)
            button.clicked.connect(does)
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        column.addWidget(wrapped(intro))
        column.addWidget(self.list, 1)
        photo = QFormLayout()
        photo.addRow(self.tr("&Only what it did with"), self.photo)
        column.addLayout(photo)
        column.addWidget(self.moved)
        column.addWidget(self.moves)
        column.addWidget(self.words)
        column.addWidget(buttons)
        self.resize(860, 520)
        self._show(([], []))

    def _look(self) -> None:
        self._desk.read(_what_was_filed, self._show, self.words.setText, is_long=True)

    def _show(self, found: "tuple[Sequence[FilingRun], Sequence[MovedCopy]]") -> None:
        self._runs, self._moves = found
        self.list.clear()
        for run in self._runs:
            self.list.addTopLevelItem(QTreeWidgetItem(self._cells(run)))
        self.list.setCurrentItem(self.list.topLevelItem(0))
        self.moves.clear()
        self.moves.addItems([in_order(printable(move.line)) for move in self._moves])
        count = counted(len(self._moves), self.tr("copy was"), self.tr("copies were"))
        told = self.tr("{count} moved to another folder by hand. Take it as your word of who shows?")
        self.moved.setText(told.replace("{count}", count))
        for widget in (self.moved, self.moves, self.learn):
            widget.setVisible(bool(self._moves))
        self._offer()

    def _cells(self, run: "FilingRun") -> list[str]:
        filed = counted(run.made, self.tr("file filed"), self.tr("files filed"))
        state = self.tr("taken back") if run.is_undone else filed if run.made else self.tr("copies moved along")
        places = ", ".join(printable(str(output)) for output in run.outputs)
        return [run.began_at[:16].replace("T", " "), run.job, state, places]

    def _chosen(self) -> "FilingRun | None":
        at = self.list.indexOfTopLevelItem(self.list.currentItem()) if self.list.currentItem() else -1
        return self._runs[at] if 0 <= at < len(self._runs) else None

    def _offer(self) -> None:
        run = self._chosen()
        self.undo.setEnabled(run is not None and not run.is_undone)

    def _name_undo(self, photo: str) -> None:
        self.undo.setText(self.tr("&Take This Photo Back") if photo.strip() else self.tr("&Take This Run Back"))

    def _take_back(self) -> None:
        if run := self._chosen():
            number, photo = run.id, self.photo.text().strip()

            def undo(library: "OpenLibrary") -> "Outcome":
                from kith.jobs.filing_runs import undo_run

                return undo_run(library, number, photo)

            self._act(undo)

    def _take_as_word(self) -> None:
        moves = self._moves

        def learn(library: "OpenLibrary") -> "Outcome":
            from kith.jobs.moved_copies import MovedCopies

            return MovedCopies(library).take_as_word(moves)

        self._act(learn)

    def _act(self, task: "Callable[[OpenLibrary], Outcome]") -> None:
        self.undo.setEnabled(False)
        self.learn.setEnabled(False)
        self._desk.act(task, self._told, self._failed)

    def _told(self, outcome: "Outcome") -> None:
        self.learn.setEnabled(True)
        self.words.setText(" ".join(map(in_window, (outcome.text, *outcome.problems))))
        self._look()

    def _failed(self, reason: str) -> None:
        self.learn.setEnabled(True)
        self.words.setText(reason)
        self._offer()


def _what_was_filed(library: "OpenLibrary") -> "tuple[Sequence[FilingRun], Sequence[MovedCopy]]":
    from kith.jobs.moved_copies import MovedCopies

    return library.store.runs.all(), MovedCopies(library).found()
