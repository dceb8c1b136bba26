"""The people of a photo in its XMP: what there is of others stays, and what Kith wrote can be told apart and taken out.

Fields: MWG regions (Metadata Working Group, Guidelines 2.0, 5.9), Microsoft's People Tags, IPTC's PersonInImage, and
the tags of digiKam and Lightroom. Areas are shares of the picture as stored, as every Box of Kith's is.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from kith.filing.xmp import Item, Xmp
from kith.photos.box import Box
from kith.values.sightings import SAME_PLACE_IOU

PEOPLE = "People"  # the tag above all people's
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_MWG = "Xmp.mwg-rs.Regions"
_DIMENSIONS, _AREA = f"{_MWG}/mwg-rs:AppliedToDimensions", "/mwg-rs:Area/stArea:"
_MP = "Xmp.MP.RegionInfo"
_RECTANGLE, _DISPLAY_NAME = "/MPReg:Rectangle", "/MPReg:PersonDisplayName"

Written = Mapping[str, Sequence[str]]  # by field: what Kith wrote there


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A person by name, and where their face is in the picture as stored; None: nobody knows, or no face shows."""

    name: str
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class PhotoNames:
    """Who surely shows in a photo, whose picture is stored so wide and high in pixels."""

    people: tuple[NamedPlace, ...]
    width: int
    height: int


class Put(NamedTuple):
    """What came of it: whether the XMP changed, what is Kith's in it now, and whether nothing in it is of others."""

    changed: bool
    written: Written
    is_ours: bool


class _Field(Protocol):
    """A list of the XMP: each of its items is known by a text, by which Kith finds again what it wrote."""

    @property
    def key(self) -> str: ...

    @property
    def kind(self) -> str: ...

    def text(self, item: Item) -> str: ...

    def wanted(self, people: Sequence[NamedPlace]) -> list[Item]: ...

    def says(self, item: Item, own: Item) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Texts:
    """A list of names, or of tags made of them by their separator."""

    key: str
    kind: str
    separator: str = ""
    instead: str = ""

    def text(self, item: Item) -> str:
        return _plain(dict(item).get(""))

    def wanted(self, people: Sequence[NamedPlace]) -> list[Item]:
        texts = dict.fromkeys(self._tag(_clean(person.name)) for person in people)
        return [[("", text)] for text in texts]

    def _tag(self, name: str) -> str:
        if not self.separator:
            return name
        return f"{PEOPLE}{self.separator}{name.replace(self.separator, self.instead)}"

    def says(self, item: Item, own: Item) -> bool:
        return self.text(item) == self.text(own)


@dataclass(frozen=True, slots=True)
class _MwgRegions:
    key: str = f"{_MWG}/mwg-rs:RegionList"
    kind: str = "Bag"

    def text(self, item: Item) -> str:
        return _region_text(self.place(item))

    def place(self, item: Item) -> NamedPlace | None:
        parts = {rest: _plain(value) for rest, value in item}
        if parts.get("/mwg-rs:Type", "Face") not in ("Face", "") or not parts.get("/mwg-rs:Name", "").strip():
            return None
        name = parts["/mwg-rs:Name"]
        with suppress(ValueError, KeyError):
            x, y = (float(parts[_AREA + side]) for side in "xy")
            across = parts.get(f"{_AREA}d")
            w, h = (float(across or parts[_AREA + side]) for side in "wh")
            return NamedPlace(name, _sound(Box(x - w / 2, y - h / 2, w, h)))
        return NamedPlace(name)

    def wanted(self, people: Sequence[NamedPlace]) -> list[Item]:
        return [self._item(person.name, person.box) for person in people if person.box]

    def _item(self, name: str, box: Box) -> Item:
        centre = {"x": box.x + box.w / 2, "y": box.y + box.h / 2, "w": box.w, "h": box.h}
        area = [(f"{_AREA}{side}", _number(value)) for side, value in centre.items()]
        told = [("/mwg-rs:Name", _clean(name)), ("/mwg-rs:Type", "Face")]
        return [*told, *area, (f"{_AREA}unit", "normalized")]

    def says(self, item: Item, own: Item) -> bool:
        return _same_place(self.place(item), self.place(own))


@dataclass(frozen=True, slots=True)
class _MicrosoftRegions:
    key: str = f"{_MP}/MPRI:Regions"
    kind: str = "Bag"

    def text(self, item: Item) -> str:
        return _region_text(self.place(item))

    def place(self, item: Item) -> NamedPlace | None:
        parts = {rest: _plain(value) for rest, value in item}
        name = parts.get(_DISPLAY_NAME, "")
        if not name.strip():
            return None
        with suppress(ValueError, TypeError):
            sides = map(float, parts.get(_RECTANGLE, "").split(","))
            return NamedPlace(name, _sound(Box(*sides)))
        return NamedPlace(name)

    def wanted(self, people: Sequence[NamedPlace]) -> list[Item]:
        return [
            [(_RECTANGLE, ", ".join(map(_number, person.box))), (_DISPLAY_NAME, _clean(person.name))]
            for person in people
            if person.box
        ]

    def says(self, item: Item, own: Item) -> bool:
        return _same_place(self.place(item), self.place(own))


