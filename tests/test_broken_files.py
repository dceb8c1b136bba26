"""Broken and odd files beside good photos: the good are filed, each bad one is named with its reason."""

import errno
import itertools
import os
import re
import shutil
import signal
import struct
import sys
import threading
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kith.filing.names import UNKNOWN, safe_photo_name
from kith.jobs.build_kb import build_kb
from kith.jobs.events import BuildFinished, Event, Notice, PhotoDone, PhotoFailed, RecognitionFinished, Started
from kith.jobs.phrases import recognition_summary
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.worker_processes import WorkerProcesses
from kith.jobs.workers import InlineExecutor, process_pool
from kith.photos import photo_file
from tests.desk import CHIRAC, CHIRAC_AGAIN, DRAWN, NOBODY, POWELL, POWELL_AGAIN, Desk, is_analysis
from tests.making import aged

GOOD = {
    "Powell": [f"lfw10/Colin_Powell/Colin_Powell_00{number}.jpg" for number in ("01", "04", "06", "07", "09", "10")],
    "Chirac": [
        f"lfw10/Jacques_Chirac/Jacques_Chirac_00{number}.jpg" for number in ("05", "07", "08", "09", "19", "20")
    ],
}
POSIX = os.name == "posix"
COLOURLESS = ("grey.JPG", "sixteen bit.png")  # where drawn people, who are known by their colours, are nobody


@pytest.fixture
def taught(tmp_path: Path, material: Path) -> Desk:
    """A desk whose knowledge base knows Powell and Chirac."""
    desk = Desk(tmp_path / "desk", material)
    desk.put_all(POWELL, "people/Powell")
    desk.put_all(CHIRAC, "people/Chirac")
    desk.build()
    return desk


def _png(*chunks: tuple[bytes, bytes]) -> bytes:
    parts = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _encoded(photo: Image.Image, form: str, **options: Any) -> bytes:
    stream = BytesIO()
    photo.save(stream, form, **options)
    return stream.getvalue()


