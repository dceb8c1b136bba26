"""Recognize Folder: say who is in each photo, file copies under their names, write the report."""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from kith.errors import BadInput, BadPhoto
from kith.filing.copies import Folders, plan_copies, prepare_output
from kith.filing.names import folder_names
from kith.filing.planned import planned_line
from kith.filing.report import REPORT, ReportRow, check_report
from kith.filing.together import MOST
from kith.jobs.announcements import not_told_before
from kith.jobs.context import Context
from kith.jobs.decisions import Decisions
from kith.jobs.descriptions import Asked, describe_drawn, descriptions
from kith.jobs.events import Event, Notice, PhotoDone, PhotoFailed, RecognitionFinished, Started
from kith.jobs.filed_copies import FiledCopies
from kith.jobs.filed_once import FiledOnce
from kith.jobs.filing_runs import complete_killed, recorded
from kith.jobs.folder_checks import check_inputs, check_output, standing_outputs
from kith.jobs.looks import DECIDED_AT_ONCE, Look, look_with, notes_on, open_workers, save_look, together
from kith.jobs.output_report import report_row, write_output_report
from kith.jobs.photo_list import Listed, check_that_inputs_are_there, list_photos
from kith.jobs.phrases import (
    display_names,
    filed_notices,
    photo_line,
)
from kith.jobs.settled_photo import SettledPhoto, made_together
from kith.jobs.workers import Workers
from kith.jobs.written_names import WrittenNames
from kith.library.copy_records import CopyRecord, CopyRecords, PlannedOnly
from kith.library.description_queries import Undescribed
from kith.library.paths import FileState
from kith.library.redecision_queries import StoredPhoto
from kith.messages import Action, Do, JobName, Message
from kith.photos.search import PassedOver
from kith.values.decisions import PhotoDecision

NOT_REACHED = "not looked at yet: the run was stopped"


def recognize_folder(
    context: Context, inputs: Sequence[Path], output: Path | None, dry_run: bool = False
) -> Iterator[Event]:
    """Recognise photos and folders of photos; with an `output` folder, file copies there and write its report.

    A dry run files nothing and tells of each photo what would be filed.

    Yields Started, Notice, PhotoDone or PhotoFailed a photo, RecognitionFinished. A photo that hangs on the
    others of its event comes when all photos of its folder are looked at. Stopped early it leaves what is done in
    order, and the next run goes on. Raises BadInput, BadKnowledgeBase, ModelMissing, ModelMismatch and FilingFailed.
    """
    output = output and Path(os.path.abspath(output))  # its copies are known by one spelling of it
    settings, copies, passed_over = context.settings, context.store.copies, PassedOver()
    outputs = standing_outputs(copies)
    check_that_inputs_are_there(inputs)
    check_inputs(inputs, outputs)
    if output:
        check_output(output, settings.dataset_folder, inputs)
        check_report(output / REPORT)
    drawn = list(describe_drawn(context))
    decisions = Decisions(settings, context.store, context.spec)
    knows_bodies = decisions.read().bodies.people.size > 0
    is_filing = output and not dry_run
    # This may move photos out of the input, be it all of them.
    interrupted = complete_killed(context.store, settings, decisions) if is_filing else []
    try:
        listed = list_photos(inputs, settings, outputs, passed_over)
    except BadInput:
        if not interrupted:
            raise
        listed = {}
    run = _Run(context, decisions, output, listed, passed_over, dry_run)
    if output and is_filing:
        prepare_output(copies, output)
    _forget_missing_failures(context, inputs, listed)
    yield Started(JobName.RECOGNIZE_FOLDER, len(listed))
    told = (*not_told_before(context.notices), *decisions.notices(), *filed_notices(passed_over.outputs), *interrupted)
    yield from (*drawn, *(Notice(text) for text in told))
    if context.spec.body_model_id and not knows_bodies:
        yield Notice(Message("The knowledge base knows no bodies yet: ", Do(Action.BUILD_KB), " adds them."))
    photos = [photo.found for photo in listed.values()]
    along = {path: _found(photo.along) for path, photo in listed.items() if photo.along}
    with open_workers(context) as workers, run.recorded():
        for looks in together(look_with(workers, context, photos, along)):
            yield from chain.from_iterable(map(notes_on, looks))
            yield from run.take(looks, workers)
        yield from run.settle_held(workers)
        yield from run.settle_nearly_the_same()
        finished = run.finish()
    yield finished


def _forget_missing_failures(context: Context, inputs: Iterable[Path], listed: Collection[Path]) -> None:
    failures = context.store.failures
    with context.store.transaction():
        for path in inputs:
            failures.drop_missing(Path(os.path.abspath(path)), listed)


