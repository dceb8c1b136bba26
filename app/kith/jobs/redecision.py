"""Decide again: what the machine says of every recognised photo, from what is stored; no photo is looked at."""

import os
import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from kith.errors import BadKnowledgeBase, BadPhoto, NobodyTaught
from kith.filing.copies import Folders, clear_remnants
from kith.identity.decision import Decider
from kith.identity.probes import Probe
from kith.jobs.announcements import not_told_before
from kith.jobs.context import Context
from kith.jobs.decisions import Decisions, machine_links
from kith.jobs.events import Event, Notice, PersonChange, PhotoFailed, PhotosDone, RedecisionFinished, Started
from kith.jobs.filed_copies import FiledCopies, output_away
from kith.jobs.filing_runs import complete_killed, recorded
from kith.jobs.output_report import rewrite_report
from kith.jobs.people import People
from kith.jobs.written_names import WrittenNames
from kith.library.redecision_queries import FiledCopy, StoredPhoto
from kith.messages import Action, Do, JobName, Message
from kith.values.decisions import PhotoDecision
from kith.values.links import Link, Source, known_as, replaced, said_to_be

SPAN = 25_000  # photos: enough to be compared at once, few enough that two spans are kept in memory


def redecide(context: Context, preview: bool = False) -> Iterator[Event]:
    """Make the machine's links what recognising all recognised photos again would say, and let their copies follow.

    A preview only tells what would change. Yields Started, Notice, PhotosDone, PhotoFailed, RedecisionFinished. Each
    span of photos is one transaction, and which copies lag behind shows in their record: killed or stopped at any
    moment, a run has lost nothing, and the next one does the rest. Raises BadKnowledgeBase, ModelMismatch and
    FilingFailed.
    """
    run = _Run(context, preview)
    interrupted: list[str] = [] if preview else run.complete_killed()
    yield Started(JobName.DECIDE_AGAIN, run.total)
    yield from (Notice(text) for text in (*not_told_before(context.notices), *run.decisions.notices(), *interrupted))
    with nullcontext() if preview else recorded(context.store, JobName.DECIDE_AGAIN):
        yield from run.spans()
        yield from (Notice(output_away(output)) for output in sorted(run.away))
        finished = run.finish()  # a run killed while it writes the report has not ended
    yield finished


@dataclass(frozen=True, slots=True)
class _Decided:
    """A photo with its new decision, and the machine's links to take away and to make."""

    photo: StoredPhoto
    decision: PhotoDecision
    outdated: Sequence[Link]
    wanted: Sequence[Link]

    @classmethod
    def of(cls, photo: StoredPhoto, decision: PhotoDecision, decider: Decider) -> "_Decided":
        """Compare what the machine says with what it has said."""
        links = chain.from_iterable(photo.case.links.values())
        present = (link for link in links if link.source is Source.MACHINE)
        outdated, wanted = replaced(present, machine_links(decision, decider))
        return cls(photo, decision, outdated, wanted)


@dataclass(frozen=True, slots=True)
class _Span:
    """Photos that are decided together, whose faces a thread compares."""

    photos: Sequence[StoredPhoto]
    compared: "Future[list[list[Probe]]]"

    @classmethod
    def begin(cls, decisions: Decisions, photo_ids: Sequence[int], beside: Executor) -> "_Span":
        """Read photos, and let them be compared."""
        photos = decisions.photos(photo_ids)
        cases = [photo.case for photo in photos]
        return cls(photos, beside.submit(decisions.decider.compare, cases))


class _Changes:
    """Who was whom and is whom now, by photo."""

    def __init__(self) -> None:
        self.appearances = 0
        self._gained: defaultdict[int, list[int]] = defaultdict(list)
        self._lost: defaultdict[int, list[int]] = defaultdict(list)
        self._now: defaultdict[int, defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(list))

    def add_all(self, decided: _Decided) -> None:
        """Count the appearances of a photo."""
        now = {decision.appearance_id: decision.person_id for decision in decided.decision.appearances}
        for key, links in decided.photo.case.links.items():
            before = known_as(links)
            self._add(decided.photo.id, before, now.get(key, said_to_be(links)))

    def _add(self, photo_id: int, before: int | None, now: int | None) -> None:
        if before == now:
            return
        self.appearances += 1
        if now is not None:
            self._gained[now].append(photo_id)
        if before is not None and now is not None:
            self._now[before][now].append(photo_id)
        elif before is not None:
            self._lost[before].append(photo_id)

    @property
    def photos(self) -> set[int]:
        """The photos in which anybody is somebody else now."""
        photos: set[int] = set()
        for by_person in (self._gained, self._lost, *self._now.values()):
            photos.update(*by_person.values())
        return photos

    def told(self, names: Mapping[int, str], files: Mapping[int, str]) -> tuple[PersonChange, ...]:
        """Return the changes person by person."""

        def shown(photos: Iterable[int]) -> tuple[str, ...]:
            return tuple(files.get(photo, f"photo {photo}") for photo in photos)

        def name(person: int) -> str:
            return names.get(person, f"#{person}")  # deleted beside this run

        told = []
        people = {*self._gained, *self._lost, *self._now}
        for person in sorted(people, key=lambda person: (name(person).casefold(), person)):
            gained = shown(self._gained[person])
            lost = shown(self._lost[person])
            now = [(name(other), shown(photos)) for other, photos in self._now[person].items()]
            told.append(PersonChange(name(person), gained, lost, tuple(now)))
        return tuple(told)


