"""Videos: who shows in them, and when; looked at in some of their frames, kept, told, filed and shown as photos."""

import json
from datetime import datetime
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PIL import Image
from PyQt6.QtCore import QSize

from kith.errors import BadPhoto
from kith.filing.report import read_report
from kith.gui.photos_model import line_of
from kith.gui.pictures import face_picture
from kith.jobs.full_report import FullReport
from kith.jobs.open_library import OpenLibrary
from kith.jobs.photo_view import PhotoView, ShownPerson, Standing, view_photo
from kith.jobs.user_words import Ignored
from kith.photos import video
from kith.photos.box import Box
from kith.photos.facts import read_facts
from kith.photos.photo_file import opened
from kith.photos.pixels import load_rgb
from kith.photos.video import MOST_FRAMES, frames, frames_at
from kith.settings import Settings
from kith.vision.metric import Metric
from kith.vision.observations import Appearance
from kith.vision.tracks import shots, tracked
from tests.album import ANN, BOB, Album
from tests.clips import TAKEN, save_clip, save_sound
from tests.drawn import COLOURS, LEFT, MIDDLE, RIGHT, draw
from tests.making import face

RED, GREEN, BLUE = (Image.new("RGB", (160, 96), colour) for colour in ("red", "lime", "blue"))


def _shown(path: Path, side: int = 1000) -> list[tuple[int, tuple[int, int, int]]]:
    with opened(path) as file:
        return [(frame.moment, tuple(frame.rgb[48, 80].tolist())) for frame in frames(file, side)]


def _is(colour: tuple[int, ...], like: tuple[int, ...]) -> bool:
    return all(abs(one - other) < 40 for one, other in zip(colour, like, strict=True))


@pytest.mark.parametrize(
    ("ending", "codec"), [(".mp4", "mpeg4"), (".mov", "libx264"), (".mkv", "libx264"), (".avi", "mpeg4")]
)
def test_frames_are_read_with_the_time_that_they_are_shown(tmp_path: Path, ending: str, codec: str) -> None:
    path = save_clip(tmp_path / f"a{ending}", [(0, RED), (2, GREEN), (3, BLUE)], 5, codec)
    shown = _shown(path)
    assert [round(moment / 1000) for moment, _ in shown] == [0, 1, 2, 3, 4]
    assert all(map(_is, (colour for _, colour in shown), [(255, 0, 0), (255, 0, 0), (0, 255, 0), *[(0, 0, 255)] * 2]))
    for moment, colour in shown:
        assert _is(tuple(load_rgb(path, moment=moment)[48, 80].tolist()), colour)
    assert _is(tuple(load_rgb(path, moment=2600)[48, 80].tolist()), (0, 255, 0))
    assert load_rgb(path, 80).shape == (48, 80, 3)


@pytest.mark.parametrize(
    ("ending", "codec"),
    [(".mp4", "mpeg4"), (".mov", "libx264"), (".mkv", "libx265"), (".webm", "libvpx-vp9"), (".m2ts", "libx264")],
)
def test_where_keyframes_are_far_apart_frames_between_them_are_read_too(
    tmp_path: Path, ending: str, codec: str
) -> None:
    scenes = [(0.0, RED), (4.0, GREEN), (7.0, RED), (13.0, BLUE), (16.0, RED)]
    path = save_clip(tmp_path / f"a{ending}", scenes, 20, codec, key=100)
    shown = _shown(path)
    moments = [0, *(moment for moment, _ in shown), 20_000]
    assert max(np.diff(moments)) <= 2800
    assert len(moments) < 14
    assert any(_is(colour, (0, 255, 0)) for _, colour in shown)
    assert any(_is(colour, (0, 0, 255)) for _, colour in shown)
    with opened(path) as file:
        again = [(frame.moment, tuple(frame.rgb[48, 80].tolist())) for frame in frames_at(file, [*dict(shown)], 1000)]
    assert again == shown
    assert [tuple(load_rgb(path, moment=moment)[48, 80].tolist()) for moment, _ in shown] == [c for _, c in shown]


def test_of_a_video_that_is_cut_off_what_is_left_is_read(tmp_path: Path) -> None:
    whole = save_clip(tmp_path / "whole.mkv", [(0, RED), (4, GREEN), (9, BLUE)], 20, "libx264", key=200).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) * 2 // 3])
    assert any(_is(colour, (0, 255, 0)) for _, colour in _shown(tmp_path / "cut.mkv"))


def test_what_is_decoded_for_other_frames_only_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_clip(tmp_path / "a.mp4", [(0, RED)], 20, key=100)
    monkeypatch.setattr(video, "_MOST_BETWEEN", 160 * 96 * 30)
    assert [moment for moment, _ in _shown(path)] == [0, 2500, 10_000]


def test_the_number_of_frames_is_bounded(tmp_path: Path) -> None:
    long = save_clip(tmp_path / "b.mp4", [(0, RED)], 2 * MOST_FRAMES, fps=1, key=1)
    assert len(_shown(long)) == MOST_FRAMES


