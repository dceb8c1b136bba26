"""Photos that are the same, exactly or nearly, are told apart from others that only resemble them."""

import io
import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageEnhance, ImageFilter
from typer.testing import CliRunner

import kith.identity.alike_photos as alike_photos_module
from kith.cli.main import cli
from kith.filing.report import REPORT, read_report
from kith.identity.alike_photos import SAME_PHASH_BITS, alike_photos, best_alike, counted_once
from kith.jobs.context import Context
from kith.jobs.duplicates import Likeness, find_duplicates
from kith.jobs.evaluate import own_samples
from kith.jobs.events import Event, Notice, PhotoDone
from kith.jobs.filing_runs import undo_run
from kith.jobs.full_report import FullReport
from kith.jobs.photo_search import PhotoSearch
from kith.jobs.recognize_folder import recognize_folder
from kith.photos.facts import perceptual_hash, read_facts
from kith.photos.outputs import DATA, PAGE
from kith.text import size_in_words
from kith.values.photo_filter import PhotoFilter, PhotoState
from kith.values.samples import PhotoTraits, Sample
from kith.vision.observations import Kind
from tests.desk import run_job
from tests.filing_desk import written
from tests.small_world import DLIB, World

W = TypeVar("W", bound=World)
HALF = 0x00000000FFFFFFFF  # as many bits above the median as below it


