"""What became of something that the user said or changed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, in words, which copies could not follow, and what may be worth a second look."""

    text: str
    problems: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
