"""What a review works at off the GUI thread: the open library, one task after the other, and pictures beside it."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from kith.errors import KithError
from kith.gui.background import Background
from kith.jobs.open_library import OpenLibrary
from kith.jobs.review import Review
from kith.library.review_queries import Unknown
from kith.settings import Settings

T = TypeVar("T")


class ReviewDesk:
    """The library as one review has it open, in a background thread; two more decode `pictures`."""

    def __init__(self, settings: Settings) -> None:
        self.review: Review | None = None
        self.busy = False
        self.pictures = Background(threads=2)
        self._tasks = Background()
        self._settings = settings

    def run(self, task: Callable[[], T], then: Callable[[T], None], fail: Callable[[str], None]) -> None:
        """Do something in the background; until it is done no answer is taken: it would be for another face."""
        self.busy = True

        def ended(future: "Future[T]") -> None:
            self.busy = False
            error = future.exception()
            if error is None:
                then(future.result())
            elif isinstance(error, KithError):
                fail(error.message)
            else:
                raise error

        self._tasks.run(task, ended)

    def open(self) -> list[Unknown]:
        """Open the library and return whom to ask about: a task to run."""
        library = OpenLibrary(self._settings)
        review = Review(library)
        self.review = review
        return review.unknowns()

    def close(self) -> None:
        """Return when all that was answered is written down, and the library is closed."""
        self.pictures.drop()
        self._tasks.run(self._close_library, lambda _: None)
        self._tasks.close()

    def _close_library(self) -> None:
        review = self.review
        if review:
            review.library.close()
            self.review = None
