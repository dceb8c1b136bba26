"""What Home says: what happened last, and what to do next as one sentence with a button."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from kith.gui.phrases import translate
from kith.text import counted

if TYPE_CHECKING:  # the window shows without it
    from kith.jobs.overview import Overview


class Do(Enum):
    """What the button does."""

    MEND = auto()
    LOOK_AGAIN = auto()
    STEPS = auto()
    BUILD = auto()
    RESUME = auto()
    RECOGNIZE = auto()
    REVIEW = auto()
    MOVES = auto()
    OUTPUT = auto()


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next: a sentence, the words on the button and what it does."""

    text: str
    button: str
    does: Do


@dataclass(frozen=True, slots=True)
class State:
    """What Home knows: what is wrong with the settings file, the people folder, and how things stand.

    `away` is the people folder where it was used and is not there now. `stopped` is a build of this session that was
    stopped: the library does not tell of it.
    """

    fault: str = ""
    away: str = ""
    stopped: bool = False
    overview: "Overview | None" = None

    @property
    def advice(self) -> Advice:
        """What to do next."""
        if self.fault:
            return Advice(
                translate("Kith", "The settings file cannot be read: {0}").format(self.fault),
                translate("Kith", "&Mend or Restore It…"),
                Do.MEND,
            )
        if self.away:
            told = translate(
                "Kith",
                "{0} is not there now: is its drive plugged in, its share mounted? Nothing is made there. "
                "If your people are elsewhere, F1 names another folder.",
            ).format(self.away)
            return Advice(told, translate("Kith", "&Look Again"), Do.LOOK_AGAIN)
        if self.stopped:
            return Advice(
                translate("Kith", "Learning your people was stopped: what was looked at is kept."),
                translate("Kith", "Res&ume"),
                Do.BUILD,
            )
        return _advice(self.overview)

    @property
    def last(self) -> str:
        """What happened last, empty where that is not known."""
        from kith.jobs.overview import last_line

        last = self.overview.last if self.overview else None
        return (
            translate("Kith", "Last run, {0}. {1}.").format(last.ended[:16].replace("T", " "), last_line(last))
            if last
            else ""
        )

    @property
    def known(self) -> str:
        """What is known, empty before the first build."""
        found = self.overview
        if not found or not found.people:
            return ""
        people, photos = counted(found.people, "person", "people"), counted(found.photos, "photo")
        return translate("Kith", "{0} known, {1} recognised").format(people, photos)


def _advice(found: "Overview | None") -> Advice:
    from kith.jobs.overview import Next, moved_line, new_people_line, waiting_line

    if found is None or not found.people:
        return Advice(
            translate("Kith", "Nobody is known yet: show Kith the photos of your people."),
            translate("Kith", "First &Steps"),
            Do.STEPS,
        )
    match found.next:
        case Next.BUILD:
            return Advice(f"{new_people_line(found)}.", translate("Kith", "&Build KB Again"), Do.BUILD)
        case Next.RESUME:
            left = counted(found.last.waiting if found.last else 0, "photo")
            return Advice(
                translate("Kith", "The last run was stopped, {0} to go.").format(left),
                translate("Kith", "Res&ume"),
                Do.RESUME,
            )
        case Next.RECOGNIZE:
            return Advice(
                translate("Kith", "Your people are known: find them in a folder of photos."),
                translate("Kith", "Reco&gnize Folder…"),
                Do.RECOGNIZE,
            )
        case Next.REVIEW:
            return Advice(f"{waiting_line(found)}.", translate("Kith", "Re&view Them"), Do.REVIEW)
        case Next.MOVES:
            return Advice(
                translate("Kith", "{0}: take that as your word?").format(moved_line(found)),
                translate("Kith", "&See Them"),
                Do.MOVES,
            )
        case Next.LOOK:
            return Advice(
                translate("Kith", "Every face has a name."), translate("Kith", "&Open Output Folder"), Do.OUTPUT
            )
