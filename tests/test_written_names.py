"""Names in the XMP of photos and copies follow every word: written, moved along, taken out again."""

import errno
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from kith.cli.main import cli
from kith.jobs.erasure import forget
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_changes import PersonChanges
from kith.jobs.user_words import Is, IsNot, Shows
from kith.jobs.write_names import write_names
from kith.photos.box import Box
from kith.photos.facts import read_facts
from tests import xmp_reading as xmp
from tests.small_world import PLACES, World

Named = dict[str, list[str]]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world with names beside its copies."""
    made = World(tmp_path)
    made.values["names_in"] = "copies"
    return made


def named(folder: Path) -> Named:
    """Return whom each file below a folder names that holds any XMP, the regions being of the same people."""
    found = {}
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        if b"<x:xmpmeta" in content:
            root = xmp.packet(content)
            names = sorted(xmp.listed(root, f"{xmp.IPTC}PersonInImage"))
            for regions in xmp.xml_regions(root):
                assert {name for name, _ in regions} <= set(names)
            found[path.relative_to(folder).as_posix()] = names
    return found


@contextmanager
def opened(world: World) -> Iterator[OpenLibrary]:
    """Open the library by the settings as they are now."""
    with closing(OpenLibrary(world.settings)) as library:
        yield library


def face(library: OpenLibrary, world: World, photo: int, number: int = 0) -> int:
    """Return a face of a photo of the input."""
    photo_id = library.store.photos.at_path(world.root / f"input/{photo}.png")
    assert photo_id
    return library.store.photos.appearances(photo_id)[number]


def test_copies_have_sidecars_that_follow_a_word_and_its_undo(world: World) -> None:
    """A word moves a copy and its sidecar, undo brings both back, and a second run changes nothing."""
    world.recognise()
    output = world.root / "output"
    before = named(output)
    assert before["Ann/6.png.xmp"] == before["Bob/6.png.xmp"] == ["Ann", "Bob"]
    assert before["Eve/5.png.xmp"] == ["Eve"]
    assert not [path for path in before if path.startswith("Unknown/")]  # of nobody there is nothing to say
    assert named(world.root / "input") == named(world.root / "people") == {}
    states = {path: path.stat().st_mtime_ns for path in output.rglob("*.xmp")}
    world.recognise()
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*.xmp")} == states
    with opened(world) as library:
        assert library.say(Is([face(library, world, 5)], library.people.find("Ann"))).problems == ()
        assert named(output) == _without(before | {"Ann/5.png.xmp": ["Ann"]}, "Eve/5.png.xmp")
        library.say(IsNot(face(library, world, 6), library.people.find("Ann")))
        assert named(output)["Bob/6.png.xmp"] == ["Bob"]
        assert "Ann/6.png.xmp" not in named(output)
        library.undo()
        library.undo()
        assert named(output) == before
        PersonChanges(library).rename(library.people.find("Ann"), 'Anna <b>, née "O\'X"')
        assert [names for path, names in named(output).items() if path.endswith("6.png.xmp")] == [
            ['Anna <b>, née "O\'X"', "Bob"]
        ] * 2
        library.undo()
        assert named(output) == before
    folders = {path.name for path in output.iterdir() if path.is_dir()}
    assert folders == {"Ann", "Bob", "Eve", "Unknown"}  # no empty one is left


def _without(names: Named, path: str) -> Named:
    return {own: people for own, people in names.items() if own != path}


def test_the_sidecar_of_a_copy_that_somebody_deleted_goes(world: World) -> None:
    """With the next run, which makes no copy anew."""
    world.recognise()
    output = world.root / "output"
    (output / "Ann/6.png").unlink()
    before = named(output)
    world.recognise()
    assert named(output) == _without(before, "Ann/6.png.xmp")
    assert not (output / "Ann/6.png.xmp").exists()
    assert not (output / "Ann/6.png").exists()


def test_regions_are_faces_and_people_without_a_face_have_none(world: World) -> None:
    """A drawn face is a region, somebody at no known place is named without one."""
    world.recognise()
    box = Box(0.4, 0.5, 0.2, 0.3)
    with opened(world) as library:
        photo_id = library.store.photos.at_path(world.root / "input/5.png")
        assert photo_id
        library.say(Shows(photo_id, "Drawn", box))
        library.say(Shows(photo_id, "Somewhere"))
    for name in ("Drawn", "Eve", "Somewhere"):
        root = xmp.packet((world.root / f"output/{name}/5.png.xmp").read_bytes())
        assert sorted(xmp.listed(root, f"{xmp.IPTC}PersonInImage")) == ["Drawn", "Eve", "Somewhere"]
        regions = dict(xmp.xml_regions(root)[0])
        assert set(regions) == {"Drawn", "Eve"}
        assert regions["Drawn"] == pytest.approx(box, abs=1e-5)
        assert regions["Eve"] == pytest.approx((PLACES[0].x + 0.01, *PLACES[0][1:]), abs=1e-5)
        assert xmp.dimensions(root) == ("8", "6", "pixel")


def test_what_others_wrote_to_a_sidecar_goes_along(world: World) -> None:
    """A tag put into a copy's sidecar by hand is there after the copy moved, and stays where the copy is withdrawn."""
    world.recognise()
    own = world.root / "output/Eve/5.png.xmp"
    tagged = own.read_text().replace("<rdf:Description ", '<rdf:Description xmlns:o="http://o/" o:note="mine" ', 1)
    own.write_text(tagged)
    with opened(world) as library:
        library.say(Is([face(library, world, 5)], library.people.find("Ann")))
        moved = world.root / "output/Ann/5.png.xmp"
        assert not own.exists()
        assert 'note="mine"' in moved.read_text()
        assert named(world.root / "output")["Ann/5.png.xmp"] == ["Ann"]
        library.say(IsNot(face(library, world, 5), library.people.find("Ann")))
    (left,) = (world.root / "output").rglob("5.png.xmp")
    assert 'note="mine"' in left.read_text()
    assert "Ann" not in left.read_text()


