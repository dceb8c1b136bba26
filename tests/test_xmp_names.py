"""Names in XMP: where they say faces are, what of others stays, and what can be taken out again."""

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from kith.filing.name_files import (
    NotWritten,
    Update,
    can_carry,
    sidecar_of,
    write_into,
    write_sidecar,
)
from kith.filing.xmp import NoXmp, Xmp, alone
from kith.filing.xmp_names import NamedPlace, PhotoNames, Written, put_names
from kith.photos.box import SWAPPED, Box
from kith.photos.facts import read_facts
from tests import xmp_reading as xmp

WIDTH, HEIGHT = 400, 300
FACE = Box(0.1, 0.2, 0.2, 0.3)  # in the upright photo
NAMES = (
    'Anna "Ännchen" O\'Neill',
    "Rossi, Anna, jr.",
    "👩‍👧 Emma 🎂",
    "שרה \u202eכהן",
    "<script>alert(1)</script> & <b>",
    "A" * 200,
    "AC/DC | People",
    'type="Bag" Ann',
    "type=x",
    "rdf:li ]]> --> \\ %s {x}",
)
FOREIGN = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
 xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:own="http://example.org/own/1.0/" xmp:Rating="4" own:mark="süß"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Sea, sun</rdf:li>
<rdf:li xml:lang="de">Meer</rdf:li></rdf:Alt></dc:title>
<dc:subject><rdf:Bag><rdf:li>beach, sand</rdf:li><rdf:li>Carl</rdf:li></rdf:Bag></dc:subject>
<own:deep rdf:parseType="Resource">
<own:list><rdf:Seq><rdf:li>1</rdf:li><rdf:li rdf:parseType="Resource"><own:x>2</own:x>
</rdf:li></rdf:Seq></own:list></own:deep>
<Iptc4xmpExt:PersonInImage><rdf:Seq><rdf:li>Carl</rdf:li><rdf:li>Anna</rdf:li></rdf:Seq></Iptc4xmpExt:PersonInImage>
<mwg-rs:Regions rdf:parseType="Resource">
<mwg-rs:AppliedToDimensions stDim:w="4000" stDim:h="3000" stDim:unit="pixel"/>
<mwg-rs:RegionList><rdf:Seq>
<rdf:li><rdf:Description mwg-rs:Name="Carl" mwg-rs:Type="Face" mwg-rs:Rotation="0.1"><mwg-rs:Area stArea:x="0.8"
 stArea:y="0.8" stArea:w="0.1" stArea:h="0.1" stArea:unit="normalized"/><mwg-rs:Extensions rdf:parseType="Resource">
<dc:subject><rdf:Bag><rdf:li>in a region</rdf:li></rdf:Bag></dc:subject></mwg-rs:Extensions></rdf:Description></rdf:li>
<rdf:li rdf:parseType="Resource"><mwg-rs:Type>Pet</mwg-rs:Type><mwg-rs:Name>Anna</mwg-rs:Name>
<mwg-rs:Area rdf:parseType="Resource"><stArea:x>0.2</stArea:x><stArea:y>0.35</stArea:y><stArea:w>0.2</stArea:w>
<stArea:h>0.3</stArea:h></mwg-rs:Area></rdf:li>
</rdf:Seq></mwg-rs:RegionList></mwg-rs:Regions>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()

with_exiftool = pytest.mark.skipif(xmp.EXIFTOOL is None, reason="ExifTool is not installed")


