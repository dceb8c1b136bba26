"""Who says that an appearance is, or is not, which person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isclose


class Word(StrEnum):
    """What a link says."""

    IS = "is"
    IS_NOT = "is_not"


class Source(StrEnum):
    """Who says it."""

    DATASET = "dataset"
    USER = "user"
    MACHINE = "machine"


SAME_SCORE = 1e-6  # a batch of another size rounds otherwise, most of all near 0
PRECEDENCE = (Source.USER, Source.DATASET, Source.MACHINE)  # whose word counts before whose


@dataclass(frozen=True, slots=True)
class Link:
    """A word about an appearance; `score` and `model_id` are the machine's grounds."""

    appearance_id: int
    person_id: int
    word: Word
    source: Source
    score: float | None = None
    model_id: str | None = None


def denied_by_user(links: Iterable[Link]) -> set[int]:
    """Return who the user said it is not."""
    return {link.person_id for link in links if link.source is Source.USER and link.word is Word.IS_NOT}


def accepted_link(links: Sequence[Link], sources: Sequence[Source] = PRECEDENCE) -> Link | None:
    """Return the word of these sources that says who it is: the first source's before the next one's.

    None where they name nobody but whom the user excluded.
    """
    denied = denied_by_user(links)
    named = [link for link in links if link.word is Word.IS and link.person_id not in denied]
    wanted = [link for link in named if link.source in sources]
    return min(wanted, key=lambda link: sources.index(link.source), default=None)


def said_to_be(links: Sequence[Link]) -> int | None:
    """Return whom user or dataset named, and nobody whom the user excluded."""
    link = accepted_link(links, (Source.USER, Source.DATASET))
    return link.person_id if link else None


def known_as(links: Sequence[Link]) -> int | None:
    """Return who it is by all that is said, and nobody whom the user excluded."""
    link = accepted_link(links)
    return link.person_id if link else None


def replaced(present: Iterable[Link], wanted: Iterable[Link]) -> tuple[list[Link], list[Link]]:
    """Return which of the machine's links are to be taken away, and which to be made or changed."""
    before, after = _by_place(present), _by_place(wanted)
    outdated = [link for place, link in before.items() if place not in after]
    return outdated, [link for place, link in sorted(after.items()) if not _says_same(link, before.get(place))]


def _by_place(links: Iterable[Link]) -> dict[tuple[int, int], Link]:
    """Return links by what they are about: appearance and person."""
    return {(link.appearance_id, link.person_id): link for link in links}


def _says_same(link: Link, other: Link | None) -> bool:
    if other is None or (link.word, link.model_id) != (other.word, other.model_id):
        return False
    score, other_score = link.score, other.score
    if score is None or other_score is None:
        return score is other_score
    return isclose(score, other_score, abs_tol=SAME_SCORE)
