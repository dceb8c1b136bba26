"""Damaged photos of every format: each is read or named with a reason, and the run goes on."""

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pillow_heif
from PIL import Image

from torture_world import BUG_SIGNS, PEOPLE, Step, World

FORMATS: "dict[str, dict[str, Any]]" = {
    ".jpg": {"format": "JPEG", "quality": 90},
    ".png": {"format": "PNG"},
    ".webp": {"format": "WEBP", "quality": 80},
    ".heic": {"format": "HEIF", "quality": 80},
    ".avif": {"format": "AVIF", "quality": 70},
    ".tiff": {"format": "TIFF", "compression": "tiff_lzw"},
    ".gif": {"format": "GIF"},
    ".bmp": {"format": "BMP"},
}
HEADER = 64  # bytes, in which most damage changes what the file claims to be


def fuzz(folder: Path, data: Path, count: int, random: Random) -> list[str]:
    """Recognise so many damaged files of each format; return what went wrong."""
    pillow_heif.register_heif_opener()
    world = World(folder, data)
    world.lay_out()
    built = world.run(Step("build-kb", ["build-kb"]))
    if built.code:
        return [f"build-kb: {built.err}"]
    troubles: list[str] = []
    for ending, how in FORMATS.items():
        print(ending, file=sys.stderr, flush=True)
        troubles += _recognise(world, ending, how, count, random)
    return troubles


def _recognise(world: World, ending: str, how: "dict[str, Any]", count: int, random: Random) -> Iterator[str]:
    inputs = world.root / f"damaged{ending}"
    inputs.mkdir()
    good = _encoded(world, how)
    names = {f"{number}{ending}" for number in range(count)}
    for name in names:
        (inputs / name).write_bytes(_damaged(good, random))
    (inputs / f"good{ending}").write_bytes(good)
    output = world.root / f"output{ending}"
    endings = json.dumps([*FORMATS]).strip("[]").replace('"', "").replace(" ", "")
    arguments = ["recognize", str(inputs), "--output", str(output), "--set", f"valid_exts={endings}"]
    done = world.run(Step("recognize", arguments))
    if done.code or any(sign in done.err for sign in BUG_SIGNS):
        yield f"{ending}: ended with {done.code}: {done.err.strip()[-600:]}"
        return
    with (output / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    for name in sorted({*names, f"good{ending}"}):
        row = rows.get(name)
        if row is None:
            yield f"{ending}: {name} is not in the report"
        elif not row["copies"] and not row["error"]:
            yield f"{ending}: {name} has neither copies nor a reason"
    if rows[f"good{ending}"]["error"]:
        yield f"{ending}: the good one failed: {rows[f'good{ending}']['error']}"


def _encoded(world: World, how: "dict[str, Any]") -> bytes:
    out = io.BytesIO()
    with Image.open(world.data / "lfw10" / PEOPLE[0] / f"{PEOPLE[0]}_0001.jpg") as photo:
        photo.convert("RGB").save(out, **how)
    return out.getvalue()


def _damaged(good: bytes, random: Random) -> bytes:
    """Return the file cut, overwritten, with bytes turned, put in, taken out or doubled."""
    data = bytearray(good)
    kind = random.randrange(6)
    at = random.randrange(HEADER) if random.random() < 0.4 else random.randrange(len(data))
    size = random.choice((1, 2, 4, 16, 256))
    if kind == 0:
        del data[at:]
    elif kind == 1:
        data[at : at + size] = random.randbytes(size)
    elif kind == 2:
        for _ in range(random.choice((1, 8, 64))):
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    elif kind == 3:
        data[at:at] = random.randbytes(size)
    elif kind == 4:
        del data[at : at + size]
    else:
        data[at : at + size] = bytes([random.choice((0, 255))]) * size
    return bytes(data)