@pytest.mark.parametrize("where", ["photos", "photos_embedded"])
def test_names_with_the_photos_follow_and_go(world: World, where: str) -> None:
    """Only where that is asked for by name; pixels, what is known of a photo and its copies stay."""
    world.values["names_in"] = where
    facts = {path: read_facts(path) for path in (world.root / "input").iterdir()}
    contents = dict(world.originals)
    world.recognise()
    ending = ".png" if where == "photos_embedded" else ".png.xmp"
    inputs, output = world.root / "input", world.root / "output"
    assert named(inputs) == {
        f"{photo}{ending}": names
        for photo, names in {10: ["Ann", "Eve"], 11: ["Bob"], 13: ["Ann"], 5: ["Eve"], 6: ["Ann", "Bob"]}.items()
    }
    assert named(output).keys() >= {f"Ann/6{ending}", f"Bob/6{ending}"}
    assert named(world.root / "people") == {}  # which is only read
    assert {path: read_facts(path) for path in facts} == facts
    looked = dict(world.eyes.looked)
    states = {path: path.stat().st_mtime_ns for path in [*inputs.iterdir(), *output.rglob("*.*")]}
    world.recognise()
    assert dict(world.eyes.looked) == looked
    now = {path: path.stat().st_mtime_ns for path in [*inputs.iterdir(), *output.rglob("*.*")]}
    assert {path.name for path in now if now[path] != states.get(path)} <= {"report.csv"}
    with opened(world) as library:
        assert library.say(Is([face(library, world, 6)], library.people.find("Eve"))).problems == ()
        assert named(inputs)[f"6{ending}"] == named(output)[f"Eve/6{ending}"] == ["Bob", "Eve"]
        library.undo()
        assert named(inputs)[f"6{ending}"] == ["Ann", "Bob"]
    world.values["names_in"] = "off"
    with opened(world) as library:
        written = write_names(library)
        assert written.problems == ()
        assert all(plan.names == () for plan in written.files)
    assert named(inputs) == named(output) == {}
    if where == "photos":
        assert {path: path.read_bytes() for path in contents} == contents
    assert world.query("SELECT * FROM written_names") == []


