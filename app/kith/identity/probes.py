"""Before the decision: whom each face of a photo resembles, and who cannot be it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kith.identity.comparison import Quality, check_same_model, nearest_people
from kith.identity.exclusions import Life, denied_by
from kith.identity.gallery import Gallery
from kith.values.calibration import Calibration
from kith.values.decisions import Candidate, Exclusion, Reason
from kith.values.links import Link, Source, accepted_link, denied_by_user
from kith.values.sightings import Case, Sighting

_SAID_BY = {Source.USER: Reason.SAID_BY_USER, Source.DATASET: Reason.SAID_BY_DATASET}


@dataclass(slots=True)
class Probe:
    """An appearance to decide on.

    `said` is whom user or dataset named, and who of them; `denied` whom the user said it is not; `out` everybody it
    cannot be. `shown` are the three nearest people but for `denied`, `eligible` the three nearest but for `out`. A face
    that another model described is not comparable: what the machine said by that one stands.
    """

    seen: Sighting
    said: tuple[int, Reason] | None
    denied: set[int]
    ignored: bool
    out: dict[int, Exclusion] = field(default_factory=dict)
    shown: tuple[Candidate, ...] = ()
    eligible: tuple[Candidate, ...] = ()
    is_comparable: bool = True
    standing: Link | None = None

    @property
    def appearance_id(self) -> int:
        """The appearance that was seen."""
        return self.seen.appearance_id

    @property
    def moment(self) -> int | None:
        """When it is seen in a video, at no other moment of which it takes anybody's place."""
        return self.seen.face.box.moment if self.seen.face else None

    @property
    def undecided(self) -> bool:
        """Whether the face is the machine's to decide."""
        if self.seen.face is None or self.ignored or not self.is_comparable:
            return False
        return self.said is None


def probes_of(case: Case, lives: Mapping[int, Life], model_id: str) -> list[Probe]:
    """Return a photo's appearances, the largest face first, with who cannot be it whatever a comparison says.

    Comparable are the faces that the model of that id described.
    """
    ordered = sorted(case.sightings, key=lambda seen: -seen.face.pixels if seen.face else 0)
    probes = [_probe(seen, case, model_id) for seen in ordered]
    impossible = _impossible(case.taken_at, lives)
    taken: defaultdict[int | None, dict[int, Exclusion]] = defaultdict(dict)
    for probe in probes:
        if probe.said:
            person, _ = probe.said
            taken[probe.moment][person] = Exclusion(person, Reason.TAKEN, probe.appearance_id)
    for probe in probes:
        key = probe.appearance_id
        denied = {person: Exclusion(person, Reason.DENIED, key) for person in probe.denied}
        probe.out = impossible | taken[probe.moment] | denied
        if not probe.is_comparable and not probe.said and not probe.ignored:
            links = case.links[key]
            probe.standing = next((link for link in links if _stands(link, probe.out)), None)
    return probes


def _stands(link: Link, out: Collection[int]) -> bool:
    return link.source is Source.MACHINE and link.person_id not in out


def _impossible(taken_at: str | None, lives: Mapping[int, Life]) -> dict[int, Exclusion]:
    """Return whom the date of a photo rules out."""
    if not taken_at:
        return {}
    impossible = {}
    for person, life in lives.items():
        reason = life.rules_out(taken_at)
        if reason:
            impossible[person] = Exclusion(person, reason)
    return impossible


def _probe(seen: Sighting, case: Case, model_id: str) -> Probe:
    key = seen.appearance_id
    links = case.links[key]
    link = accepted_link(links, (*_SAID_BY,))
    said = (link.person_id, _SAID_BY[link.source]) if link else None
    is_comparable = seen.face is None or seen.face.model_id == model_id
    return Probe(seen, said, denied_by_user(links), ignored=key in case.ignored, is_comparable=is_comparable)


def compare(faces: Gallery, denied: Gallery, probes: Sequence[Probe], calibration: Calibration | None) -> None:
    """Find whom the faces resemble, how sure that is by the calibration, and who of those can be it.

    Raises ModelMismatch.
    """
    with_face = [probe for probe in probes if probe.seen.face and probe.is_comparable]
    never = [probe.denied for probe in with_face]
    shown = _nearest(faces, with_face, never, calibration)
    for probe, candidates in zip(with_face, shown, strict=True):
        probe.shown = probe.eligible = candidates
    unsettled = [probe for probe in with_face if probe.undecided]
    while unsettled:  # whoever is excluded makes room for others, who may be excluded as well
        for probe in unsettled:
            _exclude_denied(probe, denied)
        unsettled = [probe for probe in unsettled if _has_excluded(probe)]
        out = [probe.out for probe in unsettled]
        eligible = _nearest(faces, unsettled, out, calibration)
        for probe, candidates in zip(unsettled, eligible, strict=True):
            probe.eligible = candidates


def _exclude_denied(probe: Probe, denied: Gallery) -> None:
    """Exclude those candidates of whom the user said that a face nearer to this one is not they."""
    face = probe.seen.face
    assert face
    for candidate in probe.eligible:
        appearance = denied_by(denied, candidate, face.vector)
        if appearance is not None:
            person = candidate.person_id
            probe.out[person] = Exclusion(person, Reason.DENIED, appearance)


def _has_excluded(probe: Probe) -> bool:
    return any(candidate.person_id in probe.out for candidate in probe.eligible)


def _nearest(
    faces: Gallery, probes: Sequence[Probe], never: Sequence[Collection[int]], calibration: Calibration | None
) -> Sequence[tuple[Candidate, ...]]:
    seen = [probe.seen.face for probe in probes if probe.seen.face]
    for model_id, length in {(face.model_id, len(face.vector)) for face in seen}:
        check_same_model(faces, model_id, length)
    if not seen or not len(faces):
        return [()] * len(seen)
    vectors = np.stack([face.vector for face in seen])
    return nearest_people(faces, faces.model_id, vectors, never, Quality.of(seen, calibration))
