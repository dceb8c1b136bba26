"""The runs that filed photos: taken back as a whole or photo by photo, and completed where one was killed."""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from kith.errors import BadInput, BadPhoto, FilingFailed
from kith.filing.copies import clear_remnants, file_copies
from kith.filing.copy_file import free_target
from kith.jobs.context import sole_job
from kith.jobs.decisions import Decisions
from kith.jobs.filed_copies import FiledCopies
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.output_report import cover, rewrite_report
from kith.jobs.references import photo_meant
from kith.jobs.written_names import WrittenNames
from kith.library.copy_records import CopyRecord
from kith.library.paths import FileState
from kith.library.run_records import FilingRun, Former
from kith.library.store import Store
from kith.messages import Action, Do, Message
from kith.policies import FileAs
from kith.settings import Settings
from kith.text import counted


@contextmanager
def recorded(store: Store, job: str) -> Iterator[None]:
    """Record what becomes of copies inside as one run, which `undo_run` can take back.

    One that fails has no end, as one that is killed: the next job completes what it left half done.
    """
    run_id = store.runs.begin(job)
    try:
        yield
        store.runs.end(run_id)
    finally:
        store.runs.leave()


def complete_killed(store: Store, settings: Settings, decisions: Decisions) -> list[str]:
    """Make what runs had planned but not made that were killed or failed; return what to say.

    It is for a job that holds the library's lock. A run whose output folder is not there, or takes nothing, waits.
    """
    told: list[str] = []
    for run in store.runs.killed():
        told += _Completing(store, settings, run).done(decisions)
    return told


class _Completing:
    """One run that did not come to its end, being completed."""

    def __init__(self, store: Store, settings: Settings, run: FilingRun) -> None:
        self._store, self._run = store, run
        self._copies, self._names = FiledCopies(store, settings), WrittenNames(store, settings)
        self._completed: set[int] = set()
        self._problems: list[str] = []

    def done(self, decisions: Decisions) -> list[str]:
        """Do it, and return what to say."""
        store, run = self._store, self._run
        try:
            for output in filter(os.path.isdir, dict.fromkeys((*store.copies.outputs(), *run.outputs))):
                self._complete(output)
            for photo_id in store.runs.photos(run):
                self._problems += self._names.follow(photo_id)
            for output in filter(os.path.isdir, run.outputs):
                cover(store, decisions, output)
        except FilingFailed as error:
            return [*self._told(), error.message]
        if all(map(os.path.isdir, run.outputs)):
            self._end()
            return self._told() if run.photos else []
        return self._told() if self._completed else []

    def _end(self) -> None:
        if not self._run.undone_at:
            self._store.runs.end(self._run.id)
            return
        with self._store.transaction():
            self._store.runs.undo(self._run.id, ())

    def _complete(self, output: Path) -> None:
        unsettled = self._store.copies.unsettled(output)
        clear_remnants(self._store.copies, output)
        folders = self._copies.folders()
        for photo_id in dict.fromkeys(record.photo_id for record in unsettled):
            leader = self._store.stacks.leader(photo_id)
            shown = self._store.search.shown([leader]).get(leader)
            people = shown.sure if shown else ()
            with self._store.transaction():
                plans = self._copies.plans(photo_id, people, folders)
            try:
                self._problems += self._copies.file(plans)
                self._completed.add(photo_id)
            except BadPhoto as error:
                self._problems.append(str(error))

    def _told(self) -> list[str]:
        run = self._run
        if run.undone_at:
            goes_on = Do(Action.UNDO_RUN, str(run.id)), " goes on."
            return [Message(f"Taking run {run.id} back was interrupted: ", *goes_on), *self._problems]
        photos = len(self._completed)
        done = f": what it had planned for {counted(photos, 'photo')} is done now" if photos else ""
        return [f"{run.job} of {run.began_at} was interrupted{done}.", *self._problems]


def undo_run(library: OpenLibrary, run_id: int, photo: str = "") -> Outcome:
    """Take back what a run did to copies, of one photo or of all: files lie again where they lay before it.

    What the library knows stays. Photos that a later run filed too, and copies that somebody altered, stay as they are,
    which is told. Raises BadInput, StoreBusy and BadKnowledgeBase.
    """
    store = library.store
    with sole_job(library.settings.library_file, "Undoing a run"):
        run = store.runs.get(run_id)
        if run is None:
            raise BadInput(f"There is no run {run_id}: ", Do(Action.LIST_RUNS), " shows them all.")
        if run.is_undone:
            raise BadInput(f"Run {run_id} was taken back already.")
        chosen = store.stacks.with_stacked(photo_meant(store, photo)) if photo else None
        return _Undoing(library, run, chosen).run_back()


