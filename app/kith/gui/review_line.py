"""A queue as one goes through it: which faces are asked about, which were skipped, and the way back."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from kith.jobs.review_queues import Face, Queue


class Line:
    """Asks about one entry of a queue after the other; those skipped are not asked about again by themselves.

    `shown` are the faces of the current entry in an order that stays while they are looked at, with those that were
    found by Kith meanwhile; `marked` are those taken out. `together` are the groups that are asked about with it.
    """

    def __init__(self) -> None:
        self.queues: dict[int, Queue] = {}
        self.current: Queue | None = None
        self.shown: tuple[Face, ...] = ()
        self.marked: set[int] = set()
        self.together: set[int] = set()
        self._skipped: dict[int, None] = {}
        self._past: list[Queue] = []
        self._queue_of: dict[int, int] = {}  # entries, by the faces that wait in them

    @property
    def left(self) -> int:
        """How many entries there are that were not skipped."""
        return sum(key not in self._skipped for key in self.queues)

    @property
    def skipped(self) -> int:
        """How many entries were skipped."""
        return len(self.queues) - self.left

    @property
    def faces(self) -> list[Face]:
        """The faces of the current entry that are asked about and not taken out."""
        return [face for face in self.shown if face.id not in self.marked and self.is_asked(face)]

    @property
    def taken_out(self) -> list[Face]:
        """Those taken out."""
        return [face for face in self.shown if face.id in self.marked]

    @property
    def answered(self) -> list[Face]:
        """Those shown who wait no longer."""
        return [face for face in self.shown if not self.is_asked(face)]

    @property
    def is_over(self) -> bool:
        """Whether an entry is shown of which nobody waits any longer."""
        return bool(self.shown) and len(self.answered) == len(self.shown)

    @property
    def can_go_back(self) -> bool:
        """Whether there is anything before the current entry."""
        return bool(self._past)

    def is_asked(self, face: Face) -> bool:
        """Say whether a face still waits for a word."""
        return face.id in self._queue_of

    def show(self, queues: Sequence[Queue], dealt: Collection[int]) -> None:
        """Go by the queue as it is now, without the faces `dealt` with here.

        Other faces that wait no longer stay in sight; where nothing of the current entry is left to be shown the next
        one's turn is.
        """
        self.queues = {queue.id: queue for queue in queues}
        self._queue_of = {face.id: queue.id for queue in queues for face in queue.faces}
        self.drop(dealt)

    def drop(self, dealt: Collection[int]) -> None:
        """Ask no more about faces that were dealt with here; of however many it takes as long as these are."""
        touched = {self._queue_of.pop(face) for face in dealt if face in self._queue_of}
        for key in touched:
            left = tuple(filter(self.is_asked, self.queues[key].faces))
            self.queues[key] = replace(self.queues[key], faces=left)
            if not left:
                del self.queues[key]
        self.together &= self.queues.keys()
        if self.current is None:
            return self.go_on()
        self.current = self.queues.get(self.current.id, self.current)
        self._lay_out([face for face in self.shown if face.id not in dealt])
        return None if self.shown else self.go_on()

    def _lay_out(self, before: Sequence[Face]) -> None:
        """Show those that were shown before in the same order, then the others of the entry."""
        entries = [self.current.id, *sorted(self.together)] if self.current else []
        own = [face for key in entries if key in self.queues for face in self.queues[key].faces]
        now = {face.id: face for face in own}
        stay = [now.get(face.id, face) for face in before]
        known = {face.id for face in stay}
        self.shown = (*stay, *(face for face in own if face.id not in known))
        self.marked &= {face.id for face in self.shown}

    def turn_to(self, queue: Queue | None) -> None:
        """Ask about an entry, or about none."""
        self.current = queue
        self.marked.clear()
        self.together.clear()
        self.shown = ()
        if queue:
            self._skipped.pop(queue.id, None)
            self._lay_out(queue.faces)

    def put_together(self, entry: int) -> None:
        """Ask about another entry together with the current one."""
        self.together.add(entry)
        self._lay_out(self.shown)

    def next(self) -> Queue | None:
        """Return the entry whose turn is after the current one."""
        at = self.current.id if self.current else None
        return next((queue for key, queue in self.queues.items() if key not in self._skipped and key != at), None)

    def go_on(self) -> None:
        """Ask about the next one."""
        self.turn_to(self.next())

    def skip(self) -> None:
        """Leave the current one for another day, if anybody of it waits."""
        if self.current:
            if self.current.id in self.queues:
                self._skipped[self.current.id] = None
            self.remember()
            self.go_on()

    def remember(self) -> None:
        """Let `back` lead here."""
        if self.current:
            self._past.append(self.current)

    def back(self) -> Queue | None:
        """Ask about the one before again, and return it."""
        if not self._past:
            return None
        queue = self._past.pop()
        self.turn_to(self.queues.get(queue.id, queue))
        return self.current

    def ask_all_again(self) -> None:
        """Forget what was skipped."""
        self._skipped.clear()
        self.go_on()