MWG, MICROSOFT = _MwgRegions(), _MicrosoftRegions()
IN_IMAGE = _Texts("Xmp.Iptc4xmpExt.PersonInImage", "Bag")
_FIELDS: Mapping[str, _Field] = {
    "mwg": MWG,
    "microsoft": MICROSOFT,
    "in_image": IN_IMAGE,
    "digikam": _Texts("Xmp.digiKam.TagsList", "Seq", "/", "\u2215"),
    "lightroom": _Texts("Xmp.lr.hierarchicalSubject", "Bag", "|", "\u2223"),
}


def put_names(xmp: Xmp, names: PhotoNames, former: Written) -> Put:
    """Make a photo's people all that Kith says in its XMP; return what that came to.

    `former` is what Kith wrote there before. What others say stays, and what they say already is not said again.
    """
    changed = False
    is_ours = xmp.is_within({field.key for field in _FIELDS.values()} | {_DIMENSIONS}, {_MWG, _MP})
    written: dict[str, list[str]] = {}
    for name, field in _FIELDS.items():
        there = [(field.text(item), item) for item in xmp.items(field.key)]
        own_before = [text for text, _ in there if text in former.get(name, ())]
        others = [item for text, item in there if text not in former.get(name, ())]
        own = [item for item in field.wanted(names.people) if not any(field.says(other, item) for other in others)]
        written[name] = [field.text(item) for item in own]
        is_ours = is_ours and not others
        if sorted(written[name]) != sorted(own_before):
            xmp.set_items(field.key, field.kind, [*others, *own])
            changed = True
    written["dimensions"] = _put_dimensions(xmp, names, bool(written["mwg"]), former)
    changed = changed or written["dimensions"] != list(former.get("dimensions", ()))
    for empty in (_MWG, _MP):
        if changed and not xmp.has_parts(empty):
            xmp.drop(empty)
    return Put(changed, {name: texts for name, texts in written.items() if texts}, is_ours)


def wanted_names(names: PhotoNames) -> Written:
    """Return all that Kith would write of a photo's people where nobody else says anything."""
    written: dict[str, list[str]] = {
        name: [field.text(item) for item in field.wanted(names.people)] for name, field in _FIELDS.items()
    }
    if written["mwg"]:
        written["dimensions"] = [_size(names)]
    return {name: texts for name, texts in written.items() if texts}


def _size(names: PhotoNames) -> str:
    return f"{names.width}x{names.height}"


def _put_dimensions(xmp: Xmp, names: PhotoNames, has_own: bool, former: Written) -> list[str]:
    """Say of what picture the areas are shares, without which others read no region; those of others stay."""
    size, before = [_size(names)], list(former.get("dimensions", ()))
    if not has_own:
        if before and not xmp.items(MWG.key):  # else the regions of others are shares of it, too
            xmp.drop(_DIMENSIONS)
        return []
    if xmp.has_parts(_DIMENSIONS) and before in ([], size):
        return before
    for side, value in (("w", names.width), ("h", names.height), ("unit", "pixel")):
        xmp.set_text(f"{_DIMENSIONS}/stDim:{side}", str(value))
    return size


def applied_to(xmp: Xmp) -> tuple[float, float] | None:
    """Return of how wide and high a picture the MWG areas are shares, None where that is not said."""
    with suppress(ValueError):
        return float(xmp.text(f"{_DIMENSIONS}/stDim:w")), float(xmp.text(f"{_DIMENSIONS}/stDim:h"))
    return None


def is_ours(field: str, text: str, written: Written) -> bool:
    """Say whether it is Kith that wrote this."""
    return text in written.get(field, ())


def _plain(value: object) -> str:
    return value if isinstance(value, str) else value.toString() if value is not None else ""  # type: ignore[attr-defined]


def _clean(name: str) -> str:
    """Return a name without what XML cannot hold."""
    return _NO_XML.sub("\ufffd", name)


def _number(value: float) -> str:
    return f"{value:.6f}"


def _sound(box: Box) -> Box | None:
    """Return a box that lies in a picture at least in part, else None."""
    is_sound = all(-1 <= side <= 2 for side in box) and box.w > 0 and box.h > 0
    return box if is_sound else None


def _region_text(place: NamedPlace | None) -> str:
    """Return what a region says, in numbers that another program may have written otherwise."""
    if place is None or place.box is None:
        return ""
    return " ".join([*(f"{side:.4f}" for side in place.box), place.name.strip()])


def _same_place(place: NamedPlace | None, own: NamedPlace | None) -> bool:
    if place is None or own is None or place.name.strip() != own.name.strip():
        return False
    return place.box is not None and own.box is not None and place.box.iou(own.box) >= SAME_PLACE_IOU
