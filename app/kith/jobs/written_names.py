"""The names of people in the XMP of photos and their copies follow what is decided, and what is taken back."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from kith.filing.copy_file import clear_folder
from kith.filing.name_files import (
    SIDECAR,
    NotWritten,
    Update,
    can_carry,
    sidecar_of,
    would_change,
    write_into,
    write_sidecar,
)
from kith.filing.own_copies import is_file, is_link, is_own, sha256_of
from kith.filing.xmp_names import NamedPlace, PhotoNames, Written, wanted_names
from kith.library.copy_records import CopyRecord
from kith.library.name_records import NameRecord
from kith.library.paths import FileState
from kith.library.store import Store
from kith.photos.endings import PICTURES
from kith.photos.outputs import MARKER
from kith.policies import FileAs, NamesIn
from kith.settings import Settings
from kith.vision.observations import Kind
from kith.whole_files import take_name


@dataclass(frozen=True, slots=True)
class _Place:
    """A file that names are written to: a sidecar, or with `into` a photo or copy itself."""

    path: Path
    into: bool
    copy: CopyRecord | None = None


@dataclass(frozen=True, slots=True)
class NamesPlanned:
    """A file that is to be written to, with the names it has from then on; without any they are taken out."""

    file: Path
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrittenNames:
    """The names written to files, wherever the settings want them and nowhere else."""

    store: Store
    settings: Settings

    def follow(self, photo_id: int, without: Collection[int] = (), is_sure: bool = True) -> list[str]:
        """Write who surely shows in a photo, but for the people `without`, where that is not so already.

        A raw file that is filed with the photo has the same names.

        What Kith wrote to a file and would write again is still there if `is_sure`, and files that the settings no
        longer name follow as well; else every file is read, and only what the settings name is left. Returns what is to
        be said of files that were left alone.
        """
        leader, *raw = self.store.stacks.with_stacked(photo_id)
        return [*chain.from_iterable(self._follow(key, leader, without, is_sure) for key in (leader, *raw))]

    def _follow(self, photo_id: int, leader: int, without: Collection[int], is_sure: bool) -> list[str]:
        records = self.store.names.of_photo(photo_id)
        places = self._places_now(photo_id, records, is_sure)
        if not places and not records:
            return []
        names = self._names(leader, without)
        left = [record for path, record in records.items() if path not in places]
        notes = [self._leave(record, places.values()) for record in left]
        notes += [self._write(photo_id, place, names, is_sure) for place in places.values()]
        return [note for note in notes if note]

    def behind(self, copies: Mapping[int, int], names: Mapping[int, Collection[str]]) -> set[int]:
        """Return which photos to `follow`: of those whose people were written as often as they have copies, none.

        It asks once for many photos, of which only the `names` of their people may have changed.
        """
        if self.settings.names_in.are_with_photos:
            return {*copies}
        is_off = self.settings.names_in is NamesIn.OFF
        written = self.store.names.people_of(copies.keys())

        def is_named(photo_id: int) -> bool:
            own, wanted = written.get(photo_id, []), {*names[photo_id]}
            if not own:
                return is_off or not (wanted and copies[photo_id])
            return not is_off and len(own) == copies[photo_id] and all(people == wanted for people in own)

        return {photo_id for photo_id in copies if not is_named(photo_id)}

    def planned(self, photo_id: int) -> list[NamesPlanned]:
        """Return what `follow` would write to which files, were it not sure; they are only read."""
        leader, *raw = self.store.stacks.with_stacked(photo_id)
        return [*chain.from_iterable(self._planned(key, leader) for key in (leader, *raw))]

    def away(self, photo_id: int) -> set[Path]:
        """Return the output folders that are not there now, of those where names of a photo are wanted or written."""
        store, is_wanted = self.store, self.settings.names_in is not NamesIn.OFF
        found: set[Path] = set()
        for key in store.stacks.with_stacked(photo_id):
            written = store.names.of_photo(key)
            outputs = store.copies.outputs_of(key)
            found |= {own for own in outputs if is_wanted or any(path.is_relative_to(own) for path in written)}
        return {output for output in found if not os.path.isdir(output)}

    def _planned(self, photo_id: int, leader: int) -> list[NamesPlanned]:
        records = self.store.names.of_photo(photo_id)
        places = self._places_now(photo_id, records, is_sure=False)
        names = self._names(leader, ())
        people = tuple(dict.fromkeys(person.name for person in names.people))
        plans = [NamesPlanned(path, ()) for path in records if path not in places and is_file(path)]
        plans += [NamesPlanned(place.path, people) for place in places.values() if self._is_behind(place, names)]
        return plans

    def _is_behind(self, place: _Place, names: PhotoNames) -> bool:
        """Say whether a file does not name who shows; one that cannot be read is none that will."""
        record = self.store.names.at(place.path)
        former: Written = record.written if record else {}
        with suppress(NotWritten, OSError):
            is_wanted = bool(names.people or former)
            return is_wanted and would_change(place.path, Update(names, former, _begun_by_nobody))
        return False

    def _places_now(self, photo_id: int, records: Iterable[Path], is_sure: bool) -> dict[Path, _Place]:
        """Return where the names belong, with `is_sure` also where they were put by other settings."""
        places = {place.path: place for place in self._places(photo_id)}
        former = [path for path in records if path not in places] if is_sure else []
        if former:
            beside = {path: copy for file, copy in self._files(photo_id) for path in _carriers(file)}
            here = [path for path in former if path in beside]
            places |= {path: _Place(path, not _is_sidecar(path), beside[path]) for path in here}
        return places

    def _files(self, photo_id: int) -> Iterator[tuple[Path, CopyRecord | None]]:
        """Yield the files of a photo, and its copies."""
        yield from ((original, None) for original in self._originals(photo_id))
        yield from ((copy.target, copy) for copy in self._copies(photo_id))

    def photos_of(self, person_id: int) -> set[int]:
        """Return the photos to which names were written and in which somebody is said to be a person."""
        return self.store.names.photos_of(person_id)

    def _names(self, photo_id: int, without: Collection[int]) -> PhotoNames:
        """Return who shows, each person once for each face, or once where none of theirs shows."""
        places = self.store.photos.places(photo_id)
        named: dict[int, list[NamedPlace]] = {}
        said: dict[int, int] = {}
        for appearance, person, name in self.store.names.people(photo_id):
            if person not in without and said.setdefault(appearance, person) == person:
                seen = places.get(appearance, {})
                box = seen.get(Kind.FACE) or (None if Kind.BODY in seen else seen.get(None))
                is_still = box is not None and box.moment is None  # XMP has no place for the time of a region
                named.setdefault(person, []).append(NamedPlace(name, box if is_still else None))
        width, height = self.store.names.size(photo_id)
        people = []
        for shown in named.values():
            with_face = [place for place in shown if place.box]
            people += with_face or shown[:1]
        return PhotoNames(tuple(people), width, height)

    def _places(self, photo_id: int) -> Iterator[_Place]:
        """Yield where the names of a photo belong, of what is there."""
        where = self.settings.names_in
        if where is where.OFF:
            return
        for copy in self._copies(photo_id):
            into = where.are_embedded and can_carry(copy.target) and self._is_as_made(copy)
            yield _Place(copy.target if into else sidecar_of(copy.target), into, copy)
        if where.are_with_photos:
            for original in self._originals(photo_id):
                into = where.are_embedded and can_carry(original)
                yield _Place(original if into else sidecar_of(original), into)

    def _copies(self, photo_id: int) -> Iterator[CopyRecord]:
        copies = self.store.copies
        for output in copies.outputs_of(photo_id):
            for copy in copies.of_photo(photo_id, output):
                is_link_to_photo = copy.target.is_symlink() and not is_link(copy.target.parent)
                if copy.sha256 and (is_link_to_photo or is_own(copies, copy)):
                    yield copy

    def _is_as_made(self, copy: CopyRecord) -> bool:
        """Say whether nobody altered a copy but Kith, which a kill may have kept from writing that down.

        A link, or a photo that was moved itself, is no copy: what is written into it would be in the photo.
        """
        if copy.kind is not FileAs.COPY:
            return False
        with suppress(OSError):
            is_now = sha256_of(copy.target)
            record = self.store.names.at(copy.target)
            if record and copy.sha256 and is_now == record.sha256 != copy.sha256:
                self.store.copies.complete(copy, is_now, copy.source)
                return True
            return is_now == copy.sha256
        return False

    def _originals(self, photo_id: int) -> Iterator[Path]:
        """Yield the files of a photo that are as they were looked at; those in the people folder are only read."""
        for original in self.store.copies.originals(photo_id):
            is_taught = original.path.is_relative_to(self.settings.dataset_folder)
            if not is_taught and self._is_as_seen(original):
                yield original.path

    def _is_as_seen(self, original: FileState) -> bool:
        """Say whether nobody wrote to a photo but Kith, which a kill may have kept from writing that down."""
        now = FileState.now(original.path)
        if now == original:
            return True
        record = self.store.names.at(original.path)
        with suppress(OSError):
            if now and record and sha256_of(original.path) == record.sha256:
                self._tell_of(_Place(original.path, True), original, now)
                return True
        return False

    def _write(self, photo_id: int, place: _Place, names: PhotoNames, is_sure: bool = False) -> str:
        """Write names to a file, and what is Kith's there before it changes; return what is to be said, if anything."""
        record = self.store.names.at(place.path)
        former: Written = record.written if record else {}
        if not names.people and not former:
            return ""
        is_renewed = bool(record and place.into and place.copy and place.copy.sha256 != record.sha256)
        is_done = bool(record and record.is_done) and not is_renewed
        if is_sure and is_done and former == wanted_names(names) and is_file(place.path):
            return ""

        def begun(written: Written, sha256: str) -> None:
            fields = {*written, *former}
            both = {field: [*dict.fromkeys((*written.get(field, ()), *former.get(field, ())))] for field in fields}
            self.store.names.save(NameRecord(photo_id, place.path, both, sha256))

        try:
            written = self._put(place, Update(names, former, begun))
        except (NotWritten, OSError) as error:
            self._doubt(place.path, record)
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            return f"{place.path} was left as it is, without the names of its people: {reason}."
        if written == former and is_done:
            return ""
        begun_record = self.store.names.at(place.path)
        if written and begun_record:
            sha256 = begun_record.sha256 or sha256_of(place.path)
            self.store.names.save(replace(begun_record, written=written, sha256=sha256))
        else:
            self.store.names.drop(place.path)
        return ""

    def _doubt(self, path: Path, before: NameRecord | None) -> None:
        """Write down of names that were begun to be written to a file and failed that they may not be there."""
        record = self.store.names.at(path)
        if record and record != before:
            self.store.names.save(replace(record, sha256=""))

    def _put(self, place: _Place, update: Update) -> Written:
        if not place.into:
            return write_sidecar(place.path, update)
        before = FileState.now(place.path)
        written = write_into(place.path, update)
        now = FileState.now(place.path)
        if before and now and before != now:
            self._tell_of(place, before, now)
        return written

    def _tell_of(self, place: _Place, before: FileState, now: FileState) -> None:
        """Write down that a file, its picture the same, was written to by Kith."""
        if place.copy:
            self.store.copies.complete(place.copy, sha256_of(place.path), place.copy.source)
            return
        with self.store.transaction():
            photo_id = self.store.photos.at_path(place.path)
            if photo_id is None:
                return
            self.store.photos.save_file(now.path, photo_id, now.size, now.mtime_ns)
            for copy in self._copies(photo_id):
                if copy.source == before:
                    self.store.copies.follow(copy, now)
                if copy.target == now.path:
                    self.store.copies.complete(copy, sha256_of(now.path), now)

    def _leave(self, record: NameRecord, places: Iterable[_Place]) -> str:
        """Take names out of a file that they no longer belong to, or go along where it went with its photo or copy."""
        path = record.path
        if not os.path.isdir(path.parent) and not self._is_copy(path):
            return ""  # its drive may come back
        if any(self._went_to(record, place) for place in places):
            self._clear_away(path.parent)
            return ""
        if not is_file(path):
            self.store.names.drop(path)
            return ""
        place = _Place(path, not _is_sidecar(path), dict(self._files(record.photo_id)).get(path))
        note = self._write(record.photo_id, place, PhotoNames((), 1, 1))
        self._clear_away(path.parent)
        return note

    def _went_to(self, record: NameRecord, place: _Place) -> bool:
        """Say whether a file is at another place by now; a sidecar that was left behind is brought there."""
        path, names = record.path, self.store.names
        if place.into is _is_sidecar(path) or names.at(place.path):
            return False
        with suppress(OSError):
            is_there = not is_file(path) and is_file(place.path) and sha256_of(place.path) == record.sha256
            is_behind = _is_left_behind(path) and self._is_copy(path) is bool(place.copy)
            if is_there or (is_behind and _take(path, place.path)):
                names.move(path, place.path)
                return True
        return False

    def _clear_away(self, folder: Path) -> None:
        """Remove a person's folder of copies where it is empty."""
        if output := _output_of(folder / "any"):
            clear_folder(folder, output)

    def _is_copy(self, path: Path) -> bool:
        """Say whether a file lies where copies do."""
        return _output_of(path) is not None


def _begun_by_nobody(_written: Written, _sha256: str) -> None:
    """Hear of a change that is not made."""


def _output_of(path: Path) -> Path | None:
    """Return the output folder in a folder of which a file lies; None where it lies in none."""
    return next((folder for folder in path.parent.parents if os.path.lexists(folder / MARKER)), None)


def _carriers(photo: Path) -> set[Path]:
    """Return the files that can hold the names of a photo."""
    return {photo, sidecar_of(photo), photo.with_name(photo.name + SIDECAR)}


def _is_sidecar(path: Path) -> bool:
    return path.suffix.lower() == SIDECAR


def _take(path: Path, name: Path) -> bool:
    """Bring a sidecar to another name, which it may have already besides its own since a run was killed."""
    if is_file(name) and path.samefile(name):
        path.unlink()
        return True
    return take_name(path, name)


def _is_left_behind(path: Path) -> bool:
    """Say whether a file is the sidecar of a picture that is there no more."""
    picture = path.with_suffix("")
    return _is_sidecar(path) and picture.suffix.lower() in PICTURES and not os.path.lexists(picture) and is_file(path)