def _update(*people: NamedPlace, former: Written | None = None, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Update:
    return Update(PhotoNames(people, *size), former or {}, lambda written, sha256: None)


def _stored(orientation: int) -> Image.Image:
    """Draw what a photo that is upright by its orientation stores: red where the face is in the upright photo."""
    stored = FACE.to_stored(orientation)
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    left, top = round(stored.x * WIDTH), round(stored.y * HEIGHT)
    picture.paste("red", (left, top, left + round(stored.w * WIDTH), top + round(stored.h * HEIGHT)))
    return picture


def _photo(path: Path, orientation: int) -> Path:
    """Save it."""
    picture = _stored(orientation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "A camera"
    picture.save(path, exif=exif)
    return path


def _is_red(picture: Image.Image, area: tuple[float, float, float, float]) -> bool:
    """Say whether an area of the stored pixels is the red square, no less and no more."""
    width, height = picture.size
    x, y, w, h = area
    inside = [(x + w * dx, y + h * dy) for dx in (0.06, 0.5, 0.94) for dy in (0.06, 0.5, 0.94)]
    outside = [(x - 0.02, y + h / 2), (x + w + 0.02, y + h / 2), (x + w / 2, y - 0.02), (x + w / 2, y + h + 0.02)]

    def red(place: tuple[float, float]) -> bool:
        colour = picture.getpixel((int(place[0] * width), int(place[1] * height)))
        assert isinstance(colour, tuple)
        return colour[0] > 200 and colour[1] < 90

    return all(map(red, inside)) and not any(map(red, outside))


def _pixels(photo: Path) -> tuple[bytes, str]:
    with Image.open(photo) as picture:
        return picture.tobytes(), picture.getexif()[0x010F]


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_regions_lie_where_the_face_is_stored(tmp_path: Path, orientation: int, ending: str) -> None:
    """By whatever orientation a photo is upright: beside it and in it, as an XML parser and as ExifTool read it."""
    photo = _photo(tmp_path / f"photo{ending}", orientation)
    facts = read_facts(photo)
    assert (facts.width, facts.height, facts.orientation) == (WIDTH, HEIGHT, orientation)
    named = NamedPlace("Anna", FACE.to_stored(orientation))
    sidecar = sidecar_of(photo)
    assert sidecar.name == f"photo{ending}.xmp"
    update = _update(named, NamedPlace("Ben"), size=(facts.width, facts.height))
    written = write_sidecar(sidecar, update)
    assert write_into(photo, update) == written
    assert replace(read_facts(photo), former_hash=facts.former_hash) == facts
    for file in (sidecar, photo):
        root = xmp.packet(file.read_bytes())
        assert xmp.dimensions(root) == (str(WIDTH), str(HEIGHT), "pixel")
        assert sorted(xmp.listed(root, f"{xmp.IPTC}PersonInImage")) == ["Anna", "Ben"]
        assert sorted(xmp.listed(root, f"{xmp.DIGIKAM}TagsList")) == ["People/Anna", "People/Ben"]
        assert sorted(xmp.listed(root, f"{xmp.LIGHTROOM}hierarchicalSubject")) == ["People|Anna", "People|Ben"]
        for regions in xmp.xml_regions(root):
            ((name, area),) = regions
            assert name == "Anna"
            assert _is_red(_stored(orientation), area)


@with_exiftool
def test_exiftool_reads_what_was_written(tmp_path: Path) -> None:
    """Every region in the right place for all eight orientations, beside the photo and in it."""
    files = []
    for orientation in range(1, 9):
        photo = _photo(tmp_path / f"{orientation}.jpg", orientation)
        update = _update(NamedPlace("Anna", FACE.to_stored(orientation)), NamedPlace("Ben"))
        write_sidecar(sidecar_of(photo), update)
        write_into(photo, update)
        files += [photo, sidecar_of(photo)]
    for told, file in zip(xmp.exiftool(*files), files, strict=True):
        assert told["RegionInfo"]["AppliedToDimensions"] == {"W": WIDTH, "H": HEIGHT, "Unit": "pixel"}
        assert sorted(told["PersonInImage"]) == ["Anna", "Ben"]
        assert sorted(told["TagsList"]) == ["People/Anna", "People/Ben"]
        assert sorted(told["HierarchicalSubject"]) == ["People|Anna", "People|Ben"]
        orientation = int(file.name[0])
        for regions in xmp.exiftool_regions(told):
            ((name, area),) = regions
            assert name == "Anna"
            assert _is_red(_stored(orientation), area)


def test_no_name_breaks_the_xmp(tmp_path: Path) -> None:
    """Quotes, commas, emoji, right-to-left, markup and length come back as they are, and go without a trace."""
    people = tuple(NamedPlace(name, Box(0.09 * number, 0.1, 0.05, 0.2)) for number, name in enumerate(NAMES))
    sidecar = tmp_path / "photo.jpg.xmp"
    written = write_sidecar(sidecar, _update(*people))
    root = xmp.packet(sidecar.read_bytes())
    assert xmp.listed(root, f"{xmp.IPTC}PersonInImage") == [*NAMES]
    mwg, microsoft = xmp.xml_regions(root)
    assert [name for name, _ in mwg] == [name for name, _ in microsoft] == [*NAMES]
    for (_, area), person in zip(mwg, people, strict=True):
        assert area == pytest.approx(person.box, abs=1e-5)
    assert xmp.listed(root, f"{xmp.DIGIKAM}TagsList") == [f"People/{name.replace('/', '∕')}" for name in NAMES]
    hierarchy = xmp.listed(root, f"{xmp.LIGHTROOM}hierarchicalSubject")
    assert hierarchy == [f"People|{name.replace('|', '∣')}" for name in NAMES]
    if xmp.EXIFTOOL:
        (told,) = xmp.exiftool(sidecar)
        assert told["PersonInImage"] == [*NAMES]
        assert [name for name, _ in xmp.exiftool_regions(told)[0]] == [*NAMES]
    assert write_sidecar(sidecar, _update(*people, former=written)) == written
    assert write_sidecar(sidecar, _update(former=written)) == {}
    assert not sidecar.exists()


@pytest.mark.parametrize("name", ["photo.jpg.xmp", "photo.jpg", "photo.png", "photo.webp", "photo.tif"])
def test_names_of_others_that_exiv2_takes_for_orders_stay(tmp_path: Path, name: str) -> None:
    """Beside what Kith writes, in a sidecar and in photos of each format."""
    path = tmp_path / name
    said = FOREIGN.replace(b">Anna<", b">type=Bag a<").replace(b'Name="Carl"', b'Name="type=x Carl"')
    write = write_sidecar if path.suffix == ".xmp" else write_into
    if path.suffix == ".xmp":
        path.write_bytes(said)
    else:
        held: dict[str, dict[str, Any]] = {
            ".png": {"pnginfo": _in_png(said)},
            ".tif": {"tiffinfo": {700: said, 0x010F: "A camera"}},
        }
        exif = Image.Exif()
        exif[0x010F] = "A camera"
        _stored(1).save(path, exif=exif, **held.get(path.suffix, {"xmp": said}))
        shown = _pixels(path)
        if xmp.EXIFTOOL:
            (told,) = xmp.exiftool(path)
            assert told["RegionInfo"]["RegionList"][0]["Name"] == "type=x Carl"
    before = _facts(said)
    written = write(path, _update(NamedPlace("Ben", FACE)))
    assert before < _facts(path.read_bytes())
    assert write(path, _update(NamedPlace("Ben", FACE), former=written)) == written
    assert write(path, _update(former=written)) == {}
    assert _facts(path.read_bytes()) == before
    if path.suffix != ".xmp":
        assert _pixels(path) == shown


def _in_png(packet: bytes) -> PngInfo:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet.decode())
    return info


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".tif"])
def test_odd_names_in_a_photo_stand_as_they_are_and_are_taken_out_again(tmp_path: Path, ending: str) -> None:
    """Also those that exiv2 would take for orders."""
    photo = _photo(tmp_path / f"photo{ending}", 1)
    people = tuple(NamedPlace(name, Box(0.09 * number, 0.1, 0.05, 0.2)) for number, name in enumerate(NAMES))
    written = write_into(photo, _update(*people))
    for regions in xmp.xml_regions(xmp.packet(photo.read_bytes())):
        assert [name for name, _ in regions] == [*NAMES]
    assert write_into(photo, _update(*people, former=written)) == written
    assert write_into(photo, _update(former=written)) == {}
    assert b"Ann" not in photo.read_bytes()


