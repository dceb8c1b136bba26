"""What is asked of photos, as a tree: who shows, where they lie, when and by what they were taken."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kith.values.photo_filter import PhotoState


@dataclass(frozen=True, slots=True)
class Shows:
    """Any of these people shows, by number; where `perhaps`, also who is only suggested."""

    people: tuple[int, ...]
    perhaps: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A text is in the path, or in the name of somebody who shows; `people` are those whose name it is in."""

    text: str
    people: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """Taken from the first moment of a partial date to the last one of another; an empty one is no bound."""

    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Below:
    """Lies in a folder, or in one within it."""

    folder: Path


@dataclass(frozen=True, slots=True)
class InFolder:
    """Lies in, or below, some folder of this name, or of such names with slashes between them: `2019/Italy`."""

    name: str


@dataclass(frozen=True, slots=True)
class Faces:
    """Shows so many faces; without `most`, or more."""

    least: int
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Camera:
    """Was taken by a camera whose name has this in it."""

    text: str


@dataclass(frozen=True, slots=True)
class InState:
    """Recognising came to this; where somebody is to be unsure, all suggested people count beside it."""

    state: PhotoState


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each of the conditions holds; of none, any photo."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the conditions holds at least."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    part: "Condition"


Condition = Shows | Words | Taken | Below | InFolder | Faces | Camera | InState | AllOf | AnyOf | Not


def all_parts(condition: Condition) -> Iterator[Condition]:
    """Return a condition and all that it is made of."""
    yield condition
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from all_parts(part)
        case Not(part):
            yield from all_parts(part)
