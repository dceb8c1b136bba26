"""The questions about single faces: looked up in the background, the next one before its turn."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from kith.gui.library_desk import LibraryDesk
from kith.jobs.open_library import OpenLibrary
from kith.jobs.review import Question, Review
from kith.jobs.review_queues import Face
from kith.library.review_queries import Unknown
from kith.photos.box import Box


class ReviewQuestions:
    """Asks the library about one face at a time; what it said counts until something else is said."""

    def __init__(self, desk: LibraryDesk) -> None:
        self._desk = desk
        self._face: Face | None = None
        self._known: dict[int, Question] = {}
        self._asked: set[int] = set()
        self._shown: Question | None = None
        self._age = 0

    def turn_to(self, face: Face) -> bool:
        """Be about a face; return whether it was another one before."""
        is_other = self._face is None or self._face.id != face.id
        self._face = face
        if is_other:
            self._shown = None
        return is_other

    def forget(self) -> None:
        """Look everything up again: something was said."""
        self._known.clear()
        self._asked.clear()
        self._age += 1

    def ask(
        self, show: Callable[[Question], None], following: Face | None, prefetch: Callable[[Path, Box], None]
    ) -> None:
        """Have the question about the face shown unless it is, then look up the one that follows."""
        if self._face is None:
            return
        self._look_up(self._face, partial(self._show, show))
        if self._face.id in self._known:
            self._show(show)
        if following:
            prefetch(following.path, following.box)
            self._look_up(following, partial(self._show, show))

    def _look_up(self, face: Face, then: Callable[[], None]) -> None:
        if face.id in self._asked:
            return
        self._asked.add(face.id)
        age = self._age

        def keep(question: Question) -> None:
            if age == self._age:
                self._known[face.id] = question
                then()

        unknown = Unknown(face.id, face.photo_id, face.has_face)
        self._desk.read(partial(_question, unknown), keep)

    def _show(self, show: Callable[[Question], None]) -> None:
        face = self._face
        question = self._known.get(face.id) if face else None
        if question and question != self._shown:
            self._shown = question
            show(question)


def _question(unknown: Unknown, library: OpenLibrary) -> Question:
    return Review(library).question(unknown)
