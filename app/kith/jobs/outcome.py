"""What became of something that the user said or changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, in words, which copies could not follow, and what may be worth a second look.

    `settings` are values that the settings file is to have from now on, and everything to be decided by.
    """

    text: str
    problems: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)

    def followed_by(self, other: "Outcome") -> "Outcome":
        """Return what became of two things, one after the other."""
        text = " ".join(filter(None, (self.text, other.text)))
        return Outcome(text, (*self.problems, *other.problems), (*self.hints, *other.hints))
