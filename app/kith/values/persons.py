"""Somebody the user knows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by the name the user gave; `folders` of the dataset teach them.

    `birth` and `death` are partial dates: YYYY, YYYY-MM or YYYY-MM-DD. A `hidden` person is left out of lists.
    """

    id: int
    name: str
    folders: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    birth: str | None = None
    death: str | None = None
    notes: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    hidden: bool = False

    @property
    def numbered(self) -> str:
        """Name and number, which nobody shares."""
        return f"{self.name} (#{self.id})"