def test_formats_that_cannot_carry_names_have_sidecars(world: World) -> None:
    """Embedding a GIF, which only a new picture would make possible, gives a sidecar beside it."""
    world.values["names_in"] = "photos_embedded"
    with Image.open(world.root / "input/5.png") as picture:
        picture.save(world.root / "input/5.gif")
    (world.root / "input/5.png").unlink()
    path = world.root / "input/5.gif"
    content = path.read_bytes()
    world.eyes.known[read_facts(path).image_hash] = 5
    world.recognise()
    assert path.read_bytes() == content
    assert named(world.root / "input")["5.gif.xmp"] == ["Eve"]
    assert named(world.root / "output")["Eve/5.gif.xmp"] == ["Eve"]


def test_a_copy_that_was_edited_is_not_written_to(world: World) -> None:
    """It is the user's: its names lie beside it."""
    world.values["names_in"] = "copies_embedded"
    world.recognise()
    copy = world.root / "output/Eve/5.png"
    assert named(world.root / "output")["Eve/5.png"] == ["Eve"]
    Image.new("RGB", (9, 9), "red").save(copy)
    content = copy.read_bytes()
    with opened(world) as library:
        write_names(library)
    assert copy.read_bytes() == content
    assert named(world.root / "output")["Eve/5.png.xmp"] == ["Eve"]


def test_a_moved_photo_keeps_its_names_apart(world: World) -> None:
    """A sidecar left behind is brought to the photo, one moved by hand is known, and so are embedded names."""
    source = world.root / "input/5.png"
    for where, ending in (("photos", ".xmp"), ("photos_embedded", "")):
        world.values["names_in"] = where
        world.recognise()
        with opened(world) as library:
            write_names(library)
        moved = world.root / f"input/{where}.png"
        source = source.rename(moved)
        world.recognise()
        inputs = named(world.root / "input")
        assert inputs[f"{where}.png{ending}"] == ["Eve"]
        assert len(inputs) == 5
        with opened(world) as library:
            photo_id = library.store.photos.at_path(moved)
            assert photo_id
            library.say(Is(library.store.photos.appearances(photo_id), library.people.find("Bob")))
            assert named(world.root / "input")[f"{where}.png{ending}"] == ["Bob"]
            library.undo()


def test_a_file_that_takes_no_names_is_told_and_the_word_stands(world: World) -> None:
    """A sidecar that is no XMP stays as it is."""
    world.values["names_in"] = "photos"
    broken = world.root / "input/5.png.xmp"
    broken.write_bytes(b"<x:xmpmeta")
    world.recognise()
    with opened(world) as library:
        outcome = library.say(Is([face(library, world, 5)], library.people.find("Ann")))
        assert [problem for problem in outcome.problems if str(broken) in problem]
        assert outcome.text
    assert broken.read_bytes() == b"<x:xmpmeta"
    assert named(world.root / "output")["Ann/5.png.xmp"] == ["Ann"]


def test_killed_in_between_it_is_made_good(world: World) -> None:
    """Written down as begun but not done, or done but not written down: the next run knows what is Kith's."""
    world.values["names_in"] = "copies_embedded"
    world.recognise()
    copy = world.root / "output/Eve/5.png"
    made = copy.read_bytes()
    with closing(OpenLibrary(world.settings)) as library:
        store = library.store
        (record,) = [one for one in store.copies.of_photo(*_place(world, library, 5)) if one.target == copy]
        store.copies.complete(record, "0" * 64, record.source)  # the process died before this was written down
        library.say(Is([face(library, world, 6)], library.people.find("Ann")))
        write_names(library)
        (record,) = [one for one in store.copies.of_photo(*_place(world, library, 5)) if one.target == copy]
    assert copy.read_bytes() == made
    assert record.sha256 != "0" * 64
    assert not os.path.exists(f"{copy}.xmp")


