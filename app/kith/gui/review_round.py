"""A round of questions about unknown faces: which one is asked, and what the answers came to."""

from collections.abc import Sequence

from kith.library.review_queries import Unknown
from kith.text import counted


class ReviewRound:
    """Goes through unknown faces one by one, back and forth, and counts those that have a name now."""

    def __init__(self, unknowns: Sequence[Unknown] = ()) -> None:
        self.unknowns = unknowns
        self._at = 0
        self._named: set[Unknown] = set()

    @property
    def is_empty(self) -> bool:
        """Whether there is nobody to ask about."""
        return not self.unknowns

    @property
    def is_at_first(self) -> bool:
        """Whether there is no face before this one."""
        return self._at == 0

    @property
    def current(self) -> Unknown | None:
        """The face whose turn it is; None behind the last one."""
        return self.unknowns[self._at] if self._at < len(self.unknowns) else None

    @property
    def place(self) -> str:
        """Which face of how many it is, in words."""
        return f"Face {self._at + 1} of {len(self.unknowns)}"

    def move(self, step: int) -> bool:
        """Go on, or back; False where there is nothing, one place behind the last face being the end."""
        at = self._at + step
        if not 0 <= at <= len(self.unknowns):
            return False
        self._at = at
        return True

    def turn_to(self, unknown: Unknown) -> None:
        """Ask about a face again."""
        self._at = self.unknowns.index(unknown)

    def count(self, unknown: Unknown, *, is_named: bool) -> None:
        """Take down whether a face has a name now."""
        if is_named:
            self._named.add(unknown)
        else:
            self._named.discard(unknown)

    def summary(self) -> str:
        """Return what the round came to."""
        named = len(self._named)
        left = len(self.unknowns) - named
        summary = f"That was the last one. {counted(named, 'face')} named."
        if left:
            summary += f"\n\n{counted(left, 'face')} left unknown: they are asked about again the next time."
        return summary
