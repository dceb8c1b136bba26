"""The hash of a model file: read once, and read again as soon as somebody wrote to the file."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from kith.vision import file_hash
from kith.vision.file_hash import sha256_of

HOUR_NS = 3600 * 10**9


def _written(path: Path, content: bytes, age_ns: int = HOUR_NS) -> str:
    path.write_bytes(content)
    moment = time.time_ns() - age_ns
    os.utime(path, ns=(moment, moment))
    return hashlib.sha256(content).hexdigest()


def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an hour pass, so that the last change of every file lies behind."""
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + HOUR_NS)


def test_a_file_that_nobody_writes_to_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _written(tmp_path / "model", b"weights")
    _later(monkeypatch)
    reads: list[Path] = []
    read = file_hash._read
    monkeypatch.setattr(file_hash, "_read", lambda path: reads.append(path) or read(path))
    assert [sha256_of(tmp_path / "model") for _ in range(3)] == [expected] * 3
    assert reads == [tmp_path / "model"]


def test_a_changed_file_of_the_same_size_and_time_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model"
    before = _written(model, b"weights")
    status = model.stat()
    _later(monkeypatch)
    assert sha256_of(model) == before
    time.sleep(0.02)  # more than a tick of the file system's clock
    model.write_bytes(b"Weights")
    os.utime(model, ns=(status.st_mtime_ns, status.st_mtime_ns))
    assert sha256_of(model) == hashlib.sha256(b"Weights").hexdigest()


def test_a_file_written_just_now_is_read_each_time(tmp_path: Path) -> None:
    model = tmp_path / "model"
    for number in range(50):
        content = b"weights %02d" % number
        model.write_bytes(content)
        assert sha256_of(model) == hashlib.sha256(content).hexdigest()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="model"):
        sha256_of(tmp_path / "model")
