"""Count what a user does to name real faces, one question at a time and in Review, and how long an act takes to show.

Run by `scripts/bench.py review`. The estimate is a keystroke-level model: so many seconds for each key or click with
the look before it, and so many more for each name typed.
"""

import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench_gui import application
from bench_people import PEOPLE, faces_in, settings_in
from bench_tables import Row, Tables
from kith.gui.review_model import Act, ReviewModel, Step
from kith.jobs.build_kb import build_kb
from kith.jobs.context import open_context
from kith.jobs.follow_up import FollowUp
from kith.jobs.open_library import OpenLibrary
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.review import Question, Review
from kith.jobs.review_queues import Face, confirm, waiting
from kith.jobs.unknowns import Unknowns
from kith.library.review_queries import Unknown
from kith.photos.box import Box

if TYPE_CHECKING:
    from kith.gui.main_window import MainWindow
    from kith.gui.review_place import ReviewPlace

ACT_S, NAME_S = 1.5, 2.0
FACES = 300
TAUGHT, KNOWN = 2, 2  # photos of each second person teach
STRANGERS = "detect"
ROUNDS = 3  # over what was skipped
ACTS = 30  # timed in each queue
NAME = "name"
KEYS = {
    "take out or in": "Space", "skip": "S", "back": "B", NAME: "Return", "ignore": "I", "all are": "A", "are not": "X",
    "accept": "1", "two people": "P",
}  # fmt: skip
KINDS = {
    Step.GROUPS: ("take out or in", "two people", "skip", "back", NAME, "ignore"),
    Step.LIKELY: ("take out or in", "are not", "skip", "back", "all are"),
    Step.SINGLES: ("accept", "skip", "back", "are not", NAME, "ignore"),
}

Truth = dict[str, list[tuple[Box, str]]]


def review(data: Path) -> Tables:
    """Return the acts and minutes of both ways, and the milliseconds from an act to its paint."""
    folders = [name for name in (*PEOPLE, "groups", STRANGERS) if (data / name).is_dir()]
    truth: Truth = {}
    for face in faces_in(data, folders):
        truth.setdefault(face.photo.name, []).append((face.seen.box, face.person))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        first = Path(root) / "first"
        _recognise(data, folders, first)
        for name, way in (("one question at a time", one_by_one), ("Review", in_queues)):
            with OpenLibrary(settings_in(first)) as library:
                rows.append({"way": name, **User(library, truth).told(way)})
            _undo_all(first)
        return {f"{FACES} faces, {ACT_S} s an act and {NAME_S} s a name": rows, "act to paint": _paints(first)}


def _recognise(data: Path, folders: list[str], root: Path) -> None:
    settings = settings_in(root)
    for name in folders:
        for number, folder in enumerate(sorted((data / name).iterdir()) if name in PEOPLE else [data / name]):
            for index, photo in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
                is_taught = name in PEOPLE and number % KNOWN == 0 and index < TAUGHT
                target = settings.dataset_folder / folder.name if is_taught else settings.input_folder / name
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(photo, target)
    with open_context(settings, threading.Event(), "bench", create=True) as context:
        for _ in chain(build_kb(context), recognize_folder(context, [settings.input_folder], settings.output_folder)):
            pass


def _undo_all(root: Path) -> None:
    with OpenLibrary(settings_in(root)) as library:
        while any(not change.undone for change in library.history()):
            library.undo()


class User:
    """Knows who everybody is, and counts keys and clicks."""

    def __init__(self, library: OpenLibrary, truth: Truth) -> None:
        self.library, self._truth = library, truth
        self.acts = self.names = 0
        everybody = sorted(waiting(library).faces, key=lambda face: (not self.who(face), face.photo_id, face.id))
        self.asked = {face.id for face in everybody[:FACES]}

    def who(self, face: Face) -> str:
        """Return whose face it is; empty for strangers."""
        near = [(face.box.iou(box), person) for box, person in self._truth.get(face.path.name, [])]
        return max(near, default=(0.0, ""))[1]

    def type_name(self) -> None:
        """Go to the field, type a name, press Enter."""
        self.acts += 2
        self.names += 1

    def left(self) -> list[Face]:
        """Return who still waits of those asked about."""
        return [face for face in waiting(self.library).faces if face.id in self.asked]

    def question(self, face: Face) -> Question:
        """Return the question about a face."""
        return Review(self.library).question(Unknown(face.id, face.photo_id, face.has_face))

    def told(self, way: "Callable[[User], None]") -> Row:
        """Return what a way took."""
        way(self)
        minutes = (self.acts * ACT_S + self.names * NAME_S) / 60
        left = len(self.left())
        return {"acts": self.acts, "names": self.names, "minutes": round(minutes, 1), "asked again next time": left}


def one_by_one(user: User) -> None:
    """Answer for each face; strangers can only be skipped."""
    for face in user.left():
        person = user.who(face)
        if not person:
            user.acts += 1
            continue
        offered = {one.name: one.person_id for one in user.question(face).suggestions}
        if person in offered:
            user.acts += 1
            confirm(user.library, offered[person], [face.id])
        else:
            user.type_name()
            Unknowns(user.library).name_faces([face.id], person, meant=True)


