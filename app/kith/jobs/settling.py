"""Settle a photo, in a run or after a user's word: decide who shows and write that down."""

from collections.abc import Iterator, Sequence

from kith.identity.decision import Decider
from kith.identity.event_evidence import EventEvidence
from kith.library.store import Store
from kith.values.decisions import Evidence, PhotoDecision
from kith.values.links import Link, Source, Word
from kith.values.sightings import Case, Sighting


def decide(
    store: Store, decider: Decider, sightings: Sequence[Sighting], evidence: EventEvidence | None = None
) -> PhotoDecision:
    """Return the decision on a photo and make it all that the machine says, within the caller's transaction.

    Raises ModelMismatch.
    """
    decision = judged(store, decider, sightings, evidence)
    write_down(store, decider, sightings, decision)
    return decision


def judged(
    store: Store, decider: Decider, sightings: Sequence[Sighting], evidence: EventEvidence | None = None
) -> PhotoDecision:
    """Return the decision on a photo with all that is known of it, and write nothing. Raises ModelMismatch.

    Without `evidence` it is judged by itself.
    """
    appearance_id = sightings[0].appearance_id if sightings else 0
    taken_at, ignored = store.gallery.taken_at(appearance_id), store.gallery.ignored(appearance_id)
    links = {seen.appearance_id: store.people.links(seen.appearance_id) for seen in sightings}
    case = Case(sightings, links, taken_at, ignored)
    (decision,) = decider.photos([case])
    photo_id = store.photos.photo_of(appearance_id) if decision.hangs and evidence else None
    if evidence is None or photo_id is None:
        return decision
    return decider.photos([case], [evidence.bodies(photo_id)])[0]


def write_down(store: Store, decider: Decider, sightings: Sequence[Sighting], decision: PhotoDecision) -> None:
    """Make a decision on a photo all that the machine says, within the caller's transaction."""
    links = machine_links(decision, decider)
    store.people.replace_machine_links([seen.appearance_id for seen in sightings], links)


def machine_links(decision: PhotoDecision, decider: Decider) -> Iterator[Link]:
    """Yield the links that a decision comes to, each with the distance or similarity and the model it rests on."""
    for one in decision.appearances:
        if one.person_id is not None and not one.said:
            gallery = decider.faces if one.evidence is Evidence.FACE else decider.bodies
            yield Link(one.appearance_id, one.person_id, Word.IS, Source.MACHINE, one.score, gallery.model_id)