@dataclass(slots=True)
class _Run:
    """One run over the listed photos, and what it has come to so far."""

    context: Context
    decisions: Decisions
    output: Path | None
    listed: dict[Path, Listed]
    passed_over: PassedOver
    dry_run: bool = False
    began: float = field(default_factory=time.monotonic)
    rows: dict[Path, ReportRow] = field(default_factory=dict)
    looks: dict[Path, Look] = field(default_factory=dict)  # at what is settled, or waits for the end
    failed: list[PhotoFailed] = field(default_factory=list)
    people: Counter[str] = field(default_factory=Counter)
    unsure: int = 0
    unknown: int = 0
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

    def __post_init__(self) -> None:
        store = self.context.store
        self.copies = FiledCopies(store, self.context.settings)
        self.records = PlannedOnly(store.copies) if self.dry_run else store.copies
        self.written = WrittenNames(store, self.context.settings)
        self.waiting = Counter(map(_folder, self.listed))
        self.once = FiledOnce(store, self.context.settings, self.listed, self.output)
        self._read_persons()

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

    def take(self, looks: Sequence[Look | BadPhoto], workers: Workers) -> Iterator[Event]:
        """Settle photos but for those that hang on others, and what hung on them alone."""
        yield from (self._fail(look) for look in looks if isinstance(look, BadPhoto))
        yield from self._settle([look for look in looks if isinstance(look, Look)], is_complete=False)
        for folder, count in Counter(_folder(look.path) for look in looks).items():
            self.waiting[folder] -= count
            if not self.waiting[folder]:
                yield from self._settle_folder(folder, workers)

    def settle_held(self, workers: Workers) -> Iterator[Event]:
        """Settle what hung on photos that were not reached."""
        for folder in [*self.held]:
            yield from self._settle_folder(folder, workers)

    def settle_nearly_the_same(self) -> Iterator[Event]:
        """Settle photos that are nearly the same as others, the best first."""
        if any(look.facts for look in self.looks.values()):
            self.once.read()
        last = self.once.last({path: _photo(look) for path, look in self.looks.items()})
        for looks in together([self.looks[path] for path in last], DECIDED_AT_ONCE):
            yield from self._settle(looks, is_complete=True)

    def _settle_folder(self, folder: str, workers: Workers) -> Iterator[Event]:
        self._hear_second_opinion(self.asked.pop(folder, {}).values(), workers)
        for looks in together(self.held.get(folder, ()), DECIDED_AT_ONCE):
            yield from self._settle(looks, is_complete=True)
        self.held.pop(folder, None)
        if not self.held:
            self.decisions.evidence.forget()

    def _hear_second_opinion(self, asked: Iterable[Asked], workers: Workers) -> None:
        """Let the second network describe the faces of which the first is not sure, all photos at a time."""
        store, second = self.context.store, self.context.spec.second_opinion
        if not second:
            return
        for photo, described in descriptions(self.context, workers, second, asked):
            faces = photo.faces
            with store.transaction():
                store.descriptions.add(faces, described)
                seen = self.decisions.photos_seen([(faces.photo_id, faces.analysis_id)])
                self.decisions.by_faces(seen)  # for the others of its event

    def _settle(self, looks: Sequence[Look], is_complete: bool) -> Iterator[Event]:
        """Decide and file photos, or hold them back until their folder is complete."""
        if not looks:
            return
        decided = self._decide(looks, is_complete)
        for start in range(0, len(decided), MOST):
            if start and self.context.stop.is_set():
                return  # what is written down so far is filed by the next run
            for photo in self._made_together(decided[start : start + MOST]):
                yield from self._file(photo)

    def _made_together(self, decided: Sequence[SettledPhoto]) -> Sequence[SettledPhoto]:
        if self.dry_run:
            return decided
        return made_together(self.copies, decided)

    def _file(self, decided: SettledPhoto) -> Iterator[Event]:
        path, decision = decided.look.path, decided.decision
        try:
            filed = decided.planned if self.dry_run else decided.filed(self.copies)
        except BadPhoto as error:
            yield self._fail(error)
            return
        notes = () if decided.is_named or self.dry_run else self.written.follow(decided.photo_id)
        yield from (Notice(note) for note in (*filed.notes, *notes))
        if path not in self.rows:
            self._count(decision)
        row = self.rows[path] = self._row(path, decision, filed.copies)
        line = photo_line(row.file, decision, self.names)
        if self.dry_run and self.output:
            line = planned_line(row.file, self.output, decided.all_standing, decided.all_outdated)
        if self.output and not decided.standing:
            line += f" (nearly the same as {self._duplicate_of(path)}, which is filed)"
        yield PhotoDone(len(self.rows), len(self.listed), path, line, row, tuple(row.unsure), decision)

    def _decide(self, looks: Sequence[Look], is_complete: bool) -> list[SettledPhoto]:
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

    def _planned(self, settled: Sequence[tuple[Look, StoredPhoto, PhotoDecision]]) -> list[SettledPhoto]:
        """Write down the copies of decided photos, within the caller's transaction."""
        output = self.output
        if output is None:
            return [SettledPhoto(look, photo.id, decision) for look, photo, decision in settled]
        present = self.records.of_photos([photo.id for _, photo, _ in settled], output)
        filing = self.copies.filing(output, self.folders)
        planned = []
        for look, photo, decision in settled:
            people, taken_at = self.once.people(photo.id, decision.people), photo.case.taken_at
            plan = plan_copies(self.records, filing, photo.id, look.path, taken_at, people, present[photo.id])
            along = [
                (file, *plan_copies(self.records, filing, key, file.path, taken_at, people, self._present(key)))
                for file, key in self._along(look.path, photo.id).items()
            ]
            planned.append(SettledPhoto(look, photo.id, decision, *plan, along=along))
        return self._named(planned)

    def _along(self, path: Path, photo_id: int) -> dict[FileState, int]:
        """Return the files that are filed along with a photo, with the numbers they are known by."""
        files = _found(self.listed[path].along)
        return self.context.store.stacks.files(photo_id, files) if files else {}

    def _present(self, photo_id: int) -> Sequence[CopyRecord]:
        assert self.output
        return self.records.of_photos([photo_id], self.output)[photo_id]

    def _named(self, planned: Sequence[SettledPhoto]) -> list[SettledPhoto]:
        """Mark the photos that nothing is new of, whose files name their people already."""
        same = [one for one in planned if one.look.facts is None and not one.outdated]
        same = [one for one in same if all(copy.sha256 for copy in one.standing)]
        copies = {one.photo_id: len(one.standing) for one in same}
        people = {one.photo_id: [self.called[person] for person in one.decision.people] for one in same}
        named = copies.keys() - self.written.behind(copies, people)
        return [replace(one, is_named=one.photo_id in named) for one in planned]

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

    def _count(self, decision: PhotoDecision) -> None:
        self.people.update(self.names[person] for person in decision.people)
        if decision.people:
            return
        if decision.unsure:
            self.unsure += 1
        else:
            self.unknown += 1

    def _row(self, path: Path, decision: PhotoDecision, copies: Iterable[Path]) -> ReportRow:
        placed = [_below(self.output, copy) for copy in copies] if self.output else ()
        listed = self.listed[path]
        row = report_row(listed.name, decision, self.names, placed)
        return replace(row, other_files=[along.name for along in listed.along])

    def _duplicate_of(self, path: Path) -> str:
        look = self.looks.get(path)
        best = self.once.best(path, _photo(look)) if look else None
        return "" if best is None else self.listed[best].name if best in self.listed else str(best)

    def _told(self, path: Path, row: ReportRow) -> ReportRow:
        duplicate_of = self._duplicate_of(path)
        return replace(row, duplicate_of=duplicate_of) if duplicate_of else row

    def finish(self) -> RecognitionFinished:
        """Write the report, of the whole folder also where the run was stopped, and return the summary."""
        total, done, failed = len(self.listed), len(self.rows), tuple(self.failed)
        known = done - len(failed) - self.unsure - self.unknown
        report = self.output / REPORT if self.output and not self.dry_run else None
        if report:
            missing = {path: ReportRow(photo.name, error=NOT_REACHED) for path, photo in self.listed.items()}
            rows = (missing | self.rows).items()
            told = [self._told(path, row) for path, row in rows]
            reported = {_photo(self.looks[path]) for path in self.rows if path in self.looks}
            write_output_report(self.context.store, self.decisions, self.names, report, told, reported)
        waiting = total - done
        self.context.store.runs.tell(
            {"sure": known, "unsure": self.unsure, "unknown": self.unknown, "failed": len(failed), "waiting": waiting}
        )
        return RecognitionFinished(
            total,
            done,
            self.analysed,
            failed,
            tuple(self.people.most_common()),
            known,
            self.unsure,
            self.unknown,
            time.monotonic() - self.began,
            done < total,
            self.output,
            report,
            self.passed_over.pictures,
        )


def _photo(look: Look) -> int:
    """Return the photo that a look is at, once it is entered."""
    photo_id, _ = look.known or (0, 0)
    return photo_id


def _found(listed: Iterable[Listed]) -> list[Path]:
    return [photo.found for photo in listed if isinstance(photo.found, Path)]


def _folder(path: Path) -> str:
    """Return the folder that a photo lies in: by text, as `_below`."""
    return os.path.dirname(path)  # noqa: PTH120


def _below(output: Path, copy: Path) -> str:
    """Return how the report calls a copy: by text, since taking paths apart is slow."""
    return os.fspath(copy).removeprefix(os.path.join(output, "")).replace(os.sep, "/")  # noqa: PTH118
