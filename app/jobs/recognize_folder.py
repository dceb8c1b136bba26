"""Recognize Folder: say who is in each photo, file copies under their names, write the report."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import BadInput, BadPhoto, command
from app.filing.copies import plan_copies
from app.filing.names import folder_names
from app.filing.report import ReportRow, write_report
from app.identity.copy_records import CopyRecord
from app.identity.verdicts import Judge, PhotoVerdict
from app.jobs.context import Context
from app.jobs.events import Event, Notice, PhotoDone, PhotoFailed, RecognitionFinished, Started
from app.jobs.judging import judge_from
from app.jobs.looking import Look, look_at_photos, save_look
from app.jobs.settling import decide, file_copies
from app.jobs.wording import display_names, first_body, first_face, photo_line, ranking
from app.photos.find import find_photos
from app.settings import Settings

REPORT = "report.csv"
NOT_REACHED = "not looked at yet: the run was stopped"


def recognize_folder(context: Context, inputs: Sequence[Path], output: Path | None) -> Iterator[Event]:
    """Recognise photos and folders of photos; with an `output` folder, file copies there and write its report.

    Yields Started, Notice, PhotoDone or PhotoFailed a photo, RecognitionFinished. Stopped early it leaves what is
    done in order, and the next run goes on. Raises BadInput, BadKnowledgeBase, ModelMissing, ModelMismatch and
    FilingFailed.
    """
    output = output and Path(os.path.abspath(output))  # its copies are known by one spelling of it
    _check_inputs(inputs)
    judge = judge_from(context)
    run = _Run(context, judge, output, list_photos(inputs, context.settings, output))
    yield Started("Recognize Folder", len(run.listed))
    yield from (Notice(text) for text in context.notices)
    if context.spec.body_model_id and not judge.bodies.people.size:
        yield Notice(f"The knowledge base knows no bodies yet: {command('build-kb')} adds them.")
    for look in look_at_photos(context, (photo.found for photo in run.listed.values())):
        yield run.settle(look)
    yield run.finish()


def _check_inputs(inputs: Sequence[Path]) -> None:
    for path in inputs:
        if not os.path.exists(path):
            raise BadInput(
                f"{path} is not there: name a folder of photos, or a photo. Without a name it is the folder that "
                "process_dir in the settings names."
            )


@dataclass(frozen=True, slots=True)
class _Listed:
    """A photo found (or what cannot be listed) and its name in lines and report."""

    found: Path | BadPhoto
    name: str


def list_photos(inputs: Sequence[Path], settings: Settings, output: Path | None) -> dict[Path, _Listed]:
    """Return the photos of all inputs by path, named relative to their input; raises BadInput where there is none."""
    listed: dict[Path, _Listed] = {}
    roots = [Path(os.path.abspath(path)) for path in inputs]
    for root in roots:
        for found in _found(root, settings, output):
            path = found.path if isinstance(found, BadPhoto) else found
            listed[path] = _Listed(found, path.relative_to(_base(root, roots)).as_posix())
    if not listed:
        raise BadInput(
            f"There is no photo in {', '.join(map(str, inputs))}: valid_exts in the settings says what is a photo "
            f"({' '.join(settings.valid_exts)}); hidden files and the output folder are left out."
        )
    return listed


def _base(root: Path, roots: Sequence[Path]) -> Path:
    """Return the folder that names start from: the input itself, or what several inputs have in common."""
    if len(roots) == 1 and os.path.isdir(root):
        return root
    return Path(os.path.commonpath([one.parent for one in roots if one.drive == root.drive]))


def _found(root: Path, settings: Settings, output: Path | None) -> Iterable[Path | BadPhoto]:
    if not os.path.isdir(root):
        return [root]
    leave_out = [output] if output else []
    return find_photos(root, settings.valid_exts, recursive=settings.recursive, leave_out=leave_out)


@dataclass(slots=True)
class _Run:
    """One run over the listed photos, and what it has come to so far."""

    context: Context
    judge: Judge
    output: Path | None
    listed: dict[Path, _Listed]
    began: float = field(default_factory=time.monotonic)
    rows: dict[Path, ReportRow] = field(default_factory=dict)
    failed: list[PhotoFailed] = field(default_factory=list)
    people: Counter[str] = field(default_factory=Counter)
    unsure: int = 0
    unknown: int = 0
    analysed: int = 0
    names: dict[int, str] = field(init=False)
    folders: dict[int | None, str] = field(init=False)

    def __post_init__(self) -> None:
        self._read_persons()

    def _read_persons(self) -> None:
        persons = self.context.store.people.all().values()
        self.names, self.folders = display_names(persons), folder_names(persons)

    def settle(self, look: Look | BadPhoto) -> PhotoDone | PhotoFailed:
        """Decide, store and file one photo."""
        if isinstance(look, BadPhoto):
            return self._fail(look)
        verdict, standing, outdated = self._decide(look)
        try:
            copies = file_copies(self.context.store.copies, look.path, standing, outdated)
        except BadPhoto as error:
            return self._fail(error)
        self._count(verdict)
        row = self.rows[look.path] = self._row(look.path, verdict, copies)
        line = photo_line(row.file, verdict, self.names)
        unsure = tuple(self.names[person] for person in verdict.unsure)
        return PhotoDone(len(self.rows), len(self.listed), look.path, line, row, unsure, verdict)

    def _decide(self, look: Look) -> tuple[PhotoVerdict, list[CopyRecord], list[CopyRecord]]:
        store = self.context.store
        with store.transaction():
            photo_id, sightings, analysed = save_look(store, look, self.context.spec.engine_id)
            verdict = decide(store, self.judge, sightings)
            self.analysed += analysed
            if not self.names.keys() >= set(verdict.people):  # a review beside this run named somebody new
                self._read_persons()
            if self.output is None:
                return verdict, [], []
            people = verdict.people or (None,)
            plan = plan_copies(store.copies, photo_id, look.path.name, people, self.folders, self.output)
            return verdict, *plan

    def _fail(self, error: BadPhoto) -> PhotoFailed:
        name = self.listed[error.path].name if error.path in self.listed else str(error.path)
        self.rows[error.path] = ReportRow(name, error=error.reason)
        failure = PhotoFailed(len(self.rows), len(self.listed), error.path, error.reason)
        self.failed.append(failure)
        return failure

    def _count(self, verdict: PhotoVerdict) -> None:
        self.people.update(self.names[person] for person in verdict.people)
        if not verdict.people:
            self.unsure += bool(verdict.unsure)
            self.unknown += not verdict.unsure

    def _row(self, path: Path, verdict: PhotoVerdict, copies: Iterable[Path]) -> ReportRow:
        face, body = first_face(verdict), first_body(verdict)
        return ReportRow(
            self.listed[path].name,
            [self.names[person] for person in verdict.people],
            verdict.evidence,
            verdict.faces,
            ranking(face.face, self.names) if face else (),
            ranking(body.body, self.names) if body else (),
            [copy.relative_to(self.output).as_posix() for copy in copies] if self.output else (),
        )

    def finish(self) -> RecognitionFinished:
        """Write the report, of the whole folder also where the run was stopped, and return the summary."""
        done = len(self.rows)
        report = self.output / REPORT if self.output else None
        if report:
            missing = (
                ReportRow(photo.name, error=NOT_REACHED) for path, photo in self.listed.items() if path not in self.rows
            )
            write_report(report, [*self.rows.values(), *missing])
        return RecognitionFinished(
            len(self.listed),
            done,
            self.analysed,
            tuple(self.failed),
            tuple(self.people.most_common()),
            done - len(self.failed) - self.unsure - self.unknown,
            self.unsure,
            self.unknown,
            time.monotonic() - self.began,
            done < len(self.listed),
            self.output,
            report,
        )
