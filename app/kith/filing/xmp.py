"""XMP read and changed by exiv2: one packet, as a sidecar holds it or a picture carries it."""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Self
from xml.etree import ElementTree

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
# In structures exiv2 calls a name space as the file does, and nearly every file calls these so.
_SPACES = {
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg-rs",
    "http://ns.adobe.com/xap/1.0/sType/Dimensions#": "stDim",
    "http://ns.adobe.com/xmp/sType/Area#": "stArea",
    "http://ns.microsoft.com/photo/1.2/": "MP",
    "http://ns.microsoft.com/photo/1.2/t/RegionInfo#": "MPRI",
    "http://ns.microsoft.com/photo/1.2/t/Region#": "MPReg",
}
_DECLARED = re.compile(r"""xmlns:([\w.-]+)\s*=\s*["']([^"']+)["']""")
_MADE_UP = re.compile(r"ns\d+")  # what ElementTree keeps for itself
_HEADER = b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_KNOWN_STARTS = (b"<?xpacket", b"<?xml", b"<x:xmpmeta")
_LOCK = threading.RLock()  # exiv2 is not made for threads

Item = Sequence[tuple[str, Any]]  # one of a list: what follows its key, and exiv2's value or a text


class NoXmp(Exception):
    """A file that is neither a sidecar nor a picture with XMP that can be read; what it holds stays as it is."""


@cache
def _exiv2() -> Any:
    """Load it with its first use, and keep it from printing."""
    import exiv2

    exiv2.LogMsg.setLevel(exiv2.LogMsg.Level.mute)
    exiv2.XmpProperties.registerNs(_IPTC, "Iptc4xmpExt")  # as all others call it
    return exiv2


@contextmanager
def alone() -> Iterator[Any]:
    """Give exiv2 to one thread at a time; what it refuses is raised as NoXmp."""
    with _LOCK:
        exiv2 = _exiv2()
        try:
            yield exiv2
        except exiv2.Exiv2Error as error:
            raise NoXmp(str(error)) from error


