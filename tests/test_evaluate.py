"""A knowledge base is measured by its own photos, without flattering it, and too little is not measured at all."""

import csv
import json
import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from pytestqt.qtbot import QtBot
from scipy.stats import binomtest

from kith.errors import BadInput, BadKnowledgeBase, FilingFailed
from kith.filing import curve
from kith.gui.health_view import _Measure
from kith.gui.main_window import MainWindow
from kith.gui.people_place import PeoplePlace
from kith.gui.photos_place import PhotosPlace
from kith.gui.style import contrast
from kith.identity.comparison import Quality, nearest_people
from kith.identity.evaluation import CERTAINTIES, Evaluation, Point, Share, evaluate_gallery, point_at
from kith.identity.gallery import Gallery, gallery_of, good_faces
from kith.identity.own_calibration import fitted
from kith.identity.own_samples import Own, independent
from kith.jobs.calibrations import calibration_of, shipped_calibration
from kith.jobs.evaluate import EvaluationFinished, evaluate, evaluation_summary
from kith.library.store import open_store
from kith.settings import Settings
from kith.values.calibration import Calibration
from kith.values.samples import PhotoTraits, Sample
from kith.vision.face_model import default_face_model
from kith.vision.observations import Kind
from tests.desk import CHIRAC, POWELL, Desk, ran
from tests.filing_desk import written
from tests.small_world import World
from tests.windows import PATIENCE_MS, click, open_window, press

WITH_MANY_PHOTOS = ("lionel_messi", "roger_federer")


@pytest.fixture(scope="module")
def large(built: Path) -> dict[str, Desk]:
    """Keeps the knowledge bases of `known` and `rarely_photographed`."""
    return {}


@pytest.fixture
def known(large: dict[str, Desk], built: Path, material: Path) -> Desk:
    """Ten people or more with more than a hundred photos that teach, built once."""
    if "desk" not in large:
        desk = Desk(built / "desk", material)
        for person in _people(material):
            for photo in person.iterdir():
                desk.put(photo.relative_to(desk.data).as_posix(), f"people/{person.name}/")
        desk.build()
        large["desk"] = desk
    return large["desk"]


def _people(material: Path) -> list[Path]:
    athletes = (material / "data/athletes" / name for name in WITH_MANY_PHOTOS)
    return [*sorted((material / "data/lfw10").iterdir()), *filter(Path.is_dir, athletes)]


def _samples(desk: Desk) -> list[Sample]:
    with closing(open_store(desk.settings.library_file)) as store:
        return good_faces(store.people.taught(Kind.FACE, default_face_model().id), desk.settings.lap_var_thresh)


def test_real_people_are_found_and_strangers_are_not(known: Desk, tmp_path: Path, shared: Path) -> None:
    for _ in range(2):  # its own files give way
        done = evaluate(known.settings, tmp_path / "curve.png", tmp_path / "curve.csv")
    measured = done.evaluation
    assert measured.missing == ()
    assert (measured.people, measured.known > 100, measured.strangers > 100) == (12, True, True)
    assert done.current is not None
    assert done.recommended is not None
    assert done.recommended.found.value >= 0.95
    assert done.recommended.wrong.count == 0
    assert done.recommended.false.value <= 0.005
    assert measured.error < 0.05
    loose, strict = point_at(measured.points, 0), point_at(measured.points, 1)
    assert loose.false.value >= strict.false.value
    assert loose.found.value > strict.found.value
    assert "asked as known" in evaluation_summary(done)[0]
    assert len(done.doubtful) == done.current.found.of - done.current.found.count
    with Image.open(tmp_path / "curve.png") as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20) or ()}
        assert {*curve.INKS} <= colours
    with (tmp_path / "curve.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(CERTAINTIES)
    assert all(float(row["found_low"]) <= float(row["found_share"]) <= float(row["found_high"]) for row in rows)


def _measure(window: MainWindow) -> _Measure:
    """Turn to the page that measures how well people are found."""
    window.go("People", "checks")
    place = window.places["People"]
    assert isinstance(place, PeoplePlace)
    assert place.checks
    place.checks.pages.setCurrentWidget(place.checks.measure)
    return place.checks.measure


def test_the_window_shows_who_is_not_found(qtbot: QtBot, known: Desk) -> None:
    file = known.root / "strict.json"
    file.write_text(json.dumps(known.settings.model_dump(mode="json") | {"sure_at": 0.999}), encoding="utf-8")
    window = open_window(qtbot, file)
    measure = _measure(window)
    click(qtbot, measure.run)
    qtbot.waitUntil(lambda: measure.run.isEnabled() and not window.desk.busy, timeout=PATIENCE_MS)
    assert "“Sure from” in the settings" in measure.words.text()
    assert "curve.png" not in measure.words.text()
    assert measure.picture.pixmap().width() <= measure.width()
    (face, *_) = measure.faces.tiles.keys()
    measure.faces.opened.emit(face)
    photos = window.places["Photos"]
    assert isinstance(photos, PhotosPlace)
    qtbot.waitUntil(lambda: bool(photos.page.view), timeout=PATIENCE_MS)
    assert face in {person.appearance_id for person in photos.page.view.people} if photos.page.view else False
    photos.back()
    assert measure.isVisible()
    assert not measure.use.isVisible()  # of so few photos nothing is better by more than chance explains
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=PATIENCE_MS)