def test_fields_of_others_stay_that_exif_has_as_well(tmp_path: Path) -> None:
    """Word by word: in Exif there is no place for a second language, a time zone or fractions of a second."""
    sidecar = tmp_path / "photo.jpg.xmp"
    fields = """<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:DateCreated="2019"
 exif:GPSLatitude="52,13.1234567N" exif:GPSTimeStamp="2019-03-04T05:06:07Z" exif:ExposureTime="10/2500"
 exif:DateTimeOriginal="2019-03-04T05:06:07.89+02:00"><exif:UserComment><rdf:Alt>
<rdf:li xml:lang="x-default">Hello</rdf:li><rdf:li xml:lang="de">Hallo</rdf:li></rdf:Alt></exif:UserComment>
</rdf:Description></rdf:RDF>"""
    said = FOREIGN.replace(b"</rdf:RDF>", fields.encode())
    sidecar.write_bytes(said)
    written = write_sidecar(sidecar, _update(NamedPlace("Ben", FACE)))
    assert _facts(said) < _facts(sidecar.read_bytes())
    assert write_sidecar(sidecar, _update(former=written)) == {}
    assert _facts(sidecar.read_bytes()) == _facts(said)


def test_of_what_picture_areas_are_shares_stays_for_regions_of_others(tmp_path: Path) -> None:
    """Another program drew a region into a sidecar of Kith's, whose names are taken out afterwards."""
    sidecar = tmp_path / "photo.jpg.xmp"
    written = write_sidecar(sidecar, _update(NamedPlace("Anna", FACE)))
    write_sidecar(sidecar, _update(NamedPlace("Theirs", Box(0.6, 0.6, 0.1, 0.1))))
    assert write_sidecar(sidecar, _update(former=written, size=(1, 1))) == {}
    root = xmp.packet(sidecar.read_bytes())
    assert [name for name, _ in xmp.xml_regions(root)[0]] == ["Theirs"]
    assert xmp.dimensions(root) == (str(WIDTH), str(HEIGHT), "pixel")


