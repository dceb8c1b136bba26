"""Who an appearance is decided to be, and on what grounds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from kith.values.links import Link


class Reason(StrEnum):
    """The rule that decided on an appearance, or that keeps a person from being it."""

    SAID_BY_USER = "said by user"
    SAID_BY_DATASET = "said by dataset"
    ACCEPTED = "accepted"
    TOO_FAR = "too far"
    UNSURE = "unsure"  # likely enough to be suggested, not to be sure
    MARGIN = "margin too small"
    BLURRED = "blurred"
    TAKEN = "taken by another face"
    BEFORE_BIRTH = "before birth"
    AFTER_DEATH = "after death"
    DENIED = "denied"
    IGNORED = "ignored"
    NOT_MEASURED = "certainty not measured"
    OTHER_MODEL = "described by another face model"
    NO_FACE = "no face"
    BODY_ACCEPTED = "body accepted"
    BODY_SUGGESTED = "body suggested"
    BODY_EVENT = "body accepted within the event"
    BODY_EVENT_SUGGESTED = "body suggested within the event"


BODY_REASONS = frozenset(
    {Reason.BODY_ACCEPTED, Reason.BODY_SUGGESTED, Reason.BODY_EVENT, Reason.BODY_EVENT_SUGGESTED}
)  # the body decided or suggests


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A person who cannot be it: `by` is the appearance that excludes them.

    That is who was given the person (TAKEN), or whom the user denied to be the person (DENIED).
    """

    person_id: int
    reason: Reason
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person with their distance (face) or similarity (body), and how far the next person is behind (`margin`).

    `samples` says on how many of their samples the value rests, `nearest` is the appearance of the most alike one.
    `certainty` is the probability that a face is they: None of bodies, and of models that are not calibrated.
    """

    person_id: int
    value: float
    margin: float
    samples: int
    nearest: int
    certainty: float | None = None


class Evidence(StrEnum):
    """What a decision rests on."""

    FACE = "face"
    BODY = "body"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Decision:
    """Who an appearance is: `person_id` where decided, `suggested` where only unsure, and the rule that says so.

    `face` and `body` are the three best people by distance and by similarity, empty without such an observation;
    `excluded` are those of them who would have been decided on or suggested but cannot be it, and whom the user denied
    here; `score` is the distance or similarity of whom the machine decided on or suggests; `said` tells that user or
    dataset said it, not the machine; `open` that the face leaves it to the body and the other photos of the event.
    `standing` is what the machine said by another face model than today's, and stays until the photo is looked at anew.
    `asks` says that a second opinion on the face may decide; `moment` is when a video shows it, in milliseconds.
    """

    appearance_id: int
    has_face: bool
    face: tuple[Candidate, ...] = ()
    body: tuple[Candidate, ...] = ()
    person_id: int | None = None
    suggested: int | None = None
    evidence: Evidence = Evidence.NONE
    blurred: bool = False
    said: bool = False
    reason: Reason = Reason.NO_FACE
    excluded: tuple[Exclusion, ...] = ()
    score: float | None = None
    open: bool = False
    standing: Link | None = None
    asks: bool = False
    moment: int | None = None


@dataclass(frozen=True)
class PhotoDecision:
    """The decisions of a photo's appearances, the largest face first."""

    appearances: tuple[Decision, ...]

    @cached_property
    def people(self) -> tuple[int, ...]:
        """The people decided on, each once."""
        return _once(decision.person_id for decision in self.appearances)

    @cached_property
    def unsure(self) -> tuple[int, ...]:
        """The people suggested only."""
        suggested = _once(decision.suggested for decision in self.appearances)
        return tuple(person for person in suggested if person not in self.people)

    @cached_property
    def deciding_faces(self) -> Sequence[Decision]:
        """The faces that speak for the photo: who is somebody, else who may be somebody, else the largest."""
        faces = [decision for decision in self.appearances if decision.has_face]
        return _decided(faces) or _suggested(faces) or faces[:1]

    @property
    def other_faces(self) -> Sequence[Decision]:
        """The other faces, the largest first."""
        deciding = {face.appearance_id for face in self.deciding_faces}
        return [face for face in self.appearances if face.has_face and face.appearance_id not in deciding]

    @cached_property
    def deciding_bodies(self) -> Sequence[Decision]:
        """The bodies that speak for the photo: who is somebody by it, else may be somebody, else the most alike."""
        bodies = [decision for decision in self.appearances if decision.body]
        by_body = [body for body in bodies if body.reason in BODY_REASONS]
        most_alike = sorted(bodies, key=lambda body: -body.body[0].value)[:1]
        return _decided(by_body) or _suggested(by_body) or most_alike

    @property
    def evidence(self) -> Evidence:
        """What the photo's people rest on."""
        found = {decision.evidence for decision in self.appearances if decision.person_id is not None}
        if Evidence.FACE in found:
            return Evidence.FACE
        return Evidence.BODY if Evidence.BODY in found else Evidence.NONE

    @property
    def hangs(self) -> bool:
        """Whether it may come out otherwise when the other photos of its event are known."""
        return any(decision.open for decision in self.appearances)

    @property
    def faces(self) -> int:
        """How many faces show."""
        return sum(decision.has_face for decision in self.appearances)


def _decided(decisions: Sequence[Decision]) -> list[Decision]:
    return [decision for decision in decisions if decision.person_id is not None]


def _suggested(decisions: Sequence[Decision]) -> list[Decision]:
    return [decision for decision in decisions if decision.suggested is not None]


def _once(people: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(person for person in people if person is not None))