def test_what_a_video_tells_is_read_and_it_is_known_by_its_media_data(tmp_path: Path) -> None:
    facts = read_facts(save_clip(tmp_path / "a.mp4", [(0, RED)], 1))
    assert (facts.width, facts.height, facts.orientation) == (160, 96, 1)
    assert facts.taken_at
    assert datetime.fromisoformat(facts.taken_at) == datetime.fromisoformat(TAKEN)
    told = read_facts(save_clip(tmp_path / "b.mp4", [(0, RED)], 1, tags={"title": "told"}))
    assert told.taken_at is None
    assert told.image_hash == facts.image_hash != read_facts(save_clip(tmp_path / "c.mp4", [(0, BLUE)], 1)).image_hash


def test_a_video_is_upright_as_it_says(tmp_path: Path) -> None:
    plain = save_clip(tmp_path / "a.mp4", [(0, RED)], 1).read_bytes()
    matrix = b"".join(
        number.to_bytes(4, "big", signed=True) for number in (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    )
    turned = b"".join(
        number.to_bytes(4, "big", signed=True) for number in (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    )
    at = plain.index(matrix, plain.index(b"tkhd"))
    (tmp_path / "b.mp4").write_bytes(plain[:at] + turned + plain[at + len(matrix) :])
    facts = read_facts(tmp_path / "b.mp4")
    assert (facts.width, facts.height) == (96, 160)
    assert load_rgb(tmp_path / "b.mp4").shape == (160, 96, 3)


def test_what_is_no_whole_video_is_told(tmp_path: Path) -> None:
    whole = save_clip(tmp_path / "a.mp4", [(0, RED)], 2).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "noise.mkv").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "empty.mov").write_bytes(b"")
    save_sound(tmp_path / "sound.mp4")
    media = (tmp_path / "sound.mp4").read_bytes()
    (tmp_path / "nothing.mp4").write_bytes(media.replace(b"trak", b"free"))
    for name, reason in (
        ("cut.mp4", "the video is damaged, or its end is missing"),
        ("noise.mkv", "the video is damaged, or its end is missing"),
        ("empty.mov", "the file is empty"),
        ("sound.mp4", "it holds sound only"),
        ("nothing.mp4", "there is no picture in it"),
    ):
        for read in (read_facts, load_rgb):
            with pytest.raises(BadPhoto, match=reason):
                read(tmp_path / name)


def test_damaged_videos_never_do_worse_than_to_be_refused(tmp_path: Path) -> None:
    whole = save_clip(tmp_path / "a.mp4", [(0, RED), (1, BLUE)], 2).read_bytes()
    random = np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), random.integers(1, 60)):
            damaged[place] = int(random.integers(256))
        (tmp_path / "b.mp4").write_bytes(damaged)
        try:
            read_facts(tmp_path / "b.mp4")
            _shown(tmp_path / "b.mp4")
        except BadPhoto:
            continue


# Places and tracks


def test_a_box_is_at_a_moment_and_overlaps_none_of_another() -> None:
    box = Box(0.2, 0.3, 0.1, 0.2)
    for moment in (0, 1, 40, 36_000_000):
        placed = box.at(moment)
        assert placed.moment == moment
        assert placed.in_frame == pytest.approx(box, abs=1e-6)
        assert placed.iou(box.at(moment)) == pytest.approx(1, abs=1e-6)
        assert placed.iou(box.at(moment + 1)) == placed.iou(box) == 0
        for out in (Box(0.2, -0.4, 0.1, 0.9), Box(0.2, 0.9, 0.1, 0.5)):
            assert out.at(moment).moment == moment
    assert box.moment is None
    assert box.at(None) == box.in_frame == box


def test_shots_are_told_by_their_cuts(tmp_path: Path) -> None:
    path = save_clip(tmp_path / "a.mp4", [(0, RED), (2, BLUE), (4, RED)], 6)
    with opened(path) as file:
        assert [shot for _, shot in shots(frames(file, 200))] == [0, 0, 1, 1, 2, 2]


def test_somebody_is_one_appearance_in_a_shot_by_their_best_frames() -> None:
    def seen(moment: int, *vector: float, frontality: float = 1.0, x: float = 0.1) -> Appearance:
        box = Box(x, 0.1, 0.2, 0.2).at(moment)
        return Appearance(box, (face(*vector, box=box, frontality=frontality),))

    faces = [
        seen(0, 0, 0, frontality=0.2),
        seen(0, 1, 0, x=0.6),
        seen(1000, 0.2, 0),
        seen(2000, 0.1, 0),
        seen(3000, 0, 0),
    ]
    there = tracked(faces, [0, 0, 0, 0, 1], Metric.EUCLIDEAN)
    assert [appearance.box.moment for appearance in there] == [1000, 0, 3000]
    assert there[0].observations[0].vector == pytest.approx([0.1, 0])
    photo = [seen(0, 0, 0), seen(0, 0, 0)]
    assert tracked(photo, [None, None], Metric.EUCLIDEAN) == photo
    twins = [seen(0, 0, 0), seen(0, 0.1, 0, x=0.6)]
    assert len(tracked(twins, [0, 0], Metric.EUCLIDEAN)) == 2


