"""The next photos' files are read before they are asked for, some of them, and none that nobody waits for."""

import os
import threading
from pathlib import Path

import pytest

from kith.jobs import read_ahead
from kith.jobs.read_ahead import ReadAhead
from tests.making import posix_only


class _Noting(ReadAhead):
    """Notes which files it read; `read` is set when it has nothing more to do."""

    def __init__(self, idle_after: int) -> None:
        super().__init__()
        self.read: list[str] = []
        self.idle = threading.Event()
        self._idle_after = idle_after

    def _read(self, path: Path) -> int:
        size = super()._read(path)
        self.read.append(path.name)
        if len(self.read) == self._idle_after:
            self.idle.set()
        return size


def _files(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"{number}.jpg" for number in range(count)]
    for path in paths:
        path.write_bytes(b"x" * 1000)
    return paths


def test_as_many_files_are_read_ahead_as_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "_AHEAD_BYTES", 3000)
    monkeypatch.setattr(read_ahead, "_THREADS", 1)
    ahead, paths = _Noting(idle_after=3), _files(tmp_path, 6)
    with ahead.at_work():
        ahead.expect(paths)
        assert ahead.idle.wait(60)
        ahead.idle.clear()
        ahead._idle_after = 5
        ahead.taken(paths[0])
        ahead.taken(paths[1])
        assert ahead.idle.wait(60)
    assert ahead.read == ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg"]


def test_what_is_asked_for_already_is_not_read(tmp_path: Path) -> None:
    ahead, paths = _Noting(idle_after=2), _files(tmp_path, 4)
    ahead.expect(paths)
    ahead.taken(paths[0])
    ahead.taken(paths[1])
    with ahead.at_work():
        assert ahead.idle.wait(60)
    assert sorted(ahead.read) == ["2.jpg", "3.jpg"]


@posix_only
def test_a_pipe_or_a_missing_file_holds_up_nobody(tmp_path: Path) -> None:
    (photo,) = _files(tmp_path, 1)
    os.mkfifo(tmp_path / "pipe.jpg")
    ahead = _Noting(idle_after=1)
    with ahead.at_work():
        ahead.expect([tmp_path / "pipe.jpg", tmp_path / "gone.jpg", photo])
        assert ahead.idle.wait(60)
    assert ahead.read == ["0.jpg"]