def test_dying_at_the_last_moment_loses_no_track(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is changed and the process dies before it says so: the names are still known as Kith's."""
    world.values["names_in"] = "photos_embedded"
    facts = {path: read_facts(path) for path in (world.root / "input").iterdir()}

    def replaced_and_killed(part: Path, path: Path) -> None:
        part.replace(path)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("kith.filing.name_files.take_place", replaced_and_killed)
        with pytest.raises(KeyboardInterrupt):
            world.recognise()
    assert len(named(world.root)) == 1
    world.recognise()
    assert {path: read_facts(path) for path in facts} == facts
    assert len(named(world.root / "input")) == 5
    world.values["names_in"] = "off"
    with opened(world) as library:
        write_names(library)
        assert not any(library.copies.store.names.photos())
    assert named(world.root) == {}


@pytest.mark.parametrize("where", ["copies", "copies_embedded", "photos"])
def test_names_that_did_not_reach_the_disk_are_written_by_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """A drive that is away for a moment: what was begun and failed is not taken for done, and stays known as Kith's."""
    world.values["names_in"] = where

    def away(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr("kith.filing.name_files.part_file", away)
        world.recognise()
    assert named(world.root) == {}
    world.recognise()
    there = named(world.root)
    assert there["output/Eve/5.png" if where == "copies_embedded" else "output/Eve/5.png.xmp"] == ["Eve"]
    states = {path: (world.root / path).stat().st_mtime_ns for path in there}
    world.recognise()
    assert {path: (world.root / path).stat().st_mtime_ns for path in there} == states
    world.values["names_in"] = "off"
    with opened(world) as library:
        write_names(library)
    assert named(world.root) == {}


def test_a_photo_that_was_named_when_the_process_died_keeps_its_names(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.recognise()
    world.values["names_in"] = "photos_embedded"
    with opened(world) as library, monkeypatch.context() as patch:
        patch.setattr("kith.jobs.written_names.WrittenNames._tell_of", lambda *_: None)
        write_names(library)
    embedded = named(world.root / "input")
    assert len(embedded) == 5
    with opened(world) as library:
        assert write_names(library).problems == ()
    assert named(world.root / "input") == embedded
    looked = world.eyes.looked.total()
    world.recognise()
    assert world.eyes.looked.total() == looked
    assert named(world.root / "input") == embedded


def _place(world: World, library: OpenLibrary, photo: int) -> tuple[int, Path]:
    photo_id = library.store.photos.at_path(world.root / f"input/{photo}.png")
    assert photo_id
    return photo_id, world.root / "output"


def test_a_forgotten_person_is_named_nowhere(world: World) -> None:
    """Their name is taken out of what Kith wrote, and out of the record of it."""
    world.recognise()
    with opened(world) as library:
        forget(library, library.people.find("Eve"))
    assert "Eve" not in {name for names in named(world.root / "output").values() for name in names}
    assert b"Eve" not in world.settings.library_file.read_bytes()


def test_the_command_previews_and_writes(world: World) -> None:
    """A preview writes nothing; a second writing has nothing to do."""
    world.values["names_in"] = "off"
    world.recognise()
    file = world.root / "settings.json"
    file.write_text(world.settings.model_dump_json())

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(cli, ["write-names", *arguments, "--settings", str(file), "--set", "names_in=photos"])
        assert done.exit_code == 0, done.output
        return done.stdout

    inputs = world.root / "input"
    told = run(str(inputs / "6.png"), "--dry-run")
    assert f"{inputs / '6.png.xmp'}: Ann, Bob" in told
    assert "3 files of 1 photo would be written." in told
    assert named(world.root) == {}
    run(str(inputs / "6.png"))
    assert set(named(inputs)) == {"6.png.xmp"}
    assert "0 files of 1 photo written." in run(str(inputs / "6.png"))
    run()
    assert len(named(inputs)) == 5


def test_names_follow_what_is_decided_again(world: World) -> None:
    """Where stricter settings name nobody, nobody is named, and as before once they are as before."""
    world.recognise()
    before = named(world.root / "output")
    assert before
    world.values |= {"face_tol": 0.01, "face_suggest": 0.01}
    world.redecide()
    assert named(world.root / "output") == {}
    world.values |= {"face_tol": 0.0, "face_suggest": 0.0}
    world.redecide()
    assert named(world.root / "output") == before


@pytest.mark.parametrize("where", ["copies", "copies_embedded"])
def test_names_go_along_where_a_folder_is_left_empty(world: World, where: str) -> None:
    """With a new name and back: what was written under the former one is still known as Kith's."""
    world.values["names_in"] = where
    world.recognise()
    output = world.root / "output"
    before = named(output)
    for _ in range(2):
        with opened(world) as library:
            PersonChanges(library).rename(library.people.find("Ann"), "Colin")
            assert not (output / "Ann").exists()
            assert len(world.query("SELECT 1 FROM written_names")) == len(before)
            library.undo()
        assert named(output) == before


def test_a_deleted_sidecar_comes_back_when_asked(world: World) -> None:
    """A run leaves alone what was deleted, the command writes it anew."""
    world.recognise()
    sidecar = world.root / "output/Eve/5.png.xmp"
    sidecar.unlink()
    world.recognise()
    assert not sidecar.exists()
    with opened(world) as library:
        write_names(library)
    assert named(world.root / "output")["Eve/5.png.xmp"] == ["Eve"]


def test_a_renewed_copy_is_named_again(world: World) -> None:
    """Its photo got other metadata, so that it was copied anew: the names are in it as before."""
    world.values["names_in"] = "copies_embedded"
    world.recognise()
    photo = world.root / "input/5.png"
    with Image.open(photo) as picture:
        picture.load()
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    picture.save(photo, exif=exif)
    world.recognise()
    copy = world.root / "output/Eve/5.png"
    with Image.open(copy) as picture:
        assert picture.getexif()[0x010F] == "A camera"
    assert named(world.root / "output")["Eve/5.png"] == ["Eve"]
    assert named(world.root / "input") == {}


def test_nothing_is_written_or_counted_where_the_output_folder_is_away(world: World) -> None:
    """It is said, with what is Kith's there kept in mind until the folder is back."""
    world.recognise()
    output, drive = world.root / "output", world.root / "elsewhere"
    before = named(output)
    output.rename(drive)
    for names_in in ("copies", "off"):
        world.values["names_in"] = names_in
        with opened(world) as library:
            for preview in (True, False):
                written = write_names(library, preview=preview)
                assert written.files == ()
                assert [problem for problem in written.problems if str(output) in problem] == [*written.problems]
                assert len(written.problems) == 1
    assert not output.exists()
    drive.rename(output)
    assert named(output) == before
    with opened(world) as library:
        assert len(write_names(library).files) == len(before)
    assert named(output) == {}


def test_a_file_that_could_not_be_written_or_is_gone_is_not_counted(world: World) -> None:
    """Neither the sidecar that is a link, which is told, nor one that somebody deleted."""
    world.recognise()
    output = world.root / "output"
    (output / "Eve/5.png.xmp").unlink()
    (output / "Eve/5.png.xmp").symlink_to(world.root / "people")
    gone = next((output / "Ann").glob("*.xmp"))
    with opened(world) as library:
        written = write_names(library)
        assert (written.files, len(written.problems)) == ((), 1)
    gone.unlink()
    world.values["names_in"] = "off"
    with opened(world) as library:
        assert gone not in [plan.file for plan in write_names(library, preview=True).files]
