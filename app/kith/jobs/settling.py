"""Settle a photo, in a run or after a user's word: decide who shows and write that down."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from kith.identity.event_evidence import EventEvidence
from kith.identity.hearing import Case
from kith.identity.person_records import Link, Source, Word
from kith.identity.photo_records import Sighting
from kith.identity.store import Store
from kith.identity.verdicts import Evidence, Judge, PhotoVerdict


def decide(
    store: Store, judge: Judge, sightings: Sequence[Sighting], evidence: EventEvidence | None = None
) -> PhotoVerdict:
    """Return the verdict on a photo and make it all that the machine says, within the caller's transaction.

    Raises ModelMismatch.
    """
    verdict = judged(store, judge, sightings, evidence)
    write_down(store, judge, sightings, verdict)
    return verdict


def judged(
    store: Store, judge: Judge, sightings: Sequence[Sighting], evidence: EventEvidence | None = None
) -> PhotoVerdict:
    """Return the verdict on a photo with all that is known of it, and write nothing. Raises ModelMismatch.

    Without `evidence` it is judged by itself.
    """
    appearance_id = sightings[0].appearance_id if sightings else 0
    taken_at, ignored = store.gallery.taken_at(appearance_id), store.gallery.ignored(appearance_id)
    links = {seen.appearance_id: store.people.links(seen.appearance_id) for seen in sightings}
    case = Case(sightings, links, taken_at, ignored)
    (verdict,) = judge.photos([case])
    photo_id = store.photos.photo_of(appearance_id) if verdict.hangs and evidence else None
    if evidence is None or photo_id is None:
        return verdict
    return judge.photos([replace(case, event=evidence.bodies(photo_id))])[0]


def write_down(store: Store, judge: Judge, sightings: Sequence[Sighting], verdict: PhotoVerdict) -> None:
    """Make a verdict on a photo all that the machine says, within the caller's transaction."""
    links = machine_links(verdict, judge)
    store.people.replace_machine_links([seen.appearance_id for seen in sightings], links)


def machine_links(verdict: PhotoVerdict, judge: Judge) -> Iterator[Link]:
    """Yield the links that a verdict comes to, each with the distance or similarity and the model it rests on."""
    for one in verdict.appearances:
        if one.person_id is not None and not one.said:
            gallery = judge.faces if one.evidence is Evidence.FACE else judge.bodies
            yield Link(one.appearance_id, one.person_id, Word.IS, Source.MACHINE, one.score, gallery.model_id)
