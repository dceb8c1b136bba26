"""Copies that an earlier run filed of photos for which a better one of nearly the same is filed now."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kith.filing.report import ReportRow
from kith.jobs.decisions import Decisions
from kith.jobs.filed_copies import FiledCopies
from kith.jobs.filed_once import FiledOnce
from kith.jobs.output_report import report_row
from kith.jobs.written_names import WrittenNames
from kith.library.copy_records import CopyRecord
from kith.library.paths import FileState


@dataclass(frozen=True, slots=True)
class LesserCopies:
    """Takes them back, or with `dry_run` only tells so."""

    copies: FiledCopies
    written: WrittenNames
    decisions: Decisions
    names: Mapping[int, str]
    once: FiledOnce
    dry_run: bool

    def taken_back(self, settled: Collection[int]) -> Iterator[tuple[list[str], ReportRow]]:
        """Take the copies back, now that these photos are settled, and yield what to say and the photo's row.

        Raises BadPhoto and FilingFailed.
        """
        for photo_id, outdated in self.once.outdone(settled):
            if original := self.copies.original(photo_id):
                better = self.once.better(original.path, photo_id)
                yield self._withdrawn(photo_id, original, outdated, better)

    def _withdrawn(
        self, photo_id: int, original: FileState, outdated: Sequence[CopyRecord], better: str
    ) -> tuple[list[str], ReportRow]:
        notes = [f"{original.path} is nearly the same as {better}, which is filed now: its copies are taken back."]
        if not self.dry_run:
            notes += self.copies.file_photo(original, (), outdated).notes
            notes += self.written.follow(photo_id)
        (decision,) = self.decisions.by_faces(self.decisions.photos([photo_id]))
        row = report_row(str(original.path), decision, self.names, ())
        return notes, replace(row, duplicate_of=better)
