"""Which photos somebody wants to see."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class PhotoState(StrEnum):
    """What recognising came to: somebody surely known, somebody perhaps, nobody at all, or a file that is no photo;
    or that others are the same, exactly or nearly.
    """

    SURE = "sure"
    UNSURE = "unsure"
    UNKNOWN = "unknown"
    FAILED = "failed"
    DUPLICATES = "duplicates"


@dataclass(frozen=True, slots=True)
class PhotoFilter:
    """Photos with all of some people, any of others and none of others, all by number.

    They are taken from the first to the last moment of two partial dates, lie below `folder`, and are found by `text`
    (jobs.search_text). Of the unsure ones those count as shown who are suggested.
    """

    all_of: Sequence[int] = ()
    any_of: Sequence[int] = ()
    none_of: Sequence[int] = ()
    state: PhotoState | None = None
    folder: Path | None = None
    since: str = ""
    until: str = ""
    text: str = ""
