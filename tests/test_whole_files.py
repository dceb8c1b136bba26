"""Files that appear whole or not at all, whatever lies in their folder beforehand."""

import multiprocessing
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kith.filing.curve import write_table
from kith.filing.encodings import write_encodings
from kith.filing.report import ReportRow, write_report
from kith.json_file import update_object
from kith.whole_files import clear_parts, complete, part_file, replacing, take_name
from tests.filing_desk import ANN, Filer
from tests.making import posix_only

REPOSITORY = Path(__file__).parents[1]
WRITERS: dict[str, Callable[[Path], None]] = {
    "report.csv": lambda path: write_report(path, [ReportRow("photo.jpg")]),
    "encodings.pkl": lambda path: write_encodings(path, [("Ann", np.ones(128, np.float32))], []),
    "settings.json": lambda path: update_object(path, {"face_tol": 0.5}),
    "curve.csv": lambda path: write_table(path, []),
}
writers = pytest.mark.parametrize("name", list(WRITERS))


def _left(folder: Path, name: str = ".kith-0123456789abcdef.part") -> Path:
    """Make what a killed process leaves."""
    path = folder / name
    path.write_bytes(b"half a fi")
    return path


@posix_only
@writers
def test_no_link_planted_in_the_folder_leads_outside(tmp_path: Path, name: str) -> None:
    """The names that earlier versions wrote to were foreseeable."""
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.write_bytes(b"the user's own")
    folder.mkdir()
    planted = [folder / f".{name}.part", folder / f"{name}.part", folder / ".kith-1.part"]
    for link in planted:
        link.symlink_to(outside)
    WRITERS[name](folder / name)
    assert outside.read_bytes() == b"the user's own"
    assert not (folder / name).is_symlink()
    assert all(link.is_symlink() for link in planted)


@posix_only
def test_no_link_planted_in_a_persons_folder_leads_outside(filer: Filer) -> None:
    outside = filer.output.with_name("outside")
    outside.write_bytes(b"the user's own")
    source = filer.photo()
    (record,), _ = filer.plan(source, ANN)
    record.target.parent.mkdir()
    for number in range(5):
        (record.target.parent / f".kith-{number}.part").symlink_to(outside)
    assert filer.file(source, ANN) == ["Ann/photo.jpg"]
    assert outside.read_bytes() == b"the user's own"


@posix_only
def test_a_file_being_written_is_new_and_hidden_and_its_name_cannot_be_foreseen(tmp_path: Path) -> None:
    names = set()
    for _ in range(20):
        with part_file(tmp_path, 0o600) as (file, part):
            assert [entry.name for entry in tmp_path.iterdir()] == [part.name]
            assert part.name.startswith(".kith-")
            assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
            names.add(part.name)
    assert len(names) == 20
    assert list(tmp_path.iterdir()) == []


@writers
def test_what_a_killed_writer_left_goes_with_the_next(tmp_path: Path, name: str) -> None:
    _left(tmp_path)
    WRITERS[name](tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["kith-0123.part", ".kith-.part", ".kith-holiday.part", ".kith-0123.jpg", ".part"])
def test_other_hidden_files_are_the_users_own(tmp_path: Path, name: str) -> None:
    left = _left(tmp_path, name)
    clear_parts(tmp_path)
    assert left.exists()


HOLD = """
import sys
from pathlib import Path
from kith.whole_files import part_file
with part_file(Path(sys.argv[1])) as (file, part):
    print(part.name, flush=True)
    sys.stdin.read()
"""


@posix_only
def test_what_another_process_is_writing_stays_until_it_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        part = tmp_path / writer.stdout.readline().strip()
        clear_parts(tmp_path)
        assert part.is_file()
        writer.kill()
    assert part.is_file()
    clear_parts(tmp_path)
    assert not part.exists()


@pytest.mark.parametrize("has_links", [True, False])
@pytest.mark.parametrize("taken", [Path.touch, Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_a_name_that_is_taken_stays_what_it_is(
    tmp_path: Path, taken: Callable[[Path], None], has_links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_links:
        monkeypatch.delattr(os, "link")
        monkeypatch.setattr(os, "link", _no_link, raising=False)
    file, name = tmp_path / "file", tmp_path / "name"
    file.write_bytes(b"content")
    taken(name)
    before = name.lstat()
    assert not take_name(file, name)
    assert name.lstat().st_ino == before.st_ino
    assert file.read_bytes() == b"content"
    assert take_name(file, tmp_path / "free")
    assert not file.exists()
    assert (tmp_path / "free").read_bytes() == b"content"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["free", "name"]


def _no_link(*_: object) -> None:
    raise PermissionError


def _take(folder: Path, number: int) -> bool:
    with part_file(folder) as (file, part):
        file.write(b"%d" % number)
        complete(file)
        return take_name(part, folder / "name")


def test_of_several_processes_one_gets_the_name(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        taken = pool.starmap(_take, [(tmp_path, number) for number in range(20)])
    assert taken.count(True) == 1
    assert (tmp_path / "name").read_bytes() == b"%d" % taken.index(True)
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_an_error_inside_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"earlier")
    with pytest.raises(TypeError), replacing(path) as file:
        file.writelines([b"half", "no bytes"])  # type: ignore[list-item]
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {"file": b"earlier"}


def test_a_file_and_then_its_name_reach_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    for name in ("fsync", "replace", "link"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, name=name, real=real: (told.append(name), real(*args))[1])
    for name, write in WRITERS.items():
        told.clear()
        write(tmp_path / name)
        assert told == ["fsync", "replace", "fsync"], name


def test_a_copy_and_then_its_name_reach_the_disk(filer: Filer, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    for name in ("fsync", "replace", "link"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, name=name, real=real: (told.append(name), real(*args))[1])
    source = filer.photo()
    filer.file(source, ANN)
    filer.edit(source, b"edited")
    filer.file(source, ANN)
    assert told == ["fsync", "link", "fsync", "fsync", "replace", "fsync"]
