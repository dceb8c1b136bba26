"""Whom the bodies of a photo resemble, nobody twice: what may be said where no face says it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

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
    shown: tuple[Candidate, ...]
    out: Mapping[int, Exclusion]

    @property
    def best(self) -> Candidate | None:
        """The person it resembles most of those it may be."""
        return next(iter(self.eligible), None)


@dataclass(frozen=True, slots=True)
class BodyMatch:
    """Whom a body is `given`, None where nobody is alike enough or another appearance has them; and who cannot be it.

    `candidates` are the people it may be.
    """

    given: Candidate | None
    excluded: tuple[Exclusion, ...]
    candidates: tuple[Candidate, ...]


def bank_candidates(
    bank: Gallery, photos: Sequence[Sequence[Probe]], whole_photos: bool
) -> list[dict[int, tuple[Candidate, ...]]]:
    """Return for each photo and body the three most alike people but for whom it cannot be. Raises ModelMismatch.

    A photo where nobody was found counts as a body only with `whole_photos`.
    """
    with_body = [[probe for probe in probes if _has_body(probe, whole_photos)] for probes in photos]
    flat = list(chain.from_iterable(with_body))
    out = [probe.out for probe in flat]
    found = iter(_most_alike(bank, flat, out))
    return [{probe.appearance_id: next(found) for probe in probes} for probes in with_body]


def _has_body(probe: Probe, whole_photos: bool) -> bool:
    body = probe.seen.body
    return body is not None and (whole_photos or not body.weak)


@dataclass(frozen=True, slots=True)
class Asked:
    """A photo's bodies that are asked for in its event.

    `holders` says by person which face of the photo has them, and `suggested` by appearance whom its own face
    suggests: that the body can confirm, not contradict.
    """

    probes: Sequence[Probe]
    holders: Mapping[int, int]
    suggested: Mapping[int, int]


def event_bodies(event: Gallery, photos: Sequence[Asked]) -> list[list[OpenBody]]:
    """Compare the bodies of photos with those of their event, all at once. Raises ModelMismatch."""
    probes = [probe for photo in photos for probe in photo.probes]
    denied = [probe.denied for probe in probes]
    out = [probe.out | _taken_from(probe.appearance_id, photo.holders) for photo in photos for probe in photo.probes]
    eligible = shown = _most_alike(event, probes, out)
    if any(excluded.keys() - said for excluded, said in zip(out, denied, strict=True)):
        shown = _most_alike(event, probes, denied)
    keys = [probe.appearance_id for probe in probes]
    bodies = iter(OpenBody(*columns) for columns in zip(keys, eligible, shown, out, strict=True))
    return [
        [body for body in islice(bodies, len(photo.probes)) if _may_be(body, photo.suggested.get(body.appearance_id))]
        for photo in photos
    ]


def _may_be(body: OpenBody, suggested: int | None) -> bool:
    if suggested is None:
        return True
    best = body.best
    return best is not None and best.person_id == suggested


def without_taken(appearance_id: int, shown: tuple[Candidate, ...], holders: Mapping[int, int]) -> OpenBody:
    """Return a body that may be whom it resembles, but for the people that other appearances have."""
    out = _taken_from(appearance_id, holders)
    eligible = tuple(candidate for candidate in shown if candidate.person_id not in out)
    return OpenBody(appearance_id, eligible, shown, out)


def _taken_from(appearance_id: int, holders: Mapping[int, int]) -> dict[int, Exclusion]:
    """Return the people that other appearances have."""
    out = {}
    for person, holder in holders.items():
        if holder != appearance_id:
            out[person] = Exclusion(person, Reason.TAKEN, holder)
    return out


def body_matches(bodies: Sequence[OpenBody], reach: float) -> dict[int, BodyMatch]:
    """Give the bodies of one photo their most alike people one-to-one, if alike by more than `reach`."""
    claims = {}
    for body in bodies:
        best = body.best
        if best and best.value > reach:
            claims[body.appearance_id] = [_claim(best)]
    given = assign(claims, 1 - reach)
    holders = {person: appearance for appearance, person in given.items()}
    matches = {}
    for body in bodies:
        key = body.appearance_id
        out = dict(body.out)
        best = body.best if key in given else None
        if best is None:
            for claim in claims.get(key, ()):
                person = claim.person_id
                out[person] = Exclusion(person, Reason.TAKEN, holders[person])
        near = [candidate.person_id for candidate in body.shown if candidate.value > reach]
        excluded = tuple(out[person] for person in near if person in out)
        matches[key] = BodyMatch(best, excluded, body.eligible)
    return matches


def _claim(candidate: Candidate) -> Claim:
    return Claim(candidate.person_id, 1 - candidate.value, sure=is_sure(candidate))


def is_sure(candidate: Candidate) -> bool:
    """Say whether a body of an event is alike enough, and more than to the next person, to be filed."""
    return candidate.value > EVENT_TOL and candidate.margin >= EVENT_MARGIN


def _most_alike(
    gallery: Gallery, probes: Sequence[Probe], never: Sequence[Collection[int]]
) -> list[tuple[Candidate, ...]]:
    bodies = [probe.seen.body for probe in probes if probe.seen.body]
    if not bodies or not len(gallery):
        return [()] * len(bodies)
    own = gallery.model_id
    foreign = (body.model_id for body in bodies if body.model_id != own)
    vectors = np.stack([body.vector for body in bodies])
    return most_alike_people(gallery, next(foreign, own), vectors, never)
