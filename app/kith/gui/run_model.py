"""A job as one watches it: how many photos came to what, the newest of them, and the people found."""

import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QT_TRANSLATE_NOOP

from kith.gui.style import Tone
from kith.messages import JobName

if TYPE_CHECKING:  # the job has loaded these when the first event comes; the window shows without them
    from kith.jobs.events import Event, PhotoDone
    from kith.jobs.run_pictures import Shown

NEWEST = 12  # photos shown
AT_ONCE = 3  # photos that are new to the eye at a time: each is decoded beside the job that needs the processor
EVERY_S = 0.5

_FAILED = {QT_TRANSLATE_NOOP("Kith", "failed"): Tone.PROBLEM}
_OF_PHOTOS = {
    QT_TRANSLATE_NOOP("Kith", "sure"): Tone.SURE,
    QT_TRANSLATE_NOOP("Kith", "unsure"): Tone.UNSURE,
    QT_TRANSLATE_NOOP("Kith", "unknown"): Tone.UNKNOWN,
    **_FAILED,
}
_OF_LESSONS = {
    QT_TRANSLATE_NOOP("Kith", "learned"): Tone.SURE,
    QT_TRANSLATE_NOOP("Kith", "left out"): Tone.UNSURE,
    **_FAILED,
}
_OF_DECISIONS = {QT_TRANSLATE_NOOP("Kith", "decided"): Tone.SURE, **_FAILED}
_COUNTED = {JobName.BUILD_KB: _OF_LESSONS, JobName.RECOGNIZE_FOLDER: _OF_PHOTOS}


class RunModel:
    """Takes a job's events; plain, so that it is as quick as they come.

    `people` counts the photos of each person, `best` is the surest face of each; `failures` are paths and reasons.
    """

    def __init__(self, job: str = "") -> None:
        self.job = job
        self.total, self.done = 0, 0
        self.stopping = False
        self.failures: list[tuple[Path, str]] = []
        self.people: Counter[int] = Counter()
        self.best: dict[int, Shown] = {}
        self._certainty: dict[int, float] = {}
        self._counts: Counter[str] = Counter()
        self._told: dict[Path, tuple[str, tuple[int, ...]]] = {}  # a photo is told of again where it is filed anew
        self._new: list[PhotoDone] = []
        self._taken_at = -math.inf

    @property
    def counts(self) -> list[tuple[str, int, Tone]]:
        """How many photos came to what, and the tone of that."""
        tones = _COUNTED.get(JobName(self.job), _OF_DECISIONS) if self.job else _OF_PHOTOS
        return [(name, self._counts[name], tone) for name, tone in tones.items()]

    def take(self, event: "Event") -> None:
        """Count what an event tells."""
        from kith.jobs.events import PhotoDone, PhotoFailed, PhotoLearned, PhotosDone, Started

        match event:
            case Started():
                self.total = event.total
            case PhotoDone():
                self._take_photo(event)
            case PhotoFailed():
                self._count("failed", event.done)
                self.failures.append((event.path, event.reason))
            case PhotoLearned():
                self._count("left out" if event.left_out else "learned", event.done)
            case PhotosDone():
                self._counts["decided"] += event.done - self.done
                self.done = event.done

    def newest(self, now: float) -> "list[PhotoDone]":
        """Return photos to be shown from now on, the newest first: a few, and none too soon after the last ones."""
        if not self._new or now - self._taken_at < EVERY_S:
            return []
        self._taken_at = now
        newest, self._new = self._new[::-1], []
        return newest

    def _take_photo(self, event: "PhotoDone") -> None:
        known, unsure = event.row.people, event.unsure
        kind = "sure" if known else "unsure" if unsure else "unknown"
        people = tuple(event.decision.people)
        if before := self._told.get(event.path):
            self._counts[before[0]] -= 1
            self.people.subtract(before[1])
        self._told[event.path] = kind, people
        self._count(kind, event.done)
        self._new = [*self._new[1 - AT_ONCE :], event]
        self.people.update(people)
        self._note_best(event)

    def _note_best(self, event: "PhotoDone") -> None:
        from kith.jobs.run_pictures import Shown

        for seen in event.decision.appearances:
            person = seen.person_id
            if person is None:
                continue
            certainty = max((face.certainty or 0.0 for face in seen.face if face.person_id == person), default=-1.0)
            if certainty > self._certainty.get(person, -math.inf):
                self._certainty[person] = certainty
                self.best[person] = Shown(event.path, seen.appearance_id)

    def _count(self, name: str, done: int) -> None:
        self._counts[name] += 1
        self.done = done
