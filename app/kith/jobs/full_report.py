"""All that is known of the photos in an output folder: as report.json for programs, as report.html to look at."""

import base64
import dataclasses
import io
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from kith import __version__
from kith.errors import BadInput, BadPhoto, FilingFailed
from kith.filing.report_page import SIDE, PagePhoto, title_of, write_page
from kith.jobs.explanation import Why, explain_photo, thresholds_of
from kith.jobs.open_library import OpenLibrary
from kith.json_file import as_json_text
from kith.library.photo_queries import PhotoFacts
from kith.messages import Action, Do
from kith.photos.pixels import load_rgb
from kith.whole_files import replacing

_QUALITY = 70  # of a thumbnail, which has twice the pixels that it takes on the page
Tell = Callable[[int, int], object]


class FullReport:
    """The photos of an output folder, with each appearance, its candidates and grounds as they are decided now.

    Raises BadInput where no photo of the library lies there.
    """

    def __init__(self, library: OpenLibrary, output: Path) -> None:
        self._library = library
        self._output = output
        self._copies = library.store.copies.placed(output)
        if not self._copies:
            raise BadInput(f"Kith has filed nothing that lies in {output}: ", Do(Action.RECOGNIZE), " files photos.")
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
            "thresholds": thresholds_of(self._library.decisions.decider),
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
        shown = self._library.store.search.shown(self._copies)
        names, photos = self._library.people.names(), []
        for done, photo_id in enumerate(self._copies, start=1):
            who, facts = shown.get(photo_id), self._fact(photo_id)
            place = self._output / self._copies[photo_id][0]
            photos.append(
                PagePhoto(
                    photo_id,
                    quote(self._copies[photo_id][0]) if target.parent == self._output else place.as_uri(),
                    facts.path.name if facts.path else place.name,
                    facts.taken_at or "",
                    _named(names.get(person, "") for person in (who.sure if who else ())),
                    _named(names.get(person, "") for person in (who.unsure if who else ())),
                    _thumbnail(place),
                )
            )
            tell(done, len(self._copies))
            if stop.is_set():
                return False
        write_page(target, title_of(self._output, len(photos)), photos)
        return True


class _Stopped(Exception):
    """The user wants no more of it: what was there stays."""


def _named(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, names)))


def _thumbnail(path: Path) -> str:
    """Return a small JPEG in base 64, empty where the photo cannot be read."""
    from PIL import Image

    with suppress(BadPhoto, OSError):
        small = Image.fromarray(load_rgb(path, 2 * SIDE))
        target = io.BytesIO()
        small.save(target, "JPEG", quality=_QUALITY)
        return base64.b64encode(target.getvalue()).decode()
    return ""
