"""What Review shows and says, without widgets: three queues, where one is in each, and the words said there."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from kith.gui.review_line import Line
from kith.jobs import review_queues
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.person_names import alike
from kith.jobs.phrases import display_names
from kith.jobs.review_queues import Choice, Face, Queue, Waiting, queues_of
from kith.jobs.unknowns import Unknowns
from kith.jobs.user_words import Ignored
from kith.text import as_read
from kith.values.persons import Person


class Step(IntEnum):
    """The queues in their order."""

    GROUPS = 0
    LIKELY = 1
    SINGLES = 2


@dataclass(frozen=True, slots=True)
class Act:
    """A word to be said: `task` says it, `faces` are those that need no other for now."""

    task: Callable[[OpenLibrary], Outcome]
    faces: frozenset[int]


class ReviewModel:
    """Goes through who waits. What is said counts at once; the library is told by the acts, and asked by `take`."""

    def __init__(self) -> None:
        self.waiting = Waiting()
        self.choice = Choice()
        self.step = Step.GROUPS
        self.lines = {step: Line() for step in Step}
        self._begun = 0
        self.ended = 0  # acts that have come to their end, in the order in which they began
        self._dealt: dict[int, int] = {}  # faces, by the number of the act that is about them
        self._acted: dict[int, Step] = {}
        self._wanted: int | None = None  # the group one came for
        self._meant: set[str] = set()  # new names that are no slips of known ones, says the user
        self.found: dict[int, str] = {}  # who faces are that wait no longer

    @property
    def line(self) -> Line:
        """The queue that one is in."""
        return self.lines[self.step]

    @property
    def face(self) -> Face | None:
        """The single face that is asked about."""
        shown = self.lines[Step.SINGLES].shown
        return shown[0] if shown else None

    @property
    def can_split(self) -> bool:
        """Whether those taken out and the others could be two people."""
        return bool(self.line.taken_out and self.line.faces)

    @property
    def counts(self) -> dict[Step, int]:
        """How many entries each queue has."""
        return {step: len(line.queues) for step, line in self.lines.items()}

    @property
    def count(self) -> int:
        """How many faces wait, whatever is chosen."""
        return len(self._visible())

    @property
    def is_said(self) -> bool:
        """Whether all that was said has been written down."""
        return self.ended == self._begun

    def take(self, waiting: Waiting, ended: int) -> None:
        """Go by who waits as the library had it when `ended` acts had ended; what came back is asked about again."""
        self.found.clear()
        dealt = {face: act for face, act in self._dealt.items() if act >= ended}
        if waiting is not self.waiting or dealt != self._dealt:
            self._go_by(waiting, dealt)
        self._pass_over([step for step in Step if step is not self.step])
        if self._wanted is not None:
            self.turn_to_group(self._wanted)
            self._wanted = None

    def _go_by(self, waiting: Waiting, dealt: dict[int, int]) -> None:
        before = self._visible()
        self.waiting, self._dealt = waiting, dealt
        self._refresh()
        now = self._visible()
        came_back = [face for face in self._acted if face in now and face not in before]
        for face in came_back:
            self._turn_back(face)
        if not before:
            self.turn_to_first()

    def lose(self) -> None:
        """Show nobody: the library cannot be asked."""
        for line in self.lines.values():
            line.turn_to(None)
        self.take(Waiting(), self.ended)

    def choose(self, choice: Choice) -> None:
        """Ask about some only."""
        self.choice = choice
        for line in self.lines.values():
            line.turn_to(None)
        self._refresh()
        self.turn_to_first()

    def turn_to(self, step: Step) -> None:
        """Turn to a queue."""
        self.step = step

    def turn_to_group(self, group: int | None) -> None:
        """Turn to a group, as soon as it is known who waits."""
        line, self._wanted = self.lines[Step.GROUPS], group
        if group not in line.queues:
            return
        self.step, self._wanted = Step.GROUPS, None
        if line.current is None or line.current.id != group:
            line.remember()
            line.turn_to(line.queues[group])

    def turn_to_first(self) -> None:
        """Turn to the first queue that has anything to ask, if this one has not."""
        if self.line.current is None:
            self.step = next((step for step, line in self.lines.items() if line.current), self.step)

    def begin(self) -> None:
        """Begin where anybody waits, with what nobody has seen yet."""
        self._pass_over(Step)
        self.turn_to_first()

    def _pass_over(self, steps: Iterable[Step]) -> None:
        """Go on, in queues that are not in sight, from entries of which nobody waits any longer."""
        for line in (self.lines[step] for step in steps):
            if line.is_over:
                line.go_on()

    def _visible(self) -> set[int]:
        return {face.id for face in self.waiting.faces} - self._dealt.keys()

    def _refresh(self) -> None:
        sorted_already = self.waiting.queues if self.choice == Choice() else None
        queues = sorted_already or queues_of(self.waiting, self.choice)
        for step, of_step in zip(Step, (queues.groups, queues.likely, queues.singles), strict=True):
            self.lines[step].show(of_step, self._dealt)

    def _turn_back(self, face: int) -> None:
        """Ask again about a face whose word was taken back."""
        step = self._acted.pop(face)
        line = self.lines[step]
        queue = next((queue for queue in line.queues.values() if face in _ids(queue.faces)), None)
        if queue:  # else it is to be asked about otherwise now
            if line.current != queue:
                line.turn_to(queue)
            self.step = step

    # Where one is

    def mark(self, faces: Collection[int]) -> None:
        """Take these faces out, and no others."""
        self.line.marked = set(faces) & _ids(self.line.shown)

    def skip(self) -> None:
        """Leave what is asked about for another day."""
        self.line.skip()
        self.turn_to_first()

    def back(self) -> None:
        """Ask again about what was asked about before."""
        if queue := self.line.back():
            for face in queue.faces:
                self._dealt.pop(face.id, None)

    def near(self) -> list[Queue]:
        """Return the groups that may be the same person as the current one, which are not shown with it yet."""
        line = self.line
        if self.step is not Step.GROUPS or line.current is None:
            return []
        others = [line.queues[key] for key in line.current.near if key in line.queues]
        return [queue for queue in others if queue.id not in line.together]

    def put_together(self, group: int) -> None:
        """Ask about another group together with the current one."""
        self.line.put_together(group)

    def unheard(self) -> list[int]:
        """Return once of whom, of those shown, `found` does not tell yet who they are, though they wait no longer."""
        new = [face.id for face in self.line.answered if face.id not in self.found]
        self.found |= dict.fromkeys(new, "")
        return new

    @property
    def found_names(self) -> list[str]:
        """Who those shown are who wait no longer, as far as it is known."""
        names = {self.found.get(face.id, "") for face in self.line.answered}
        return sorted(names - {""}, key=str.casefold)

    @property
    def likely_name(self) -> str:
        """Who those asked about are perhaps, empty where that is not asked."""
        return self.line.current.name if self.line.current else ""

    def names(self) -> dict[int, str]:
        """Return the name to show for each person."""
        return display_names(self.waiting.people.values())

    # What is said

    def doubt(self, name: str) -> Person | None:
        """Return whom a new name was perhaps meant for, unless the user said that it is meant; raises BadInput."""
        return None if as_read(name) in self._meant else alike(self.waiting.people.values(), name)

    def mean(self, name: str) -> None:
        """Take a name from now on as it is."""
        self._meant.add(as_read(name))

    def named(self) -> list[Face]:
        """Return the faces that a name typed now is for: of the likely ones those taken out.

        Of a group of whom nobody waits any longer these are all, too: the user's word goes over what was found.
        """
        line = self.line
        if self.step is Step.SINGLES:
            return list(line.shown)
        if self.step is Step.LIKELY:
            return line.taken_out
        return line.faces or [face for face in line.answered if face.id not in line.marked]

    def name(self, text: str) -> Act | None:
        """Give all faces asked about a name."""
        line, faces = self.line, [face.id for face in self.named()]
        only = line.current if self.step is Step.GROUPS and not line.together else None
        group = only.id if only else None
        return self._say(faces, lambda library: Unknowns(library).name_faces(faces, text, group, meant=True))

    def confirm(self) -> Act | None:
        """Say that all likely faces not taken out are the person."""
        person, faces = self.line.current, [face.id for face in self.line.faces]
        if self.step is not Step.LIKELY or person is None:
            return None
        return self._say(faces, lambda library: review_queues.confirm(library, person.id, faces))

    def deny(self) -> Act | None:
        """Say that those taken out are not the person."""
        person, faces = self.line.current, [face.id for face in self.line.taken_out]
        if self.step is not Step.LIKELY or person is None:
            return None
        return self._say(faces, lambda library: review_queues.deny(library, person.id, faces))

    def ignore(self) -> Act | None:
        """Say that the faces asked about are nobody to know: of the likely ones those taken out."""
        faces = [face.id for face in self.named()]
        return self._say(faces, lambda library: library.say(Ignored(faces)))

    def split(self) -> Act | None:
        """Say that those taken out are another person than the others of the group."""
        group, faces = self.line.current, [face.id for face in self.line.taken_out]
        if self.step is not Step.GROUPS or group is None or not self.can_split:
            return None
        act = self._say(faces, lambda library: Unknowns(library).split(group.id, faces))
        for face in faces:  # which come back as another group, in their turn
            self._acted.pop(face, None)
        return act

    def accept(self, person_id: int) -> Act | None:
        """Say that the single face is a person."""
        faces = [face.id for face in self.line.shown]
        return self._say(faces, lambda library: review_queues.confirm(library, person_id, faces))

    def refuse(self, person_id: int) -> Act | None:
        """Say that the single face is not a person; it is asked about on."""
        faces = [face.id for face in self.line.shown]
        return self._say(faces, lambda library: review_queues.deny(library, person_id, faces), goes_on=False)

    def ignore_others(self) -> Act | None:
        """Say that everybody else unknown in the photo of the single face is nobody to know."""
        face = self.face
        if face is None:
            return None
        beside = [one.id for one in self.waiting.faces if one.photo_id == face.photo_id and one != face]
        return self._begin(beside, lambda library: review_queues.others_ignored(library, face))

    def _say(self, faces: Sequence[int], task: Callable[[OpenLibrary], Outcome], goes_on: bool = True) -> Act | None:
        return self._begin(faces, task, goes_on) if faces else None

    def _begin(self, faces: Sequence[int], task: Callable[[OpenLibrary], Outcome], goes_on: bool = True) -> Act:
        line, number = self.line, self._begun
        self._begun += 1
        if goes_on:
            self._acted |= dict.fromkeys(faces, self.step)
            self._dealt |= dict.fromkeys(faces, number)
            if self.step is Step.SINGLES and line.current and line.current.id in faces:
                line.remember()
            self._leave(line, _ids(line.shown) - set(faces))
            for one in self.lines.values():
                one.drop(faces)
        self.turn_to_first()
        return Act(task, frozenset(faces))

    def _leave(self, line: Line, rest: set[int]) -> None:
        """Go on from a group of which only those taken out are left."""
        if self.step is Step.GROUPS and rest and rest <= line.marked:
            line.skip()


def _ids(faces: Collection[Face]) -> set[int]:
    return {face.id for face in faces}