def _with_other_byte(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


def _put_broken_files(folder: Path, good: Path) -> dict[str, str]:
    """Put one broken file of each kind into a folder and return a part of the reason expected of each."""
    jpeg = good.read_bytes()
    with Image.open(good) as photo:
        png, webp = _encoded(photo, "PNG"), _encoded(photo, "WEBP")
    bomb_header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    unknown, cut, damaged = "not an image of a known kind", "truncated", "damaged"
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as pack:
        pack.writestr("photo.jpg", jpeg)
    kinds = {
        "empty.jpg": (b"", "empty (0 bytes)"),
        "truncated.jpg": (jpeg[: len(jpeg) // 2], cut),
        "text.jpg": (b"This is no photo.\n", unknown),
        "page.jpeg": (b"<!DOCTYPE html><html><body>404</body></html>", unknown),
        "random.jpg": (np.random.default_rng(1).bytes(5000), unknown),
        "archive.heic": (archive.getvalue(), unknown),
        "beginning.jpg": (b"\xff\xd8\xff\xe0", unknown),
        "bomb.png": (_png((b"IHDR", bomb_header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")), "megapixels"),
        "cut.png": (png[: len(png) // 2], cut),
        "bad header checksum.png": (_with_other_byte(png, 29), unknown),
        "bad pixels checksum.png": (_with_other_byte(png, png.index(b"IDAT") + 40), damaged),
        "cut.webp": (webp[: len(webp) // 2], damaged),
        "vector.png": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', unknown),
    }
    for name, (content, _) in kinds.items():
        (folder / name).write_bytes(content)
        aged(folder / name)
    return {name: reason for name, (_, reason) in kinds.items()} | _put_what_is_no_file(folder, good)


def _put_what_is_no_file(folder: Path, good: Path) -> dict[str, str]:
    """Put links, pipes and closed files into a folder where the system knows them; return the reasons expected."""
    reasons: dict[str, str] = {}
    if POSIX:
        (folder / "nowhere.jpg").symlink_to("gone.jpg")
        (folder / "circle.jpg").symlink_to("circle.jpg")
        (folder / "device.png").symlink_to(os.devnull)
        os.mkfifo(folder / "pipe.jpg")
        reasons |= {
            "nowhere.jpg": "leads nowhere",
            "circle.jpg": os.strerror(errno.ELOOP),
            "device.png": "device, pipe or socket",
            "pipe.jpg": "device, pipe or socket",
        }
        if os.geteuid() != 0:  # root may read everything
            shutil.copyfile(good, folder / "closed.jpg")
            (folder / "closed.jpg").chmod(0)
            (folder / "closed folder").mkdir(mode=0)
            reasons |= {"closed.jpg": "may not be read", "closed folder": "cannot be listed"}
    return reasons


def _put_odd_files(folder: Path, good: Path) -> list[str]:
    """Put odd but valid photos of the same face into a folder and return their names."""
    with Image.open(good) as photo:
        photo.load()
    grey = np.asarray(photo.convert("L"), np.uint16) * 257
    palette = photo.convert("RGBA").quantize(256)
    broken_exif = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12\0\x03"
    encoded = {
        "gif.jpg": _encoded(photo, "GIF"),
        "broken exif.jpg": _encoded(photo, "JPEG", quality=95, exif=broken_exif),
        "cmyk.jpg": _encoded(photo.convert("CMYK"), "JPEG", quality=94),
        "grey.JPG": _encoded(photo.convert("L"), "JPEG", quality=93),
        "sixteen bit.png": _encoded(Image.fromarray(grey), "PNG"),
        "palette and alpha.png": _encoded(palette, "PNG", transparency=0),
        "alpha.PNG": _encoded(photo.convert("RGBA"), "PNG"),
        "lossless.webp": _encoded(photo, "WEBP", lossless=True),
        "progressive.jpeg": _encoded(photo, "JPEG", quality=92, progressive=True),
        "rubbish behind the end.jpg": _encoded(photo, "JPEG", quality=91) + bytes(999),
    }
    for name, content in encoded.items():
        (folder / name).write_bytes(content)
    (folder / "folder.jpg").mkdir()
    (folder / "folder.jpg/inside.jpg").write_bytes(_encoded(photo, "JPEG", quality=90))
    names = [
        "=1+1.jpg",
        "it's \u201cquoted\u201d; 100 %.jpg",
        "\U0001f469\u200d\U0001f680 \u00e9t\u00e9.jpg",
        "-rf.jpg",
    ]
    names.append("x" * 251 + ".jpg" if POSIX else "x" * 100 + ".jpg")
    if POSIX:
        names += ['two\nlines "and\ttab".jpg', "\x1b[31mred.jpg", "back\\slash.jpg"]
    if sys.platform == "linux":
        names.append(os.fsdecode(b"latin-1 \xe9t\xe9.jpg"))
    for number, name in enumerate(names):  # of a quality each: the same image data would be the same photo
        (folder / name).write_bytes(_encoded(photo, "JPEG", quality=89 - number))
    return [*encoded, "folder.jpg/inside.jpg", *names]


def test_good_and_odd_photos_are_filed_and_each_broken_one_has_its_reason(taught: Desk) -> None:
    for sources in GOOD.values():
        taught.put_all(sources, "input")
    odd = _put_odd_files(taught.input, taught.data / POWELL_AGAIN[0])
    reasons = _put_broken_files(taught.input, taught.data / POWELL_AGAIN[0])
    assert len(reasons) >= 12

    events = taught.run(taught.recognition(), executor=None)

    told = {event.row.file: event.row for event in events if isinstance(event, PhotoDone)}
    wrong = {event.path.name: event.reason for event in events if isinstance(event, PhotoFailed)}
    summary = events[-1]
    assert isinstance(summary, RecognitionFinished)
    colourless = COLOURLESS if DRAWN in os.environ else ()
    expected = {name: [] if name in colourless else ["Powell"] for name in odd}
    expected |= {Path(source).name: [person] for person, sources in GOOD.items() for source in sources}
    assert {name: row.people for name, row in told.items()} == expected
    copies = [f"{(*people, UNKNOWN)[0]}/{safe_photo_name(Path(name).name)}" for name, people in expected.items()]
    assert "Powell/_[31mred.jpg" in copies
    assert sorted(taught.copies()) == sorted(copies)
    assert wrong.keys() == reasons.keys()
    assert {name: reason for name, reason in wrong.items() if reasons[name] not in reason} == {}
    assert not [reason for reason in wrong.values() if "unexpected" in reason]
    assert (summary.done, len(summary.failed)) == (len(expected) + len(reasons), len(reasons))
    lines = recognition_summary(summary)
    assert all(f"failed: {taught.input / name}: {reason}" in lines for name, reason in wrong.items())
    report = taught.report()
    assert {name: row["error"] for name, row in report.items() if row["error"]} == wrong
    assert len(report) == summary.total
    assert report["'=1+1.jpg"]["copies"] == "Powell/=1+1.jpg"


def test_broken_files_do_not_stop_a_build(tmp_path: Path, material: Path) -> None:
    desk = Desk(tmp_path / "desk", material)
    good = desk.put_all(POWELL, "people/Powell")
    reasons = _put_broken_files(desk.people / "Powell", good[0])
    summary = desk.build()
    assert {failure.path.name for failure in summary.failed} == reasons.keys()
    assert [(person.name, person.used) for person in summary.people] == [("Powell", 3)]
    again = desk.build()
    assert (again.analysed, again.failed, again.people) == (0, tuple(summary.failed), summary.people)


def test_file_deleted_after_the_listing_is_one_failure(taught: Desk) -> None:
    photos = taught.put_all([*POWELL_AGAIN, NOBODY], "input")

    def while_vanishing(context: Any) -> Any:
        for event in recognize_folder(context, [taught.input], taught.output):
            if isinstance(event, Started):
                photos[1].unlink()
            yield event

    summary = taught.run(while_vanishing)[-1]
    assert isinstance(summary, RecognitionFinished)
    (failure,) = summary.failed
    assert (failure.path, failure.reason) == (photos[1], "the file is not there any more")
    assert (summary.done, summary.known, summary.unknown) == (3, 1, 1)
    assert taught.report()[photos[1].name]["error"] == failure.reason


class _Interfering(InlineExecutor):
    """Does something to a photo just before or after its analysis."""

    def __init__(
        self, before: Callable[[Path], None] | None = None, after: Callable[[Path], None] | None = None
    ) -> None:
        self._before, self._after = before, after

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if not is_analysis(fn):
            return super().submit(fn, *args, **kwargs)
        ((path, _),) = args[0]
        if self._before:
            self._before(path)
        future = super().submit(fn, *args, **kwargs)
        if self._after:
            self._after(path)
        return future


@pytest.mark.parametrize("moment", ["before", "after"])
def test_file_deleted_around_its_analysis_is_one_failure(taught: Desk, moment: str) -> None:
    first, second = taught.put_all(POWELL_AGAIN, "input")

    def delete_second(path: Path) -> None:
        if path == second:
            path.unlink()

    events = taught.run(taught.recognition(), executor=lambda: _Interfering(**{moment: delete_second}))
    summary = events[-1]
    assert isinstance(summary, RecognitionFinished)
    assert [failure.path for failure in summary.failed] == [second]
    assert (summary.known, taught.copies()) == (1, [f"Powell/{first.name}"])
    shutil.copyfile(taught.data / POWELL_AGAIN[1], second)
    again = taught.recognize()
    assert (again.known, again.failed, again.analysed) == (2, (), 1 if moment == "before" else 0)
    assert len(taught.copies()) == 2


def test_killed_worker_costs_no_photo_and_the_run_completes(taught: Desk) -> None:
    photos = taught.put_all([source for sources in GOOD.values() for source in sources[:4]], "input")
    pools: list[WorkerProcesses] = []

    def new_pool() -> Executor:
        pools.append(process_pool(2))
        return pools[-1]

    def while_killing(context: Any) -> Any:
        for number, event in enumerate(recognize_folder(context, [taught.input], taught.output)):
            if number == 2:
                os.kill(pools[-1].pids()[0], signal.SIGKILL if POSIX else signal.SIGTERM)
            yield event

    summary = taught.run(while_killing, executor=new_pool)[-1]
    assert isinstance(summary, RecognitionFinished)
    assert len(pools) == 1
    assert (summary.total, summary.done, summary.analysed, summary.failed) == (8, 8, 8, ())
    assert dict(summary.people) == {"Powell": 4, "Chirac": 4}
    assert sorted(path.name for path in photos) == sorted(Path(copy).name for copy in taught.copies())


class _Deadly(WorkerProcesses):
    """Worker processes that die of a photo called deadly.jpg: when it is read, or when it is looked at."""

    def __init__(self, of_analysis: bool) -> None:
        super().__init__(2)
        self._of_analysis = of_analysis

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if is_analysis(fn) != self._of_analysis:
            return super().submit(fn, *args, **kwargs)
        return super().submit(_do_or_die, fn, *args, **kwargs)


def _do_or_die(work: Callable[..., Any], photos: Sequence[Any]) -> Any:
    if any("deadly.jpg" in str(photo) for photo in photos):
        os.kill(os.getpid(), signal.SIGKILL if POSIX else signal.SIGTERM)
    return work(photos)


@pytest.mark.parametrize(("job", "of_analysis"), [("build", False), ("recognise", False), ("recognise", True)])
def test_photo_that_kills_its_worker_is_the_only_one_lost(taught: Desk, job: str, of_analysis: bool) -> None:
    folder = "people/Powell" if job == "build" else "input"
    taught.put_all([*POWELL_AGAIN, *CHIRAC_AGAIN], folder)
    deadly = taught.put(NOBODY, f"{folder}/deadly.jpg")

    def new_pool() -> Executor:
        return _Deadly(of_analysis)

    events: list[Event] = taught.run(build_kb if job == "build" else taught.recognition(), executor=new_pool)
    summary = events[-1]
    assert isinstance(summary, BuildFinished | RecognitionFinished)
    (failure,) = summary.failed
    assert failure in events
    assert failure.path == deadly
    assert failure.reason.startswith("the process that read it died")
    assert (summary.done, summary.analysed) == (summary.total, 4)


def test_photo_without_its_last_bytes_counts_and_is_noted_once(taught: Desk) -> None:
    for name, number, folder in (("short", 0, "input"), ("taught", 1, "people/Powell")):
        data = (taught.data / POWELL_AGAIN[number]).read_bytes()
        (taught.root / folder / f"{name}.jpg").write_bytes(data[:-20])
        aged(taught.root / folder / f"{name}.jpg")
    note = r"{}\.jpg: the end of the file is missing: read without the last \d % of the picture"
    for job, name in ((build_kb, "taught"), (taught.recognition(), "short")):
        events = taught.run(job, executor=None)
        (told,) = [event.text for event in events if isinstance(event, Notice)]
        assert re.fullmatch(note.format(name), told)
        assert not events[-1].failed
        assert not [event for event in taught.run(job, executor=None) if isinstance(event, Notice)]
    assert taught.copies() == ["Powell/short.jpg"]


class _Editor(threading.Thread):
    """Writes other metadata into photos, again and again, as a program beside Kith does."""

    def __init__(self, contents: Mapping[Path, Sequence[bytes]], in_place: bool) -> None:
        super().__init__()
        self._contents, self._in_place, self._done = contents, in_place, threading.Event()

    def run(self) -> None:
        for number in itertools.count():
            for photo, contents in self._contents.items():
                content = contents[number % len(contents)]
                if self._in_place:
                    photo.write_bytes(content)
                else:
                    part = photo.with_name(f".{photo.name}.part")
                    part.write_bytes(content)
                    part.replace(photo)
                if self._done.wait(0.01):
                    return

    def stop(self) -> None:
        self._done.set()
        self.join()


def _tagged(jpeg: bytes) -> list[bytes]:
    """Return a photo with several comments in it, each of another length."""
    comments = (b"\xff\xfe" + struct.pack(">H", 2 + length) + bytes(length) for length in (1, 500, 20_000))
    return [jpeg[:2] + comment + jpeg[2:] for comment in comments]


@pytest.mark.parametrize("in_place", [False, True])
def test_edit_beside_a_run_never_makes_a_good_photo_a_failed_one(
    taught: Desk, in_place: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bound in ("_PATIENCE_S", "_YOUNG_S"):  # on a machine under load the other program may need long
        monkeypatch.setattr(photo_file, bound, 60.0)
    photos = taught.put_all([*POWELL_AGAIN, *CHIRAC_AGAIN], "input")
    contents = {photo: _tagged(photo.read_bytes()) for photo in photos}
    for _ in range(2):
        editor = _Editor(contents, in_place)
        editor.start()
        try:
            summary = taught.run(taught.recognition(filing=False))[-1]
        finally:
            editor.stop()
        assert isinstance(summary, RecognitionFinished)
        assert (summary.failed, summary.known) == ((), 4)
    known = taught.query("SELECT path, size FROM files WHERE path LIKE ?", f"{taught.input}%")
    assert {Path(path) for path, _ in known} == set(photos)
    assert all(size in map(len, contents[Path(path)]) for path, size in known)
    assert len(taught.query("SELECT id FROM photos")) == 6 + len(photos)  # not one of a half-written file
