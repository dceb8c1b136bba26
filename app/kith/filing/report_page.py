"""report.html: what an output folder holds as one page that needs nothing beside it, and runs nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import combinations
from pathlib import Path

from kith.errors import FilingFailed
from kith.text import counted, printable
from kith.whole_files import replacing

SIDE = 96  # pixels of a thumbnail on the page
_MOST = 20  # people in a table
_BAR = 24  # pixels of the highest bar


@dataclass(frozen=True, slots=True)
class PagePhoto:
    """A photo on the page: where it leads to, when it was taken (ISO 8601), who surely and who perhaps shows.

    `picture` is a small JPEG, empty where there is none.
    """

    id: int
    href: str
    name: str
    taken_at: str
    people: tuple[str, ...]
    unsure: tuple[str, ...]
    picture: str = ""

    @property
    def told(self) -> str:
        """Who shows."""
        return ", ".join((*self.people, *(f"{name}?" for name in self.unsure)))

    @property
    def title(self) -> str:
        """What stands at the photo."""
        return printable(" · ".join(filter(None, (self.name, self.told, self.taken_at[:10]))))


@dataclass(frozen=True, slots=True)
class PageDuplicates:
    """Files that show the same as a photo on the page: each by its path, and what it is beside that."""

    photo: PagePhoto
    files: tuple[tuple[str, str], ...]


def write_page(path: Path, title: str, photos: Sequence[PagePhoto], duplicates: Sequence[PageDuplicates] = ()) -> None:
    """Write the page in place of an earlier one; raises FilingFailed."""
    try:
        with replacing(path) as file:
            for part in _parts(title, photos, duplicates):
                file.write(part.encode("utf-8", "replace"))
    except OSError as error:
        raise FilingFailed(f"The report {path} could not be written: {error.strerror or error}.") from error


def _parts(title: str, photos: Sequence[PagePhoto], duplicates: Sequence[PageDuplicates]) -> Iterable[str]:
    from jinja2 import Environment

    template = (files("kith.filing") / "report.html.jinja").read_text("utf-8")
    page = Environment(autoescape=True).from_string(template)
    by_person: defaultdict[str, list[PagePhoto]] = defaultdict(list)
    for photo in sorted(photos, key=lambda photo: photo.taken_at, reverse=True):
        for person in photo.people:
            by_person[person].append(photo)
    people = sorted(by_person, key=lambda name: (-len(by_person[name]), name.casefold()))
    unsure = [photo for photo in photos if photo.unsure and not photo.people]
    unknown = [photo for photo in photos if not (photo.unsure or photo.people)]
    figures = [
        (len(photos), "photo", "photos"),
        (len(people), "person", "people"),
        (len(unsure), "photo unsure", "photos unsure"),
        (len(unknown), "photo of nobody known", "photos of nobody known"),
    ]
    if duplicates:
        figures.append((sum(len(group.files) for group in duplicates), "duplicate", "duplicates"))
    return page.generate(
        title=title,
        side=SIDE,
        pictures=[{"id": photo.id, "data": photo.picture} for photo in photos if photo.picture],
        figures=[(count, one if count == 1 else many) for count, one, many in figures],
        people=[_section(name, by_person[name]) for name in people],
        together=_together(people[:_MOST], photos),
        years=_years(people[:_MOST], by_person),
        unsure=unsure,
        unknown=unknown,
        duplicates=[{"photo": group.photo, "files": _lines(group)} for group in duplicates],
    )


def _lines(group: PageDuplicates) -> list[str]:
    return [printable(f"{path} ({likeness})") for path, likeness in group.files]


def _section(name: str, photos: Sequence[PagePhoto]) -> dict[str, object]:
    years = sorted({photo.taken_at[:4] for photo in photos if photo.taken_at})
    when = "" if not years else years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"
    return {"name": printable(name), "photos": photos, "when": when}


def _together(people: Sequence[str], photos: Iterable[PagePhoto]) -> dict[str, object]:
    """Return how many photos show each two of them, and how much of the highest count that is."""
    pairs: Counter[tuple[str, str]] = Counter()
    for photo in photos:
        for one, other in combinations(sorted({*photo.people}), 2):
            pairs[one, other] += 1
            pairs[other, one] += 1
    most = max((pairs[one, other] for one in people for other in people), default=0)
    rows = []
    for one in people:
        cells = [{"count": pairs[one, other], "share": round(pairs[one, other] / (most or 1), 2)} for other in people]
        rows.append({"name": printable(one), "cells": cells})
    return {"any": most > 0, "names": [printable(name) for name in people], "rows": rows}


def _years(people: Sequence[str], by_person: dict[str, list[PagePhoto]]) -> dict[str, object]:
    """Return how many photos of each year show each of them, and how high a bar that is."""
    counts = {name: Counter(photo.taken_at[:4] for photo in by_person[name] if photo.taken_at) for name in people}
    years = sorted({year for found in counts.values() for year in found})
    most = max((count for found in counts.values() for count in found.values()), default=1)
    rows = []
    for name, found in counts.items():
        cells = [{"count": found[year], "height": round(_BAR * found[year] / most)} for year in years]
        rows.append({"name": printable(name), "cells": cells})
    return {"columns": years, "rows": rows}


def title_of(output: Path, photos: int) -> str:
    """Return what the page is called."""
    return printable(f"{output.name}: {counted(photos, 'photo')}")
