"""The disks and shares that photos lie on: one that stalls or vanishes is waited for, and no photo is blamed."""

import errno
import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from kith.errors import BadPhoto, Unreadable
from kith.jobs.answers import SLOW_S, in_time
from kith.jobs.events import Waits

LOOK_S = 2.0  # between two looks whether it is back
BOUND_S = 1800.0  # a job that waited so long ends, as one that was stopped
_FEW = 3  # photos that one disk cannot give, one after the other, may all be damaged; more are not
_PROBE_BYTES = 2**16

_OF_STORAGE = {
    getattr(errno, name)
    for name in (
        *("EIO", "ENXIO", "ENODEV", "ENOMEDIUM", "ESTALE", "ETIMEDOUT", "ENOTCONN", "ECONNRESET", "ECONNABORTED"),
        *("ECONNREFUSED", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "ENETRESET", "ESHUTDOWN"),
        *("EREMOTEIO", "ENOLINK", "ECOMM", "EPIPE"),
    )
    if hasattr(errno, name)
}
# ERROR_NOT_READY, BAD_NETPATH, NETNAME_DELETED, BAD_NET_NAME, SEM_TIMEOUT, NETWORK_UNREACHABLE, DEVICE_NOT_CONNECTED
_OF_STORAGE_ON_WINDOWS = {21, 53, 64, 67, 121, 1167, 1231}


Question = Callable[[], bool]
Identity = tuple[int, int]


class Storage:
    """Where photos and copies lie, as it was at the start: by that it is told whether it is away.

    `roots` are the folders named, such as the input; below them each disk that is mounted counts by itself.
    """

    def __init__(self, roots: Iterable[Path], folders: Iterable[Path], stop: threading.Event) -> None:
        """Take down the disks of the roots, and of the folders of photos in them."""
        self._stop = stop
        self._witness: Path | None = None
        self._in_a_row = 0
        self._has_stalled = False
        self._again: set[Path] = set()
        self._roots = {root: identity(root) for root in roots}
        self._note_mounts(folders)

    def well(self, path: Path) -> None:
        """Hear that a photo was read."""
        self._witness, self._in_a_row = path, 0

    @contextmanager
    def watched(self, tell: Callable[[Waits], object]) -> Iterator[None]:
        """Have a thread tell where the disk gives no answer, while whoever works inside waits for it."""
        done = threading.Event()
        threading.Thread(target=self._watch, args=(tell, done), name="kith-storage", daemon=True).start()
        try:
            yield
        finally:
            done.set()

    def _watch(self, tell: Callable[[Waits], object], done: threading.Event) -> None:
        while not done.wait(SLOW_S):
            witness = self._witness or next(iter(self._roots), None)
            if witness:
                for event in in_time(partial(_is_read, witness), done, f"{self._place(witness)} does not answer."):
                    tell(event)

    def let_down(self, error: BadPhoto) -> Generator[Waits, None, bool]:
        """Say whether it was not, or not surely, the photo's own fault, having waited until its disk is there again.

        Then it is worth another try, unless the job is to stop.
        """
        if not isinstance(error, Unreadable):
            return False
        path, is_of_disk = error.path, error.number in (*_OF_STORAGE, Unreadable.TOO_LONG)
        self._in_a_row += is_of_disk
        self._has_stalled = False
        is_back = yield from self.wait_for(path)
        if is_back is not None or self._has_stalled or self._stop.is_set():
            return True
        if path in self._again or not os.path.lexists(path):
            return False
        if error.number == Unreadable.TOO_LONG and (yield from self._asked(lambda: _is_read(path), path)):
            return False  # it is the photo that takes so long
        if is_of_disk and self._in_a_row > _FEW and not (yield from self._asked(self._is_witness_read, path)):
            yield from self._wait(path, lambda: _is_read(path) or self._is_witness_read())
        else:
            self._again.add(path)
        return True

    def wait_for(self, path: Path) -> Generator[Waits, None, bool | None]:
        """Wait while what a path lies on is away; say whether it is back by now, None where it was not away."""
        is_away = yield from self._asked(lambda: self._is_away(path), path)
        return None if not is_away else (yield from self._wait(path, lambda: not self._is_away(path)))

    def _wait(self, path: Path, is_back: Question) -> Generator[Waits, None, bool]:
        last = time.monotonic() + BOUND_S
        yield Waits(f"{self._place(path)} is not there, or cannot be read: is its drive plugged in, its share mounted?")
        while not self._stop.wait(LOOK_S):
            if (yield from self._asked(is_back, path)):
                yield Waits("")
                self._in_a_row = 0
                self._roots = {root: identity(root) for root in self._roots}
                return True
            if time.monotonic() > last:
                self._stop.set()  # the next run goes on from there
        return False

    def _asked(self, question: Question, path: Path) -> Generator[Waits, None, bool]:
        """Return the answer to a question to the disk; that it is waited for is told where it takes long."""
        asking = in_time(question, self._stop, f"{self._place(path)} does not answer.", BOUND_S)
        while True:
            try:
                event = next(asking)
            except StopIteration as end:
                if end.value is None:
                    self._stop.set()
                return bool(end.value)
            self._has_stalled = True
            yield event

    def _is_away(self, path: Path) -> bool:
        if any(path.is_relative_to(root) and _is_gone(root, before) for root, before in self._roots.items()):
            return True
        try:
            path.stat()
        except OSError as error:
            return error.errno in _OF_STORAGE or getattr(error, "winerror", None) in _OF_STORAGE_ON_WINDOWS
        return False

    def _is_witness_read(self) -> bool:
        return self._witness is not None and _is_read(self._witness)

    def _place(self, path: Path) -> Path:
        around = [root for root in self._roots if path.is_relative_to(root)]
        return max(around, key=lambda root: len(root.parts), default=path.parent)

    def _note_mounts(self, folders: Iterable[Path]) -> None:
        found = dict(self._roots)
        for folder in folders:
            while folder not in found and any(folder.is_relative_to(root) for root in self._roots):
                found[folder] = identity(folder)
                folder = folder.parent
        for folder, own in found.items():
            around = found.get(folder.parent)
            if own and around and own[0] != around[0]:
                self._roots[folder] = own


def identity(folder: Path) -> Identity | None:
    """Return the numbers of a folder and of the disk it lies on; None where it is not there."""
    with suppress(OSError):
        found = folder.stat()
        return found.st_dev, found.st_ino
    return None


def _is_gone(root: Path, before: Identity | None) -> bool:
    """Say whether a folder is not there any more, or but the empty place where it was mounted."""
    now = identity(root)
    if before is None or now == before:
        return False
    try:
        return now is None or not [*root.iterdir()]
    except OSError:
        return True


def _is_read(path: Path) -> bool:
    """Say whether the beginning and the end of a file can be read from its disk, not only from memory."""
    try:
        with path.open("rb") as file:
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            file.read(_PROBE_BYTES)
            file.seek(max(0, path.stat().st_size - _PROBE_BYTES))
            file.read()
    except OSError:
        return False
    return True