# In the library, the report and the window


def _shown_at(view: PhotoView, second: int) -> ShownPerson:
    """Return the only one who shows then."""
    (person,) = [one for one in view.people if one.box and (one.box.moment or 0) // 1000 == second]
    return person


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Album:
    """Return an album with a video of Ann, Bob, both, and Ann again, and a photo with the clip that belongs to it."""
    made = Album(tmp_path_factory.mktemp("videos"))
    changed = {**made.settings.model_dump(), "valid_exts": [".jpg", ".png", ".mp4", ".mov"], "names_in": "copies"}
    made.settings = Settings.at(made.root, changed)
    made.album.mkdir()
    ann, bob, both = draw((ANN, MIDDLE)), draw((BOB, LEFT), shade=255), draw((ANN, LEFT), (BOB, RIGHT))
    plain = Image.new("RGB", ann.size, "white")
    scenes = [(0, ann), (2, bob), (4, plain), (5, both), (7, plain), (13, ann)]
    save_clip(made.album / "party.mp4", scenes, 15, bit_rate=30_000_000)
    made.save(ann, "album/live.jpg", quality=95, subsampling=0)
    save_clip(made.album / "live.mov", [(0, bob)], 2)
    made.recognise()
    return made


def test_people_in_a_video_are_found_told_with_their_times_and_filed(album: Album) -> None:
    rows = {row["file"]: row for row in read_report(album.output / "report.csv")}
    assert [*rows] == ["live.jpg", "party.mp4"]
    assert rows["party.mp4"]["people"] == "Ann; Bob"
    assert rows["party.mp4"]["times"] == "Ann 0:00; Bob 0:02; Ann 0:05; Bob 0:05; Ann 0:13"
    assert {"Ann/party.mp4", "Ann/party.mp4.xmp", "Bob/party.mp4", "Bob/party.mp4.xmp"} <= {*album.tree()}
    assert b"mwg-rs" not in (album.output / "Ann/party.mp4.xmp").read_bytes()
    assert album.recognise(looks=False)["party.mp4"] == ("Ann", "Bob")


def test_the_clip_of_a_photo_is_filed_with_it_and_not_looked_at(album: Album) -> None:
    assert album.album / "live.mov" not in album.eyes.looked
    rows = {row["file"]: row for row in read_report(album.output / "report.csv")}
    assert (rows["live.jpg"]["people"], rows["live.jpg"]["other_files"]) == ("Ann", "live.mov")
    assert {"Ann/live.jpg", "Ann/live.mov"} <= {*album.tree()}


def test_why_and_the_data_tell_when_somebody_shows(album: Album) -> None:
    with OpenLibrary(album.settings) as library:
        places = [seen.place for seen in library.why(album.album / "party.mp4").appearances]
        assert any(place.endswith("0:13, in the middle") for place in places)
        FullReport(library, album.output).write(album.root / "all.json", lambda *_: None, Event())
    photos = json.loads((album.root / "all.json").read_text(encoding="utf-8"))["photos"]
    (video,) = [photo for photo in photos if photo["file"].endswith("mp4")]
    assert sorted(round(seen["box"]["at"]) for seen in video["appearances"]) == [0, 2, 5, 5, 13]
    assert all(0 <= seen["box"]["y"] < 1 for seen in video["appearances"])


def test_a_word_on_somebody_at_one_moment_leaves_the_others(album: Album) -> None:
    with OpenLibrary(album.settings) as library:
        photo = library.store.photos.at_path(album.album / "party.mp4") or 0
        last = _shown_at(view_photo(library, photo), 13)
        library.say(Ignored([last.appearance_id]))
        view = view_photo(library, photo)
        assert _shown_at(view, 13).standing is Standing.IGNORED
        assert _shown_at(view, 0).name == "Ann"
        library.undo()
        assert _shown_at(view_photo(library, photo), 13).name == "Ann"


def test_the_window_shows_the_frame_at_which_somebody_shows(album: Album) -> None:
    with OpenLibrary(album.settings) as library:
        photo = library.store.photos.at_path(album.album / "party.mp4") or 0
        bob = _shown_at(view_photo(library, photo), 2)
    assert bob.box
    face = face_picture(album.album / "party.mp4", bob.box, QSize(80, 80))
    middle = face.pixelColor(face.width() // 2, face.height() // 2)
    assert _is((middle.red(), middle.green(), middle.blue()), COLOURS[BOB])
    assert line_of(bob).startswith("Bob 99 %, 0:02")
