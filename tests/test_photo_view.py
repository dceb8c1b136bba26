"""A photo with everybody in it, the frame it lies in, and people that no model saw."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from kith.errors import BadInput
from kith.gui.photo_frame import PhotoFrame
from kith.gui.photos_model import FoundTiles, found_text, grounds_of, label_of, line_of
from kith.jobs import drawn_faces
from kith.jobs.open_library import OpenLibrary
from kith.jobs.photo_search import Found, PhotoCard
from kith.jobs.photo_view import ShownPerson, Standing, others_in, view_photo, why_of
from kith.jobs.user_words import Ignored, Is, IsNot, Shows, TakenBack
from kith.library.failure_records import Failure
from kith.photos.box import Box
from kith.values.links import Source
from tests.album import ANN, BOB, EVE, Album
from tests.desk import Desk, ran
from tests.drawn import LEFT, RIGHT, draw


@pytest.fixture
def album(tmp_path: Path) -> Album:
    album = Album(tmp_path)
    album.save(draw((ANN, LEFT), (EVE, RIGHT)), "album/ann.png")
    album.save(draw((BOB, LEFT)).transpose(Image.Transpose.ROTATE_90), "album/turned.png", orientation=6)
    album.recognise()
    return album


@pytest.fixture
def library(album: Album) -> Iterator[OpenLibrary]:
    with OpenLibrary(album.settings) as library:
        yield library


def _photo(album: Album, library: OpenLibrary, name: str = "ann.png") -> int:
    return library.store.photos.at_path(album.album / name) or 0


def test_everybody_is_shown_where_they_are_and_how_sure_that_is(album: Album, library: OpenLibrary) -> None:
    view = view_photo(library, _photo(album, library))
    assert view.path == album.album / "ann.png"
    assert (view.width, view.height) == (240, 160)
    ann, eve = view.people
    assert (ann.name, ann.standing, ann.source) == ("Ann", Standing.SURE, Source.MACHINE)
    assert ann.certainty
    assert ann.box
    assert ann.box.iou(Box(20 / 240, 60 / 160, 40 / 240, 40 / 160)) > 0.9
    assert (eve.name, eve.standing) == ("", Standing.UNKNOWN)
    assert others_in(view, ann.appearance_id) == [eve.appearance_id]
    assert others_in(view, eve.appearance_id) == []
    (told,) = why_of(library, ann.appearance_id).appearances
    assert grounds_of(told).startswith("Ann: the face is surely theirs.")


def test_words_change_what_is_shown_and_can_be_taken_back(album: Album, library: OpenLibrary) -> None:
    photo = _photo(album, library)
    ann, eve = (person.appearance_id for person in view_photo(library, photo).people)
    library.say(Is([eve], "Eve"))
    library.say(IsNot(ann, library.people.find("Ann")))
    shown = {person.appearance_id: person for person in view_photo(library, photo).people}
    assert (shown[eve].name, shown[eve].source) == ("Eve", Source.USER)
    assert shown[eve].said_of == library.people.find("Eve").id
    assert shown[ann].name != "Ann"
    assert shown[ann].said_of == library.people.find("Ann").id
    library.say(TakenBack(ann, library.people.find("Ann")))
    library.say(TakenBack(eve))
    library.say(Ignored([eve]))
    shown = {person.appearance_id: person for person in view_photo(library, photo).people}
    assert shown[ann].standing is Standing.SURE
    assert shown[eve].standing is Standing.IGNORED


def test_a_photo_that_the_library_knows_no_longer_is_refused(library: OpenLibrary) -> None:
    with pytest.raises(BadInput, match="knows this photo no longer"):
        view_photo(library, 987)


def test_a_drawn_box_is_kept_in_the_pixels_as_stored(album: Album, library: OpenLibrary) -> None:
    photo, box = _photo(album, library, "turned.png"), Box(0.5, 0.2, 0.2, 0.3)
    orientation = library.store.photos.look(photo).orientation
    library.say(Shows(photo, "Eve", box))
    (eve,) = (person for person in view_photo(library, photo).people if person.name == "Eve")
    assert eve.box == pytest.approx(box)
    (stored,) = (places[None] for key, places in library.store.photos.places(photo).items() if key == eve.appearance_id)
    assert stored == pytest.approx(box.to_stored(orientation))


def test_a_box_is_cut_at_the_edges_and_refused_where_nothing_is_left(album: Album, library: OpenLibrary) -> None:
    photo = _photo(album, library)
    library.say(Shows(photo, "Eve", Box(-0.1, 0.8, 0.3, 0.5)))
    (eve,) = (person for person in view_photo(library, photo).people if person.name == "Eve")
    assert eve.box == pytest.approx(Box(0, 0.8, 0.2, 0.2))
    changes = len(library.history())
    for box in (Box(1.2, 0, 0.2, 0.2), Box(0.2, 0.2, 0, 0.2)):
        with pytest.raises(BadInput, match="too small, or lies outside"):
            library.say(Shows(photo, "Eve", box))
    assert len(library.history()) == changes


@pytest.mark.parametrize("box", ["90,90,50,50", "-5,0,10,10", "nan,0,10,10", "10,10,-5,20", "0,95,20,10"])
def test_the_command_refuses_a_box_that_leaves_the_photo(album: Album, library: OpenLibrary, box: str) -> None:
    photo = str(library.store.reviews.file_of(_photo(album, library)))
    settings = album.root / "settings.json"
    settings.write_text(album.settings.model_dump_json())
    code, _, error = ran("shows", photo, "Eve", f"--box={box}", "--settings", str(settings))
    assert code == 2
    assert "leaves the photo" in " ".join(error.replace("│", " ").split())
    assert library.history() == []


def test_a_drawn_face_is_described_once_and_gone_with_its_word(album: Album, library: OpenLibrary) -> None:
    photo = _photo(album, library)
    library.say(Shows(photo, "Eve", Box(180 / 240, 60 / 160, 40 / 240, 40 / 160)))
    library.say(Shows(photo, "Bob"))
    (asked,) = drawn_faces.drawn(library)
    found = drawn_faces.describe(album.settings, [asked], lambda: album.eyes)
    assert drawn_faces.keep(library, found).text == "1 drawn face described: it teaches from now on."
    assert drawn_faces.drawn(library) == []
    (key,) = asked.faces.places
    assert library.decisions.teaches(key)
    library.undo()
    library.undo()
    assert library.store.photos.photo_of(key) is None
    assert not library.decisions.teaches(key)
    assert drawn_faces.keep(library, found).text  # described after it was undone: nothing is written
    assert library.store.photos.photo_of(key) is None
    library.redo()
    assert [list(faces.faces.places) for faces in drawn_faces.drawn(library)] == [[key]]


@pytest.mark.parametrize(
    ("sharpness", "pixels", "reason"), [(0.0, 120.0, "blurred, or no face"), (500.0, 12.0, "too small")]
)
def test_a_drawn_face_that_shows_too_little_teaches_nobody(
    album: Album, library: OpenLibrary, sharpness: float, pixels: float, reason: str
) -> None:
    photo = _photo(album, library)
    library.say(Shows(photo, "Somebody new", Box(180 / 240, 60 / 160, 40 / 240, 40 / 160)))
    asked = drawn_faces.drawn(library)
    ((of_photo, ((key, face),)),) = drawn_faces.describe(album.settings, asked, lambda: album.eyes)
    kept = drawn_faces.keep(library, [(of_photo, [(key, replace(face, sharpness=sharpness, pixels=pixels))])])
    assert kept.text == ""
    assert kept.problems == (f"1 drawn face can teach nobody: {reason}. What you said stands.",)
    assert not library.decisions.teaches(key)
    assert library.store.photos.photo_of(key) == photo
    assert drawn_faces.drawn(library) == []  # it is not described again and again


def test_somebody_without_a_box_is_filed_again_when_that_is_done_again(album: Album, library: OpenLibrary) -> None:
    library.say(Shows(_photo(album, library), "Bob"))
    filed = album.tree()
    library.undo()
    assert album.tree() != filed
    library.redo()
    assert album.tree() == filed


def test_a_drawn_face_that_comes_back_is_described_again(album: Album, library: OpenLibrary) -> None:
    place = Box(180 / 240, 60 / 160, 40 / 240, 40 / 160)
    outcome = library.say(Shows(_photo(album, library), "Eve", place))
    eyes = album.eyes
    drawn_faces.describe_drawn(library, outcome, drawn_faces.drawn(library), lambda: eyes)
    library.say(Shows(_photo(album, library, "turned.png"), "Zoe", Box(0, 0, 0.1, 0.1)))  # nobody: described by nobody
    library.undo()
    library.undo()
    library.redo()
    outcome, asked = drawn_faces.redo(library)
    assert "described" not in drawn_faces.describe_drawn(library, outcome, asked, lambda: eyes).text
    library.undo()
    library.undo()
    outcome, asked = drawn_faces.redo(library)
    assert "1 drawn face described" in drawn_faces.describe_drawn(library, outcome, asked, lambda: eyes).text
    (key,) = asked[0].faces.places
    assert library.decisions.teaches(key)


def test_a_missed_face_is_drawn_by_the_command_and_really_described(tmp_path: Path, material: Path) -> None:
    desk = Desk(tmp_path / "desk", material)
    desk.put_all(["groups/obama-1080p.jpg"], "people/Barack")
    photo = desk.put("groups/two_people.jpg", "input/two_people.jpg")
    desk.build()
    desk.recognize()
    command = ("shows", photo, "Somebody", "--box", "10,10,30,40", "--json", "--settings", desk.settings_file())
    code, told, error = ran(*command)
    assert code == 0, error
    assert "described" in told
    assert desk.query("SELECT count(*) FROM observations WHERE score = 0") == [(1,)]


def test_tiles_are_known_for_what_was_looked_at_and_steps_end_at_failed_files(tmp_path: Path) -> None:
    failure = Failure(1, tmp_path / "broken.jpg", "it is cut off", "")
    tiles = FoundTiles()
    assert tiles.show(Found([7, 8], [failure]))
    assert not tiles.show(Found([7, 8], [failure]))
    assert tiles.missing(range(3)) == [7, 8]
    tiles.learn([PhotoCard(8, tmp_path / "b.jpg", "", ("Ann",), ("Bob",)), PhotoCard(7, None, "", (), ())])
    assert tiles.missing(range(3)) == []
    shown = [tile.note for tile in map(tiles.tile, range(3)) if tile]
    assert shown == ["nobody known", "Ann, Bob?", "it is cut off"]
    assert (tiles.beside(7, 1), tiles.beside(8, 1), tiles.beside(7, -1), tiles.beside(99, 1)) == (8, None, None, None)
    assert found_text(1, False) == "1 photo"
    assert found_text(2, True) == "2 files that could not be read"


def test_a_label_tells_standing_without_colour() -> None:
    sure = ShownPerson(1, Standing.SURE, "Ann", 0.97, Source.MACHINE, Box(0, 0, 1, 1))
    assert label_of(sure) == "Ann 97 %"
    assert label_of(ShownPerson(1, Standing.UNSURE, "Ann", 0.4)) == "Ann? 40 %"
    assert label_of(ShownPerson(1, Standing.IGNORED)) == "ignored"
    assert line_of(ShownPerson(1, Standing.SURE, "Ann", None, Source.USER)) == "Ann, you said so, no box"
    assert line_of(sure) == "Ann 97 %, face"


def test_a_frame_fits_zooms_around_a_point_and_never_loses_the_photo() -> None:
    frame = PhotoFrame()
    frame.be_in((400, 300))
    frame.show(4000, 2000)
    assert (frame.scale, frame.x, frame.y) == (0.1, 0, 50)
    assert frame.placed(Box(0.5, 0.5, 0.1, 0.1)) == pytest.approx((200, 150, 40, 20))
    frame.zoom_to(1.0, (200, 150))
    assert frame.placed(Box(0.5, 0.5, 0, 0))[:2] == pytest.approx((200, 150))
    frame.move(1e6, -1e6)
    assert (frame.x, frame.y + 2000) == pytest.approx((0, 300))
    frame.zoom(-100)
    assert frame.is_fitted
    frame.zoom(100)
    assert frame.scale == 8
    frame.fit()
    frame.be_in((800, 300))
    assert frame.scale == pytest.approx(0.15)
    box = frame.box_between((500, 250), (200, -50))
    assert frame.placed(box) == pytest.approx((200, 0, 300, 250))  # from the photo's edge on


def test_a_small_photo_is_not_enlarged_to_fit() -> None:
    frame = PhotoFrame()
    frame.be_in((400, 300))
    frame.show(20, 10)
    assert (frame.scale, frame.x, frame.y) == (1, 190, 145)
