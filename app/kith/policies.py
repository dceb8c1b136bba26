"""How a user lets Kith decide and work, where there is a choice."""

from enum import StrEnum


class BodyPolicy(StrEnum):
    """What a body match is good for when the face does not show."""

    SUGGEST = "suggest"
    EVENT = "event"
    ANYWHERE = "anywhere"
    OFF = "off"


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


class Device(StrEnum):
    """What the networks run on."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
