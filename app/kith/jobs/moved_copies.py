"""Copies that the user moved from one person's folder to another's: read as a correction, and offered as their word."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from kith.filing.names import is_unknown
from kith.filing.own_copies import mark_of
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.user_words import Is, IsNot, Said, Shows, UserWord
from kith.library.copy_records import CopyRecord
from kith.policies import FileAs
from kith.text import as_read, counted
from kith.values.links import known_as
from kith.values.persons import Person

NOBODY = "Unknown"


@dataclass(frozen=True, slots=True)
class MovedCopy:
    """A copy that lies elsewhere than Kith filed it, whose folder it left and came to; a name of None is nobody's."""

    record: CopyRecord
    path: Path
    before: str | None
    now: str | None
    is_new: bool = False

    @property
    def line(self) -> str:
        """The move in words."""
        new = " (new)" if self.is_new else ""
        return f"{self.path.name}: from {self.before or NOBODY} to {self.now or NOBODY}{new}"


class MovedCopies:
    """The copies of a library that were moved by hand within their output folder."""

    def __init__(self, library: OpenLibrary) -> None:
        self._library = library
        self._store = library.store

    @cached_property
    def _names(self) -> Mapping[int, str]:
        return self._library.people.names()

    @cached_property
    def _owners(self) -> Mapping[str, int]:
        """Whose folder is called so."""
        folders = self._library.copies.folders()
        return {as_read(name): person for person, name in folders.items() if person is not None}

    def found(self) -> list[MovedCopy]:
        """Return them, those that came to another person's folder; looks at every file of the output folders."""
        copies = self._store.copies
        return [move for output in filter(os.path.isdir, copies.outputs()) for move in self._found_in(output)]

    def _found_in(self, output: Path) -> Iterator[MovedCopy]:
        missing = self._store.copies.missing(output)
        if not missing:
            return
        known = set(self._store.copies.targets(output))
        strays = _by_size(path for path in _files(output) if path not in known)
        for record in missing:
            path = _place(record, strays)
            if path is None or (who := self._owner(output, path)) is None:
                continue
            now, is_new = who
            before = self._names.get(record.person_id or 0)
            if now != before:
                yield MovedCopy(record, path, before, now, is_new)

    def _owner(self, output: Path, path: Path) -> tuple[str | None, bool] | None:
        """Return whose folder a file lies in and whether they are new; None where no folder is anybody's."""
        folders = path.relative_to(output).parent.parts
        for folder in folders:
            if is_unknown(folder):
                return None, False
            if person := self._owners.get(as_read(folder)):
                return self._names[person], False
        pattern = self._library.settings.file_under.split("/")
        at = pattern.index("{person}") if "{person}" in pattern else len(folders)
        return (folders[at], True) if at < len(folders) else None

    def take_as_word(self, moves: Sequence[MovedCopy]) -> Outcome:
        """Write down who shows as the moves say, as one change; the copies stay where they lie."""
        said = [(move, self._said(move)) for move in moves]
        summary = f"{counted(len(said), 'copy', 'copies')} moved by hand"
        problems = self._library.change("learn moves", summary, lambda: self._write(said))
        return Outcome(f"{summary}: taken as your word.", problems)

    def _write(self, said: Sequence[tuple[MovedCopy, Said | None]]) -> None:
        for move, word in said:
            if word:
                word.edit()
            person = self._library.people.find(move.now).id if move.now else None
            self._store.copies.adopt(move.record, person, move.path)

    def _said(self, move: MovedCopy) -> Said | None:
        word = self._word(move)
        return word.said(self._store) if word else None

    def _word(self, move: MovedCopy) -> UserWord | None:
        """Return what a move says of who shows; None where it takes away whom nobody was said to be."""
        record, people = move.record, self._library.people
        photo = self._store.stacks.leader(record.photo_id)
        case = self._library.decisions.photo(photo).case
        faces = [seen.appearance_id for seen in case.sightings if seen.face and seen.appearance_id not in case.ignored]
        shown = [key for key in faces if known_as(case.links.get(key, ())) == record.person_id]
        if move.now is None:
            return IsNot(shown[0], people.by_number(record.person_id or 0)) if shown else None
        person: Person | str = move.now if move.is_new else people.find(move.now)
        if len(shown) == 1:
            return Is(shown, person, meant=True)
        return Shows(photo, person, meant=True)  # which of several faces it is, the move does not tell


def _files(output: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(output):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if Path(folder) != output:
            yield from (Path(folder, name) for name in names if not name.startswith("."))


def _by_size(paths: Iterator[Path]) -> dict[int, list[Path]]:
    found: defaultdict[int, list[Path]] = defaultdict(list)
    for path in paths:
        with suppress(OSError):
            found[path.lstat().st_size].append(path)
    return found


def _place(record: CopyRecord, strays: dict[int, list[Path]]) -> Path | None:
    """Return where what was filed lies now; it is taken out of what is looked at for others."""
    sizes = [record.source.size] if record.source and record.kind in (FileAs.COPY, FileAs.MOVE) else [*strays]
    for size in sizes:
        for path in strays.get(size, ()):
            with suppress(OSError):
                if mark_of(replace(record, target_text=os.fspath(path))) == record.sha256:
                    strays[size].remove(path)
                    return path
    return None
