"""Names that other programs wrote become the user's word: read as each writes them, joined to faces, undone as one."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from typer.testing import CliRunner

from kith.cli.main import cli
from kith.errors import BadInput
from kith.filing.photo_tags import Contacts, Tag, TagReader
from kith.filing.xmp import NoXmp
from kith.jobs.import_tags import find_tags, found_lines, import_tags
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.photos.box import Box
from kith.photos.facts import read_facts
from tests.small_world import PLACES, World

# As digiKam 8 writes a sidecar: elements, a Bag, both kinds of regions.
DIGIKAM = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:digiKam="http://www.digikam.org/ns/1.0/" xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
 xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" xmlns:MP="http://ns.microsoft.com/photo/1.2/"
 xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#" xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#">
<digiKam:TagsList><rdf:Seq><rdf:li>People/{name}</rdf:li></rdf:Seq></digiKam:TagsList>
<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag><rdf:li MPReg:PersonDisplayName="{name}"
 MPReg:Rectangle="{x:.6f}, {y:.6f}, {w:.6f}, {h:.6f}"/></rdf:Bag></MPRI:Regions></MP:RegionInfo>
<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag><rdf:li><rdf:Description mwg-rs:Name="{name}"
 mwg-rs:Type="Face"><mwg-rs:Area stArea:x="{cx:.6f}" stArea:y="{cy:.6f}" stArea:w="{w:.6f}" stArea:h="{h:.6f}"
 stArea:unit="normalized"/></rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""

# As Lightroom Classic writes it: attributes, a Bag, Rotation, and the names once more.
LIGHTROOM = """<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
 xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
 xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmp:CreatorTool="Adobe Photoshop Lightroom Classic">
<lr:hierarchicalSubject><rdf:Bag><rdf:li>People|{name}</rdf:li></rdf:Bag></lr:hierarchicalSubject>
<Iptc4xmpExt:PersonInImage><rdf:Bag><rdf:li>{name}</rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImage>
<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="{width}" stDim:h="{height}"
 stDim:unit="pixel"/><mwg-rs:RegionList><rdf:Bag><rdf:li><rdf:Description mwg-rs:Rotation="0.00000"
 mwg-rs:Name="{name}" mwg-rs:Type="Face"><mwg-rs:Area stArea:h="{h:.5f}" stArea:w="{w:.5f}" stArea:x="{cx:.5f}"
 stArea:y="{cy:.5f}"/></rdf:Description></rdf:li><rdf:li><rdf:Description mwg-rs:Type="Face"><mwg-rs:Area
 stArea:h="0.1" stArea:w="0.1" stArea:x="0.95" stArea:y="0.95"/></rdf:Description></rdf:li><rdf:li><rdf:Description
 mwg-rs:Type="Focus" mwg-rs:Name="focus"><mwg-rs:Area stArea:h="0.1" stArea:w="0.1" stArea:x="0.5" stArea:y="0.5"/>
</rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions></rdf:Description></rdf:RDF></x:xmpmeta>"""

# As Apple and Mylio do: everything an element, parseType Resource, a Seq.
ELEMENTS = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:r="http://www.metadataworkinggroup.com/schemas/regions/"
 xmlns:d="http://ns.adobe.com/xap/1.0/sType/Dimensions#" xmlns:a="http://ns.adobe.com/xmp/sType/Area#"><r:Regions
 rdf:parseType="Resource"><r:AppliedToDimensions rdf:parseType="Resource"><d:w>{width}</d:w><d:h>{height}</d:h>
<d:unit>pixel</d:unit></r:AppliedToDimensions><r:RegionList><rdf:Seq><rdf:li rdf:parseType="Resource"><r:Area
 rdf:parseType="Resource"><a:x>{cx}</a:x><a:y>{cy}</a:y><a:w>{w}</a:w><a:h>{h}</a:h><a:unit>normalized</a:unit></r:Area>
<r:Name>{name}</r:Name><r:Type>Face</r:Type></rdf:li></rdf:Seq></r:RegionList></r:Regions></rdf:Description></rdf:RDF>
</x:xmpmeta>"""

