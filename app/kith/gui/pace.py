"""How fast something goes on, and how long it still takes."""

from collections import deque

from kith.gui.phrases import translate

SMOOTHED_OVER_S = 15.0


class Pace:
    """Photos, or bytes, per second over the last seconds, so that single ones do not shake it; times are in seconds."""

    def __init__(self, now: float, done: int = 0) -> None:
        self._seen = deque([(now, done)])

    def note(self, done: int, now: float) -> None:
        """Take down how many are done now."""
        seen = self._seen
        seen.append((now, done))
        while now - seen[1][0] >= SMOOTHED_OVER_S:
            seen.popleft()

    @property
    def rate(self) -> float:
        """How many are done per second."""
        began, before = self._seen[0]
        ended, after = self._seen[-1]
        if ended <= began:
            return 0.0
        return (after - before) / (ended - began)


def time_left(seconds: float) -> str:
    """Return a time to wait in words, no more exact than it can be known."""
    if seconds < 60:
        fives = round(seconds / 5)
        return translate("Kith", "about {0} s left").format(max(5, 5 * fives))
    minutes = round(seconds / 60)
    if minutes < 60:
        return translate("Kith", "about {0} min left").format(minutes)
    hours, minutes = divmod(minutes, 60)
    return translate("Kith", "about {0} h {1} min left").format(hours, minutes)
