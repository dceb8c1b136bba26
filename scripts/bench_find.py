"""Measure searching: a drawn library of 100,000 photos, a face in each, and what one may type.

Run by `scripts/bench.py find`. Times are the clock's, the shortest of three, from the text to the photos' numbers.
"""

import os
import tempfile
import time
from pathlib import Path

from bench_places import draw_library
from bench_scale_library import settings_of
from bench_tables import Row, Tables
from kith.jobs.open_library import OpenLibrary
from kith.jobs.photo_search import PhotoSearch
from kith.values.photo_filter import PhotoFilter

SEARCHES = (
    "",
    "Rosa",
    '"Rosa Moser 0"',
    "Rosa and (Anna or Bruno) not Carla year:2019 with:unsure",
    "Rosa Anna or Emma year:2003..2010",
    "not Rosa",
    "faces:1..",
    "faces:0",
    "camera:Canon",
    "with:sure",
    "with:unknown",
)
ROUNDS = 3


def find() -> Tables:
    """Return the milliseconds and the number of photos of each search."""
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as folder:
        root = Path(folder)
        os.environ["KITH_HOME"] = f"{folder}/home"
        draw_library(root, faces_a_photo=1, lie_there=False)
        with OpenLibrary(settings_of(root)) as library:
            search = PhotoSearch(library)
            photos = len(search.find(PhotoFilter()).photos)
            return {
                f"searches among {photos:,} photos": [
                    _timed(search, text) for text in (*SEARCHES, "folder:gone", "with:duplicates")
                ]
            }


def _timed(search: PhotoSearch, text: str) -> Row:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = search.find(PhotoFilter(text=text))
        times.append(time.perf_counter() - began)
    return {"search": text or "(all)", "photos": len(found.photos), "ms": round(1000 * min(times))}