# As Windows Live Photo Gallery writes it, and a name without a place.
WINDOWS = """<xmp:xmpmeta xmlns:xmp="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b" xmlns:MP="http://ns.microsoft.com/photo/1.2/">
<MP:RegionInfo><rdf:Description xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"><MPRI:Regions><rdf:Bag
 xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"><rdf:li><rdf:Description><MPReg:Rectangle>{x}, {y}, {w}, {h}
</MPReg:Rectangle><MPReg:PersonDisplayName>{name}</MPReg:PersonDisplayName><MPReg:PersonEmailDigest>F3</MPReg:PersonEmailDigest>
<MPReg:PersonLiveIdCID>-1</MPReg:PersonLiveIdCID></rdf:Description></rdf:li><rdf:li><rdf:Description>
<MPReg:PersonDisplayName>Without A. Place</MPReg:PersonDisplayName></rdf:Description></rdf:li></rdf:Bag></MPRI:Regions>
</rdf:Description></MP:RegionInfo></rdf:Description></rdf:RDF></xmp:xmpmeta>"""

SAMPLES = {"digikam": DIGIKAM, "lightroom": LIGHTROOM, "elements": ELEMENTS, "windows": WINDOWS}
FACE = Box(0.1, 0.2, 0.2, 0.3)
NAMES = ["Zoë, jr.", "O'Neill & Sons", "👩‍👧 Emma", "שרה כהן", "&lt;script&gt;", "Z" * 200]


def sample(kind: str, name: str, box: Box, width: int = 8, height: int = 6) -> bytes:
    """Return XMP as a program writes it."""
    text = SAMPLES[kind].replace("{", "{{").replace("}", "}}")
    for key in ("name", "x:.6f", "y:.6f", "w:.6f", "h:.6f", "cx:.6f", "cy:.6f", "w:.5f", "h:.5f", "cx:.5f", "cy:.5f"):
        text = text.replace(f"{{{{{key}}}}}", f"{{{key}}}")
    for key in ("x", "y", "w", "h", "cx", "cy", "width", "height"):
        text = text.replace(f"{{{{{key}}}}}", f"{{{key}}}")
    centre = {"cx": box.x + box.w / 2, "cy": box.y + box.h / 2}
    return text.format(name=name, **box._asdict(), **centre, width=width, height=height).encode()


def rect64(box: Box) -> str:
    """Return a place as Picasa writes it, without zeros before it."""
    sides = (box.x, box.y, box.x + box.w, box.y + box.h)
    return f"{int(''.join(f'{round(side * 0xFFFF):04x}' for side in sides), 16):x}"


def nothing(_path: Path) -> dict[str, list[str]]:
    """Say that Kith wrote nothing there."""
    return {}


def read(photo: Path, contacts: Contacts | None = None) -> list[Tag]:
    """Return the tags of a photo."""
    return TagReader(contacts or Contacts({}), nothing).tags(photo)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", SAMPLES)
def test_samples_are_read_as_they_are_written(tmp_path: Path, kind: str, name: str) -> None:
    """From the sidecars that programs write, whatever spelling of XMP they choose."""
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (40, 30)).save(photo)
    (tmp_path / ("photo.xmp" if kind == "lightroom" else "photo.jpg.xmp")).write_bytes(
        sample(kind, name.replace("&", "&amp;") if "&lt;" not in name else name, FACE)
    )
    shown = name.replace("&lt;", "<").replace("&gt;", ">")
    tag, *others = read(photo)
    assert tag.name == shown
    assert tag.box == pytest.approx(FACE, abs=1e-4)
    assert [other.name for other in others] == (["Without A. Place"] if kind == "windows" else [])
    assert not [other for other in others if other.box]


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".tif"])
def test_xmp_in_a_photo_is_read(tmp_path: Path, ending: str) -> None:
    """As Picasa and Lightroom put it into the file itself."""
    photo = tmp_path / f"photo{ending}"
    xmp = sample("lightroom", "Anna", FACE)
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp.decode())
    ways: dict[str, dict[str, Any]] = {".tif": {"tiffinfo": {700: xmp}}, ".png": {"pnginfo": info}}
    how = ways.get(ending, {"xmp": xmp})
    Image.new("RGB", (40, 30)).save(photo, **how)
    assert [tag.name for tag in read(photo)] == ["Anna"]


