"""Who says that an appearance is, or is not, which person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    """What a link says."""

    IS = "is"
    IS_NOT = "is_not"


class Source(StrEnum):
    """Who says it."""

    DATASET = "dataset"
    USER = "user"
    MACHINE = "machine"


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
