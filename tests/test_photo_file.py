"""A photo's file: read in pieces, of a sensible size, at one moment."""

import io
import os
import re
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from kith.errors import BadPhoto
from kith.photos import photo_file
from kith.photos.facts import read_facts
from kith.photos.first_read import Reading, read
from kith.photos.photo_file import PhotoFile, Stamp, opened, steadily
from kith.photos.picture import MAX_PIXELS


def _file(content: bytes) -> PhotoFile:
    return PhotoFile(Path("a.jpg"), Stamp(len(content), 0, 0, 0), io.BytesIO(content))


def _photo(path: Path, colour: str = "red", side: int = 60) -> bytes:
    Image.new("RGB", (side, side), colour).save(path)
    return path.read_bytes()


def _enlarged(path: Path, size: int) -> Path:
    """Let a file end far behind its content; the file system keeps no bytes for that."""
    with path.open("r+b") as file:
        file.truncate(size)
    return path


def _reason(path: Path) -> str:
    with pytest.raises(BadPhoto) as caught:
        read_facts(path)
    return caught.value.reason


@pytest.mark.parametrize("block", [2, 3, 5, 1000])
def test_two_bytes_are_found_wherever_blocks_end(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(photo_file, "_BLOCK_BYTES", block)
    pattern = re.compile(rb"\xff[^\0]", re.DOTALL)
    for content in (b"", b"\xff", b"\xff\0\xff\xd9", b"ab\xff\xd8cd\xff\0ef\xff\xd9", bytes(11) + b"\xff\xff\xff"):
        for start in range(len(content) + 2):
            match = pattern.search(content, start)
            assert _file(content).find(pattern, start) == (match.start() if match else None)


def test_parts_are_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_file, "_BLOCK_BYTES", 4)
    assert b"".join(_file(b"0123456789").parts(1, 9)) == b"12345678"
    with pytest.raises(ValueError, match="too early"):
        list(_file(b"0123456789").parts(5, 11))


