"""Small faces, bodies and photos, entered into a real library."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFile

from kith.library.store import Store
from kith.photos.box import Box
from kith.photos.facts import PhotoFacts
from kith.photos.photo_file import opened
from kith.photos.picture import MAX_PIXELS, open_picture
from kith.values.links import Link, Source, replaced
from kith.values.sightings import Sighting
from kith.vision.observations import Analysis, Appearance, Kind, Observation

posix_only = pytest.mark.skipif(os.name == "nt", reason="a matter of POSIX systems")
FULL = Path("/dev/full")
needs_full_disk = pytest.mark.skipif(not FULL.exists(), reason="/dev/full stands for a full disk")


def in_memory() -> Path | None:
    """Return a folder in memory, which spares the disk many synchronised writes; None where there is none."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None


@contextmanager
def full_disk() -> Iterator[None]:
    """Let the system say that the disk is full whenever something is written to a file not yet under its name."""
    really_open = os.open

    def opened(path: str | Path, flags: int, mode: int = 0o777) -> int:
        file = really_open(path, flags, mode)
        if Path(path).suffix == ".part":
            full = really_open(FULL, os.O_WRONLY)
            os.dup2(full, file)
            os.close(full)
        return file

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", opened)
        yield


def aged(path: Path) -> Path:
    """Let a file be old: for the rest of one that changed just now, and is no whole photo, Kith would wait."""
    os.utime(path, (10**9, 10**9))
    return path


FACES, BODIES = "face-model", "body-model"
ENGINE = "detector@800"
LEFT, RIGHT = Box(0.1, 0.1, 0.2, 0.2), Box(0.6, 0.1, 0.2, 0.2)
SHARP, BLURRED = 500.0, 5.0


def face(
    *vector: float,
    box: Box = LEFT,
    model: str = FACES,
    sharpness: float = SHARP,
    pixels: float = 120.0,
    frontality: float = 1.0,
) -> Observation:
    """Return a good face, but for what is asked otherwise."""
    values = np.array(vector or (0,), np.float32)
    return Observation(Kind.FACE, model, box, 0.9, values, sharpness=sharpness, pixels=pixels, frontality=frontality)


def body(*vector: float, box: Box = LEFT, model: str = BODIES, weak: bool = False) -> Observation:
    """Return a body, its vector brought to length 1."""
    values = np.array(vector or (1,), np.float32)
    return Observation(Kind.BODY, model, box, 1.0, values / np.linalg.norm(values), weak=weak)


def facts(image_hash: str, orientation: int = 1) -> PhotoFacts:
    """Return what is known of a photo before anybody looks at it."""
    return PhotoFacts(image_hash, 400, 300, orientation, None, None)


def enter(
    store: Store,
    image_hash: str,
    *seen: Observation | Sequence[Observation],
    engine: str = ENGINE,
    orientation: int = 1,
) -> tuple[int, list[Sighting]]:
    """Enter a photo with what shows in it, an observation or several for each appearance; return its id and that."""
    groups = [(one,) if isinstance(one, Observation) else tuple(one) for one in seen]
    analysis = Analysis(0, tuple(Appearance(group[0].box, group) for group in groups))
    with store.transaction():
        known = next(iter(store.photos.ways_up(image_hash).values()), None)
        photo_id = store.photos.save_photo(facts(image_hash, orientation), known)
        analysis_id = store.photos.save_analysis(photo_id, engine, orientation, analysis)
    return photo_id, store.photos.sightings(analysis_id)


@contextmanager
def open_photo(path: Path, max_pixels: int = MAX_PIXELS) -> Iterator[ImageFile.ImageFile]:
    """Give the picture in a photo's file."""
    with opened(path) as file, open_picture(file, max_pixels) as image:
        yield image


def say_by_machine(store: Store, appearance_ids: Sequence[int], wanted: Iterable[Link]) -> None:
    """Make these links all that the machine says of appearances."""
    links = chain.from_iterable(map(store.people.links, appearance_ids))
    present = [link for link in links if link.source is Source.MACHINE]
    store.redecisions.replace(*replaced(present, wanted))
