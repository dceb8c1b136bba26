"""Photos to be filed into a real library's output, as a run does it, without models."""

import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from kith.filing.copies import Filing, file_copies, plan_copies, prepare_output
from kith.filing.copy_file import make
from kith.filing.names import UNKNOWN
from kith.library.copy_records import CopyRecord
from kith.library.paths import FileState
from kith.library.store import Store
from kith.photos.outputs import MARKER
from tests.making import facts

ANN, BOB = 1, 2
FOLDERS = {None: UNKNOWN, ANN: "Ann", BOB: "Bob"}


class Filer:
    """Photos to be filed, and the filing of them as a run does it; `notes` is what was said."""

    folders: Mapping[int | None, str] = FOLDERS

    def __init__(self, store: Store, root: Path) -> None:
        self.store = store
        self.input, self.output = root / "input", root / "output"
        self.input.mkdir()
        self.output.mkdir()
        self.notes: list[str] = []
        self._shown: dict[Path, str] = {}
        for name in ("Ann", "Bob"):
            store.people.add(name)

    def photo(self, name: str = "photo.jpg", content: bytes = b"a photo", shows: str = "") -> Path:
        """Make a photo of that content; `shows` names the image data in it, the content itself where it is left out."""
        path = self.input / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        self._shown[path] = shows or content.hex()
        return path

    def edit(self, source: Path, content: bytes) -> None:
        """Change a photo's file in place; it still shows the same."""
        before = source.stat()
        source.write_bytes(content)
        os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns + 10**9))

    def move(self, source: Path, name: str) -> Path:
        """Give a photo's file another name."""
        moved = source.rename(self.input / name)
        self._shown[moved] = self._shown[source]
        return moved

    def prepare(self) -> None:
        """Begin a run."""
        prepare_output(self.store.copies, self.output)

    def look(self, source: Path) -> FileState:
        """Write down what a photo's file is now, as a look at it does."""
        state = FileState.now(source)
        assert state is not None
        with self.store.transaction():
            self.store.photos.save_file(source, self._photo_id(source), state.size, state.mtime_ns)
        return state

    def _photo_id(self, source: Path) -> int:
        return self.store.photos.save_photo(facts(self._shown[source]))

    def plan(self, source: Path, *people: int | None) -> tuple[list[CopyRecord], list[CopyRecord]]:
        """Write down the photo's copies; return the standing and the outdated ones."""
        with self.store.transaction():
            copies, photo_id = self.store.copies, self._photo_id(source)
            present = copies.of_photo(photo_id, self.output)
            filing, taken_at = Filing(self.output, self.folders), copies.taken_at(photo_id)
            return plan_copies(copies, filing, photo_id, FileState(str(source), 0, 0), taken_at, people, present)

    def make(self, source: Path, standing: Sequence[CopyRecord]) -> list[str]:
        """Make planned copies and return where they lie."""
        return self.names(make(self.store.copies, record, source).target for record in standing)

    def names(self, paths: Iterable[Path | str]) -> list[str]:
        """Return paths as they are called in the output folder."""
        return [Path(path).relative_to(self.output).as_posix() for path in paths]

    def file(self, source: Path, *people: int | None) -> list[str]:
        """Look, plan, make and withdraw, as a run does with each photo."""
        state = self.look(source)
        filed = file_copies(self.store.copies, state, *self.plan(source, *people))
        self.notes += filed.notes
        return self.names(filed.copies)

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the library, or change it behind Kith's back."""
        with closing(sqlite3.connect(self.store.path)) as library, library:
            return library.execute(sql, values).fetchall()

    def filed(self) -> dict[str, bytes]:
        """Return all files of the output folder, hidden ones too but for its mark, with their content."""
        files = (path for path in self.output.rglob("*") if path.is_file() and path.name != MARKER)
        return {path.relative_to(self.output).as_posix(): path.read_bytes() for path in files}


_opened: list[str] = []
_listening = False


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    if _listening and event == "open":
        _opened.append(os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes | os.PathLike) else "")


sys.addaudithook(_listen)


def written(path: Path) -> tuple[int, ...]:
    """Return what tells that a file was written to; when it was read is nobody's fault."""
    status = path.lstat()
    return status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_nlink


@contextmanager
def opened_below(folder: Path) -> Iterator[list[str]]:
    """Tell which files below a folder are opened."""
    global _listening  # noqa: PLW0603 - an audit hook cannot be taken away
    found: list[str] = []
    _opened.clear()
    _listening = True
    try:
        yield found
    finally:
        _listening = False
        found += [name for name in _opened if name.startswith(str(folder))]
