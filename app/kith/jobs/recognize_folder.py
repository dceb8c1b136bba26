"""Recognize Folder: say who is in each photo, file copies under their names, write the report."""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import InitVar, dataclass, field, replace
from itertools import chain
from pathlib import Path

from kith.errors import BadInput, BadPhoto, FilingFailed
from kith.filing.copies import Folders, clear_half_written, prepare_output
from kith.filing.names import folder_names
from kith.filing.planned import planned_line
from kith.filing.report import REPORT, ReportRow, check_report
from kith.jobs.announcements import not_told_before
from kith.jobs.context import Context
from kith.jobs.decided import Decided, Planning, Tally, in_spans, make_together, mark_named
from kith.jobs.decisions import Decisions
from kith.jobs.descriptions import Asked, describe_drawn, hear_second_opinion
from kith.jobs.duplicates import duplicate_photos
from kith.jobs.events import Event, Notice, PhotoDone, PhotoFailed, RecognitionFinished, Started, Waits
from kith.jobs.filed_copies import FiledCopies
from kith.jobs.filed_once import FiledOnce
from kith.jobs.filing_room import PlannedRoom, check_lengths, check_room, left_behind
from kith.jobs.filing_runs import complete_killed, recorded
from kith.jobs.folder_checks import check_inputs, check_output, standing_outputs
from kith.jobs.known_files import KnownFiles, known_files
from kith.jobs.lesser_copies import LesserCopies
from kith.jobs.looks import DECIDED_AT_ONCE, Look, look_with, notes_on, open_workers, save_look, together
from kith.jobs.output_report import place_below, report_row, write_output_report
from kith.jobs.photo_list import (
    Chosen,
    Listed,
    check_that_inputs_are_there,
    folders_of,
    forget_missing_failures,
    list_photos,
)
from kith.jobs.phrases import (
    display_names,
    filed_notices,
    photo_line,
)
from kith.jobs.storage import Storage
from kith.jobs.workers import Workers
from kith.jobs.written_names import WrittenNames
from kith.library.copy_records import CopyRecords, PlannedOnly
from kith.library.description_queries import Undescribed
from kith.library.redecision_queries import StoredPhoto
from kith.messages import Action, Do, JobName, Message
from kith.photos.search import PassedOver
from kith.values.decisions import PhotoDecision

NOT_REACHED = "not looked at yet: the run was stopped"


def recognize_folder(
    context: Context,
    inputs: Sequence[Path],
    output: Path | None,
    dry_run: bool = False,
    chosen: Chosen | None = None,
) -> Iterator[Event]:
    """Recognise photos and folders of photos; with an `output` folder, file copies there and write its report.

    A dry run files nothing and tells of each photo what would be filed. Where photos are `chosen` they alone are meant.

    Yields Started, Notice, PhotoDone or PhotoFailed a photo, RecognitionFinished. A photo that hangs on the
    others of its event comes when all photos of its folder are looked at. Stopped early it leaves what is done in
    order, and the next run goes on. Raises BadInput, BadKnowledgeBase, ModelMissing, ModelMismatch and FilingFailed.
    """
    output = output and Path(os.path.abspath(output))  # its copies are known by one spelling of it
    settings, outputs, passed_over = context.settings, standing_outputs(context.store.copies), PassedOver()
    check_that_inputs_are_there(inputs)
    check_inputs(inputs, outputs)
    if output:
        check_output(output, settings.dataset_folder, inputs)
        check_report(output / REPORT)
    drawn = list(describe_drawn(context))
    decisions = Decisions(settings, context.store, context.spec)
    knows_bodies = decisions.read().bodies.people.size > 0
    # This may move photos out of the input, be it all of them.
    notes = complete_killed(context.store, settings, decisions) if output and not dry_run else []
    try:
        listed = list_photos(inputs, settings, outputs, passed_over, chosen.photos if chosen else None)
    except BadInput:
        if not notes:
            raise
        listed = {}
    known = known_files(context.store, listed, output)
    run = _Run(context, decisions, folders_of(inputs), output, listed, passed_over, known, dry_run, chosen)
    if output:
        filing = run.copies.filing(output, run.folders)
        check_lengths(filing)
        notes += left_behind(context.store, listed, filing)
        if not dry_run:
            check_room(context.store, settings, listed, known, filing)
            prepare_output(context.store.copies, output)
    del known  # of a large folder that is much
    if chosen is None:
        forget_missing_failures(context.store, inputs, listed)
    yield Started(JobName.RECOGNIZE_FOLDER, len(listed))
    told = (*not_told_before(context.notices), *decisions.notices(), *filed_notices(passed_over.outputs), *notes)
    yield from (*drawn, *(Notice(text) for text in told))
    if context.spec.body_model_id and not knows_bodies:
        yield Notice(Message("The knowledge base knows no bodies yet: ", Do(Action.BUILD_KB), " adds them."))
    with open_workers(context) as workers, run.recorded(), run.storage.watched(context.tell):
        for looks in run.look(workers):
            yield from chain.from_iterable(map(notes_on, looks))
            yield from run.take(looks, workers)
        yield from run.settle_held(workers)
        yield from run.settle_nearly_the_same()
        yield from run.wait_for_output()
        finished = run.finish()
    yield from map(Notice, run.planned.told() if run.planned else ())
    yield finished


