"""Settle a photo, in a run or after a user's word: decide who shows, write that down, let the copies follow."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from app.filing.copies import make_copy, withdraw
from app.identity.copy_records import CopyRecord, CopyRecords
from app.identity.person_records import Link, Source, Word
from app.identity.photo_records import Sighting
from app.identity.store import Store
from app.identity.verdicts import Evidence, Judge, PhotoVerdict


def decide(store: Store, judge: Judge, sightings: Sequence[Sighting]) -> PhotoVerdict:
    """Return the verdict on a photo and make it all that the machine says, within the caller's transaction.

    Raises ModelMismatch.
    """
    verdict = judge.photo(sightings, store.people.links)
    store.people.replace_machine_links([seen.appearance_id for seen in sightings], _machine_links(verdict))
    return verdict


def _machine_links(verdict: PhotoVerdict) -> Iterator[Link]:
    for one in verdict.appearances:
        if one.person_id is not None and not one.said:
            best = one.face if one.evidence is Evidence.FACE else one.body
            yield Link(one.appearance_id, one.person_id, Word.IS, Source.MACHINE, best[0].value)


def file_copies(
    records: CopyRecords, source: Path, standing: Iterable[CopyRecord], outdated: Iterable[CopyRecord]
) -> tuple[Path, ...]:
    """Make the copies that stand for a verdict, withdraw the others, and return where the former lie.

    Raises BadPhoto and FilingFailed.
    """
    copies = tuple(make_copy(records, record, source) for record in standing)
    for record in outdated:
        withdraw(records, record, source)
    return copies
