"""How a user lets Kith decide, where there is a choice."""

from enum import StrEnum


class BodyPolicy(StrEnum):
    """What a body match is good for when the face does not show."""

    SUGGEST = "suggest"
    EVENT = "event"
    ANYWHERE = "anywhere"
    OFF = "off"