def test_picasa_s_lists_are_read(tmp_path: Path) -> None:
    """Its faces by its contacts, be these in the folder's own list or in contacts.xml; nobody's are skipped."""
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (40, 30)).save(photo)
    low = Box(0.0001, 0.001, 0.1, 0.2)
    (tmp_path / ".picasa.ini").write_bytes(
        (
            "[Picasa]\r\nname=Summer 100%\r\n[Contacts2]\r\n5c3a1=Zoë Müller;z@example.org;\r\n"
            f"[PHOTO.jpg]\r\nrotate=rotate(0)\r\nfaces=rect64({rect64(FACE)}),05c3a1;rect64({rect64(low)}),ffffffffffffffff;"
            f"rect64({rect64(low)}),9f00000000000001;rect64(3f845bcb59418507),1234\r\nbackuphash=1\r\n"
        ).encode()
    )
    file = tmp_path / "contacts.xml"
    file.write_text(
        '<?xml version="1.0"?><contacts>\n <contact id="9f00000000000001" name="Ben &amp; Co &lt;b&gt;" '
        'display="Ben" modified_time="2011-01-01"/>\n</contacts>'
    )
    reader = TagReader(Contacts.read([file]), nothing)
    tags = {tag.name: tag.box for tag in reader.tags(photo)}
    assert tags == {"Zoë Müller": pytest.approx(FACE, abs=1e-4), "Ben & Co <b>": pytest.approx(low, abs=1e-4)}
    assert reader.nameless == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_regions_are_of_the_picture_as_stored(orientation: int) -> None:
    """Unless who wrote them took the picture as turned upright, which its width and height tell."""
    stored = FACE.to_stored(orientation)
    assert Tag("Anna", stored, (400, 300)).stored(400, 300, orientation) == stored
    assert Tag("Anna", stored, (4000, 3000)).stored(400, 300, orientation) == stored
    assert Tag("Anna", stored).stored(400, 300, orientation) == stored
    if orientation >= 5:
        assert Tag("Anna", FACE, (300, 400)).stored(400, 300, orientation) == stored


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A damaged sidecar is, a photo of a format without XMP is not."""
    photo = tmp_path / "photo.gif"
    Image.new("RGB", (4, 3)).save(photo)
    assert read(photo) == []
    (tmp_path / "photo.gif.xmp").write_bytes(DIGIKAM[:300].encode())
    with pytest.raises(NoXmp):
        read(photo)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world."""
    return World(tmp_path)


@contextmanager
def opened(world: World) -> Iterator[OpenLibrary]:
    """Open the library."""
    with closing(OpenLibrary(world.settings)) as library:
        yield library


def take_over(world: World) -> Outcome:
    """Import the names in the input."""
    return import_tags(world.settings, find_tags(world.settings, world.root / "input"), lambda: world.eyes)


def said(world: World) -> list[tuple[str, str, float | None]]:
    """Return what the user says: the photo's file, who, and where."""
    rows = world.query(
        "SELECT f.path, n.name, round(a.x, 2) FROM links l JOIN appearances a ON a.id = l.appearance_id "
        "JOIN files f ON f.photo_id = a.photo_id JOIN persons n ON n.id = l.person_id "
        "WHERE l.source = 'user' AND l.word = 'is' ORDER BY f.path, n.name"
    )
    return [(Path(path).name, name, x) for path, name, x in rows]


