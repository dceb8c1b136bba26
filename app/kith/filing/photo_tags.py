"""Who shows in a photo as other programs say: in its XMP, in sidecars, and in Picasa's lists."""

import html
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from kith.filing.name_files import SIDECAR
from kith.filing.own_copies import is_file
from kith.filing.xmp import NoXmp, Xmp, alone
from kith.filing.xmp_names import IN_IMAGE, MICROSOFT, MWG, Written, applied_to
from kith.photos.box import Box
from kith.text import as_read
from kith.values.sightings import SAME_PLACE_IOU

NOBODY = "ffffffffffffffff"  # Picasa: a face that nobody named, or that is to be ignored
_FACE = re.compile(r"rect64\(([0-9a-f]{1,16})\),([0-9a-f]{1,16})", re.IGNORECASE)
_CONTACT = re.compile(r"<contact\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(id|name|display)\s*=\s*("[^"]*"|'[^']*')""", re.IGNORECASE)
_INI_NAMES = (".picasa.ini", "Picasa.ini", "picasa.ini")
_MOST_BYTES = 2**30

PicasaList = tuple[dict[str, list[tuple[Box, str]]], dict[str, str]]
WrittenTo = Callable[[Path], Written]  # what Kith wrote to a file


@dataclass(frozen=True, slots=True)
class Tag:
    """A person's name in a photo, and where they show as a share of the picture as stored, if that is said.

    `applied` is how wide and high that picture is by who said so: one turned upright shows by it.
    """

    name: str
    box: Box | None = None
    applied: tuple[float, float] | None = None

    def stored(self, width: int, height: int, orientation: int) -> Box | None:
        """Return where it is in a picture that is stored so, which this may tell of as if it were turned upright."""
        if self.box is None or self.applied is None or orientation < 5:
            return self.box
        is_turned = (self.applied[0] - self.applied[1]) * (width - height) < 0
        return self.box.to_stored(orientation) if is_turned else self.box


@dataclass(slots=True)
class Contacts:
    """Whom Picasa's numbers mean: from contacts.xml, and from the list in each folder."""

    names: dict[str, str]

    @classmethod
    def read(cls, files: Iterable[Path]) -> "Contacts":
        """Read lists of contacts; raises OSError."""
        names: dict[str, str] = {}
        for file in files:
            for contact in _CONTACT.findall(_text(file)):
                told = {key.lower(): html.unescape(value[1:-1]) for key, value in _ATTRIBUTE.findall(contact)}
                name = told.get("name", "").strip() or told.get("display", "").strip()
                if name and "id" in told:
                    names.setdefault(_number(told["id"]), name)
        return cls(names)


@dataclass(slots=True)
class TagReader:
    """Reads the tags of photos, but for those that Kith wrote; `nameless` counts faces of contacts unknown here."""

    contacts: Contacts
    written_to: WrittenTo
    nameless: int = 0
    _picasa: Callable[[Path], PicasaList] = field(default_factory=lambda: cache(_picasa_list))

    def tags(self, photo: Path) -> list[Tag]:
        """Return whom a photo names, each once for each place; raises NoXmp where nothing of it can be read."""
        found: list[Tag] = []
        problem = None
        for file in (photo, *_sidecars(photo)):
            try:
                found += self._in_xmp(file)
            except NoXmp as error:
                problem = problem or (error if file != photo else None)  # most formats hold none
        found += self._in_picasa(photo)
        if problem and not found:
            raise problem
        return _each_once(found)

    def _in_xmp(self, file: Path) -> list[Tag]:
        with suppress(OSError):
            if file.stat().st_size <= _MOST_BYTES:
                content = file.read_bytes()
                with alone():
                    return [*_tags_of(Xmp.read(content), self.written_to(file))] if content else []
        return []

    def _in_picasa(self, photo: Path) -> Iterator[Tag]:
        faces, local = self._picasa(photo.parent)
        for box, number in faces.get(photo.name.casefold(), ()):
            if number == NOBODY:
                continue
            name = local.get(number) or self.contacts.names.get(number, "")
            if name:
                yield Tag(name, box)
            else:
                self.nameless += 1


def _tags_of(xmp: Xmp, written: Written) -> Iterator[Tag]:
    applied = applied_to(xmp)
    for regions, key in ((MWG, "mwg"), (MICROSOFT, "microsoft")):
        for item in xmp.items(regions.key):
            place = regions.place(item)
            if place and regions.text(item) not in written.get(key, ()):
                yield Tag(" ".join(place.name.split()), place.box, applied)
    for item in xmp.items(IN_IMAGE.key):
        name = IN_IMAGE.text(item)
        if name.strip() and name not in written.get("in_image", ()):
            yield Tag(" ".join(name.split()))


def _sidecars(photo: Path) -> list[Path]:
    names = [photo.name + SIDECAR, photo.stem + SIDECAR, photo.stem + SIDECAR.upper()]
    return [path for path in (photo.with_name(name) for name in names) if is_file(path)]


def _each_once(tags: Sequence[Tag]) -> list[Tag]:
    """Return tags without those that say again what another says, be it of the same place or only by name."""
    kept: list[Tag] = []
    for tag in sorted(tags, key=lambda tag: tag.box is None):
        same = [known for known in kept if as_read(known.name) == as_read(tag.name)]
        if tag.box is None and same:
            continue
        if not any(known.box and tag.box and known.box.iou(tag.box) >= SAME_PLACE_IOU for known in same):
            kept.append(tag)
    return kept


def contact_files(folder: Path, given: Path | None) -> list[Path]:
    """Return Picasa's lists of contacts: the one given, else one in the folder, and where Picasa keeps its own."""
    if given:
        return [given]
    home = Path.home()
    local = Path(os.environ.get("LOCALAPPDATA", home / "AppData/Local"))
    support = home / "Library/Application Support"
    kept = [root / "Google" / version for root in (local, support) for version in ("Picasa2", "Picasa3")]
    files = (folder / "contacts.xml", *(root / "contacts/contacts.xml" for root in kept))
    return [file for file in files if is_file(file)]


def _picasa_list(folder: Path) -> PicasaList:
    """Return what Picasa's list in a folder says: faces by photo, and contacts by number."""
    faces: dict[str, list[tuple[Box, str]]] = {}
    contacts: dict[str, str] = {}
    for name in _INI_NAMES:
        with suppress(OSError):
            section = ""
            for line in _text(folder / name).splitlines():
                if line.strip().startswith("[") and line.strip().endswith("]"):
                    section = line.strip()[1:-1]
                    continue
                key, _, value = line.partition("=")
                if section.lower() in ("contacts", "contacts2"):
                    contacts[_number(key)] = value.split(";")[0].strip()
                elif key.strip().lower() == "faces":
                    found = [(_box(face), _number(number)) for face, number in _FACE.findall(value)]
                    faces[section.casefold()] = [(box, number) for box, number in found if box]
            break
    return faces, contacts


def _text(file: Path) -> str:
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _number(text: str) -> str:
    """Return a contact's number as Picasa writes it in one place or another: with zeros before it or without."""
    return text.strip().lower().lstrip("0")


def _box(hexadecimal: str) -> Box | None:
    """Return a place that Picasa writes as four numbers of 16 bits: left, top, right, bottom of the stored picture."""
    digits = hexadecimal.zfill(16)
    left, top, right, bottom = (int(digits[start : start + 4], 16) / 0xFFFF for start in range(0, 16, 4))
    return Box(left, top, right - left, bottom - top) if right > left and bottom > top else None
