"""Faces to be answered for together: a grid from which some can be taken out, and a field for their name."""

from collections.abc import Sequence

from PyQt6.QtCore import QItemSelectionModel, QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from kith.gui.choice_button import ChoiceButton
from kith.gui.name_field import NameField
from kith.gui.picture_grid import PictureGrid, Tile
from kith.gui.picture_label import PictureLabel
from kith.gui.plain_text import Label, wrapped
from kith.gui.style import SPACE
from kith.gui.thumbnails import Picture, Thumbnails
from kith.jobs.review_queues import Face, Queue

SIDE = 112  # pixels of a face
_NEAR_SIDE = 64
_NEAR_SHOWN = 2  # faces of a group that may be the same
_PREFETCHED = 24


class NearGroup(QWidget):
    """Some faces of a group that may be the same person, and a button that puts it to the others."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self.words = wrapped()
        self.pictures = [PictureLabel(thumbnails, QSize(_NEAR_SIDE, _NEAR_SIDE)) for _ in range(_NEAR_SHOWN)]
        self.button = ChoiceButton(self.tr("Together (T)"))
        row = QHBoxLayout()
        row.setSpacing(SPACE // 2)
        for picture in self.pictures:
            row.addWidget(picture)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.words)
        column.addLayout(row)
        column.addWidget(self.button)
        column.addStretch()
        self.setFixedWidth(_NEAR_SHOWN * _NEAR_SIDE + SPACE)

    def show_group(self, group: Queue | None) -> None:
        """Show a group, or nothing."""
        self.setVisible(group is not None)
        if group is None:
            return
        self.words.setText(self.tr("Perhaps the same person: {} faces").format(len(group.faces)))
        for picture, face in zip(self.pictures, group.faces, strict=False):
            picture.show_picture(Picture(face.path, face.box))


class FacesPage(QScrollArea):
    """The faces of a group, or of somebody likely; `marked` carries those taken out.

    It scrolls where the window is too small even for its words.
    """

    marked = pyqtSignal(list)

    def __init__(self, thumbnails: Thumbnails, naming: str) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._thumbnails = thumbnails
        self.heading = Label(bold=True, size=1.15, wraps=True)
        self.hint = wrapped()
        self.naming = Label(naming)
        self.name = NameField()
        self.grid = PictureGrid(thumbnails, SIDE)
        self.grid.setSelectionMode(PictureGrid.SelectionMode.MultiSelection)
        self.near = NearGroup(thumbnails)
        self.name.left.connect(self.rest)
        self.grid.selected.connect(lambda: self.marked.emit(self.grid.selected_keys()))
        self._lay_out()

    def show_tiles(self, tiles: Sequence[Tile], marked: set[int]) -> None:
        """Show faces, some of them taken out."""
        blocked = self.grid.blockSignals(True)
        self.grid.tiles.show_tiles(tiles)
        self.grid.blockSignals(blocked)
        if set(self.grid.selected_keys()) != marked:
            self._select(marked)
        if not self.grid.currentIndex().isValid() and tiles:
            self._begin()

    def _select(self, marked: set[int]) -> None:
        selection = self.grid.selectionModel()
        flags = QItemSelectionModel.SelectionFlag
        for row, key in enumerate(self.grid.tiles.keys()):
            if selection:
                selection.select(self.grid.tiles.index(row), flags.Select if key in marked else flags.Deselect)

    def _begin(self) -> None:
        """Have the keyboard on the first face, taking none out."""
        if selection := self.grid.selectionModel():
            selection.setCurrentIndex(self.grid.tiles.index(0), QItemSelectionModel.SelectionFlag.NoUpdate)

    def prefetch(self, faces: Sequence[Face]) -> None:
        """Have the pictures of the next faces at hand."""
        pixels = round(SIDE * self.devicePixelRatioF())
        for face in reversed(faces[:_PREFETCHED]):
            self._thumbnails.image(Picture(face.path, face.box), pixels)

    def rest(self) -> None:
        """Have the keyboard on the faces, where letters are keys of the page."""
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _lay_out(self) -> None:
        field = QHBoxLayout()
        field.setSpacing(SPACE)
        self.naming.setFixedHeight(self.name.edit.sizeHint().height())
        field.addWidget(self.naming, 0, Qt.AlignmentFlag.AlignTop)
        field.addWidget(self.name, 1)
        faces = QHBoxLayout()
        faces.addWidget(self.grid, 1)
        faces.addWidget(self.near)
        self.grid.setMinimumHeight(SIDE)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        for part in (self.heading, self.hint):
            column.addWidget(part)
        column.addLayout(field)
        column.addLayout(faces, 1)
        self.setWidget(body)
