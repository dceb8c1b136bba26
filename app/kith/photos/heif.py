"""HEIF and AVIF files from inside: which bytes make the picture, and whether the file itself turns it upright.

Boxes, items and their properties are those of ISO/IEC 14496-12 (8.11) and 23008-12 (6 and 9).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from kith.photos.photo_file import PhotoFile

HEIF_FORMATS = frozenset({"HEIF", "AVIF"})  # as Pillow names them

_MOST_META_BYTES = 64 * 2**20
_MOST_ITEMS = 10_000  # of one picture: the tiles of 2,600 megapixels
# What tells the decoder how to read an item's data: codec, size, channels, layers, and what is cut off.
_IMAGE_PROPERTIES = frozenset(
    {b"hvcC", b"av1C", b"vvcC", b"avcC", b"jpgC", b"ispe", b"pixi", b"clap", b"auxC", b"a1op", b"a1lx", b"lsel"}
)
_TURNS = frozenset({b"irot", b"imir"})
_CODEC_COLOURS = b"nclx"  # of a colr property: how brightness and colours become RGB; profiles count as metadata
_ALPHA = (b"urn:mpeg:hevc:2015:auxid:1\0", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")
_IN_FILE, _IN_IDAT = 0, 1  # where the data of an item lie

_Span = tuple[int, int]


def heif_image_data(file: PhotoFile, form: str) -> Iterator[bytes]:
    """Yield what makes the pixels of the primary picture: kind, properties and data of its items.

    A HEIC is turned by its decoder, so that one turned otherwise is another picture; an AVIF is turned by whoever
    shows it, as by an EXIF tag. Raises ValueError where the structure is damaged or of a kind not known here.
    """
    heif = _parsed(file)
    wanted = _IMAGE_PROPERTIES | _TURNS if form == "HEIF" else _IMAGE_PROPERTIES
    size = 0
    for item in heif.picture_items():
        yield heif.kinds.get(item, b"")
        for name, content in heif.properties_of(item):
            tells_colours = name == b"colr" and content.startswith(_CODEC_COLOURS)
            if name in wanted or tells_colours:
                yield name + content
        for start, end in heif.places_of(item):
            size += end - start
            if size > file.size:
                raise ValueError("the picture is larger than its file")
            yield from file.parts(start, end)
    if not size:
        raise ValueError("there is no picture")


def is_turned_by_file(file: PhotoFile) -> bool:
    """Tell whether the file says how its picture is to be turned, so that EXIF has no say; raises ValueError."""
    heif = _parsed(file)
    return any(name in _TURNS for name, _ in heif.properties_of(heif.primary))


def exif_of(file: PhotoFile) -> bytes:
    """Return the primary picture's EXIF, from its TIFF header on; empty where there is none. Raises ValueError."""
    heif = _parsed(file)
    about_picture = heif.about[heif.primary]
    item = next((item for item in about_picture if heif.kinds.get(item) == b"Exif"), None)
    spans = [] if item is None else list(heif.places_of(item))
    if sum(end - start for start, end in spans) > _MOST_META_BYTES:
        raise ValueError("there is more EXIF than is sensible")
    data = b"".join(part for start, end in spans for part in file.parts(start, end))
    skipped = int.from_bytes(data[:4])
    return data[4 + skipped :]


@dataclass(slots=True)
class _Heif:
    """The items of a file by their numbers: what they are, where they lie, and what belongs to them."""

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    spans: dict[int, tuple[int, list[_Span]]] = field(default_factory=dict)
    parts: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))  # in the order that they are put
    about: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))  # masks, EXIF and the like
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    owned: dict[int, list[int]] = field(default_factory=dict)  # the numbers of each item's properties
    idat: _Span = (0, 0)

    def picture_items(self) -> list[int]:
        """Return the primary item, what it is put together of, and its mask of transparency."""
        items: list[int] = []
        waiting = [*filter(self._is_alpha, self.about[self.primary]), self.primary]
        while waiting:
            item = waiting.pop()
            items.append(item)
            waiting += reversed(self.parts[item])
            if len(items) + len(waiting) > _MOST_ITEMS:
                raise ValueError("there are too many items")
        return items

    def _is_alpha(self, item: int) -> bool:
        kinds = [content[4:] for name, content in self.properties_of(item) if name == b"auxC"]
        return any(kind.startswith(_ALPHA) for kind in kinds)

    def properties_of(self, item: int) -> list[tuple[bytes, bytes]]:
        """Return name and content of the properties of an item."""
        properties = self.properties
        numbers = self.owned.get(item, [])
        if any(number > len(properties) for number in numbers):
            raise ValueError("a property is missing")
        return [properties[number - 1] for number in numbers if number]

    def places_of(self, item: int) -> Iterator[_Span]:
        """Yield where in the file the data of an item lie."""
        method, spans = self.spans.get(item, (_IN_FILE, []))
        if method not in (_IN_FILE, _IN_IDAT):
            raise ValueError("the data are made of another item's")
        if method == _IN_FILE:
            yield from spans
            return
        first, end_of_idat = self.idat
        for start, end in spans:
            if first + end > end_of_idat:
                raise ValueError("the data lie outside of their box")
            yield first + start, first + end