class _Undoing:
    """One run being taken back."""

    def __init__(self, library: OpenLibrary, run: FilingRun, chosen: Sequence[int] | None) -> None:
        self._library = library
        self._store = library.store
        self._copies = library.copies
        self._names = library.names
        self._run = run
        self._chosen = chosen
        self._problems: list[str] = []

    def run_back(self) -> Outcome:
        former: defaultdict[int, list[Former]] = defaultdict(list)
        for before in self._store.runs.former(self._run.id, self._chosen):
            former[before.photo_id].append(before)
        if not former:
            raise BadInput(f"Run {self._run.id} filed nothing{'' if self._chosen is None else ' of that photo'}.")
        later = self._store.runs.touched_since(self._run.id, former)
        outputs = dict.fromkeys(before.output for copies in former.values() for before in copies)
        self._store.runs.begin_undo(self._run.id)
        for output in outputs:
            clear_remnants(self._store.copies, output)
        done = [photo for photo in former if photo not in later and self._undo_photo(photo, former[photo])]
        if later:
            told = counted(len(later), "photo")
            self._problems.append(f"{told} stayed: a later run filed them, too. Take that one back first.")
        for output in outputs:
            rewrite_report(self._store, self._library.decisions, output)
        with self._store.transaction():
            is_all = self._store.runs.undo(self._run.id, done)
        if is_all:
            self._give_folders_their_times()
        photos = {*map(self._store.stacks.leader, done)}
        text = f"Taken back: what run {self._run.id} did with {counted(len(photos), 'photo')}."
        again = Message(Do(Action.RECOGNIZE), " files them again.")
        return Outcome(text, tuple(dict.fromkeys(self._problems)), (again,) if done else ())

    def _undo_photo(self, photo_id: int, former: Sequence[Former]) -> bool:
        """Let a photo's copies be what they were; False where they could not."""
        store, outputs = self._store, dict.fromkeys(before.output for before in former)
        if away := [output for output in outputs if not os.path.isdir(output)]:
            self._problems.append(f"The output folder {away[0]} is not there: connect its drive first.")
            return False
        plans = []
        with store.transaction():
            source = self._copies.original(photo_id)
            for output in outputs:
                present = store.copies.of_photo(photo_id, output)
                standing = self._standing(present, [before for before in former if before.output == output])
                outdated = [record for record in present if record not in standing]
                plans.append((source or _state_of(present), standing, outdated))
        try:
            for plan in plans:
                self._problems += file_copies(store.copies, *plan).notes
        except (BadPhoto, FilingFailed) as error:
            self._problems.append(str(error))
            return False
        self._problems += self._names.follow(photo_id)
        return True

    def _standing(self, present: Sequence[CopyRecord], former: Sequence[Former]) -> list[CopyRecord]:
        """Return the copies that were there before the run, planned anew where they are gone.

        One that was cut off while it was taken back has planned some already.
        """
        copies, now = self._store.copies, {record.id: record for record in present}
        known, touched = self._store.people.all(), {before.copy_id for before in former}
        again = {(record.person_id, record.target): record for record in present if record.id not in touched}
        # What came since, by a word of the user's, took the place of what the run made.
        standing = [record for record in present if record.id not in touched and record.id < max(touched)]
        for before in former:
            if before.target is None:
                continue
            record = now.get(before.copy_id) or again.get((before.person_id, before.target))
            if record is None and (before.person_id is None or before.person_id in known):
                kind = FileAs.COPY if before.kind == FileAs.MOVE else FileAs(before.kind or FileAs.COPY)
                target = free_target(copies, before.target)
                record = copies.plan(before.photo_id, before.person_id, before.output, target, kind)
            if record:
                standing.append(record)
        return standing

    def _give_folders_their_times(self) -> None:
        for folder, mtime_ns in self._store.runs.folders(self._run.id):
            with suppress(OSError):
                os.utime(folder, ns=(folder.stat().st_atime_ns, mtime_ns))


def _state_of(present: Sequence[CopyRecord]) -> FileState:
    return FileState(present[0].target_text if present else "", 0, 0)
