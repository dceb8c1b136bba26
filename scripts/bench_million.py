"""Measure the library at ten thousand, a hundred thousand and a million photos: each query, the file, backup and check.

Run by `scripts/bench.py scale --million`. Libraries are drawn in a temporary folder, one at a time; the largest takes
2.8 GB of disk, and as much again for its backup. Times are the processor's. All is counted that recognising leaves but
bodies, which are 2 kB each: photos, places, faces, who they are, copies, the run and the names beside the copies.
"""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from bench_find import ROUNDS, SEARCHES
from bench_scale import FACES_A_PHOTO
from bench_scale_library import Size, draw, settings_of
from bench_tables import Row, Tables
from kith.jobs.backup import back_up
from kith.jobs.library_check import inspect_library
from kith.jobs.open_library import OpenLibrary
from kith.jobs.overview import overview
from kith.jobs.people_wall import searched, wall
from kith.jobs.person_page import person_page
from kith.jobs.photo_search import PhotoSearch
from kith.jobs.photo_view import view_photo
from kith.jobs.references import photo_meant
from kith.jobs.review import Review
from kith.library.connection import LibraryConnection
from kith.library.review_queries import Unknown
from kith.settings import Settings
from kith.values.photo_filter import PhotoFilter

SIZES = (10_000, 100_000, 1_000_000)
SCREEN = 60  # photos in sight
FURTHER = ("event", "faces:2..3", "year:2010", 'folder:"event 17"', "with:unsure", "with:failed")  # searches
WARM = "milliseconds of a processor, where nothing was written since it was asked last"
FIRST = "milliseconds of a processor, the first time after something was written"
T = TypeVar("T")
Ask = Callable[[OpenLibrary, Size], object]


def _asks() -> dict[str, Ask]:
    """Return what window and command line ask of a library, by name."""
    asks: dict[str, Ask] = {
        "Home, status: how things stand": lambda library, _: overview(library, regroup=False),
        "People: everybody": lambda library, _: wall(library),
        "People: typing": lambda library, _: searched(library.kept("bench wall", lambda: wall(library)), "ros"),
        "person with most photos": lambda library, _: person_page(library, 1),
        "person like most": lambda library, size: person_page(library, size.people * 3 // 4),
        "people list": lambda library, _: (library.people.all(), library.store.people.counts()),
        "people show": lambda library, size: library.store.people.mentions(size.people // 2),
        "a name": lambda library, size: library.people.find(f"#{size.people}"),
        "Photos: what to filter by": lambda library, _: PhotoSearch(library).choices(),
        "Photos: a screen of tiles": _screen,
        "photo page": lambda library, size: view_photo(library, size.photos * 2 // 3),
        "why": lambda library, size: library.why(f"#{size.faces * 2 // 3}"),
        "a photo by its file's name": lambda library, size: photo_meant(library.store, f"IMG_{size.photos - 1:07}.jpg"),
        "Review: a question": _question,
        "Review: who waits": lambda library, _: library.store.waiting.seen(library.decisions.face_model_id),
        "runs": lambda library, _: library.store.runs.all(),
        "history": lambda library, _: library.history(20),
        "undo and redo in words": lambda library, _: (library.undoes, library.redoes),
        "how many to decide again": lambda library, _: library.count_recognised(),
        "output folders": lambda library, _: library.store.copies.outputs(),
    }
    return asks | {f"find {text or '(all)'}": _search(text) for text in (*SEARCHES, *FURTHER)}


def _search(text: str) -> Ask:
    return lambda library, _: PhotoSearch(library).find(PhotoFilter(text=text))


def _screen(library: OpenLibrary, size: Size) -> object:
    return PhotoSearch(library).cards(range(size.photos // 2, size.photos // 2 + SCREEN))


def _question(library: OpenLibrary, size: Size) -> object:
    key = size.faces * 2 // 3
    return Review(library).question(Unknown(key, library.store.photos.photo_of(key) or 0, True))


def million(sizes: Sequence[int] = SIZES) -> Tables:
    """Return of each query, the file, backup and check what they take, side by side for each size."""
    columns = [_at(Size(round(FACES_A_PHOTO * photos), photos // 100, photos)) for photos in sizes]
    return {title: _side_by_side([column[title] for column in columns], sizes) for title in columns[0]}


def _side_by_side(columns: Sequence[dict[str, float]], sizes: Sequence[int]) -> list[Row]:
    return [
        {"what": what, **{f"{size:,}": column.get(what, 0) for size, column in zip(sizes, columns, strict=True)}}
        for what in columns[0]
    ]


def _at(size: Size) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as folder:
        os.environ["KITH_HOME"] = f"{folder}/home"
        root = Path(folder)
        draw(root, size)
        return {
            **_in_own_process(_queries, root, size),
            f"bytes a face, {FACES_A_PHOTO} faces a photo": _in_own_process(_bytes, root, size),
            "seconds and memory": {
                **_in_own_process(_cost, "backup", root),
                **_in_own_process(_cost, "check --library", root),
            },
        }


def _in_own_process(task: Callable[..., T], *arguments: Any) -> T:
    """Run a task in a fresh process, so that its peak memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        return processes.submit(task, *arguments).result()


def _queries(root: Path, size: Size) -> dict[str, dict[str, float]]:
    """Return the milliseconds of each query after something was written, and when nothing was."""
    with OpenLibrary(settings_of(root)) as library:
        library.decisions.read()  # all faces that teach, which is no query: the window does it once
        first, warm = {}, {}
        for what, ask in _asks().items():
            _write(library)
            first[what], *again = (_milliseconds(ask, library, size) for _ in range(ROUNDS))
            warm[what] = min(again)
        return {WARM: warm, FIRST: first}


def _write(library: OpenLibrary) -> None:
    """Write something to the library, so that nothing that is kept holds any more."""
    with library.store.transaction():
        library.store.failures.save(Path("/nowhere"), "a test")
        library.store.failures.drop([Path("/nowhere")])


def _milliseconds(ask: Ask, library: OpenLibrary, size: Size) -> float:
    began = time.process_time()
    ask(library, size)
    return round(1000 * (time.process_time() - began), 1)


def _bytes(root: Path, size: Size) -> dict[str, float]:
    """Return the bytes of the file, and of each table with its indexes, by face."""
    with closing(LibraryConnection.open(settings_of(root).library_file)) as connection:
        rows = connection.execute(
            "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name "
            "WHERE s.aggregate = TRUE GROUP BY 1 HAVING sum(s.pgsize) >= ? ORDER BY 2 DESC",
            (size.faces,),
        ).fetchall()
    whole = settings_of(root).library_file.stat().st_size
    return {"the file": round(whole / size.faces), **{table: round(count / size.faces) for table, count in rows}}


def _cost(what: str, root: Path) -> dict[str, float]:
    import resource  # not on Windows

    tasks: dict[str, Callable[[Settings], object]] = {
        "backup": lambda settings: back_up(settings, root / "backup.sqlite"),
        "check --library": inspect_library,
    }
    before, work, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time(), time.perf_counter()
    tasks[what](settings_of(root))
    worked, took = time.process_time() - work, time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (root / "backup.sqlite").unlink(missing_ok=True)
    return {
        f"{what}, seconds": round(took, 1),
        f"{what}, processor seconds": round(worked, 1),
        f"{what}, MB beside the program": round((peak - before) / 1024),
    }