@dataclass(slots=True)
class _Run:
    """One run over the library, and what it has come to so far."""

    context: Context
    preview: bool
    photos: list[int] = field(init=False)
    hanging: list[int] = field(default_factory=list)
    done: int = 0
    began: float = field(default_factory=time.monotonic)
    changes: _Changes = field(default_factory=_Changes)
    refiled: int = 0
    known: int = 0
    unsure: int = 0
    unknown: int = 0
    failed: list[PhotoFailed] = field(default_factory=list)
    decisions: Decisions = field(init=False)
    copies: FiledCopies = field(init=False)
    written: WrittenNames = field(init=False)
    folders: Folders = field(init=False)
    changed_beside: bool = False
    reachable: dict[Path, bool] = field(default_factory=dict)
    away: set[Path] = field(default_factory=set)  # of the output folders, those whose copies would follow

    def __post_init__(self) -> None:
        store, settings = self.context.store, self.context.settings
        self.photos = store.redecisions.recognised(settings.dataset_folder)
        if not self.photos:
            raise BadKnowledgeBase(f"{store.path} knows no recognised photo yet: run ", Do(Action.RECOGNIZE), " first.")
        self.decisions = Decisions(settings, store, self.context.spec, forgives=(NobodyTaught,))
        self.copies = FiledCopies(store, settings)
        self.written = WrittenNames(store, settings)
        self._read_people()

    def _read_people(self) -> None:
        """Read who is taught and what everybody is called, as it is now."""
        self.decisions.read()
        self.folders = self.copies.folders()

    def complete_killed(self) -> list[str]:
        """Complete what a killed run left, and clear away its remnants; return what is to be said."""
        store = self.context.store
        told = complete_killed(store, self.context.settings, self.decisions)
        for output in filter(self._is_reachable, store.copies.outputs()):
            clear_remnants(store.copies, output)
        return told

    def _is_reachable(self, output: Path) -> bool:
        return self.reachable.setdefault(output, os.path.isdir(output))

    @property
    def total(self) -> int:
        """How many photos there are to decide."""
        return len(self.photos)

    def spans(self) -> Iterator[Event]:
        """Decide, store and file span by span, first what hangs on no other photo.

        A span in which the user changes something beside is decided again.
        """
        yield from self._pass(self.photos, is_complete=False)
        yield from self._pass(self.hanging, is_complete=True)
        if self.changed_beside:
            yield Notice(Message("You changed people meanwhile: run ", Do(Action.REDECIDE), " once more."))

    def _pass(self, photos: Sequence[int], is_complete: bool) -> Iterator[Event]:
        stop = self.context.stop
        start = 0
        with ThreadPoolExecutor(1) as beside:  # the next span is compared while one is decided on and written
            span = _Span.begin(self.decisions, photos[:SPAN], beside)
            while start < len(photos) and not stop.is_set():
                end = start + SPAN
                following = _Span.begin(self.decisions, photos[end : end + SPAN], beside)
                is_done = yield from self._settle(span, is_complete)
                if is_done:
                    start, span = end, following
                    yield PhotosDone(self.done, self.total)
                elif not stop.is_set():
                    self.changed_beside = True
                    self._read_people()
                    span = _Span.begin(self.decisions, photos[start:end], beside)

    def _settle(self, span: "_Span", is_complete: bool) -> Generator[Event, None, bool]:
        """Return whether the span is done: not where stopped, nor where the user changes something beside."""
        decided, hanging = self._decided(span, is_complete)
        if not self.preview and not self._write(decided):
            return False
        for photo in decided:
            self.changes.add_all(photo)
            self._count(photo.decision)
        copies = self.context.store.redecisions.copies([photo.photo.id for photo in decided])
        lagging = [photo for photo in decided if not self._is_filed(photo, copies.get(photo.photo.id, ()))]
        if self.preview:
            self.refiled += len(lagging)
        else:
            before = self.done + len(decided) - len(lagging)
            is_filed = yield from self._file(lagging, before)
            if not is_filed:
                return False
            behind = {photo.photo.id for photo in lagging}
            changed = [one for one in decided if one.outdated or one.wanted or one.photo.id in behind]
            yield from self._write_names(changed)
        self.hanging += hanging
        self.done += len(decided)
        return True

    def _count(self, decision: PhotoDecision) -> None:
        if decision.people:
            self.known += 1
        elif decision.unsure:
            self.unsure += 1
        else:
            self.unknown += 1

    def _decided(self, span: "_Span", is_complete: bool) -> tuple[list[_Decided], list[int]]:
        """Return what is decided, and the photos that hang on others while these are not complete."""
        photos = span.photos
        decisions = self.decisions.by_faces(photos, span.compared.result())
        if is_complete:
            decisions = self.decisions.by_events(photos, decisions)
        decider = self.decisions.decider
        waits = self.decisions.go_by_events and not is_complete
        decided, hanging = [], []
        for photo, decision in zip(photos, decisions, strict=True):
            if waits and decision.hangs:
                hanging.append(photo.id)
            else:
                decided.append(_Decided.of(photo, decision, decider))
        return decided, hanging

    def _write(self, decided: Sequence[_Decided]) -> bool:
        """Write the links that differ; False where the user has changed something since these were decided."""
        store = self.context.store
        with store.transaction():
            if not self.decisions.are_current:
                return False
            outdated = chain.from_iterable(photo.outdated for photo in decided)
            wanted = chain.from_iterable(photo.wanted for photo in decided)
            store.redecisions.replace(outdated, wanted)
            self.decisions.write_suggestions((photo.photo, photo.decision) for photo in decided)
        return True

    def _is_filed(self, decided: _Decided, copies: Sequence[FiledCopy]) -> bool:
        """Say whether a photo's copies on record are as its decision wants them, wherever it was filed."""
        outputs: defaultdict[Path, set[tuple[int | None, str, bool]]] = defaultdict(set)
        for copy in copies:
            outputs[copy.output].add((copy.person_id, copy.folder, copy.done))
        people, taken_at = decided.decision.people or (None,), decided.photo.case.taken_at
        behind = set()
        for output, filed in outputs.items():
            filing = self.copies.filing(output, self.folders)
            if filed != {(person, str(filing.folder(person, taken_at)), True) for person in people}:
                behind.add(output)
        away = {output for output in behind if not self._is_reachable(output)}
        self.away |= away
        return behind == away

    def _file(self, lagging: Sequence[_Decided], before: int) -> Generator[Event, None, bool]:
        """Let copies follow; returns as `_settle`, `before` being the photos that are done already."""
        stop, store = self.context.stop, self.context.store
        for done, photo in enumerate(lagging, start=before + 1):
            if stop.is_set():
                return False
            with store.transaction():
                if not self.decisions.are_current:
                    return False
                people = photo.decision.people
                plans = self.copies.plans(photo.photo.id, people, self.folders)
            try:
                yield from map(Notice, self.copies.file(plans))
                self.refiled += 1
                yield PhotosDone(done, self.total)
            except BadPhoto as error:
                failure = PhotoFailed(done, self.total, error.path, error.reason)
                self.failed.append(failure)
                yield failure
        return True

    def _write_names(self, decided: Iterable[_Decided]) -> Iterator[Event]:
        """Let the names written to files follow, of photos whose people or copies are others now."""
        for photo in decided:
            yield from map(Notice, self.written.follow(photo.photo.id))

    def finish(self) -> RedecisionFinished:
        """Return the summary."""
        store, changes = self.context.store, self.changes
        names = People(store).names()
        files = store.redecisions.files(changes.photos)
        if self.refiled and not self.preview:
            for output in filter(self._is_reachable, store.copies.outputs()):
                rewrite_report(store, self.decisions, output)
        return RedecisionFinished(
            self.total,
            self.done,
            self.preview,
            changes.told(names, files),
            changes.appearances,
            self.refiled,
            tuple(self.failed),
            time.monotonic() - self.began,
            self.done < self.total,
            self.known,
            self.unsure,
            self.unknown,
        )