@pytest.mark.parametrize("name", ["bell \a", "null \0", "lone \ud800", "end \ufffe"])
def test_what_xml_cannot_hold_is_replaced(tmp_path: Path, name: str) -> None:
    """A control character of a name is not in the file, which any parser reads."""
    sidecar = tmp_path / "photo.jpg.xmp"
    person = NamedPlace(name, FACE)
    written = write_sidecar(sidecar, _update(person))
    (shown,) = xmp.listed(xmp.packet(sidecar.read_bytes()), f"{xmp.IPTC}PersonInImage")
    assert shown == name[:-1] + "\ufffd"
    before = sidecar.stat().st_mtime_ns
    assert write_sidecar(sidecar, _update(person, former=written)) == written
    assert sidecar.stat().st_mtime_ns == before


def test_what_others_wrote_stays(tmp_path: Path) -> None:
    """Fields, regions, and the kind of their lists; what they say already is not said twice."""
    sidecar = tmp_path / "photo.jpg.xmp"
    sidecar.write_bytes(FOREIGN)
    before = _facts(FOREIGN)
    people = (NamedPlace("Anna", FACE), NamedPlace("Carl", Box(0.74, 0.75, 0.12, 0.1)))
    written = write_sidecar(sidecar, _update(*people))
    root = xmp.packet(sidecar.read_bytes())
    assert xmp.listed(root, f"{xmp.IPTC}PersonInImage") == ["Carl", "Anna"]
    assert [name for name, _ in xmp.xml_regions(root)[0]] == ["Carl", "Anna", "Anna"]  # the pet is not she
    assert xmp.dimensions(root) == ("4000", "3000", "pixel")
    assert before <= _facts(sidecar.read_bytes())
    if xmp.EXIFTOOL:
        (told,) = xmp.exiftool(sidecar)
        assert told["RegionInfo"]["RegionList"][0]["Rotation"] == 0.1
        assert told["RegionInfo"]["RegionList"][0]["Extensions"] == {"XMP-dc:Subject": ["in a region"]}
        assert told["Title"] == "Sea, sun"
        assert told["Subject"] == ["beach, sand", "Carl"]
        assert told["Rating"] == 4
    once = sidecar.read_bytes()
    assert write_sidecar(sidecar, _update(*people, former=written)) == written
    assert sidecar.read_bytes() == once
    assert write_sidecar(sidecar, _update(former=written)) == {}
    assert _facts(sidecar.read_bytes()) == before


