"""How fast names are written into XMP: as sidecars, made and changed, and into photos themselves."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from PIL import Image

from bench_people import progress
from bench_tables import Row, Tables
from kith.filing.name_files import Update, sidecar_of, write_into, write_sidecar
from kith.filing.xmp_names import NamedPlace, PhotoNames, Written
from kith.photos.box import Box

SIDECARS, PHOTOS = 2000, 100
SHOWN = tuple(NamedPlace(f"Person {number}", Box(0.1 + 0.2 * number, 0.2, 0.1, 0.15)) for number in range(3))
ALL, FEWER = PhotoNames(SHOWN, 4000, 3000), PhotoNames(SHOWN[:2], 4000, 3000)


def names(_data: Path) -> Tables:
    """Write names of three people to many sidecars and some photos of 12 megapixels, then take one person back."""
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as root:
        folder = Path(root)
        sidecars = [sidecar_of(folder / f"{number}.jpg") for number in range(SIDECARS)]
        photos = _photos(folder)
        rows = [*_measured("sidecars", sidecars, write_sidecar), *_measured("photos of 3 MB", photos, write_into)]
        rows.append(_plain(folder))
    return {"Names written a second": rows}


def _photos(folder: Path) -> list[Path]:
    first = folder / "first.jpg"
    noise = Image.effect_noise((4000, 3000), 60).convert("RGB")
    noise.save(first, quality=60)
    photos = [folder / f"photo {number}.jpg" for number in range(PHOTOS)]
    for photo in photos:
        shutil.copyfile(first, photo)
    return photos


def _measured(what: str, files: list[Path], write: Callable[[Path, Update], Written]) -> Iterable[Row]:
    written: Written = {}
    for how, people in (("made", ALL), ("one person taken back", FEWER)):
        began, worked = time.perf_counter(), time.process_time()
        for file in progress(files, f"{what}: {how}", len(files)):
            own = write(file, Update(people, written, _unheard))
        seconds, processor = time.perf_counter() - began, time.process_time() - worked
        written = own
        yield _row(f"{what}, {how}", len(files), seconds, processor)


def _plain(folder: Path) -> Row:
    """Write plain files of a sidecar's size in the same way, to tell what the disk alone takes."""
    began, worked = time.perf_counter(), time.process_time()
    for number in range(SIDECARS):
        with (folder / f"plain {number}").open("wb") as file:
            file.write(bytes(3000))
            file.flush()
            os.fsync(file.fileno())
    return _row(
        "plain files of that size, each synced",
        SIDECARS,
        time.perf_counter() - began,
        time.process_time() - worked,
    )


def _row(what: str, count: int, seconds: float, processor: float) -> Row:
    return {
        "what": what,
        "files": count,
        "files/s": round(count / seconds),
        "processor ms a file": round(1000 * processor / count, 2),
    }


def _unheard(_written: Written, _sha256: str) -> None:
    """Hear of what is begun."""
