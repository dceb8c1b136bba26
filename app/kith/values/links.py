"""Who says that an appearance is, or is not, which person."""

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Link:
    """A word about an appearance; `score` and `model_id` are the machine's grounds."""

    appearance_id: int
    person_id: int
    word: Word
    source: Source
    score: float | None = None
    model_id: str | None = None


def said_to_be(links: Sequence[Link]) -> int | None:
    """Return whom user or dataset named, the user before the dataset, and nobody whom the user excluded."""
    denied = {link.person_id for link in links if link.word is Word.IS_NOT and link.source is Source.USER}
    for source in (Source.USER, Source.DATASET):
        for link in links:
            if link.source is source and link.word is Word.IS and link.person_id not in denied:
                return link.person_id
    return None