def _facts(content: bytes) -> set[tuple[str, ...]]:
    """Return all that a packet says: the path of each value, as attribute or element alike."""
    found: set[tuple[str, ...]] = set()

    def walk(element: Element, path: tuple[str, ...]) -> None:
        number = 0
        for part in element:
            is_item = part.tag == f"{xmp.RDF}li"
            own = (
                ()
                if part.tag in {f"{xmp.RDF}{name}" for name in ("Description", "RDF", "Bag", "Seq", "Alt")}
                else ((f"{number}",) if is_item else (part.tag,))
            )
            number += is_item
            text = (part.text or "").strip()
            if text:
                found.add((*path, *own, text))
            for name, value in part.attrib.items():
                if not name.startswith(xmp.RDF):
                    found.add((*path, *own, name, value))
            walk(part, path + own)

    walk(xmp.packet(content), ())
    return found


def test_names_taken_back_go_alone(tmp_path: Path) -> None:
    """One of two people is taken back; numbers that another program wrote otherwise are still known as ours."""
    sidecar = tmp_path / "photo.jpg.xmp"
    anna, ben = NamedPlace("Anna", FACE), NamedPlace("Ben", Box(0.6, 0.2, 0.2, 0.3))
    written = write_sidecar(sidecar, _update(anna, ben))
    text = sidecar.read_text().replace("0.200000", ".2").replace("0.300000", "0.30")
    sidecar.write_text(text.replace("<rdf:Description ", '<rdf:Description xmlns:o="http://o/" o:note="n" ', 1))
    written = write_sidecar(sidecar, _update(ben, former=written))
    root = xmp.packet(sidecar.read_bytes())
    assert [name for regions in xmp.xml_regions(root) for name, _ in regions] == ["Ben", "Ben"]
    assert xmp.listed(root, f"{xmp.IPTC}PersonInImage") == ["Ben"]
    assert write_sidecar(sidecar, _update(former=written)) == {}
    assert b"Regions" not in sidecar.read_bytes()
    assert b"note" in sidecar.read_bytes()  # of another, whose file it is now


def test_a_sidecar_is_forced_to_the_disk_where_others_wrote_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that holds nothing but Kith's can be written again: waiting for the disk is most of what it takes."""
    synced: list[int] = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(file) or sync(file))
    anna, ben = NamedPlace("Anna", FACE), NamedPlace("Ben", Box(0.6, 0.2, 0.2, 0.3))
    own, theirs = tmp_path / "own.jpg.xmp", tmp_path / "theirs.jpg.xmp"
    written = write_sidecar(own, _update(anna, ben))
    write_sidecar(own, _update(ben, former=written))
    assert not synced
    space = "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'"
    around = f"<rdf:RDF {space}><rdf:Description {{}}</rdf:Description></rdf:RDF>"
    rating = around.format("xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='4'>")
    in_image = "<i:PersonInImage><rdf:Bag><rdf:li>Carl</rdf:li></rdf:Bag></i:PersonInImage>"
    name = around.format(f"xmlns:i='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'>{in_image}")
    for said in (FOREIGN, rating.encode(), name.encode()):
        theirs.write_bytes(said)
        written = write_sidecar(theirs, _update(anna, ben))
        write_sidecar(theirs, _update(ben, former=written))
        assert len(synced) == 2
        synced.clear()


