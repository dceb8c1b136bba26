"""A photo's file, opened for all that is read of it: a regular file of a sensible size, and nobody writes to it."""

import io
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

from kith.errors import BadPhoto, Unreadable
from kith.photos.endings import VIDEO

_BLOCK_BYTES = 2**20
_HELD_BYTES = 32 * 2**20  # files up to here are read at once: whoever writes to one meanwhile spoils nothing

_MEGABYTE = 10**6
_MOST_BYTES = 512 * _MEGABYTE  # several times what phones write, the video behind the picture included
_MOST_BYTES_AS_PIXELS = 4096 * _MEGABYTE  # scans of 16 bits a colour; more does not fit into a TIFF
_PIXELS_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\x89PNG", b"BM", b"P5", b"P6")

_PATIENCE_S = 2.0  # with a file that another program is writing to
_PAUSE_S = 0.02  # between two tries of it
_YOUNG_S = 5.0  # so long after the last change a damaged file may be one that is not written to its end yet

_BEING_WRITTEN = "another program keeps writing to it: try again when that is done"

Result = TypeVar("Result")


class Stamp(NamedTuple):
    """What the system says of a file: as long as it is the same, nobody has written to it."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class PhotoFile:
    """An open file, read in pieces: no more than a block of it need be in memory."""

    def __init__(self, path: Path, stamp: Stamp, stream: BinaryIO) -> None:
        self.path = path
        self.stamp = stamp
        self._stream = stream
        self._block = 0, b""

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self.stamp.size

    @property
    def is_held(self) -> bool:
        """Whether all of it is in memory."""
        return self.size <= _HELD_BYTES

    def stream(self) -> BinaryIO:
        """Return the file as a stream, at its beginning."""
        self._stream.seek(0)
        return self._stream

    def read(self, start: int, count: int) -> bytes:
        """Return the bytes from `start`, fewer where the file ends."""
        self._stream.seek(start)
        return self._stream.read(count)

    def parts(self, start: int, end: int) -> Iterator[bytes]:
        """Yield what lies from `start` to `end`, block by block; raises ValueError where the file ends before."""
        while start < end:
            part = self.read(start, min(_BLOCK_BYTES, end - start))
            if not part:
                raise ValueError("the file ends too early")
            yield part
            start += len(part)

    def find(self, pattern: re.Pattern[bytes], start: int) -> int | None:
        """Return where a pattern of two bytes comes next, from `start` on; None where it does not."""
        while start < self.size - 1:
            begin, block = self._block_at(start)
            if len(block) < 2:
                return None
            match = pattern.search(block, start - begin)
            if match:
                return begin + match.start()
            start = begin + len(block) - 1  # the two bytes may be the last one and the next
        return None

    def _block_at(self, start: int) -> tuple[int, bytes]:
        begin, block = self._block
        if not begin <= start < begin + len(block) - 1:
            self._block = start, self.read(start, _BLOCK_BYTES)
        return self._block


@contextmanager
def opened(path: Path) -> Iterator[PhotoFile]:
    """Give the file, a smaller one as it was at one moment; raises BadPhoto, for any OSError inside the `with` too."""
    try:
        stamp = _stamp(path)  # before opening: a named pipe would be waited for
        with path.open("rb") as stream:
            _check_size(path, stamp.size, stream)
            file = PhotoFile(path, stamp, stream)
            if not file.is_held:
                yield file
                return
            content = stream.read(stamp.size + 1)
        if len(content) != stamp.size or _stamp(path) != stamp:
            raise BadPhoto(path, _BEING_WRITTEN)
        yield PhotoFile(path, stamp, io.BytesIO(content))
    except OSError as error:
        raise Unreadable(path, why_unreadable(path, error), error.errno) from error


def steadily(
    path: Path, work: Callable[[PhotoFile], Result], is_whole: Callable[[Result], bool] = lambda _: True
) -> Result:
    """Return what `work` makes of a file at one moment.

    Where it fails, or its result does not look whole, and the file changed just now, somebody may be writing to it:
    then it is tried again for a while. Raises BadPhoto.
    """
    last = time.monotonic() + _PATIENCE_S
    while time.monotonic() < last:
        try:
            result = _at_one_moment(path, work)
            if is_whole(result) or not _is_being_written(path):
                return result
        except BadPhoto:
            if not _is_being_written(path):
                raise
        time.sleep(_PAUSE_S)
    return _at_one_moment(path, work)


def _at_one_moment(path: Path, work: Callable[[PhotoFile], Result]) -> Result:
    with opened(path) as file:
        result = work(file)
        if not file.is_held and _stamp(path) != file.stamp:
            raise BadPhoto(path, _BEING_WRITTEN)
        return result


def _stamp(path: Path) -> Stamp:
    """Return what the system says of a regular file; raises BadPhoto and OSError."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a device, pipe or socket"
        raise BadPhoto(path, f"this is {kind}, not a photo file")
    if status.st_size == 0:
        raise BadPhoto(path, "the file is empty (0 bytes)")
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def why_unreadable(path: Path, error: OSError) -> str:
    """Return in plain words why the system does not give the file."""
    match error:
        case FileNotFoundError():
            return "the link leads nowhere" if path.is_symlink() else "the file is not there any more"
        case PermissionError():
            return "the file may not be read: it is protected, or another program holds it"
    return f"the file cannot be read: {error.strerror or error}"


def _check_size(path: Path, size: int, stream: BinaryIO) -> None:
    """Refuse what no photo of its kind needs: formats that hold the bare pixels may be larger than others."""
    most = _MOST_BYTES if path.suffix.lower() not in VIDEO else size
    if size > most and stream.read(8).startswith(_PIXELS_STARTS):
        most = _MOST_BYTES_AS_PIXELS
    if size > most:
        raise BadPhoto(
            path,
            f"the file has {size // _MEGABYTE} megabytes, and no photo of its kind needs more than "
            f"{most // _MEGABYTE}: save it anew with another program",
        )
    stream.seek(0)


def _is_being_written(path: Path) -> bool:
    """Tell whether the file, or the folder that it is gone from, changed just now."""
    is_gone = not os.path.lexists(path)  # as some programs have it for a moment, who put a new file in its place
    try:
        status = (path.parent if is_gone else path).stat()
    except OSError:
        return False
    is_young = abs(time.time() - status.st_mtime) < _YOUNG_S
    return is_young and (is_gone or stat.S_ISREG(status.st_mode))