@pytest.fixture
def rarely_photographed(large: dict[str, Desk], built: Path, material: Path) -> Desk:
    """The people of `known`, of whom one photo each was taken on another day than the others."""
    if "rarely" not in large:
        desk = Desk(built / "rarely", material)
        for year, person in enumerate(_people(material), 2000):
            for number, photo in enumerate(sorted(person.iterdir())):
                _save_as_taken(photo, desk.root / "people" / person.name, f"{year}:05:{1 + (number == 0):02} 10:00:00")
        desk.build()
        large["rarely"] = desk
    return large["rarely"]


def _save_as_taken(photo: Path, folder: Path, moment: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = moment
    folder.mkdir(parents=True, exist_ok=True)
    with Image.open(photo) as picture:
        picture.convert("RGB").save(folder / photo.name, quality=95, exif=exif)


@pytest.mark.parametrize(("sure_at", "is_offered"), [(0.96, False), (0.999, True)])
def test_what_a_measurement_recommends_is_taken_by_a_click_and_given_back(
    qtbot: QtBot, rarely_photographed: Desk, sure_at: float, is_offered: bool
) -> None:
    """With one photo to go by, being all but certain finds fewer people than chance explains."""
    file = rarely_photographed.root / "settings.json"
    values = rarely_photographed.settings.model_dump(mode="json") | {"sure_at": sure_at}
    file.write_text(json.dumps(values), encoding="utf-8")
    window = open_window(qtbot, file)
    measure = _measure(window)
    click(qtbot, measure.run)
    qtbot.waitUntil(lambda: measure.run.isEnabled() and not window.desk.busy, timeout=PATIENCE_MS)
    assert measure.picture.pixmap().width() > 0
    assert measure.use.isVisible() is is_offered
    if is_offered:
        advised = float(measure.use.text().split()[-1])
        assert f"Recommended for “Sure from” in the settings: {advised:g}," in measure.words.text()
        click(qtbot, measure.use)
        qtbot.waitUntil(lambda: window.settings.sure_at == advised and not window.desk.busy, timeout=PATIENCE_MS)
        assert not measure.use.isVisible()
        qtbot.waitUntil(lambda: not window.jobs.running, timeout=PATIENCE_MS)
        press(qtbot, window, Qt.Key.Key_Z)
        qtbot.waitUntil(lambda: window.settings.sure_at == sure_at and not window.desk.busy, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=PATIENCE_MS)


def test_texts_in_the_curve_can_be_read() -> None:
    for ink in curve.INKS:
        assert contrast(QColor(*ink), QColor("white")) >= 4.5  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize(
    ("found", "wrong", "is_offered"),
    [
        (89, 0, False),
        (88, 0, True),
        (95, 0, False),
        (95, 50, True),
    ],  # of 100; 88.8 % is where the best one's share begins
)
def test_what_is_no_better_than_chance_explains_is_not_offered(
    qtbot: QtBot, tmp_path: Path, found: int, wrong: int, is_offered: bool
) -> None:
    now = Point(0.9, Share(found, 100), Share(wrong, 100), Share(0, 100))
    best = Point(0.95, Share(95, 100), Share(0, 100), Share(0, 100))
    finished = EvaluationFinished(Evaluation(12, 100, 100, ()), now, best, None, None)
    (tmp_path / "settings.json").write_text("{}", encoding="utf-8")
    measure = _measure(open_window(qtbot, tmp_path / "settings.json"))
    assert not measure.use.isVisible()
    measure._show((finished, b""))
    assert ("no more than chance explains" in measure.words.text()) is not is_offered
    assert measure.use.isVisible() is measure.use.isEnabled() is is_offered
    if is_offered:
        assert "0.95" in measure.use.text()


def _shipped() -> Calibration:
    calibration = shipped_calibration(default_face_model().id)
    assert calibration
    return calibration


def _quality(samples: Sequence[Sample]) -> Quality:
    pixels = np.array([sample.pixels for sample in samples])
    return Quality(_shipped(), pixels, np.array([sample.sharpness for sample in samples]))


def test_a_stranger_is_as_sure_as_the_matching_itself_would_say(known: Desk) -> None:
    samples = _samples(known)
    gallery = gallery_of(default_face_model().id, samples)
    looks = {one.photo_id: PhotoTraits(None, None) for one in samples}
    measured = evaluate_gallery(Own(samples, gallery, independent(samples, looks, 3)), _shipped())
    false, model_id = 0, default_face_model().id
    for row, sample in enumerate(samples):
        others = gallery.person_ids != sample.person_id
        held_out = Gallery(
            model_id, gallery.person_ids[others], gallery.appearance_ids[others], gallery.vectors[others]
        )
        ((best, *_),) = nearest_people(held_out, model_id, gallery.vectors[[row]], (), _quality([sample]))
        assert best.certainty is not None
        false += best.certainty >= 0.5
    point = point_at(measured.points, 0.5)
    assert abs(point.false.count - false) <= 2  # of which one more person is known there
    assert point.false.of == len(samples)


def test_certainty_is_fitted_to_a_library_only_where_that_fits_it_better(known: Desk) -> None:
    """Faces whose distances are all half as large: the shipped certainty is far off, and the fitted one is not."""
    middle = _shipped().centre.astype(np.float32)
    samples = [replace(one, vector=(middle + one.vector / 2).astype(np.float32)) for one in _samples(known)]
    own = Own(samples, gallery_of("m", samples), [{row} for row in range(len(samples))])
    anew = fitted(own, _shipped())
    assert anew is not None
    before, after = evaluate_gallery(own, _shipped()), evaluate_gallery(own, anew)
    assert after.error < before.error
    assert point_at(after.points, 0.5).false.value < point_at(before.points, 0.5).false.value
    from_nothing = fitted(own, None)
    assert from_nothing is not None
    assert evaluate_gallery(own, from_nothing).error < before.error


def test_what_is_fitted_stays_with_the_library(known: Desk) -> None:
    """Also what it was fitted on is told, and the shipped certainty holds again where it fits as well."""
    model_id = default_face_model().id
    with closing(open_store(known.settings.library_file)) as store:
        with store.transaction():
            store.calibrations.save(model_id, replace(_shipped(), weights=(0.0,) * 8, fitted_on="nothing"))
        saved = calibration_of(store, model_id)
        assert saved
        assert saved.fitted_on == "nothing"
    done = evaluate(known.settings)
    with closing(open_store(known.settings.library_file)) as store:
        now = calibration_of(store, model_id)
    assert now is not None
    assert now.fitted_on == done.fitted_on != "nothing"
    assert done.refitted
    assert not evaluate(known.settings).refitted


def test_nothing_is_invented_from_too_little(desk: Desk, tmp_path: Path) -> None:
    desk.put_all(POWELL, "people/Powell")
    desk.put_all(CHIRAC, "people/Chirac")
    desk.build()
    done = evaluate(desk.settings, tmp_path / "curve.png", tmp_path / "curve.csv")
    assert (done.current, done.recommended, done.picture, done.evaluation.points) == (None, None, None, ())
    assert [line.strip() for line in evaluation_summary(done)[1:4]] == [
        "5 people with photos of two occasions or more, here are 2",
        "30 photos of which the person has another of another occasion, here are 6",
        "100 photos that teach, to be held out as strangers, here are 6",
    ]
    assert list(tmp_path.glob("curve*")) == []


def _sample(person: int, photo: int, *vector: float) -> Sample:
    return Sample(person, photo, photo, 500, 1, np.array(vector, np.float32))


def test_photos_of_one_occasion_prove_nothing_for_each_other() -> None:
    samples = [_sample(1, photo, 10.0 * photo) for photo in range(1, 8)] + [_sample(2, 9, 10.0)]
    hashes = [int(number) for number in np.random.default_rng(0).integers(0, 2**63, 10)]
    looks = {photo: PhotoTraits(hashes[photo], None) for photo in range(1, 10)}
    looks[1] = PhotoTraits(hashes[1], "2024-05-01T10:00:00")
    looks[2] = PhotoTraits(hashes[2], "2024-05-01T12:30:00")  # within three hours
    looks[3] = PhotoTraits(hashes[3], "2024-05-01T15:00:00")  # and so on, in a chain
    looks[4] = PhotoTraits(hashes[4], "2024-05-01T20:00:00")
    looks[5] = PhotoTraits(hashes[1] ^ 0xFF, None)  # looks almost like 1
    looks[9] = looks[1]
    tied = independent(samples, looks, 3)
    assert [sorted(samples[row].photo_id for row in rows) for rows in tied] == [
        [1, 2, 3, 5],
        [1, 2, 3],
        [1, 2, 3],
        [4],
        [1, 5],
        [6],
        [7],
        [9],
    ]


def test_copies_do_not_flatter() -> None:
    """Of each person a photo, two copies of it, and another photo that nobody could tell is theirs."""
    faces = np.random.default_rng(1).normal(size=(30, 2, 128)) / 11
    places = [(person, photo) for person in range(30) for photo in range(4)]
    samples = [_sample(person, 10 * person + photo, *faces[person, int(photo == 3)]) for person, photo in places]
    gallery = gallery_of("model", samples)
    looks = {one.photo_id: PhotoTraits(None, None) for one in samples}
    flattered = evaluate_gallery(Own(samples, gallery, [{row} for row in range(len(samples))]), _shipped())
    honest = evaluate_gallery(Own(samples, gallery, independent(samples, looks, 3)), _shipped())
    assert point_at(flattered.points, 0.9).found == Share(90, 120)
    assert point_at(honest.points, 0.9).found == Share(0, 120)


def test_people_in_one_another_s_place_are_never_recommended() -> None:
    places = np.random.default_rng(2).normal(size=(10, 128)) / 40
    samples = [_sample(person, 100 * person + index, *places[index]) for person in range(12) for index in range(10)]
    own = Own(samples, gallery_of("model", samples), [{row} for row in range(len(samples))])
    measured = evaluate_gallery(own, _shipped())
    assert measured.points[-1].found.count == 0


@given(st.integers(1, 500), st.data())
def test_intervals_are_wilsons(of: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, of))
    low, high = Share(count, of).interval
    expected = binomtest(count, of).proportion_ci(0.95, "wilson")
    assert math.isclose(low, expected.low, abs_tol=1e-6)
    assert math.isclose(high, expected.high, abs_tol=1e-6)