def other(phash: int, bits: int) -> int:
    """Return a hash that differs in so many bits (an even number), from the low half and the high one alike."""
    ones = (1 << bits // 2) - 1
    return phash ^ ones ^ ones << 32


def scene(number: int) -> Image.Image:
    """Return a picture with something in it."""
    noise = np.random.default_rng(number).integers(0, 256, (9, 12, 3)).astype(np.uint8)
    return Image.fromarray(noise).resize((480, 360), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(3))


def saved(image: Image.Image, quality: int) -> Image.Image:
    """Return a picture as a JPEG of that quality shows it."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def hash_of(image: Image.Image) -> int:
    return perceptual_hash(np.asarray(image))


@pytest.mark.parametrize(
    "edit",
    [
        lambda image: image.resize((120, 90)),
        lambda image: saved(image, 20),
        lambda image: image.crop((4, 3, 476, 357)),
        lambda image: ImageEnhance.Brightness(image).enhance(1.3),
        lambda image: image.convert("L"),
    ],
    ids=["smaller", "recompressed", "cropped", "brighter", "grey"],
)
def test_an_edited_copy_is_nearly_the_same(edit: Callable[[Image.Image], Image.Image]) -> None:
    pictures = [scene(number) for number in range(12)]
    hashes = [hash_of(picture) for picture in pictures] + [hash_of(edit(picture)) for picture in pictures]
    assert best_alike(hashes) == {12 + number: number for number in range(12)}


def test_pairs_are_all_those_that_a_comparison_of_each_with_each_finds() -> None:
    draw = np.random.default_rng(0)
    bits = draw.integers(0, 2**63, 300, np.uint64)
    flips = [sum(1 << int(bit) for bit in draw.choice(63, count % 12, False)) for count in range(300)]
    changed = [int(one) ^ flip for one, flip in zip(bits, flips, strict=True)]
    hashes = [*map(int, bits), *changed]
    apart = [[(one ^ another).bit_count() for another in hashes] for one in hashes]
    pairs = np.argwhere(np.triu(np.array(apart) <= SAME_PHASH_BITS, 1))
    assert alike_photos(hashes).tolist() == pairs.tolist()
    assert len(pairs) > 200


def test_a_chain_is_not_one_photo() -> None:
    hashes = [HALF, other(HALF, 8), other(HALF, 16)]
    assert best_alike(hashes) == {1: 0}
    assert best_alike([hashes[1], hashes[0], hashes[2]]) == {1: 0, 2: 0}


def test_thousands_of_frames_of_a_fixed_camera_are_grouped_as_a_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(3)
    frames = [HALF ^ (1 << int(low)) ^ (1 << int(high)) for low, high in draw.integers((0, 32), (32, 63), (400, 2))]
    frames += [other(frame, 12) for frame in frames]
    crowded = best_alike(frames)
    monkeypatch.setattr(alike_photos_module, "CROWD", 10**6)
    assert crowded == best_alike(frames)
    assert len(set(crowded.values())) > 1


def test_what_is_too_plain_to_be_told_apart_is_a_duplicate_of_nothing() -> None:
    plain = hash_of(Image.new("RGB", (64, 48), "white"))
    assert best_alike([plain, plain, HALF, HALF]) == {3: 2}


def _sample(person: int, photo: int, pixels: float) -> Sample:
    return Sample(person, 10 * photo + person, photo, 500.0, 1.0, np.zeros(2, np.float32), pixels)


def test_nearly_the_same_photos_of_a_person_count_once() -> None:
    samples = [_sample(1, 1, 80), _sample(1, 2, 90), _sample(1, 3, 80), _sample(2, 1, 80), _sample(2, 4, 80)]
    traits = {
        photo: PhotoTraits(phash, None) for photo, phash in enumerate([HALF, other(HALF, 6), ~HALF << 7, None], 1)
    }
    assert [(one.person_id, one.photo_id) for one in counted_once(samples, traits)] == [(1, 2), (1, 3), (2, 1), (2, 4)]


@pytest.fixture
def files(tmp_path: Path) -> "Files":
    """What `world` holds, to be filed."""
    return _arranged(Files(tmp_path))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Bob is in 11, in a smaller 3 nearly like it and in the same once more; 6, like them, shows Ann beside him."""
    return _arranged(World(tmp_path))


def _arranged(world: W) -> W:
    world.put(3, "input")
    world.put(11, "input", (16, 12))
    world.eyes.hashes = {11: HALF, 3: other(HALF, 6), 6: other(HALF, 8)}
    shutil.copyfile(world.root / "input/11.png", world.root / "input/copy.png")
    os.utime(world.root / "input/11.png", (1, 1))
    return world


def test_groups_begin_with_the_best(world: World) -> None:
    world.recognise()
    with world.library() as library:
        (group,) = find_duplicates(library)
        assert find_duplicates(library, world.root / "people") == []
    files = {file.path.name: file.likeness for file in group}
    near = dict.fromkeys(("3.png", "6.png"), Likeness.NEAR)
    assert files == {"11.png": Likeness.BEST, "copy.png": Likeness.EXACT, **near}
    assert [*files][:2] == ["11.png", "copy.png"]
    file = world.root / "settings.json"
    file.write_text(world.settings.model_dump_json(), encoding="utf-8")
    told = CliRunner().invoke(cli, ["duplicates", str(world.root / "input"), "--json", "--settings", str(file)])
    ((best, *_),) = json.loads(told.stdout)["groups"]
    assert best["path"] == str(world.root / "input/11.png")
    assert (best["width"], best["date"]) == (16, "1970-01-01T00:00:01+00:00")


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA"])
def test_greys_and_palettes_are_never_better_than_all_colours(world: World, mode: str) -> None:
    """Be the file larger, and be it told when it was taken."""
    (world.root / "input/copy.png").unlink()
    colour = world.root / "input/11.png"
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = "2020:01:02 03:04:05"
    _alike(world, Image.open(colour).convert(mode), colour.with_name("changed.png"), exif=exif)
    assert colour.with_name("changed.png").stat().st_size > colour.stat().st_size
    assert _best(world) == "11.png"


def test_what_a_camera_wrote_is_better_than_what_was_made_of_it(world: World) -> None:
    (world.root / "input/copy.png").unlink()
    made = world.root / "input/11.png"
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Camera"
    _alike(world, Image.open(made), made.with_name("taken.jpg"), quality=1, exif=exif)
    made.write_bytes(made.read_bytes() + bytes(5000))
    assert _best(world) == "taken.jpg"


def _alike(world: World, image: Image.Image, path: Path, **how: Any) -> None:
    """Save a picture that is nearly the same as 11."""
    image.save(path, **how)
    world.eyes.known[read_facts(path).image_hash] = 11


def _best(world: World) -> str:
    world.recognise()
    with world.library() as library:
        ((best, *_),) = find_duplicates(library)
    assert world.query("SELECT id FROM photos WHERE camera IS NOT NULL OR taken_at IS NOT NULL")
    return best.path.name


def test_photos_are_filtered_by_it_and_lie_side_by_side(world: World) -> None:
    world.recognise()
    with world.library() as library:
        search = PhotoSearch(library)

        def found(**wanted: Any) -> list[str]:
            cards = search.cards(search.find(PhotoFilter(**wanted)).photos)
            return [card.path.name for card in cards if card.path]

        together = found(state=PhotoState.DUPLICATES)
        assert together[0] == "11.png"
        assert sorted(together) == sorted(found(text="with:duplicates")) == ["11.png", "3.png", "6.png"]
        assert found(text="Ann with:duplicates") == ["6.png"]


class Files(World):
    """A world whose input is filed, and what is filed of it."""

    def filed(self) -> dict[str, set[str]]:
        """Recognise the input, and return by name in which folders of the output a photo lies."""
        self.recognise()
        found: dict[str, set[str]] = {}
        for path in (self.root / "output").rglob("*.png"):
            found.setdefault(path.name, set()).add(path.parent.name)
        return found

    def told(self) -> dict[str, str]:
        """Return of which file each photo's row says that it is a duplicate."""
        rows = read_report(self.root / "output" / REPORT)
        return {row["file"]: row["duplicate_of"] for row in rows if row["duplicate_of"]}


def test_nearly_the_same_photos_are_filed_once_and_all_told(files: Files) -> None:
    """The best comes last and the first is filed by then; 6 shows Ann, too."""
    first = files.filed()
    assert first["11.png"] == {"Bob"}
    assert first["6.png"] == {"Ann", "Bob"}
    assert first["12.png"] == {"Unknown"}
    assert not first.keys() & {"1.png", "3.png", "copy.png"}
    assert files.told() == {"copy.png": "11.png", "3.png": "11.png", "6.png": "11.png"}
    assert len(files.query("SELECT 1 FROM copies")) == len([*(files.root / "output").rglob("*.png")])
    looked = files.eyes.looked.total()
    before = {path: written(path) for path in (files.root / "output").rglob("*.png")}
    assert files.filed() == first
    assert files.told() == {"copy.png": "11.png", "3.png": "11.png", "6.png": "11.png"}
    assert {path: written(path) for path in before} == before
    assert files.eyes.looked.total() == looked == len(set(files.eyes.looked))


def test_files_of_one_photo_that_lie_side_by_side_are_looked_at_once(files: Files) -> None:
    """Also while the first one is still being looked at; each is in the report."""
    for number in range(8):
        shutil.copy(files.root / "input/11.png", files.root / f"input/11 ({number}).png")
    files.filed()
    assert {*files.eyes.looked.values()} == {1}
    same = {"11.png", "copy.png", *(f"11 ({number}).png" for number in range(8))}
    assert len(same & files.told().keys()) == len(same) - 1


def test_a_better_one_that_comes_later_takes_the_place(files: Files) -> None:
    best, elsewhere = files.root / "input/11.png", files.root / "11.png"
    for path in (files.root / "input/copy.png", files.root / "input/6.png"):
        path.unlink()
    best.rename(elsewhere)
    assert files.filed()["3.png"] == {"Bob"}
    elsewhere.rename(best)
    filed = files.filed()
    assert filed["11.png"] == {"Bob"}
    assert "3.png" not in filed


def test_of_photos_that_are_moved_the_lesser_stays(files: Files) -> None:
    files.values["file_as"] = "move"
    for _ in range(2):
        assert "3.png" not in files.filed()
        assert {path.name for path in (files.root / "input").iterdir()} == {"3.png", "copy.png"}
    assert files.told()["3.png"] == files.told()["copy.png"] == str(files.root / "output/Bob/11.png")


def test_all_are_filed_where_that_is_set(files: Files) -> None:
    files.values["duplicates"] = "file all"
    filed = files.filed()
    assert filed["3.png"] == filed["11.png"] == {"Bob"}
    assert "copy.png" not in filed
    assert files.told() == {"copy.png": "11.png", "3.png": "11.png", "6.png": "11.png"}
    files.values["duplicates"] = "file once"
    assert "3.png" not in files.filed()


def test_a_dry_run_plans_each_photo_once(files: Files) -> None:
    def job(context: Context) -> Iterator[Event]:
        return recognize_folder(context, [files.root / "input"], files.root / "output", dry_run=True)

    events = run_job(files.settings, job, executor=lambda: files.eyes)
    told = [event.line for event in events if isinstance(event, PhotoDone)]
    assert "11.png: copy to Bob/11.png" in told
    first, last = (line for line in told if line.startswith("3.png"))  # the better one is met later
    assert first == "3.png: copy to Bob/3.png"
    assert last == "3.png: nothing to do after all (nearly the same as 11.png, which is filed)"
    assert "(2)" not in "".join(told)
    (planned,) = (event.text for event in events if isinstance(event, Notice) and "Planned" in event.text)
    files.filed()
    made = [*(files.root / "output").rglob("*.png")]
    taken = size_in_words(sum(path.stat().st_size for path in made))
    assert planned.startswith(f"Planned are {len(made)} new files, which take {taken}; ")


def test_what_a_run_filed_and_took_back_is_undone(files: Files) -> None:
    assert files.filed()
    with files.library() as library:
        undo_run(library, 1)
    assert [*(files.root / "output").rglob("*.png")] == []
    assert files.query("SELECT * FROM copies") == []


def test_a_person_is_compared_with_one_of_nearly_the_same_photos(world: World) -> None:
    world.eyes.hashes |= {13: HALF, 1: other(HALF, 6)}
    world.put(13, "people/Ann")
    world.put(1, "people/Ann", (12, 9))
    world.build()
    with world.library() as library:
        ann = library.people.find("Ann").id
        taught = [sample for sample in library.store.people.taught(Kind.FACE, DLIB) if sample.person_id == ann]
        assert len(taught) == 3
        assert (library.decisions.decider.faces.person_ids == ann).sum() == 2
        own = own_samples(world.settings, library.store, DLIB)
        assert [sample.person_id for sample in own.samples].count(ann) == 2


def test_photos_that_are_the_same_are_reckoned_once_until_a_file_is_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.recognise()
    with world.library() as library, monkeypatch.context() as patch:
        patch.setattr("kith.jobs.duplicates.best_alike", lambda _: pytest.fail("they are known from the run"))
        found = PhotoSearch(library).find(PhotoFilter(state=PhotoState.DUPLICATES)).photos
    assert len(found) == 3
    with world.store() as store, store.transaction():
        store.photos.save_file(world.root / "input/12 again.png", _photo(world, "12.png"), 1, 1)
    with world.library() as library:
        assert {*PhotoSearch(library).find(PhotoFilter(text="with:duplicates")).photos} == {
            *found,
            _photo(world, "12.png"),
        }
        assert library.store.duplicates.known()


def _photo(world: World, name: str) -> int:
    ((photo_id,),) = world.query("SELECT photo_id FROM files WHERE path LIKE ?", f"%/{name}")
    return int(photo_id)


def test_the_data_and_the_page_tell_every_path_and_of_what_it_is_a_duplicate(files: Files) -> None:
    files.filed()
    with files.library() as library:
        report = FullReport(library, files.root / "output")
        for name in (PAGE, DATA):
            assert report.write(files.root / "output" / name, lambda *_: None, threading.Event())
    told = json.loads((files.root / "output" / DATA).read_text("utf-8"))["photos"]
    paths = {Path(file["path"]).name: file for photo in told for file in photo["files"]}
    assert paths.keys() == {path.name for path in (files.root / "input").iterdir()}
    best = str(files.root / "input/11.png")
    duplicates = {name: (file["duplicate_of"], file["likeness"]) for name, file in paths.items()}
    assert duplicates.pop("copy.png") == (best, "exact")
    assert duplicates.pop("3.png") == duplicates.pop("6.png") == (best, "near")
    assert {*duplicates.values()} == {(None, "best")}
    (lesser,) = [photo for photo in told if photo["file"].endswith("/3.png")]
    assert (lesser["copies"], lesser["people"]) == ([], ["Bob"])
    page = (files.root / "output" / PAGE).read_text("utf-8")
    assert sorted(re.findall(r"<li><bdi>.*/(.*)</bdi>", page)) == ["3.png (near)", "6.png (near)", "copy.png (exact)"]
    assert "<b>3</b>duplicates" in page


def test_what_another_folder_filed_is_taken_back_when_a_better_one_is_filed(files: Files) -> None:
    earlier, output = files.root / "earlier", files.root / "output"
    earlier.mkdir()
    (files.root / "input/3.png").rename(earlier / "3.png")

    def recognise(folder: Path) -> list[Event]:
        return run_job(
            files.settings, lambda context: recognize_folder(context, [folder], output), executor=lambda: files.eyes
        )

    def lying() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for path in output.rglob("*.png"):
            found.setdefault(path.name, set()).add(path.parent.name)
        return found

    recognise(earlier)
    assert lying() == {"3.png": {"Bob"}}
    notices = [event.text for event in recognise(files.root / "input") if isinstance(event, Notice)]
    assert (
        f"{earlier / '3.png'} is nearly the same as 11.png, which is filed now: its copies are taken back." in notices
    )
    assert lying()["11.png"] == {"Bob"}
    assert "3.png" not in lying()
    rows = {row["file"]: row for row in read_report(output / REPORT)}
    lesser = rows[str(earlier / "3.png")]
    assert (lesser["duplicate_of"], lesser["copies"], lesser["people"]) == ("11.png", "", "Bob")
    recognise(earlier)
    assert "3.png" not in lying()
    with files.library() as library:
        undo_run(library, 2)
    assert lying() == {"3.png": {"Bob"}}