def test_a_folder_in_which_nobody_is_named_says_so(world: World) -> None:
    """Instead of a count of nothing; there is nothing to take over then."""
    found = find_tags(world.settings, world.root / "input")
    assert found_lines(found) == [f"No photo in {world.root / 'input'} names anybody."]
    with pytest.raises(BadInput, match="Nothing was imported"):
        take_over(world)


@pytest.mark.parametrize("is_known", [True, False])
def test_tags_join_faces_or_are_drawn_and_undone_as_one(world: World, is_known: bool) -> None:
    """Regions of everybody's kind, in photos recognised before or not, teach; one undo takes all of it back."""
    if is_known:
        world.recognise()
    inputs = world.root / "input"
    x, y, w, h = PLACES[0]
    wide = Box(x - 0.05, y - 0.07, w + 0.1, h + 0.14)
    (inputs / "5.png.xmp").write_bytes(sample("digikam", "Zoe", wide))
    (inputs / "8.xmp").write_bytes(sample("lightroom", "Zoe", PLACES[0]))
    (inputs / "11.png.xmp").write_bytes(sample("windows", "bob", Box(0.4, 0.6, 0.2, 0.3)))
    (inputs / ".picasa.ini").write_text(f"[Contacts2]\n1=Ann;;\n[13.png]\nfaces=rect64({rect64(PLACES[0])}),1\n")
    found = find_tags(world.settings, inputs)
    assert found.to_look_at == (0 if is_known else 4)
    assert found_lines(found) == [
        "Ann: 1 face",
        "Bob: 1 face",
        "Without A. Place (new): 0 faces, 1 without a place",
        "Zoe (new): 2 faces",
        "4 people in 4 photos" + ("." if is_known else "; 4 of them are looked at first."),
    ]
    assert said(world) == []
    before = world.links(), world.persons()
    outcome = take_over(world)
    assert outcome.text.startswith("3 faces named, 1 drawn, 1 without a place, 0 known already; 2 new people.")
    assert outcome.problems == ()
    first = round(PLACES[0].x + 0.01, 2)
    assert said(world) == [
        ("11.png", "Bob", 0.4),
        ("11.png", "Without A. Place", None),
        ("13.png", "Ann", first),
        ("5.png", "Zoe", first),
        ("8.png", "Zoe", first),
    ]
    drawn = world.query(
        "SELECT count(*) FROM observations o JOIN appearances a ON a.id = o.appearance_id "
        "WHERE a.y BETWEEN 0.59 AND 0.61"
    )
    assert drawn == [(1,)]  # described, so that it teaches
    once = world.links()
    again = take_over(world)
    assert again.text.startswith("0 faces named, 0 drawn, 0 without a place, 5 known already; 0 new people.")
    assert world.links() == once
    with opened(world) as library:
        assert library.history()[0].action == "import-tags"
        library.undo()
    assert said(world) == []
    assert world.persons() == before[1]
    if is_known:
        assert world.links() == before[0]
    world.recognise()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_s_face_is_found(world: World, orientation: int) -> None:
    """By all eight orientations the region of the stored picture joins the face that is stored there."""
    path = world.root / "input/5.png"
    with Image.open(path) as picture:
        picture.load()
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(path, exif=exif)
    world.eyes.known[read_facts(path).image_hash] = 5
    x, y, w, h = PLACES[0]
    face = Box(x + 0.01, y, w, h)
    is_turned = orientation >= 5
    for number, (box, size) in enumerate(
        [(face, (8, 6)), *([(face.to_upright(orientation), (6, 8))] if is_turned else [])]
    ):
        path.with_name("5.png.xmp").write_bytes(sample("elements", f"Zoe {number}", box, *size))
        outcome = take_over(world)
        assert outcome.text.startswith("1 face named, 0 drawn")
        assert said(world) == [("5.png", f"Zoe {number}", round(face.x, 2))]
        with opened(world) as library:
            library.undo()