@pytest.mark.parametrize("content", [b"no XMP", FOREIGN[:900], FOREIGN.replace(b"</rdf:RDF>", b""), b"\xff\xd8\xff"])
def test_a_damaged_sidecar_stays(tmp_path: Path, content: bytes) -> None:
    """What cannot be read is not written over, since it may hold something."""
    sidecar = tmp_path / "photo.jpg.xmp"
    sidecar.write_bytes(content)
    with pytest.raises(NotWritten):
        write_sidecar(sidecar, _update(NamedPlace("Anna", FACE)))
    assert sidecar.read_bytes() == content
    assert os.listdir(tmp_path) == [sidecar.name]


@pytest.mark.parametrize("depth", [30, 3000])
@pytest.mark.parametrize("said", ["1", "type=x"])
def test_a_packet_nested_deep_is_read_or_refused(tmp_path: Path, depth: int, said: str) -> None:
    """And with it the run goes on, whatever the names of its spaces are."""
    sidecar = tmp_path / "photo.jpg.xmp"
    nested = '<o:a rdf:parseType="Resource">' * depth + f"<o:b>{said}</o:b>" + "</o:a>" * depth
    start, end = (
        FOREIGN.decode()
        .replace("http://example.org/own/1.0/", "http://ns.microsoft.com/photo/1.2/")
        .split("<dc:title>")
    )
    sidecar.write_text(f"{start.replace('own', 'o')}{nested}<dc:title>{end.replace('own:', 'o:')}")
    content = sidecar.read_bytes()
    if depth > 1000:
        with pytest.raises(NotWritten):
            write_sidecar(sidecar, _update(NamedPlace("Anna", FACE)))
        assert sidecar.read_bytes() == content
    else:
        write_sidecar(sidecar, _update(NamedPlace("Anna", FACE)))
        assert said in "".join(value for fact in _facts(sidecar.read_bytes()) for value in fact)


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    """Of hundreds, sidecars and pictures that carry names, none ends the process or is anything but refused."""
    whole = [FOREIGN]
    for ending in (".jpg", ".png", ".webp", ".tif"):
        photo = _photo(tmp_path / f"photo{ending}", 6)
        write_into(photo, _update(NamedPlace("Anna", FACE)))
        whole.append(photo.read_bytes())
    random, outcomes = Random(1), set()
    for _ in range(300):
        content = bytearray(random.choice(whole))
        for _ in range(random.choice((1, 2, 8))):
            content[random.randrange(len(content))] = random.randrange(256)
        try:
            with alone():
                put_names(Xmp.read(bytes(content)), PhotoNames((NamedPlace("Ben", FACE),), WIDTH, HEIGHT), {})
            outcomes.add("read")
        except NoXmp:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


@pytest.mark.parametrize("prefix", ["Iptc4xmpExt", "mwg-rs", "stArea"])
def test_a_file_that_names_a_space_otherwise_is_the_only_one_to_do_so(tmp_path: Path, prefix: str) -> None:
    """exiv2 keeps for all files what one calls its name spaces, also where a damaged one means nothing by it."""
    odd = re.sub(rf'xmlns:{prefix}="[^"]*'.encode(), f'xmlns:{prefix}="http://damaged.example/'.encode(), FOREIGN)
    assert odd != FOREIGN
    with suppress(NoXmp), alone():
        Xmp.read(odd)
    photo = _photo(tmp_path / "photo.jpg", 1)
    write_into(photo, _update(NamedPlace("Anna", FACE)))
    root = xmp.packet(photo.read_bytes())
    assert xmp.listed(root, f"{xmp.IPTC}PersonInImage") == ["Anna"]
    assert [[name for name, _ in regions] for regions in xmp.xml_regions(root)] == [["Anna"], ["Anna"]]