class _Fields:
    """The numbers and names in a box, one after the other; raises ValueError where it ends too early."""

    def __init__(self, content: bytes) -> None:
        self.rest = memoryview(content)

    def take(self, count: int) -> bytes:
        if count > len(self.rest):
            raise ValueError("a box ends too early")
        taken = bytes(self.rest[:count])
        self.rest = self.rest[count:]
        return taken

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count))

    def version(self) -> tuple[int, int]:
        return self.number(1), self.number(3)


def _parsed(file: PhotoFile) -> _Heif:
    """Read the box that says what lies where; raises ValueError where there is none, or none that makes sense."""
    start, content = _meta(file)
    heif = _Heif()
    readers = {b"pitm": _read_primary, b"iinf": _read_kinds, b"iloc": _read_places, b"iref": _read_references}
    for name, at, part in _boxes(content[4:]):
        if name in readers:
            readers[name](heif, _Fields(part))
        elif name == b"iprp":
            _read_properties(heif, part)
        elif name == b"idat":
            begin = start + 4 + at
            heif.idat = begin, begin + len(part)
    return heif


def _meta(file: PhotoFile) -> tuple[int, bytes]:
    """Return where the content of the box of all metadata begins, and the content."""
    start = 0
    while start < file.size:
        head = file.read(start, 16)
        size, skipped = _box_size(head, file.size - start)
        if head[4:8] == b"meta" and size <= _MOST_META_BYTES:
            begin = start + skipped
            return begin, file.read(begin, size - skipped)
        start += size
    raise ValueError("there is no box of items")


def _boxes(content: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield the boxes in a box: name, where the content begins, content."""
    start = 0
    while start < len(content):
        head = content[start : start + 16]
        size, skipped = _box_size(head, len(content) - start)
        begin, end = start + skipped, start + size
        yield head[4:8], begin, content[begin:end]
        start = end


def _box_size(head: bytes, room: int) -> tuple[int, int]:
    """Return how large a box is, and how much of it comes before its content."""
    fields = _Fields(head)
    size, skipped = fields.number(4), 8
    if size == 1:
        fields.take(4)
        size, skipped = fields.number(8), 16
    if size == 0:  # up to the end
        size = room
    if not skipped <= size <= room:
        raise ValueError("a box has no sensible size")
    return size, skipped


def _read_primary(heif: _Heif, fields: _Fields) -> None:
    version, _ = fields.version()
    heif.primary = fields.number(2 if version == 0 else 4)


def _read_kinds(heif: _Heif, fields: _Fields) -> None:
    version, _ = fields.version()
    fields.take(2 if version == 0 else 4)
    for _, _, content in _boxes(bytes(fields.rest)):
        entry = _Fields(content)
        version, _ = entry.version()
        item = entry.number(2 if version < 3 else 4)
        entry.take(2)
        heif.kinds[item] = entry.take(4)


def _read_places(heif: _Heif, fields: _Fields) -> None:
    version, _ = fields.version()
    sizes = fields.number(2)
    of_offset, of_length, of_base, of_index = (sizes >> shift & 0xF for shift in (12, 8, 4, 0))
    if not of_offset + of_length:
        raise ValueError("nothing says where the items lie")
    number = 2 if version < 2 else 4
    for _ in range(fields.number(number)):
        item = fields.number(number)
        method = fields.number(2) & 0xF if version else _IN_FILE
        if fields.number(2):
            raise ValueError("the data lie in another file")
        base = fields.number(of_base)
        spans = []
        for _ in range(fields.number(2)):
            fields.take(of_index if version else 0)
            start = base + fields.number(of_offset)
            end = start + fields.number(of_length)
            spans.append((start, end))
        heif.spans[item] = method, spans


def _read_references(heif: _Heif, fields: _Fields) -> None:
    version, _ = fields.version()
    number = 2 if version == 0 else 4
    for name, _, content in _boxes(bytes(fields.rest)):
        entry = _Fields(content)
        item = entry.number(number)
        count = entry.number(2)
        others = [entry.number(number) for _ in range(count)]
        if name == b"dimg":
            heif.parts[item] = others
        elif name in (b"auxl", b"cdsc"):
            for other in others:
                heif.about[other].append(item)


def _read_properties(heif: _Heif, content: bytes) -> None:
    for name, _, part in _boxes(content):
        if name == b"ipco":
            heif.properties = [(kind, property_) for kind, _, property_ in _boxes(part)]
        elif name == b"ipma":
            _read_owners(heif, _Fields(part))


def _read_owners(heif: _Heif, fields: _Fields) -> None:
    version, flags = fields.version()
    width, mask = (2, 0x7FFF) if flags & 1 else (1, 0x7F)
    width_of_item = 2 if version < 1 else 4
    for _ in range(fields.number(4)):
        item = fields.number(width_of_item)
        count = fields.number(1)
        heif.owned[item] = [fields.number(width) & mask for _ in range(count)]
