"""How a user lets Kith decide and file, where there is a choice."""

from enum import StrEnum
from string import Formatter

DATE_FIELDS = ("year", "month", "day")
PLACE_FIELDS = ("person", *DATE_FIELDS)


class BodyPolicy(StrEnum):
    """What a body match is good for when the face does not show."""

    SUGGEST = "suggest"
    EVENT = "event"
    ANYWHERE = "anywhere"
    OFF = "off"


class FileAs(StrEnum):
    """What is filed of a photo: a copy, a link to it, or the photo itself, moved."""

    COPY = "copy"
    HARD_LINK = "hard link"
    SYMBOLIC_LINK = "symbolic link"
    MOVE = "move"


def place_problem(pattern: str) -> str:
    """Return why a pattern of folders, such as `{person}/{year}`, is of no use; empty where it is of some."""
    try:
        parts = list(Formatter().parse(pattern))
    except ValueError:
        parts = [("", "", "", "")]
    fields = [field for _, field, *_ in parts if field is not None]
    if not {*fields} <= {*PLACE_FIELDS} or any(form or conversion for *_, form, conversion in parts):
        return f"it may have the fields {', '.join(f'{{{field}}}' for field in PLACE_FIELDS)} and plain text"
    plain = pattern.format(**dict.fromkeys(PLACE_FIELDS, "x"))
    if "person" not in fields:
        return "it has no {person}, so that nobody's photos would be told apart"
    if any(part.strip(". ") != part or not part for part in plain.split("/")):
        return "each folder needs a name that neither begins nor ends with a point or a blank"
    if any(sign in plain for sign in '\\:*?"<>|') or not plain.isprintable():
        return "it has signs that not every disk takes"
    return ""


class NamesIn(StrEnum):
    """Where the names of a photo's people are written for other programs."""

    OFF = "off"
    COPIES = "copies"  # sidecars of the filed copies
    COPIES_EMBEDDED = "copies_embedded"
    PHOTOS = "photos"  # sidecars of the photos too
    PHOTOS_EMBEDDED = "photos_embedded"

    @property
    def are_with_photos(self) -> bool:
        """Whether they are written to the photos themselves or beside them, not only to their copies."""
        return self in (NamesIn.PHOTOS, NamesIn.PHOTOS_EMBEDDED)

    @property
    def are_embedded(self) -> bool:
        """Whether they are written into files that can carry them."""
        return self in (NamesIn.COPIES_EMBEDDED, NamesIn.PHOTOS_EMBEDDED)


class Duplicates(StrEnum):
    """What becomes of photos that are nearly the same as a better one."""

    FILE_ONCE = "file once"
    FILE_ALL = "file all"


class Executor(StrEnum):
    """Who looks at photos."""

    LOCAL = "local"
    DASK = "dask"


class Device(StrEnum):
    """What the networks run on."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
