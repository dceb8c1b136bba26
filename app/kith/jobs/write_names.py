"""Write the names of people into the XMP of photos and copies now, as the settings say, or tell what that would do."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kith.errors import BadInput
from kith.jobs.open_library import OpenLibrary
from kith.jobs.written_names import NamesPlanned
from kith.text import counted


@dataclass(frozen=True, slots=True)
class NamesWritten:
    """What became of `photos`: the files written to, or with `preview` to be, and what was left alone and why."""

    photos: int
    files: tuple[NamesPlanned, ...]
    problems: tuple[str, ...] = ()
    preview: bool = False


def write_names(
    library: OpenLibrary, paths: Sequence[Path] = (), preview: bool = False, stop: threading.Event | None = None
) -> NamesWritten:
    """Make the names in XMP those of today, of all recognised photos or of those at or below `paths`.

    What Kith wrote where the settings no longer want it is taken out again. Once `stop` is set the rest is left. Raises
    BadInput where none is known there.
    """
    plans: list[NamesPlanned] = []
    problems: list[str] = []
    away: set[Path] = set()
    done = 0
    for photo_id in _photos(library, paths):
        if stop and stop.is_set():
            break
        done += 1
        away |= library.names.away(photo_id)
        plans += library.names.planned(photo_id) if preview else _followed(library, photo_id, problems)
    problems += [f"The output folder {output} is not there: connect its drive first." for output in sorted(away)]
    return NamesWritten(done, tuple(plans), tuple(problems), preview)


def _followed(library: OpenLibrary, photo_id: int, problems: list[str]) -> list[NamesPlanned]:
    """Write a photo's names and return which files were written to; the others are added to the problems."""
    plans = library.names.planned(photo_id)
    notes = library.names.follow(photo_id, is_sure=False)
    problems += notes
    left = library.names.planned(photo_id) if notes else []
    return [plan for plan in plans if plan not in left]


def _photos(library: OpenLibrary, paths: Sequence[Path]) -> list[int]:
    store = library.store
    among = None
    if paths:
        places = [Path(os.path.abspath(os.path.expanduser(path))) for path in paths]
        among = set(store.photos.photos_at(places).values())
    known = store.redecisions.recognised(library.settings.dataset_folder, among)
    if paths and not known:
        raise BadInput(f"No photo in {', '.join(map(str, paths))} is known yet: recognise it first.")
    return known


def names_summary(written: NamesWritten) -> list[str]:
    """Return what was written, or would be, line by line."""
    done = "would be " if written.preview else ""
    lines = [
        f"{plan.file}: {', '.join(plan.names)}" if plan.names else f"{plan.file}: names {done}taken out"
        for plan in written.files
    ]
    files = counted(len(written.files), "file")
    return [*lines, f"{files} of {counted(written.photos, 'photo')} {done}written."]