def in_queues(user: User) -> None:
    """Go through groups, likely and single faces."""
    model, rounds = ReviewModel(), 0
    _take(user, model)
    while rounds < ROUNDS:
        if model.line.current is None:
            rounds += 1
            for line in model.lines.values():
                line.ask_all_again()
            model.turn_to_first()
            if model.line.current is None:
                return
        answer = {Step.GROUPS: _group, Step.LIKELY: _likely, Step.SINGLES: _single}[model.step]
        _say(user, model, answer(user, model))


def _take(user: User, model: ReviewModel) -> None:
    found = waiting(user.library)
    asked = tuple(face for face in found.faces if face.id in user.asked)
    model.take(type(found)(asked, found.near, found.people), model.ended)


def _say(user: User, model: ReviewModel, act: Act | None) -> None:
    if act is None:
        user.acts += 1
        model.skip()
        return
    act.task(user.library)
    model.ended += 1
    FollowUp(user.library).run()
    _take(user, model)


def _group(user: User, model: ReviewModel) -> Act | None:
    faces = [face for face in model.line.shown if model.line.is_asked(face)]
    person = Counter(user.who(face) for face in faces).most_common(1)[0][0]
    wrong = [face.id for face in faces if user.who(face) != person]
    user.acts += len(wrong)
    model.mark(wrong)
    if person:
        user.type_name()
        return model.name(person)
    user.acts += 1
    return model.ignore()


def _likely(user: User, model: ReviewModel) -> Act | None:
    line = model.line
    name = line.current.name if line.current else ""
    wrong = [face.id for face in line.shown if user.who(face) != name]
    if not wrong:
        user.acts += 1
        return model.confirm()
    is_all = len(wrong) == len(line.shown)
    user.acts += 1 + (1 if is_all else len(wrong))  # Ctrl+A takes all out
    model.mark(wrong)
    return model.deny()


def _single(user: User, model: ReviewModel) -> Act | None:
    face = model.face
    if face is None:
        return None
    person = user.who(face)
    if not person:
        user.acts += 1
        return model.ignore()
    offered = {one.name: one.person_id for one in user.question(face).suggestions}
    if person in offered:
        user.acts += 1
        return model.accept(offered[person])
    user.type_name()
    return model.name(person)


def _paints(root: Path) -> list[Row]:
    """Press keys in the real window, with nothing else at work and then as fast as it takes them."""
    from kith.gui.main_window import MainWindow
    from kith.settings import load

    application()
    file = root / "settings.json"
    file.write_text(settings_in(root).model_dump_json(), encoding="utf-8")
    rows: list[Row] = []
    for way, waits in (("nothing else at work", True), ("the rest decided meanwhile", False)):
        window = MainWindow(load(file))
        window.show()
        window.activateWindow()
        times = paints(window, waits)
        window.close()
        _undo_all(root)
        rows += [{"while": way, **row} for row in _summed(times)]
    return rows


def _summed(times: dict[str, list[tuple[float, float]]]) -> list[Row]:
    every = [one for of_kind in times.values() for one in of_kind]
    rows: list[Row] = []
    for kind, taken in {**times, "all": every}.items():
        (median, own), (most, most_own) = np.percentile(taken, [50, 95], axis=0).round(1).tolist()
        by_clock = {"median ms": median, "95 % ms": most}
        rows.append({"act": kind, "times": len(taken), **by_clock, "of processor": own, "95 % of processor": most_own})
    return rows


def paints(window: "MainWindow", waits: bool, acts: int = ACTS) -> dict[str, list[tuple[float, float]]]:
    """Do so many acts in each queue of a window's review; return the milliseconds to their paints, by kind of act.

    The second number is the processor's time for it, which other programs stretch less.
    """
    from PyQt6.QtCore import Qt
    from PyQt6.QtTest import QTest
    from PyQt6.QtWidgets import QApplication

    from kith.gui.faces_page import FacesPage
    from kith.gui.question_view import QuestionView
    from kith.gui.review_place import ReviewPlace

    window.go("Review")
    place = window.places["Review"]
    assert isinstance(place, ReviewPlace)
    _rest(place)
    times: dict[str, list[tuple[float, float]]] = {}
    for number in range(acts * len(Step)):
        step = Step(number // acts)
        place.tabs.setCurrentIndex(step)
        if waits:
            _rest(place)
        if place.model.step is not step or not place.model.line.current:
            continue
        kinds = KINDS[step]
        kind = kinds[number % len(kinds)]
        pages: tuple[FacesPage | QuestionView, ...] = (place.groups, place.likely, place.single)
        page = pages[step]
        page.rest()
        if kind == NAME:
            page.name.setFocus()
            page.name.edit.setText(f"Somebody {window.width()} {number}")
        keyboard = QApplication.focusWidget()
        assert keyboard
        key = getattr(Qt.Key, f"Key_{KEYS[kind]}")
        began, worked = time.perf_counter(), time.thread_time()
        QTest.keyClick(keyboard, key)  # type: ignore[call-overload]  # PyQt6 stubs take it for a method
        QApplication.processEvents()
        place.repaint()
        taken = time.perf_counter() - began, time.thread_time() - worked
        times.setdefault(kind, []).append((1000 * taken[0], 1000 * taken[1]))
    _rest(place)
    return times


def _rest(place: "ReviewPlace") -> None:
    from PyQt6.QtWidgets import QApplication

    QApplication.processEvents()
    while place.busy:
        QApplication.processEvents()


if __name__ == "__main__":
    sys.exit("Run scripts/bench.py review.")
