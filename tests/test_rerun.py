"""Runs over photos that are known: decided many at a time, with the outcome of one by one."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kith.jobs import looks, recognize_folder
from kith.jobs.events import Event, PhotoDone, RecognitionFinished
from kith.library.duplicate_queries import DuplicateQueries, PictureFile
from kith.library.name_records import NameRecords
from kith.library.photo_records import PhotoRecords
from kith.library.store import Store
from kith.policies import NamesIn
from tests.album import ANN, BOB, EVE, Album
from tests.desk import no_analysis, run_job
from tests.drawn import MIDDLE, draw

PHOTOS = 30


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """An album in two folders, every fifth photo of it in both, and one twice in its folder."""
    album = Album(tmp_path)
    for folder in "01":
        (album.album / folder).mkdir(parents=True)
    for number in range(PHOTOS):
        person = (ANN, BOB, EVE)[number % 3]
        photo = album.save(draw((person, MIDDLE), shade=10 + number), f"album/{number % 2}/{number:02}.png")
        if number % 5 == 0:
            shutil.copy(photo, album.album / f"{1 - number % 2}" / f"again {number:02}.png")
        if number == 7:
            shutil.copy(photo, photo.with_name("07 twice.png"))
    return album


def _in_spans(monkeypatch: pytest.MonkeyPatch, photos: int) -> None:
    for module in (recognize_folder, looks):
        monkeypatch.setattr(module, "DECIDED_AT_ONCE", photos)
    monkeypatch.setattr(looks, "_ASKED_AT_ONCE", photos)


@pytest.mark.parametrize("photos", [1, 4, 512])
def test_many_at_a_time_are_decided_and_filed_as_one_by_one(
    album: Album, monkeypatch: pytest.MonkeyPatch, photos: int
) -> None:
    first = album.recognise()
    tree, said = album.tree(), album.said()
    assert len(first) == PHOTOS + PHOTOS // 5 + 1
    assert set(first.values()) == {("Ann",), ("Bob",), ()}
    assert len(tree) == PHOTOS  # a photo in several places is filed once
    _in_spans(monkeypatch, photos)
    assert album.recognise(looks=False) == first
    assert (album.tree(), album.said()) == (tree, said)


@pytest.mark.parametrize("photos", [1, 512])
def test_known_photos_that_were_never_filed_are_filed(
    album: Album, monkeypatch: pytest.MonkeyPatch, photos: int
) -> None:
    first = album.recognise()
    tree = album.tree()
    album.output = album.output.with_name("another output")
    _in_spans(monkeypatch, photos)
    assert album.recognise(looks=False) == first
    assert album.tree() == tree


def test_a_changed_photo_among_known_ones_is_looked_at_in_its_place(album: Album) -> None:
    album.recognise()
    changed = album.save(draw((BOB, MIDDLE), shade=200), "album/0/06.png")
    album.eyes.looked.clear()
    again = album.recognise()
    assert album.eyes.looked == [changed]
    assert again["0/06.png"] == ("Bob",)
    assert [*again] == sorted(again)


def test_known_photos_are_settled_in_few_transactions(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    album.recognise()
    transaction: Callable[..., Iterator[None]] = Store.transaction.__wrapped__  # type: ignore[attr-defined]
    begun = []

    def counted(store: Store) -> Iterator[None]:
        begun.append(store)
        yield from transaction(store)

    monkeypatch.setattr(Store, "transaction", contextmanager(counted))
    album.recognise(looks=False)
    assert len(begun) < PHOTOS / 2


def test_what_the_library_knows_of_the_files_is_read_once(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    first, tree = album.recognise(), album.tree()
    read = []
    all_files = DuplicateQueries.files

    def counted(queries: DuplicateQueries) -> list[PictureFile]:
        read.append(queries)
        return all_files(queries)

    monkeypatch.setattr(DuplicateQueries, "files", counted)
    monkeypatch.delattr(PhotoRecords, "photos_at")
    assert album.recognise(looks=False) == first
    assert album.tree() == tree
    assert len(read) == 1


@pytest.mark.parametrize("names_in", [NamesIn.COPIES, NamesIn.OFF])
def test_photos_whose_names_are_as_they_should_be_are_asked_for_together(
    album: Album, monkeypatch: pytest.MonkeyPatch, names_in: NamesIn
) -> None:
    album.settings = album.settings.model_copy(update={"names_in": names_in})
    first = album.recognise()
    monkeypatch.delattr(NameRecords, "of_photo")
    assert album.recognise(looks=False) == first


def test_stopped_among_known_photos_the_next_run_goes_on(album: Album) -> None:
    first = album.recognise()
    tree = album.tree()
    album.output = album.output.with_name("another output")

    def run(stop_at: int | None) -> list[Event]:
        job = recognize_folder.recognize_folder
        return run_job(
            album.settings, lambda context: job(context, [album.album], album.output), stop_at, executor=no_analysis
        )

    stopped = run(12)
    summary = stopped[-1]
    assert isinstance(summary, RecognitionFinished)
    assert summary.stopped
    done = [event for event in stopped if isinstance(event, PhotoDone)]
    assert len(done) == summary.done < len(first)
    assert len(album.tree()) <= len(done)
    assert isinstance(run(None)[-1], RecognitionFinished)
    assert album.tree() == tree
