"""XMP read and changed by exiv2: one packet, as a sidecar holds it or a picture carries it."""

import re
import threading
from collections.abc import Collection, Iterator, Sequence
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
# A text that begins so, unless it is one of a list, exiv2 takes for an order: one that orders nothing goes before it.
_ORDER, _NO_ORDER = "type=", "type= "
_ORDERING = re.compile(rb"""type=(?<=[>"']type=)(?<!<rdf:li>type=)""")  # whose letters come first is looked for quickly
_BOM = b"\xef\xbb\xbf"
_HEADER = b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_NO_XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
_AROUND = "\0 \t\r\n\ufeff"  # a packet
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
    return exiv2


@contextmanager
def alone() -> Iterator[Any]:
    """Give exiv2 to one thread at a time, for one file; what it refuses is raised as NoXmp."""
    with _LOCK:
        exiv2 = _exiv2()
        exiv2.XmpProperties.unregisterNs()  # the names of name spaces that another file had: it may have been damaged
        for space, prefix in ((_IPTC, "Iptc4xmpExt"), *_SPACES.items()):  # as all others call them
            exiv2.XmpProperties.registerNs(space, prefix)
        try:
            yield exiv2
        except exiv2.Exiv2Error as error:
            raise NoXmp(str(error)) from error


class Xmp:
    """The XMP of a sidecar or picture: to be used, as all of it, within `alone`."""

    def __init__(self, image: Any) -> None:
        self._image = image
        self._data = image.xmpData()
        self._values = {datum.key(): datum.value().clone() for datum in self._data}  # asking exiv2 by key takes long

    @classmethod
    def new(cls) -> Self:
        """Begin a sidecar."""
        exiv2 = _exiv2()
        return cls(exiv2.ImageFactory.create(exiv2.ImageType.xmp))

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Read a sidecar or picture; raises NoXmp where it holds any that exiv2 cannot make out."""
        start = content[:200].removeprefix(_BOM).lstrip()
        if start.startswith(b"<") and not start.startswith(_KNOWN_STARTS):
            content = _HEADER + content.removeprefix(_BOM)  # by which exiv2 knows what it is
        image, packet = _opened(content)
        is_odd = any(_SPACES.get(space, prefix) != prefix for prefix, space in _DECLARED.findall(_text_of(packet)))
        if is_odd or _ORDERING.search(packet):
            usual = _exiv2().ImageFactory.create(_exiv2().ImageType.xmp)
            usual.setXmpPacket(_as_usual(packet))
            image.setXmpData(usual.xmpData())
        if image.xmpData().empty() and _says_something(_text_of(packet)):
            raise NoXmp("the XMP in it is damaged")
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
        return str(self._values[key].toString()) if key in self._values else ""

    def set_text(self, key: str, text: str) -> None:
        """Set a plain property."""
        if key in self._values:
            self._erase([key])
        self._add(key, self._text_value(text))

    def drop(self, key: str) -> None:
        """Take a property away with all that is in it."""
        self._erase([known for known in self._values if known == key or _is_part(known, key)])

    def has_parts(self, key: str) -> bool:
        """Say whether there is anything in a structure."""
        return any(_is_part(known, key) for known in self._values)

    def is_within(self, properties: Collection[str], structures: Collection[str]) -> bool:
        """Say whether it holds nothing but these properties with all that is in them, and the structures about them."""
        starts = tuple(f"{key}{mark}" for key in properties for mark in "/[")
        return all(key in properties or key in structures or key.startswith(starts) for key in self._values)

    def items(self, key: str) -> list[Item]:
        """Return what a list holds."""
        if key not in self._values:
            return []
        whole = self._values[key]
        if isinstance(whole, _exiv2().XmpArrayValue):
            return [[("", text)] for text in whole]
        grouped: dict[str, list[tuple[str, Any]]] = {}
        start = f"{key}["
        for known, value in self._values.items():
            if known.startswith(start):
                number, _, rest = known[len(start) :].partition("]")
                grouped.setdefault(number, []).append((rest, value))
        text = whole.toString()
        if not grouped and text and not text.startswith('type="'):
            return [[("", text)]]  # one text where a list should be
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
            self._add(key, value)
            return
        self._add(key, exiv2.XmpTextValue(f'type="{kind}"'))
        for number, item in enumerate(items, 1):
            for rest, value in item:
                self._add(f"{key}[{number}]{rest}", self._text_value(value) if isinstance(value, str) else value)

    def _kind(self, key: str) -> str:
        """Return whether a list is a Bag or a Seq, empty where there is none."""
        if key not in self._values:
            return ""
        exiv2, value = _exiv2(), self._values[key]
        told = exiv2.TypeId(value.typeId()).name if isinstance(value, exiv2.XmpArrayValue) else value.toString()
        return next((kind for kind in ("Bag", "Seq") if told in (f"xmp{kind}", f'type="{kind}"')), "")

    def _text_value(self, text: str) -> Any:
        """Return a text as exiv2's value."""
        return _exiv2().XmpTextValue(_no_order(text))

    def _add(self, key: str, value: Any) -> None:
        self._data.add(_exiv2().XmpKey(key), value)
        self._values[key] = value

    def _erase(self, keys: Sequence[str]) -> None:
        for key in keys:
            del self._data[key]
            del self._values[key]