class Xmp:
    """The XMP of a sidecar or picture: to be used, as all of it, within `alone`."""

    def __init__(self, image: Any) -> None:
        self._image = image
        self._data = image.xmpData()

    @classmethod
    def new(cls) -> Self:
        """Begin a sidecar."""
        exiv2 = _exiv2()
        return cls(exiv2.ImageFactory.create(exiv2.ImageType.xmp))

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Read a sidecar or picture; raises NoXmp where it holds any that exiv2 cannot make out."""
        start = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
        if start.startswith(b"<") and not start.startswith(_KNOWN_STARTS):
            content = _HEADER + content.removeprefix(b"\xef\xbb\xbf")  # by which exiv2 knows what it is
        image = _exiv2().ImageFactory.open(content)
        image.readMetadata()
        packet = image.xmpPacket().strip("\0 \t\r\n\ufeff")
        if image.xmpData().empty() and _says_something(packet):
            raise NoXmp("the XMP in it is damaged")
        if any(_SPACES.get(space, prefix) != prefix for prefix, space in _DECLARED.findall(packet)):
            usual = _exiv2().ImageFactory.open(_HEADER + _with_usual_prefixes(packet))
            usual.readMetadata()
            image.setXmpData(usual.xmpData())
        return cls(image)

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return bool(self._data.empty())

    def written(self) -> bytes:
        """Return the whole file with what it says now."""
        self._image.writeMetadata()
        source = self._image.io()
        source.open()
        try:
            return bytes(source.data())
        finally:
            source.close()

    def text(self, key: str) -> str:
        """Return a plain property, empty where there is none."""
        return next((datum.toString() for datum in self._data if datum.key() == key), "")

    def set_text(self, key: str, text: str) -> None:
        """Set a plain property."""
        exiv2 = _exiv2()
        self._erase([known.key() for known in self._data if known.key() == key])
        self._data.add(exiv2.XmpKey(key), _text_value(text))

    def drop(self, key: str) -> None:
        """Take a property away with all that is in it."""
        self._erase([known.key() for known in self._data if _is_within(known.key(), key)])

    def has_parts(self, key: str) -> bool:
        """Say whether there is anything in a structure."""
        return any(datum.key() != key and _is_within(datum.key(), key) for datum in self._data)

    def items(self, key: str) -> list[Item]:
        """Return what a list holds."""
        whole = next((datum for datum in self._data if datum.key() == key), None)
        if whole is not None and whole.typeName() in ("XmpBag", "XmpSeq", "XmpAlt"):
            return [[("", text)] for text in whole.value()]
        grouped: dict[str, list[tuple[str, Any]]] = {}
        for datum in self._data:
            if datum.key().startswith(f"{key}["):
                number, _, rest = datum.key()[len(key) + 1 :].partition("]")
                grouped.setdefault(number, []).append((rest, datum.value().clone()))
        if not grouped and whole is not None and whole.toString() and not whole.toString().startswith('type="'):
            return [[("", whole.toString())]]  # one text where a list should be
        return [*grouped.values()]

    def set_items(self, key: str, kind: str, items: Sequence[Item]) -> None:
        """Make a list, a Bag or Seq as it was or else of this `kind`, hold these."""
        kind = self._kind(key) or kind
        self.drop(key)
        if not items:
            return
        exiv2 = _exiv2()
        if all(len(item) == 1 and isinstance(item[0][1], str) for item in items):
            value = exiv2.XmpArrayValue(getattr(exiv2.TypeId, f"xmp{kind}"))
            for ((_, text),) in items:
                value.append(text)
            self._data.add(exiv2.XmpKey(key), value)
            return
        self._data.add(exiv2.XmpKey(key), exiv2.XmpTextValue(f'type="{kind}"'))
        for number, item in enumerate(items, 1):
            for rest, value in item:
                part = _text_value(value) if isinstance(value, str) else value
                self._data.add(exiv2.XmpKey(f"{key}[{number}]{rest}"), part)

    def _kind(self, key: str) -> str:
        """Return whether a list is a Bag or a Seq, empty where there is none."""
        for datum in self._data:
            if datum.key() == key:
                told = f"{datum.typeName()} {datum.toString()}"
                return next((kind for kind in ("Bag", "Seq") if f"Xmp{kind}" in told or f'type="{kind}"' in told), "")
        return ""

    def _erase(self, keys: Sequence[str]) -> None:
        exiv2 = _exiv2()
        for key in keys:
            self._data.erase(self._data.findKey(exiv2.XmpKey(key)))


def _text_value(text: str) -> Any:
    """Return a text as exiv2's value, which takes one that begins so for an order."""
    return _exiv2().XmpTextValue(f" {text}" if text.startswith(("type=", "lang=")) else text)


def _is_within(key: str, outer: str) -> bool:
    return key == outer or (key.startswith(outer) and key[len(outer)] in "/[")


def _says_something(packet: str) -> bool:
    """Say whether a packet of which exiv2 makes nothing has anything to lose."""
    if not packet:
        return False
    try:
        root = ElementTree.fromstring(packet)
    except (ElementTree.ParseError, ValueError):
        return True
    described = root.iter(f"{_RDF}Description")
    return any(len(about) or [name for name in about.attrib if name != f"{_RDF}about"] for about in described)


def _with_usual_prefixes(packet: str) -> bytes:
    """Return a packet that says the same, with the prefixes that regions usually have."""
    declared = {space: prefix for prefix, space in _DECLARED.findall(packet) if not _MADE_UP.fullmatch(prefix)}
    for space, prefix in (declared | _SPACES).items():
        ElementTree.register_namespace(prefix, space)
    try:
        return ElementTree.tostring(ElementTree.fromstring(packet))
    except (ElementTree.ParseError, ValueError) as error:
        raise NoXmp("the XMP in it is damaged") from error
