"""Photos to measure speed on: JPEGs of a given size made of real ones, and many small ones that all differ."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, zip_longest
from pathlib import Path

from PIL import Image

from kith.jobs.workers import worker_count
from kith.photos.pixels import load_rgb
from kith.photos.search import find_photos

LEAST_SOURCE = 400_000  # pixels of a photo worth enlarging
QUALITY = 90
SMALL_SIDE = 320  # pixels
MARK = (16, 16)  # pixels, a whole block of JPEG's at half the colour resolution
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


def sources(data: Path) -> list[Path]:
    """Return the photos worth enlarging, of groups and of each person in turn."""
    folders = [data / "groups", *sorted((data / "athletes").glob("*/"))]
    large = ([path for path in _photos(folder) if _pixels(path) >= LEAST_SOURCE] for folder in folders)
    in_turn = chain.from_iterable(zip_longest(*large))
    return [path for path in in_turn if path]


def spread(paths: Sequence[Path], count: int) -> list[Path]:
    """Return that many of the paths, or all, evenly spread over them."""
    many = len(paths)
    count = min(count, many)
    return [paths[number * many // count] for number in range(count)]


def enlarged(originals: Sequence[Path], megapixels: float, prints: int, folder: Path) -> list[list[Path]]:
    """Return so many prints of JPEGs of that size of all photos; the prints differ by a mark in a corner.

    Kith looks at equal photos only once.
    """

    def make(number: int, original: Path) -> list[Path]:
        image = Image.fromarray(load_rgb(original))
        pixels = image.width * image.height
        scale = (megapixels * 1e6 / pixels) ** 0.5
        size = round(image.width * scale), round(image.height * scale)
        large = image.resize(size, Image.Resampling.BICUBIC)
        return [_marked(large, mark, folder / f"{number:03}-{mark}.jpg") for mark in range(prints)]

    folder.mkdir(parents=True)
    with ThreadPoolExecutor(worker_count(0)) as threads:
        numbers = range(len(originals))
        made = threads.map(make, numbers, originals)
        return [list(prints_of_all) for prints_of_all in zip(*made)]


def small_ones(originals: Sequence[Path], count: int, folder: Path) -> list[Path]:
    """Return so many small JPEGs, no two of them equal."""
    small = [Image.fromarray(load_rgb(original)) for original in originals]
    for image in small:
        image.thumbnail((SMALL_SIDE, SMALL_SIDE))
    folder.mkdir(parents=True)
    return [_marked(small[number % len(small)], number, folder / f"{number:05}.jpg") for number in range(count)]


def _marked(image: Image.Image, number: int, target: Path) -> Path:
    """Save the image with a corner in a colour of its own, coarse enough to survive the JPEG's rounding."""
    colour = tuple(16 * (number >> shift & 15) for shift in (0, 4, 8))
    image.paste(colour, (0, 0, *MARK))
    image.save(target, quality=QUALITY)
    return target


def _photos(folder: Path) -> list[Path]:
    return [path for path in find_photos(folder, ENDINGS) if isinstance(path, Path)]


def _pixels(path: Path) -> int:
    with Image.open(path) as image:
        return image.width * image.height