def _opened(content: bytes) -> tuple[Any, bytes]:
    """Return a sidecar or picture as exiv2 reads it, and its packet, in which there may be orders that it refuses."""
    exiv2 = _exiv2()
    image = exiv2.ImageFactory.open(content)
    packet = content
    try:
        if _is_sidecar(image):  # alone: the Exif that exiv2 would make of it says less, and would go back into it
            image.setXmpPacket(_decoded(content))
        else:
            image.readMetadata()
            packet = _packet_of(image)
    except exiv2.Exiv2Error:
        packet = packet if _is_sidecar(image) else _packet_of(image)
        if not _ORDERING.search(packet) or content.count(packet) != 1:
            raise
        if not _is_sidecar(image):  # whose other metadata may come behind the packet, which is therefore left out
            image = exiv2.ImageFactory.open(content.replace(packet, _NO_XMP.ljust(len(packet))))
            image.readMetadata()
    return image, packet


def _packet_of(picture: Any) -> bytes:
    packet: str = picture.xmpData().xmpPacket()
    return packet.encode("utf-8", "replace")


def _decoded(packet: bytes) -> str:
    try:
        return packet.decode().strip(_AROUND)
    except UnicodeDecodeError as error:
        raise NoXmp("the XMP in it is damaged") from error


def _is_sidecar(image: Any) -> bool:
    return bool(image.mimeType() == "application/rdf+xml")


def _is_part(key: str, outer: str) -> bool:
    return key.startswith(outer) and key[len(outer) : len(outer) + 1] in ("/", "[")


def _text_of(packet: bytes) -> str:
    return packet.decode("utf-8", "replace").strip(_AROUND)


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


def _as_usual(packet: bytes) -> str:
    """Return a packet that says the same, with the prefixes that regions usually have and no text that is an order."""
    text = _text_of(packet)
    declared = {space: prefix for prefix, space in _DECLARED.findall(text) if not _MADE_UP.fullmatch(prefix)}
    for space, prefix in (declared | _SPACES).items():
        ElementTree.register_namespace(prefix, space)
    try:
        root = ElementTree.fromstring(text)
        _take_orders_away(root)
        return ElementTree.tostring(root, encoding="unicode")
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise NoXmp("the XMP in it is damaged") from error


def _take_orders_away(root: ElementTree.Element) -> None:
    for element in root.iter():
        if element.tag != f"{_RDF}li":  # whose texts are no orders
            element.text = _no_order(element.text or "")
        for name, value in element.attrib.items():
            element.set(name, value if name.startswith(_RDF) else _no_order(value))


def _no_order(text: str) -> str:
    return f"{_NO_ORDER}{text}" if text.startswith(_ORDER) else text
