"""Photos: all recognised photos as a grid, filtered; one of them large."""

from collections.abc import Sequence

from PyQt6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from kith.gui.help import open_outside
from kith.gui.photo_filter_bar import PhotoFilterBar
from kith.gui.photo_grid import PhotoGrid
from kith.gui.photo_page import PhotoPage
from kith.gui.photos_model import found_text
from kith.gui.place import FaceInPhoto, House, Place
from kith.gui.plain_text import Label, wrapped
from kith.gui.style import SPACE
from kith.jobs.photo_search import Choices, Found, PhotoCard, PhotoSearch
from kith.values.photo_filter import PhotoFilter, PhotoState


class PhotosPlace(Place):
    """The grid, or a photo of it."""

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self.filter = PhotoFilterBar()
        self.grid = PhotoGrid(house.thumbnails, self._read_cards)
        self.count = Label()
        self.hint = wrapped()
        self.page = PhotoPage(house)
        self._asked: PhotoFilter | None = None  # what the newest search is for
        self._is_stale = False  # the grid, behind the photo that is shown
        self._came_from: tuple[str, object] | None = None  # another place, which the photo leads back to
        self._stack = QStackedWidget()
        self._lay_out()
        self.filter.changed.connect(self._search)
        self.grid.opened.connect(self._open)
        self.page.left.connect(self.back)
        self.page.stepped.connect(self._step)

    def enter(self, what: object = None) -> None:
        """Show the photos, one of them by its number or with somebody in it, or those of a person by name."""
        self._came_from = what.back if isinstance(what, FaceInPhoto) else None
        self.house.thumbnails.try_again()
        if isinstance(what, str):
            self.filter.show_people([what])
            self._stack.setCurrentIndex(0)
        self._read_choices()
        if isinstance(what, FaceInPhoto):
            self.open_photo(what.photo_id, what.appearance_id)
        elif isinstance(what, int):
            self.open_photo(what)
        elif self._shows_photo:
            self.page.look_again()
        else:
            self.grid.setFocus()

    def look_again(self) -> None:
        """Show what is so now; the photo that is looked at stays, and so does the grid behind it until one is back."""
        if self._shows_photo:
            self._is_stale = True
            self.page.look_again()
        else:
            self._read_choices()

    def open_photo(self, photo_id: int, appearance_id: int | None = None) -> None:
        """Show a photo large, and somebody in it chosen."""
        self._stack.setCurrentIndex(1)
        self.page.show_photo(photo_id, appearance_id)
        self.page.canvas.setFocus()

    def back(self) -> None:
        """Show the place one came from, or the grid where it was, the photo last seen chosen."""
        self._stack.setCurrentIndex(0)
        if self._came_from:
            self.house.go(*self._came_from)
            return
        self.grid.choose(self.page.photo_id)
        self.grid.setFocus()
        if self._is_stale:
            self._is_stale = False
            self._read_choices()

    def _open(self, key: int) -> None:
        """Open a photo, or the folder of a file that is none."""
        if key > 0:
            self.open_photo(key)
        elif failed := self.grid.photos.found.known(key):
            path = failed.picture.path
            self.house.tell(f"{path}: {failed.note}")
            if path:
                open_outside(path.parent)

    @property
    def _shows_photo(self) -> bool:
        return self._stack.currentIndex() == 1

    def _step(self, step: int) -> None:
        beside = self.grid.photos.found.beside(self.page.photo_id, step)
        if beside is not None:
            self.page.show_photo(beside)

    def _read_choices(self) -> None:
        def known(choices: Choices) -> None:
            self.filter.know(choices)
            self._search()

        self.house.desk.read(lambda library: PhotoSearch(library).choices(), known, self._fail)

    def _search(self) -> None:
        wanted = self._asked = self.filter.wanted()
        if wanted is None:
            return

        def found(found: Found) -> None:
            if wanted is self._asked:  # else another one is on its way
                self._show(wanted, found)

        self.house.desk.read(lambda library: PhotoSearch(library).find(wanted), found, self._tell)

    def _show(self, wanted: PhotoFilter, found: Found) -> None:
        self.grid.show_found(found)
        count = len(found.photos) + len(found.failed)
        self._count(found_text(count, wanted.state is PhotoState.FAILED))
        is_all = wanted == PhotoFilter()
        nothing = self.tr("No photo has been recognised yet: Home shows what to do next.")
        none_such = self.tr("No photo is like that: take something out of the filter.")
        self._tell("" if count else nothing if is_all else " ".join((none_such, *found.hints)))

    def _fail(self, reason: str) -> None:
        self.grid.show_found(Found(()))
        self._count("")
        self._tell(reason)

    def _count(self, text: str) -> None:
        self.count.setText(text)
        self.count.setVisible(bool(text))

    def _tell(self, text: str) -> None:
        self.hint.setText(text)
        self.hint.setVisible(bool(text))

    def _read_cards(self, photos: Sequence[int]) -> None:
        def read(cards: Sequence[PhotoCard]) -> None:
            self.grid.learn(cards)

        self.house.desk.read(lambda library: PhotoSearch(library).cards(photos), read, self._fail)

    def _lay_out(self) -> None:
        grid = QWidget()
        column = QVBoxLayout(grid)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.filter)
        column.addWidget(self.count)
        column.addWidget(self.hint)
        column.addWidget(self.grid, 1)
        self._stack.addWidget(grid)
        self._stack.addWidget(self.page)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self._stack)