def test_a_picture_that_cannot_be_written_is_said(known: Desk, tmp_path: Path) -> None:
    with pytest.raises(FilingFailed, match="could not be written"):
        evaluate(known.settings, tmp_path / "none/curve.png")


@pytest.mark.parametrize("name", ["photo.png", "table.csv", "library.sqlite", "folder", "link"])
@pytest.mark.parametrize("option", ["picture", "table"])
def test_a_file_of_the_users_own_is_not_overwritten(tmp_path: Path, name: str, option: str) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.png")
    (tmp_path / "table.csv").write_text("sure_at,mine\n", encoding="utf-8")
    (tmp_path / "library.sqlite").write_bytes(b"SQLite format 3\0")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("photo.png")
    before = written(tmp_path / name)
    with pytest.raises(BadInput, match=f"{name} is there already"):
        evaluate(Settings.at(tmp_path, {}), **{option: tmp_path / name})
    assert written(tmp_path / name) == before


def test_without_a_library_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    with pytest.raises(BadKnowledgeBase, match="run kith build-kb"):
        evaluate(Settings.at(tmp_path, {"dataset_dir": "people"}))
    assert list((tmp_path / "people").iterdir()) == []


def test_the_command_line_evaluates(known: Desk, tmp_path: Path) -> None:
    settings = known.settings_file()
    picture = tmp_path / "curve.png"
    code, out, err = ran("evaluate", "--png", picture, "--settings", settings)
    assert (code, err) == (0, "")
    assert "Now, by sure_at in the settings" in out
    assert out.splitlines()[-1] == f"Curve: {picture}"
    assert picture.is_file()
    code, out, err = ran("evaluate", "--json", "--settings", settings)
    assert json.loads(out)["current"]["found"]["of"] > 100


def test_files_that_are_not_written_for_want_of_figures_are_told(tmp_path: Path) -> None:
    files = tmp_path / "curve.png", tmp_path / "nowhere/table.csv"
    told = evaluation_summary(evaluate(World(tmp_path / "world").settings, *files))
    assert told[0].startswith("Too little to measure")
    assert told[-2:] == [f"Not written: {file}" for file in files]
    assert not files[0].exists()