def test_a_file_too_large_for_its_kind_is_refused_without_being_read(tmp_path: Path) -> None:
    for name, size, most in (("a.jpg", 4 * 2**30, 512), ("a.webp", 2**30, 512), ("a.png", 5 * 2**30, 4096)):
        _photo(tmp_path / name)
        reason = _reason(_enlarged(tmp_path / name, size))
        assert reason.startswith(
            f"the file has {size // 10**6} megabytes, and no photo of its kind needs more than {most}"
        )
    _photo(tmp_path / "a.tif")
    assert read_facts(_enlarged(tmp_path / "a.tif", 520 * 10**6)).width == 60


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_memory_does_not_follow_the_file(tmp_path: Path, name: str) -> None:
    _photo(tmp_path / name)
    _enlarged(tmp_path / name, 100 * 10**6)
    read_facts(tmp_path / name)
    tracemalloc.start()
    read_facts(tmp_path / name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 10**6


def test_facts_of_a_png_need_no_pixels_wherever_its_exif_stands(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (4000, 3000)).save(tmp_path / "a.png", exif=exif)
    content = (tmp_path / "a.png").read_bytes()
    start = content.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(content[start : start + 4])
    last = content.index(b"IEND") - 4
    (tmp_path / "b.png").write_bytes(content[:start] + content[end:last] + content[start:end] + content[last:])
    read_facts(tmp_path / "a.png")
    tracemalloc.start()
    facts = read_facts(tmp_path / "b.png")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert facts.orientation == 6
    assert peak < 10 * 10**6


# A file that is written to meanwhile


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine under load whoever writes to a file may need long."""
    for bound in ("_PATIENCE_S", "_YOUNG_S"):
        monkeypatch.setattr(photo_file, bound, 60.0)


@contextmanager
def _beside(work: threading.Thread) -> Iterator[None]:
    work.start()
    try:
        yield
    finally:
        work.join()


def _readings(path: Path, count: int) -> list[Reading]:
    return [steadily(path, lambda file: read(file, MAX_PIXELS, lambda *_: 1000)) for _ in range(count)]


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("way", ["in place", "in two pieces", "put in its place", "deleted first"])
def test_an_edit_beside_never_makes_a_good_photo_a_bad_one(tmp_path: Path, way: str) -> None:
    """What belongs together is read together: each size goes with its picture."""
    path, spare = tmp_path / "a.jpg", tmp_path / "spare"
    pictures = [_photo(path, colour, side) for colour, side in (("red", 600), ("blue", 900), ("green", 400))]
    by_size = {}
    for content in pictures:
        path.write_bytes(content)
        by_size[len(content)] = read_facts(path).image_hash
        if way == "in two pieces":  # a JPEG whose header is there has facts; whoever looks at it waits for the rest
            path.write_bytes(content[: len(content) // 2])
            by_size[len(content) // 2] = read_facts(path).image_hash
    assert len(by_size) in {3, 6}
    done = threading.Event()

    def edit() -> None:
        number = 0
        while not done.wait(0.004):
            number += 1
            content = pictures[number % 3]
            if way == "in place":
                path.write_bytes(content)
            elif way == "in two pieces":
                with path.open("wb") as file:
                    file.write(content[: len(content) // 2])
                    file.flush()
                    time.sleep(0.01)
                    file.write(content[len(content) // 2 :])
            else:
                spare.write_bytes(content)
                if way == "deleted first":
                    path.unlink()
                    time.sleep(0.005)
                spare.replace(path)

    with _beside(threading.Thread(target=edit)):
        try:
            readings = _readings(path, 60)
        finally:
            done.set()
    assert all(by_size[reading.stamp.size] == reading.facts.image_hash for reading in readings)


def test_a_large_file_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_file, "_HELD_BYTES", 100)
    path = tmp_path / "a.jpg"
    first, second = _photo(tmp_path / "b.jpg", "blue"), _photo(path)
    seen: list[Any] = []

    def work(file: PhotoFile) -> bytes:
        content = file.read(0, file.size)
        if not seen:
            path.write_bytes(first + b"longer")
        seen.append(content)
        return content

    assert steadily(path, work) == first + b"longer"
    assert seen == [second, first + b"longer"]


def test_a_file_without_end_of_changes_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_file, "_HELD_BYTES", 100)
    monkeypatch.setattr(photo_file, "_PATIENCE_S", 0.1)
    _photo(tmp_path / "a.jpg")
    with pytest.raises(BadPhoto, match="another program keeps writing to it"):
        steadily(tmp_path / "a.jpg", lambda file: os.utime(file.path, ns=(0, time.time_ns())))


@pytest.mark.usefixtures("_patient")
def test_a_file_that_is_not_whole_yet_is_waited_for(tmp_path: Path) -> None:
    content = _photo(tmp_path / "a.jpg")
    for early in (b"", content[:200]):
        (tmp_path / "a.jpg").write_bytes(early)
        with _beside(threading.Timer(0.3, (tmp_path / "a.jpg").write_bytes, [content])):
            (reading,) = _readings(tmp_path / "a.jpg", 1)
        assert reading.stamp.size == len(content)


def test_an_old_bad_file_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("waited"))
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    (tmp_path / "empty.jpg").touch()
    for path in (tmp_path / "a.jpg", tmp_path / "empty.jpg", tmp_path):
        os.utime(path, (time.time() - 60,) * 2)
    for name in ("a.jpg", "empty.jpg", "gone.jpg", "."):
        with pytest.raises(BadPhoto):
            _readings(tmp_path / name, 1)


def test_a_file_is_what_it_was_when_it_was_opened(tmp_path: Path) -> None:
    content = _photo(tmp_path / "a.jpg")
    with opened(tmp_path / "a.jpg") as file:
        (tmp_path / "a.jpg").write_bytes(b"something else")
        assert file.stream().read() == content
