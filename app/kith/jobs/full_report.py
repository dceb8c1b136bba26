"""All that is known of the photos in an output folder: as report.json for programs, as report.html to look at."""

import base64
import dataclasses
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from kith import __version__
from kith.errors import BadInput, FilingFailed
from kith.filing.report_page import SIDE, PageDuplicates, PagePhoto, title_of, write_page
from kith.jobs.duplicates import Likeness, files_like, likeness
from kith.jobs.explanation import Why, explain_photo, thresholds_of
from kith.jobs.open_library import OpenLibrary
from kith.jobs.small_pictures import small_photo
from kith.json_file import as_json_text
from kith.library.photo_queries import PhotoFacts
from kith.messages import Action, Do
from kith.whole_files import replacing

Tell = Callable[[int, int], object]


class FullReport:
    """The photos of an output folder, with each appearance, its candidates and grounds as they are decided now.

    Raises BadInput where no photo of the library lies there.
    """

    def __init__(self, library: OpenLibrary, output: Path) -> None:
        self._library = library
        self._output = output
        self._placed = library.store.copies.placed(output)
        if not self._placed:
            raise BadInput(f"Kith has filed nothing that lies in {output}: ", Do(Action.RECOGNIZE), " files photos.")
        self._alike = files_like(library.store, library.settings.dataset_folder, self._placed)
        self._group = {file.photo_id: group for group in self._alike for file in group}
        self._copies = self._placed | {photo: [] for photo in self._group if photo not in self._placed}
        self._facts = library.store.search.facts(self._copies)

    def write(self, target: Path, tell: Tell, stop: threading.Event) -> bool:
        """Write the page, or for a name that ends in .json the data, in place of an earlier one; False where stopped.

        `tell` is given how many photos are done of how many. Raises FilingFailed.
        """
        write = self._write_data if target.suffix.lower() == ".json" else self._write_page
        return write(target, tell, stop)

    def _write_data(self, target: Path, tell: Tell, stop: threading.Event) -> bool:
        head = {
            "kith": __version__,
            "output": self._output,
            "models": self._library.models,
            "thresholds": thresholds_of(self._library.decisions),
        }
        try:
            with replacing(target) as file:
                file.write((as_json_text(head)[:-1] + ', "photos": [').encode())
                for done, photo_id in enumerate(self._copies, start=1):
                    file.write((",\n" if done > 1 else "\n").encode() + as_json_text(self._entry(photo_id)).encode())
                    tell(done, len(self._copies))
                    if stop.is_set():
                        raise _Stopped
                file.write(b"\n]}\n")
        except _Stopped:
            return False
        except OSError as error:
            raise FilingFailed(f"The report {target} could not be written: {error.strerror or error}.") from error
        return True

    def _entry(self, photo_id: int) -> dict[str, object]:
        facts, why = self._fact(photo_id), self._why(photo_id)
        return {
            "file": facts.path,
            "files": [*self._files(photo_id, facts.path)],
            "image_hash": facts.image_hash,
            "taken_at": facts.taken_at,
            "camera": facts.camera,
            "width": facts.width,
            "height": facts.height,
            "copies": self._copies[photo_id],
            "people": _named(seen.person for seen in why.appearances),
            "unsure": _named(seen.suggested for seen in why.appearances),
            "edited_at": why.edited_at or None,
            "appearances": [
                {**dataclasses.asdict(seen), "box": self._box(seen.appearance)} for seen in why.appearances
            ],
        }

    def _files(self, photo_id: int, path: Path | None) -> Iterator[dict[str, object]]:
        """Yield the files of a photo, each with the better one that shows the same, if any, and how much the same."""
        group = self._group.get(photo_id, [])
        for file in group:
            if file.photo_id == photo_id:
                of = None if file is group[0] else group[0].path
                yield {"path": file.path, "duplicate_of": of, "likeness": likeness(file, group[0])}
        if path and not group:
            yield {"path": path, "duplicate_of": None, "likeness": Likeness.BEST}

    def _box(self, appearance: str) -> Mapping[str, float] | None:
        """Return where in the upright photo somebody shows, in parts of its width and height, and at which second."""
        _, box = self._library.store.reviews.place(int(appearance.rpartition("#")[2]))
        if box is None:
            return None
        place: dict[str, float] = box.in_frame._asdict()
        return place if box.moment is None else {**place, "at": box.moment / 1000}

    def _fact(self, photo_id: int) -> PhotoFacts:
        return self._facts.get(photo_id, PhotoFacts(photo_id, None, None))

    def _why(self, photo_id: int) -> Why:
        path = self._fact(photo_id).path
        return explain_photo(self._library.store, self._library.decisions, photo_id, str(path or ""))

    def _write_page(self, target: Path, tell: Tell, stop: threading.Event) -> bool:
        shown = self._library.store.search.shown(self._placed)
        names, photos = self._library.people.names(), {}
        for done, (photo_id, copies) in enumerate(self._placed.items(), start=1):
            who, facts = shown.get(photo_id), self._fact(photo_id)
            place = self._output / copies[0]
            photos[photo_id] = PagePhoto(
                photo_id,
                quote(copies[0]) if target.parent == self._output else place.as_uri(),
                facts.path.name if facts.path else place.name,
                facts.taken_at or "",
                _named(names.get(person, "") for person in (who.sure if who else ())),
                _named(names.get(person, "") for person in (who.unsure if who else ())),
                _thumbnail(place),
            )
            tell(done, len(self._placed))
            if stop.is_set():
                return False
        title = title_of(self._output, len(photos))
        write_page(target, title, [*photos.values()], [*self._duplicates(photos)])
        return True

    def _duplicates(self, photos: Mapping[int, PagePhoto]) -> Iterator[PageDuplicates]:
        for group in self._alike:
            shown = next(file for file in group if file.photo_id in photos)
            others = tuple((str(file.path), likeness(file, shown)) for file in group if file is not shown)
            yield PageDuplicates(photos[shown.photo_id], others)


class _Stopped(Exception):
    """The user wants no more of it: what was there stays."""


def _named(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, names)))


def _thumbnail(path: Path) -> str:
    """Return a small JPEG in base 64, empty where the photo cannot be read."""
    return base64.b64encode(small_photo(path, 2 * SIDE)).decode()
