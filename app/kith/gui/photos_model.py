"""What the place Photos shows and says, without a widget: tiles, what follows on a photo, and words for a face."""

from collections import OrderedDict
from collections.abc import Sequence

from PyQt6.QtCore import QT_TRANSLATE_NOOP

from kith.gui.phrases import translate
from kith.gui.picture_grid import Tile
from kith.gui.style import Tone
from kith.gui.thumbnails import Picture
from kith.jobs.explanation import Explanation, Likeness
from kith.jobs.explanation_lines import RULES
from kith.jobs.photo_search import Found, PhotoCard
from kith.jobs.photo_view import PhotoView, ShownPerson, Standing
from kith.library.failure_records import Failure
from kith.text import counted, percent, timecode
from kith.values.links import Source

_MOST_TILES = 4000  # kept: some screens before and after that in sight
TONES = {
    Standing.SURE: Tone.SURE,
    Standing.UNSURE: Tone.UNSURE,
    Standing.UNKNOWN: Tone.UNKNOWN,
    Standing.IGNORED: Tone.UNKNOWN,
}


class FoundTiles:
    """The tiles of what was found, of which only those looked at are known: keys are photos', below 0 failed files'."""

    def __init__(self) -> None:
        self.keys: list[int] = []
        self._rows: dict[int, int] | None = None
        self._tiles: OrderedDict[int, Tile] = OrderedDict()

    def show(self, found: Found) -> bool:
        """Take over what was found; False where that is the same as before, and in the same order."""
        keys = [*found.photos, *(-failure.id for failure in found.failed)]
        is_other = keys != self.keys
        self.keys, self._rows = keys, None
        self._tiles.clear()
        for failure in found.failed:
            self._tiles[-failure.id] = failure_tile(failure)
        return is_other

    def learn(self, cards: Sequence[PhotoCard]) -> None:
        """Know these from now on, and forget those longest known."""
        for card in cards:
            self._tiles[card.id] = photo_tile(card)
            self._tiles.move_to_end(card.id)
        while len(self._tiles) > _MOST_TILES and next(iter(self._tiles)) > 0:
            self._tiles.popitem(last=False)

    def tile(self, row: int) -> Tile | None:
        """Return the tile in a row, None while it is not known."""
        return self._tiles.get(self.keys[row])

    def known(self, key: int) -> Tile | None:
        """Return the tile of a photo or a file, None while it is not known."""
        return self._tiles.get(key)

    def missing(self, rows: Sequence[int]) -> list[int]:
        """Return the photos of rows whose tiles are not known."""
        return [self.keys[row] for row in rows if self.keys[row] not in self._tiles]

    def row_of(self, key: int) -> int | None:
        """Return where something stands, None where it was not found."""
        if self._rows is None:
            self._rows = {known: row for row, known in enumerate(self.keys)}
        return self._rows.get(key)

    def beside(self, key: int, step: int) -> int | None:
        """Return the photo that many after one, None past the ends."""
        row = self.row_of(key)
        if row is None or not 0 <= row + step < len(self.keys):
            return None
        beside = self.keys[row + step]
        return beside if beside > 0 else None


def photo_tile(card: PhotoCard) -> Tile:
    """Return a photo's tile: who shows, and when it was taken or its file's name."""
    name = card.path.name if card.path else translate("Kith", "photo {0}").format(card.id)
    people = ", ".join((*card.people, *(f"{person}?" for person in card.unsure)))
    tone = Tone.SURE if card.people else Tone.UNSURE if card.unsure else Tone.UNKNOWN
    return Tile(card.id, Picture(card.path), name, people or translate("Kith", "nobody known"), tone)


def failure_tile(failure: Failure) -> Tile:
    """Return the tile of a file that could not be read."""
    return Tile(-failure.id, Picture(failure.path), failure.path.name, failure.reason, Tone.PROBLEM)


def found_text(found: int, is_failed: bool) -> str:
    """Return how much was found, in words."""
    return counted(
        found,
        "file that could not be read" if is_failed else "photo",
        None if not is_failed else translate("Kith", _FILES),
    )


_FILES = QT_TRANSLATE_NOOP("Kith", "files that could not be read")


def label_of(person: ShownPerson) -> str:
    """Return what stands at somebody's box: name and percent, a question mark where that is not sure."""
    sure = f" {percent(person.certainty)}" if person.certainty is not None else ""
    match person.standing:
        case Standing.SURE:
            return f"{person.name}{sure}"
        case Standing.UNSURE:
            return f"{person.name}?{sure}"
    return str(person.standing)


def grounds_of(told: Explanation) -> str:
    """Return why somebody is who they are, in words for a narrow panel."""
    outcome = told.person or (
        translate("Kith", "Perhaps {0}").format(told.suggested) if told.suggested else translate("Kith", "Nobody known")
    )
    lines = [f"{outcome}: {RULES[told.rule]}."]
    lines += [translate("Kith", "Not {0}: {1}.").format(out.person, RULES[out.rule]) for out in told.ruled_out]
    lines += [translate("Kith", "Face: {0}").format(_likeness(like, "distance")) for like in told.by_face]
    lines += [translate("Kith", "Body: {0}").format(_likeness(like, "similarity")) for like in told.by_body]
    if told.by_face or told.pixels:
        lines.append(translate("Kith", "{0:.0f} pixels wide, sharpness {1:.0f}").format(told.pixels, told.sharpness))
    return "\n\n".join(lines)


def _likeness(like: Likeness, measure: str) -> str:
    likely = translate("Kith", " {0} likely,").format(percent(like.certainty)) if like.certainty is not None else ""
    over = translate("Kith", " over {0}").format(counted(like.samples, "photo")) if like.samples > 1 else ""
    return f"{like.person},{likely} {measure} {like.value:.2f}{over}"


def line_of(person: ShownPerson) -> str:
    """Return somebody in the list of all who show: the label, when in a video, whose word it is, and what shows."""
    where = "face" if person.is_face else "body"
    what = where if person.box else translate("Kith", "no box")
    when = timecode(person.box.moment) if person.box and person.box.moment is not None else ""
    says = {Source.USER: translate("Kith", "you said so"), Source.DATASET: translate("Kith", "taught")}.get(
        person.source or Source.MACHINE, ""
    )
    return ", ".join(filter(None, (label_of(person), when, says, what)))


def title_of(view: PhotoView) -> str:
    """Return the name of a photo's file, and when and by what it was taken."""
    name = view.path.name if view.path else ""
    taken = view.taken_at.replace("T", " ")
    return "\n".join(filter(None, (name, ", ".join(filter(None, (taken, view.camera))))))
