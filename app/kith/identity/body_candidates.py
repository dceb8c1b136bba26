"""Whom the bodies of a photo resemble, nobody twice: what may be said where no face says it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kith.identity.assignment import Claim, assign
from kith.identity.comparison import most_alike_people
from kith.identity.gallery import Gallery
from kith.identity.probes import Probe
from kith.values.decisions import Candidate, Exclusion, Reason

EVENT_TOL = 0.82  # more alike bodies of one event are one person, if the next person is EVENT_MARGIN behind
EVENT_MARGIN = 0.10  # all three: docs/recognition.md
EVENT_SUGGEST = 0.75  # more alike bodies of one event are perhaps one person


@dataclass(frozen=True, slots=True)
class OpenBody:
    """A body that may be one of its `eligible` people; `shown` are the best of all, `out` says who cannot be it."""

    appearance_id: int
    eligible: tuple[Candidate, ...]
    shown: tuple[Candidate, ...] = ()
    out: Mapping[int, Exclusion] | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """Whom a body resembles enough, None where nobody is or somebody else has them; and who cannot be it."""

    given: Candidate | None
    excluded: tuple[Exclusion, ...]


def bank_candidates(
    bank: Gallery, photos: Sequence[Sequence[Probe]], whole_photos: bool
) -> list[dict[int, tuple[Candidate, ...]]]:
    """Return for each photo and body the three most alike people but for whom it cannot be. Raises ModelMismatch.

    A photo where nobody was found counts as a body only with `whole_photos`.
    """
    seen = [[one for one in photo if one.seen.body and (whole_photos or not one.seen.body.weak)] for photo in photos]
    flat = [one for photo in seen for one in photo]
    found = iter(_most_alike(bank, flat, [one.out for one in flat]))
    return [{one.seen.appearance_id: next(found) for one in photo} for photo in seen]


def event_bodies(
    event: Gallery, probes: Sequence[Probe], holders: Mapping[int, int], suggested: Mapping[int, int]
) -> list[OpenBody]:
    """Compare bodies with those of their event.

    `holders` says by person which face of the photo has them, and `suggested` by appearance whom its own face
    suggests: that the body can confirm, not contradict. Raises ModelMismatch.
    """
    own = [one.seen.appearance_id for one in probes]
    taken = [{who: Exclusion(who, Reason.TAKEN, by) for who, by in holders.items() if by != key} for key in own]
    out = [one.out | others for one, others in zip(probes, taken, strict=True)]
    eligible = _most_alike(event, probes, out)
    apart = any(ruled_out.keys() - one.denied for one, ruled_out in zip(probes, out, strict=True))
    shown = _most_alike(event, probes, [one.denied for one in probes]) if apart else eligible
    bodies = [OpenBody(*values) for values in zip(own, eligible, shown, out, strict=True)]
    return [one for one in bodies if suggested.get(one.appearance_id) in (None, *_best(one))]


def without_taken(appearance_id: int, shown: tuple[Candidate, ...], holders: Mapping[int, int]) -> OpenBody:
    """Return a body that may be whom it resembles, but for the people that other appearances have."""
    out = {who: Exclusion(who, Reason.TAKEN, by) for who, by in holders.items() if by != appearance_id}
    return OpenBody(appearance_id, tuple(who for who in shown if who.person_id not in out), shown, out)


def likenesses(bodies: Sequence[OpenBody], reach: float) -> dict[int, Likeness]:
    """Give the bodies of one photo their most alike people one-to-one, if alike by more than `reach`."""
    claims = {
        one.appearance_id: [Claim(who.person_id, 1 - who.value, sure=is_sure(who)) for who in one.eligible[:1]]
        for one in bodies
        if one.eligible and one.eligible[0].value > reach
    }
    given = assign(claims, 1 - reach)
    holders = {person: appearance for appearance, person in given.items()}
    found = {}
    for one in bodies:
        key = one.appearance_id
        out = dict(one.out or {})
        if key not in given:
            out |= {
                claim.person_id: Exclusion(claim.person_id, Reason.TAKEN, holders[claim.person_id])
                for claim in claims.get(key, ())
            }
        near = (who.person_id for who in one.shown or one.eligible if who.value > reach)
        excluded = tuple(out[person] for person in near if person in out)
        found[key] = Likeness(one.eligible[0] if key in given else None, excluded)
    return found


def is_sure(one: Candidate) -> bool:
    """Say whether a body of an event is alike enough, and more than to the next person, to be filed."""
    return one.value > EVENT_TOL and one.margin >= EVENT_MARGIN


def _best(one: OpenBody) -> list[int]:
    return [who.person_id for who in one.eligible[:1]]


def _most_alike(
    gallery: Gallery, probes: Sequence[Probe], never: Sequence[Collection[int]]
) -> list[tuple[Candidate, ...]]:
    seen = [one.seen.body for one in probes if one.seen.body]
    if not seen:
        return []
    foreign = (body.model_id for body in seen if body.model_id != gallery.model_id)
    vectors = np.stack([body.vector for body in seen])
    return most_alike_people(gallery, next(foreign, gallery.model_id), vectors, never)