def test_pixels_of_a_photo_stay(tmp_path: Path) -> None:
    """Only the metadata grows: the image hash is the same, EXIF and mode too; taken out, no name is left."""
    photo = _photo(tmp_path / "photo.jpg", 6)
    photo.chmod(0o640)
    facts, pixels = read_facts(photo), _pixels(photo)
    begun = []
    people = PhotoNames((NamedPlace("Anna", FACE),), WIDTH, HEIGHT)
    written = write_into(photo, Update(people, {}, lambda own, sha256: begun.append((own, sha256))))
    assert begun == [(written, hashlib.sha256(photo.read_bytes()).hexdigest())]
    assert read_facts(photo) == facts
    assert _pixels(photo) == pixels
    assert photo.stat().st_mode & 0o777 == 0o640
    once = photo.read_bytes()
    assert write_into(photo, _update(*people.people, former=written)) == written
    assert photo.read_bytes() == once
    assert write_into(photo, _update(former=written)) == {}
    assert b"Anna" not in photo.read_bytes()
    assert os.listdir(tmp_path) == [photo.name]


def test_a_damaged_photo_stays(tmp_path: Path) -> None:
    """Where the new file would not hold the same picture, the photo stays as it is."""
    photo = _photo(tmp_path / "photo.jpg", 1)
    photo.write_bytes(b"GIF89a" + photo.read_bytes())
    content = photo.read_bytes()
    with pytest.raises(NotWritten):
        write_into(photo, _update(NamedPlace("Anna", FACE)))
    assert photo.read_bytes() == content


def test_only_files_of_their_own_carry_names(tmp_path: Path) -> None:
    """No HEIC, AVIF, JPEG XL, GIF or BMP, and no file that has another name elsewhere."""
    photo = _photo(tmp_path / "photo.jpg", 1)
    assert can_carry(photo)
    for ending in (".heic", ".HEIF", ".avif", ".jxl", ".gif", ".bmp"):
        other = tmp_path / f"other{ending}"
        other.write_bytes(photo.read_bytes())
        assert not can_carry(other)
    link = tmp_path / "link.jpg"
    link.symlink_to(photo)
    assert not can_carry(link)
    os.link(photo, tmp_path / "again.jpg")
    assert not can_carry(photo)


def test_an_existing_sidecar_is_used(tmp_path: Path) -> None:
    """As Lightroom and others name it, unless it may be another photo's; and none is written through a link."""
    photo = tmp_path / "photo.jpg"
    photo.touch()
    (tmp_path / "photo.xmp").write_bytes(FOREIGN)
    assert sidecar_of(photo) == tmp_path / "photo.xmp"
    (tmp_path / "photo.HEIC").touch()
    assert sidecar_of(photo) == tmp_path / "photo.jpg.xmp"
    (tmp_path / "photo.HEIC").unlink()
    (tmp_path / "photo.jpg.xmp").symlink_to(tmp_path / "photo.xmp")
    assert sidecar_of(photo) == tmp_path / "photo.jpg.xmp"
    with pytest.raises(NotWritten):
        write_sidecar(tmp_path / "photo.jpg.xmp", _update(NamedPlace("Anna", FACE)))
    assert (tmp_path / "photo.xmp").read_bytes() == FOREIGN


def test_sideways_dimensions_are_as_stored() -> None:
    """Width and height are those of the stored picture also where an orientation swaps them."""
    assert {5, 6, 7, 8} == SWAPPED
    upright = Box(0.1, 0.2, 0.2, 0.3)
    assert upright.to_stored(6) == pytest.approx(Box(0.2, 0.7, 0.3, 0.2))
