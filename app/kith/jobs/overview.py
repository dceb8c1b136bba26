"""How things stand: what is known, what the last run came to, and what to do next."""

import json
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kith.errors import BadKnowledgeBase
from kith.filing.names import is_unknown
from kith.identity.lessons import readable
from kith.jobs.moved_copies import MovedCopies
from kith.jobs.open_library import OpenLibrary
from kith.jobs.unknowns import groups_near
from kith.library.store import Store
from kith.photos.search import find_folders, find_photos
from kith.settings import Settings
from kith.text import counted

LEAST = 2  # faces of a group


class Next(StrEnum):
    """What to do next."""

    BUILD = "build"
    RESUME = "resume"
    RECOGNIZE = "recognize"
    REVIEW = "review"
    MOVES = "moves"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class LastRun:
    """What a run came to: photos by what became of them; those `waiting` were not reached. `ended` is ISO 8601."""

    ended: str
    sure: int
    unsure: int
    unknown: int
    failed: int
    waiting: int

    @property
    def stopped(self) -> bool:
        """Whether it was stopped before its end."""
        return self.waiting > 0

    @property
    def total(self) -> int:
        """How many photos there are."""
        return self.sure + self.unsure + self.unknown + self.failed + self.waiting


@dataclass(frozen=True, slots=True)
class Overview:
    """How many people and recognised photos there are, and how many faces wait to be named, how many of them in groups.

    `new_people` are folders of people that no build has learned from yet, `last` is None before the first run; `moved`
    are copies that the user moved to another person's folder.
    """

    people: int
    photos: int
    unsure: int
    unknown: int
    groups: int
    new_people: tuple[str, ...]
    last: LastRun | None
    moved: int = 0

    @property
    def next(self) -> Next:
        """What to do next."""
        if not self.people or self.new_people:
            return Next.BUILD
        if self.last and self.last.stopped:
            return Next.RESUME
        if not self.photos:
            return Next.RECOGNIZE
        if self.moved:
            return Next.MOVES
        return Next.REVIEW if self.unsure or self.unknown else Next.LOOK


def overview(library: OpenLibrary, stop: threading.Event | None = None, regroup: bool = True) -> Overview:
    """Return how things stand; `stop` ends it early, whatever it returns then. Raises BadKnowledgeBase.

    Groups of unknown faces are brought up to date first, or else counted as they are.
    """
    stop = stop or threading.Event()
    counts = _counts(library, stop, regroup)
    return Overview(
        people=len(library.people.all()),
        **counts,
        new_people=_new_people(library),
        last=last_run(library.store),
        moved=0 if stop.is_set() else len(MovedCopies(library).found()),
    )


def _counts(library: OpenLibrary, stop: threading.Event, regroup: bool) -> dict[str, int]:
    """Return what is counted over all photos, as it was before if nothing of it changed since."""
    store = library.store
    asked = json.dumps([library.decisions.face_model_id, str(library.settings.dataset_folder), regroup])
    if known := store.standing.known(asked):
        return known
    if regroup:
        groups_near(library)
    before = store.state()
    faces = [unknown for unknown in store.reviews.unknowns(library.decisions.face_model_id) if unknown.has_face]
    unsure = store.suggestions.of([face.appearance_id for face in faces])
    groups = Counter(face.group for face in faces if face.group and face.appearance_id not in unsure)
    counts = {
        "photos": library.count_recognised(),
        "unsure": len(unsure),
        "unknown": len(faces) - len(unsure),
        "groups": sum(size >= LEAST for size in groups.values()),
    }
    with suppress(BadKnowledgeBase):  # that nothing can be written just now, nobody needs to know who only looks
        _keep(store, asked, counts, before, stop)
    return counts


def _keep(store: Store, asked: str, counts: dict[str, int], before: object, stop: threading.Event) -> None:
    """Write counts down, unless anything was written since they were begun."""
    with store.transaction():
        if store.state() == before and not stop.is_set():
            store.standing.keep(asked, counts)


def last_run(store: Store) -> LastRun | None:
    """Return what the newest run came to, None before the first one."""
    last = store.runs.last()
    if last is None:
        return None
    ended, counts = last
    return LastRun(ended, **{name: counts.get(name, 0) for name in ("sure", "unsure", "unknown", "failed", "waiting")})


def overview_lines(found: Overview) -> list[str]:
    """Return how things stand in sentences."""
    lines = [f"{counted(found.people, 'person', 'people')} known, {counted(found.photos, 'photo')} recognised"]
    if found.last:
        lines.append(f"Last run, {found.last.ended}: {last_line(found.last)}")
    return [*lines, *filter(None, (new_people_line(found), moved_line(found), waiting_line(found)))]


def last_line(last: LastRun) -> str:
    """Return what a run came to, in a sentence."""
    told = f"{last.sure:,} sure, {last.unsure:,} unsure, {last.unknown:,} unknown, {last.failed:,} failed"
    waiting = f"; stopped, {counted(last.waiting, 'photo')} to go" if last.stopped else ""
    return f"{counted(last.total, 'photo')}: {told}{waiting}"


def waiting_line(found: Overview) -> str:
    """Return which faces wait to be named, empty where none does."""
    if not (found.unsure or found.unknown):
        return ""
    groups = f" in {counted(found.groups, 'group')}" if found.groups else ""
    waiting = [f"{found.unsure:,} unsure"] * bool(found.unsure)
    waiting += [f"{found.unknown:,} unknown{groups}"] * bool(found.unknown)
    return f"Faces to be named: {', '.join(waiting)}"


def moved_line(found: Overview) -> str:
    """Return how many copies the user moved, empty where none was."""
    copies = counted(found.moved, "copy was", "copies were")
    return f"{copies} moved to another folder by hand" if found.moved else ""


def new_people_line(found: Overview) -> str:
    """Return which folders of people are new, empty where none is."""
    names = found.new_people
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"New in the people folder: {', '.join(names[:3])}{more}"


def _new_people(library: OpenLibrary) -> tuple[str, ...]:
    settings = library.settings
    known = {folder for person in library.people.all().values() for folder in person.folders}
    try:
        folders = sorted(find_folders(settings.dataset_folder))
    except OSError:
        return ()
    new = [folder for folder in folders if readable(folder.name) not in known and not is_unknown(folder.name)]
    return tuple(folder.name for folder in new if _has_photo(folder, settings))


def _has_photo(folder: Path, settings: Settings) -> bool:
    return any(isinstance(photo, Path) for photo in find_photos(folder, settings.valid_exts))