@dataclass(slots=True)
class _Run:
    """One run over the listed photos, and what it has come to so far."""

    context: Context
    decisions: Decisions
    roots: Sequence[Path]
    output: Path | None
    listed: dict[Path, Listed]
    passed_over: PassedOver
    known: InitVar[KnownFiles]
    dry_run: bool = False
    chosen: Chosen | None = None
    began: float = field(default_factory=time.monotonic)
    rows: dict[Path, ReportRow] = field(default_factory=dict)
    looks: dict[Path, Look] = field(default_factory=dict)  # at what is settled, or waits for the end
    lesser: list[ReportRow] = field(default_factory=list)  # of photos of other runs that are filed no more
    failed: list[PhotoFailed] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    analysed: int = 0
    waiting: Counter[str] = field(init=False)
    held: dict[str, list[Look]] = field(default_factory=lambda: defaultdict(list))
    asked: dict[str, dict[int, Asked]] = field(default_factory=lambda: defaultdict(dict))
    names: dict[int, str] = field(init=False)
    called: dict[int, str] = field(init=False)
    folders: Folders = field(init=False)
    copies: FiledCopies = field(init=False)
    records: CopyRecords = field(init=False)
    written: WrittenNames = field(init=False)
    once: FiledOnce = field(init=False)
    planned: PlannedRoom | None = field(init=False)
    storage: Storage = field(init=False)

    def __post_init__(self, known: KnownFiles) -> None:
        store = self.context.store
        self.copies = FiledCopies(store, self.context.settings)
        self.records = PlannedOnly(store.copies) if self.dry_run else store.copies
        self.written = WrittenNames(store, self.context.settings)
        self.waiting = Counter(map(_folder, self.listed))
        self.once = FiledOnce(store, self.context.settings, self.listed, self.output, known)
        self._read_persons()
        self.planned = PlannedRoom(self.output) if self.output and self.dry_run else None
        roots = [*self.roots, self.output] if self.output else self.roots
        self.storage = Storage(roots, map(Path, self.waiting), self.context.stop)

    def recorded(self) -> AbstractContextManager[object]:
        """Record what is filed as a run, if anything is to be."""
        is_filing = self.output is not None and not self.dry_run
        return recorded(self.context.store, JobName.RECOGNIZE_FOLDER) if is_filing else nullcontext()

    def _read_persons(self) -> None:
        people = self.context.store.people.all()
        persons = people.values()
        self.names = display_names(persons)
        self.called = {person.id: person.name for person in persons}
        self.folders = folder_names(persons)

    def look(self, workers: Workers) -> Iterator[list[Look | BadPhoto | Waits]]:
        """Look at the photos, as `look_with`; those known already come together."""
        photos = [photo.found for photo in self.listed.values()]
        along = {path: photo.files_along for path, photo in self.listed.items() if photo.along}
        return together(look_with(workers, self.context, photos, self.storage, along))

    def take(self, looks: Sequence[Look | BadPhoto | Waits], workers: Workers) -> Iterator[Event]:
        """Settle photos but for those that hang on others, and what hung on them alone."""
        seen = [look for look in looks if not isinstance(look, Waits)]
        taken = [look for look in seen if not self._is_left(look)]
        yield from (self._fail(look) for look in taken if isinstance(look, BadPhoto))
        yield from self._settle([look for look in taken if isinstance(look, Look)], is_complete=False)
        for folder, count in Counter(_folder(look.path) for look in seen).items():
            self.waiting[folder] -= count
            if not self.waiting[folder]:
                yield from self._settle_folder(folder, workers)

    def _is_left(self, look: Look | BadPhoto) -> bool:
        """Say whether a photo is left for later, which the run then knows nothing of."""
        is_whole = isinstance(look, Look) and not look.note
        if self.chosen is None or is_whole or not self.chosen.is_left(look.path):
            return False
        self.listed.pop(look.path, None)
        return True

    def settle_held(self, workers: Workers) -> Iterator[Event]:
        """Settle what hung on photos that were not reached."""
        for folder in [*self.held]:
            yield from self._settle_folder(folder, workers)

    def settle_nearly_the_same(self) -> Iterator[Event]:
        """Settle photos that are nearly the same as others, the best first."""
        if any(look.facts for look in self.looks.values()):
            self.once.read()
        last = self.once.last({path: look.photo_id for path, look in self.looks.items()})
        for looks in together([self.looks[path] for path in last], DECIDED_AT_ONCE):
            yield from self._settle(looks, is_complete=True)
        lesser = LesserCopies(self.copies, self.written, self.decisions, self.names, self.once, self.dry_run)
        for notes, row in lesser.taken_back({look.photo_id for look in self.looks.values()}):
            yield from map(Notice, notes)
            self.lesser.append(row)

    def wait_for_output(self) -> Generator[Waits, None, bool | None]:
        """Wait while the output folder is away, as `Storage.wait_for`."""
        is_back = (yield from self.storage.wait_for(self.output)) if self.output else None
        if is_back and self.output and not self.dry_run:
            clear_half_written(self.records, self.output)
        return is_back

    def _settle_folder(self, folder: str, workers: Workers) -> Iterator[Event]:
        hear_second_opinion(self.context, self.decisions, workers, self.asked.pop(folder, {}).values())
        for looks in together(self.held.get(folder, ()), DECIDED_AT_ONCE):
            yield from self._settle(looks, is_complete=True)
        self.held.pop(folder, None)
        if not self.held:
            self.decisions.evidence.forget()

    def _settle(self, looks: Sequence[Look], is_complete: bool) -> Iterator[Event]:
        """Decide and file photos, or hold them back until their folder is complete."""
        if not looks:
            return
        decided = self._decide(looks, is_complete)
        for number, photos in enumerate(in_spans(decided)):
            if number and self.context.stop.is_set():
                return  # what is written down so far is filed by the next run
            if (yield from self.wait_for_output()) is False:
                return
            if not self.dry_run:
                make_together(self.copies, photos)
            for photo in photos:
                yield from self._file(photo)

    def _file(self, decided: Decided) -> Iterator[Event]:
        path, decision = decided.look.path, decided.decision
        try:
            filed = decided.planned if self.dry_run else decided.filed(self.copies)
        except (BadPhoto, FilingFailed) as error:
            yield from self._not_filed(decided, error)
            return
        is_named = decided.is_named and len(filed.copies) == len(decided.all_standing)  # none was taken away
        notes = () if is_named or self.dry_run else self.written.follow(decided.photo_id)
        yield from (Notice(note) for note in (*filed.notes, *notes))
        if path not in self.rows:
            self.tally.count(decision, self.names)
        row = self.rows[path] = self._row(path, decision, filed.copies)
        line = photo_line(row.file, decision, self.names)
        if self.planned and self.output:
            after_all = " after all" if self.planned.plan(decided.plans) else ""
            line = planned_line(row.file, self.output, decided.all_standing, decided.all_outdated) + after_all
        if self.output and not decided.is_filed:
            line += f" (nearly the same as {self._duplicate_of(path)}, which is filed)"
        yield PhotoDone(len(self.rows), len(self.listed), path, line, row, tuple(row.unsure), decision)

    def _not_filed(self, decided: Decided, error: BadPhoto | FilingFailed) -> Iterator[Event]:
        """File a photo once more where a disk is to blame that is back by now, else tell the error, or raise it."""
        if isinstance(error, FilingFailed):
            is_worth_it = bool((yield from self.wait_for_output()))
        else:
            is_worth_it = yield from self.storage.let_down(error)
        if is_worth_it and not self.context.stop.is_set():
            yield from self._file(decided)
        elif isinstance(error, FilingFailed):
            raise error
        elif not is_worth_it:
            yield self._fail(error)

    def _decide(self, looks: Sequence[Look], is_complete: bool) -> list[Decided]:
        """Decide on photos in one transaction, and return those that hang on no other one."""
        decisions = self.decisions
        with self.context.store.transaction():
            saved = [self._save(look) for look in looks]
            self.context.store.failures.drop(look.path for look in looks)
            self.analysed += sum(look.analysis is not None for look in looks)
            if not decisions.are_current:  # the user named, merged or deleted somebody beside this run
                self._read_again()
            photos = decisions.photos_seen(saved)
            decided = decisions.by_faces(photos)
            if is_complete:
                decided = decisions.by_events(photos, decided)
            settled = []
            for look, ids, photo, decision in zip(looks, saved, photos, decided, strict=True):
                doubtful = {} if is_complete else decisions.doubtful(photo, decision)
                if doubtful:
                    self.asked[_folder(look.path)][photo.id] = Asked(look.path, Undescribed(*ids, doubtful))
                if doubtful or (decision.hangs and not is_complete):
                    self.held[_folder(look.path)].append(replace(look, known=ids, analysis=None))
                    continue
                self.looks[look.path] = look if look.known == ids else replace(look, known=ids, analysis=None)
                if not self.once.waits(photo.id, look.facts is not None):
                    settled.append((look, photo, decision))
            decisions.write([(photo, decision) for _, photo, decision in settled])
            return self._planned(settled)

    def _planned(self, settled: Sequence[tuple[Look, StoredPhoto, PhotoDecision]]) -> list[Decided]:
        """Write down the copies of decided photos, within the caller's transaction."""
        if self.output is None:
            return [Decided(look, photo.id, decision) for look, photo, decision in settled]
        filing = self.copies.filing(self.output, self.folders)
        planning = Planning(self.context.store, self.records, filing, self.listed)
        people = [self.once.people(photo.id, decision.people) for _, photo, decision in settled]
        plans = planning.plans([(look, photo) for look, photo, _ in settled], people)
        planned = [
            Decided(look, photo.id, decision, own) for (look, photo, decision), own in zip(settled, plans, strict=True)
        ]
        mark_named(planned, self.written, self.called)
        return planned

    def _save(self, look: Look) -> tuple[int, int]:
        return save_look(self.context.store, look, self.context.spec.engine_id)

    def _read_again(self) -> None:
        self._read_persons()
        self.decisions.read()
        for looks in self.held.values():
            saved = [self._save(look) for look in looks]
            self.decisions.by_faces(self.decisions.photos_seen(saved))

    def _fail(self, error: BadPhoto) -> PhotoFailed:
        path, reason = error.path, error.reason
        listed = self.listed.get(path)
        name = listed.name if listed else str(path)
        self.rows[path] = ReportRow(name, error=reason)
        with self.context.store.transaction():
            self.context.store.failures.save(path, reason)
        failure = PhotoFailed(len(self.rows), len(self.listed), path, reason)
        self.failed.append(failure)
        return failure

    def _row(self, path: Path, decision: PhotoDecision, copies: Iterable[str]) -> ReportRow:
        placed = [place_below(self.output, copy) for copy in copies] if self.output else ()
        listed = self.listed[path]
        row = report_row(listed.name, decision, self.names, placed)
        return replace(row, other_files=[along.name for along in listed.along]) if listed.along else row

    def _duplicate_of(self, path: Path) -> str:
        look = self.looks.get(path)
        return self.once.better(path, look.photo_id) if look else ""

    def _told(self, path: Path, row: ReportRow | None) -> ReportRow:
        row = row or ReportRow(self.listed[path].name, error=NOT_REACHED)
        duplicate_of = self._duplicate_of(path)
        return replace(row, duplicate_of=duplicate_of) if duplicate_of else row

    def finish(self) -> RecognitionFinished:
        """Write the report, of the whole folder also where the run was stopped, and return the summary."""
        total, done, failed = len(self.listed), len(self.rows), tuple(self.failed)
        known = done - len(failed) - self.tally.unsure - self.tally.unknown
        report = self.output / REPORT if self.output and not self.dry_run else None
        if report:
            rows = (dict.fromkeys(self.listed) | self.rows).items()
            told = [*(self._told(path, row) for path, row in rows), *self.lesser]
            reported = {self.looks[path].photo_id for path in self.rows if path in self.looks}
            write_output_report(self.context.store, self.decisions, self.names, report, told, reported)
        tally, waiting = self.tally, total - done
        duplicate_photos(self.context.store)  # searches ask for them
        counts = {"sure": known, "unsure": tally.unsure, "unknown": tally.unknown, "failed": len(failed)}
        self.context.store.runs.tell(counts | {"waiting": waiting})
        return RecognitionFinished(
            total,
            done,
            self.analysed,
            failed,
            tuple(tally.people.most_common()),
            known,
            tally.unsure,
            tally.unknown,
            time.monotonic() - self.began,
            done < total,
            self.output,
            report,
            self.passed_over.pictures,
        )


def _folder(path: Path) -> str:
    """Return the folder that a photo lies in: by text, since taking paths apart is slow."""
    return os.path.dirname(path)  # noqa: PTH120
