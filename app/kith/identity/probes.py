"""Before the decision: whom each face of a photo resembles, and who is out of the question for it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kith.identity.exclusions import Life, denied_by
from kith.identity.gallery import Gallery
from kith.identity.matching import check_same_model, nearest_people
from kith.values.decisions import Candidate, Exclusion, Reason
from kith.values.links import Source, accepted_link, denied_by_user
from kith.values.sightings import Case, Sighting

_SAID_BY = {Source.USER: Reason.SAID_BY_USER, Source.DATASET: Reason.SAID_BY_DATASET}


@dataclass(slots=True)
class Probe:
    """An appearance being judged.

    `said` is whom user or dataset named, and who of them; `denied` whom the user said it is not; `out` everybody it
    cannot be. `shown` are the three nearest people but for `denied`, `eligible` the three nearest but for `out`.
    """

    seen: Sighting
    said: tuple[int, Reason] | None
    denied: set[int]
    ignored: bool
    out: dict[int, Exclusion] = field(default_factory=dict)
    shown: tuple[Candidate, ...] = ()
    eligible: tuple[Candidate, ...] = ()

    @property
    def undecided(self) -> bool:
        """Whether the face is the machine's to decide."""
        return self.seen.face is not None and self.said is None and not self.ignored


def probes_of(case: Case, lives: Mapping[int, Life]) -> list[Probe]:
    """Return a photo's appearances, the largest face first, with who is out of the question without a comparison."""
    ordered = sorted(case.sightings, key=lambda seen: -seen.face.pixels if seen.face else 0)
    probes = [_probe(seen, case) for seen in ordered]
    dates = {person: life.rules_out(case.taken_at) for person, life in lives.items()} if case.taken_at else {}
    impossible = {person: Exclusion(person, reason) for person, reason in dates.items() if reason}
    named = {one.said[0]: one.seen.appearance_id for one in probes if one.said}
    taken = {person: Exclusion(person, Reason.TAKEN, by) for person, by in named.items()}
    for one in probes:
        denied = {person: Exclusion(person, Reason.DENIED, one.seen.appearance_id) for person in one.denied}
        one.out = impossible | taken | denied
    return probes


def _probe(seen: Sighting, case: Case) -> Probe:
    links = case.links[seen.appearance_id]
    link = accepted_link(links, (*_SAID_BY,))
    said = (link.person_id, _SAID_BY[link.source]) if link else None
    return Probe(seen, said, denied_by_user(links), seen.appearance_id in case.ignored)


def compare(faces: Gallery, denied: Gallery, probes: Sequence[Probe]) -> None:
    """Find whom the faces resemble, and who of those can be it. Raises ModelMismatch."""
    seen = [one for one in probes if one.seen.face]
    for one, shown in zip(seen, _nearest(faces, seen, [probe.denied for probe in seen]), strict=True):
        one.shown = one.eligible = shown
    open_ = [one for one in seen if one.undecided]
    while open_:  # whoever is ruled out makes room for others, who may be ruled out as well
        for one in open_:
            exclusions = (_exclusion(denied, one, candidate) for candidate in one.eligible)
            one.out |= {exclusion.person_id: exclusion for exclusion in exclusions if exclusion}
        open_ = [one for one in open_ if any(candidate.person_id in one.out for candidate in one.eligible)]
        for one, eligible in zip(open_, _nearest(faces, open_, [probe.out for probe in open_]), strict=True):
            one.eligible = eligible


def _exclusion(denied: Gallery, probe: Probe, candidate: Candidate) -> Exclusion | None:
    assert probe.seen.face
    by = denied_by(denied, candidate, probe.seen.face.vector)
    return None if by is None else Exclusion(candidate.person_id, Reason.DENIED, by)


def _nearest(
    faces: Gallery, probes: Sequence[Probe], never: Sequence[Collection[int]]
) -> Sequence[tuple[Candidate, ...]]:
    seen = [one.seen.face for one in probes if one.seen.face]
    for model_id, length in {(face.model_id, len(face.vector)) for face in seen}:
        check_same_model(faces, model_id, length)
    if not seen or not len(faces):
        return [()] * len(seen)
    return nearest_people(faces, faces.model_id, np.stack([face.vector for face in seen]), never)