def test_words_of_one_s_own_stay(world: World) -> None:
    """Whom the user named, denied or ignored stays so; a name of two people is left out, and all of that is told."""
    world.recognise()
    inputs = world.root / "input"
    with opened(world) as library:
        store = library.store

        def face(photo: int) -> int:
            return store.photos.appearances(store.photos.at_path(inputs / f"{photo}.png") or 0)[0]

        with store.change("test", "words"):
            store.edits.name(face(5), library.people.find("Bob").id)
            store.edits.never(face(8), library.people.find("Eve").id)
            store.groups.ignore([face(12)])
            store.people.add("Twin")
            store.people.add("Twin")
    for photo, name in ((5, "Ann"), (8, "Eve"), (12, "Ann"), (13, "Twin"), (11, "Bob")):
        (inputs / f"{photo}.png.xmp").write_bytes(sample("digikam", name, PLACES[0]))
    outcome = take_over(world)
    assert said(world) == [("11.png", "Bob", 0.06), ("5.png", "Bob", 0.06)]
    told = "\n".join(outcome.problems)
    for part in ("2 people are called Twin", "somebody else here", "You said that a face is not", "is ignored here"):
        assert part in told


def test_tags_that_are_nobody_s_name_are_left_out(world: World) -> None:
    for photo, name in ((5, "unknown"), (8, ".."), (11, "Zoe")):
        (world.root / f"input/{photo}.png.xmp").write_bytes(sample("digikam", name, PLACES[0]))
    outcome = take_over(world)
    assert [who for _, who, _ in said(world)] == ["Zoe"]
    for name in ("unknown", ".."):
        assert f"{name} is left out: Nobody can be called {name}" in "\n".join(outcome.problems)


def test_what_kith_wrote_itself_is_no_word_of_others(world: World) -> None:
    """Else what the machine took somebody for would come back as the user's word."""
    world.values["names_in"] = "photos"
    world.recognise()
    assert (world.root / "input/5.png.xmp").exists()
    with pytest.raises(BadInput, match="names anybody"):
        take_over(world)
    assert said(world) == []


def test_copies_are_no_photos_of_others(world: World) -> None:
    """Whatever is tagged there is a copy's, and Kith filed it."""
    world.recognise()
    with pytest.raises(BadInput, match="cop"):
        find_tags(world.settings, world.root / "output/Ann")


def test_names_begin_a_library(tmp_path: Path) -> None:
    """Photos that others named are enough to know somebody by."""
    world = World(tmp_path)
    world.settings.library_file.unlink()
    (world.root / "input/5.png.xmp").write_bytes(sample("digikam", "Zoe", PLACES[0]))
    outcome = take_over(world)
    assert outcome.text.startswith("1 face named")
    with opened(world) as library:
        assert [person.name for person in library.people.all().values()] == ["Zoe"]
        assert library.decisions.decider.faces.people.size == 1


def test_the_command_asks_first(world: World) -> None:
    """Without --yes it only tells."""
    world.recognise()
    (world.root / "input/5.png.xmp").write_bytes(sample("digikam", "Zoe", Box(*PLACES[0])))
    file = world.root / "settings.json"
    file.write_text(world.settings.model_dump_json())
    arguments = ["import-tags", str(world.root / "input"), "--settings", str(file)]
    told = CliRunner().invoke(cli, arguments)
    assert told.exit_code == 0, told.output
    assert "Zoe (new): 1 face" in told.stdout
    assert "--yes" in told.stderr
    assert said(world) == []
    done = CliRunner().invoke(cli, [*arguments, "--yes"])
    assert done.exit_code == 0, done.output
    assert said(world) == [("5.png", "Zoe", 0.06)]
