"""A people folder, a drive or a single person that is not there now is named, and nobody is forgotten for it."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from kith.errors import BadInput
from kith.gui.lines import lines_of
from kith.gui.phrases import in_window
from kith.jobs.build_kb import Forget, build_kb
from kith.jobs.context import Context
from kith.jobs.events import BuildFinished, Event, Notice, PhotoDone
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_changes import PersonChanges
from kith.jobs.phrases import build_summary
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.redecision import redecide
from kith.jobs.user_words import Is
from kith.library.store import open_store
from kith.settings import Settings
from tests.album import ANN, BOB, Album
from tests.desk import no_analysis, ran, run_job
from tests.drawn import MIDDLE, draw
from tests.small_world import World


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """Ann and Bob are taught, by two photos each; both are in the album."""
    album = Album(tmp_path / "mine")
    for name, number in (("ann", ANN), ("bob", BOB)):
        album.save(draw((number, MIDDLE), shade=7), f"album/{name}.png")
    return album


def _build(album: Album, forget: Forget = ()) -> BuildFinished:
    job = partial(build_kb, forget=forget)
    built = run_job(album.settings, job, executor=lambda: album.eyes, create=False)[-1]
    assert isinstance(built, BuildFinished)
    return built


def _shown(album: Album) -> dict[str, list[str]]:
    def job(context: Context) -> Iterator[Event]:
        return recognize_folder(context, [album.album], None)

    events = run_job(album.settings, job, executor=lambda: album.eyes, create=False)
    return {event.row.file: list(event.row.people) for event in events if isinstance(event, PhotoDone)}


def _taught(album: Album) -> dict[str, int]:
    with closing(open_store(album.settings.library_file)) as store:
        names = store.people.all()
        return {names[key].name: len(photos) for key, photos in store.people.taught_by_dataset().items()}


def _link(link: Path, target: Path) -> None:
    try:
        link.symlink_to(target, target_is_directory=True)
    except OSError as error:
        pytest.skip(f"links cannot be made here: {error}")


def _delete(album: Album) -> None:
    shutil.rmtree(album.root / "people/Bob")


def _empty(album: Album) -> None:
    """As a mount point is, when its drive is not mounted."""
    _delete(album)
    (album.root / "people/Bob").mkdir()


def _empty_but_for_folders(album: Album) -> None:
    _empty(album)
    (album.root / "people/Bob/1999").mkdir()


def _dangle(album: Album) -> None:
    _delete(album)
    _link(album.root / "people/Bob", album.root / "nas/Bob")


@pytest.mark.parametrize("vanish", [_delete, _empty, _empty_but_for_folders, _dangle])
def test_what_a_missing_folder_taught_is_kept_and_said_until_the_user_forgets_it(
    album: Album, vanish: Callable[[Album], None]
) -> None:
    folder = album.root / "people/Bob"
    vanish(album)
    for _ in range(2):
        built = _build(album)
        (away,) = built.away
        assert (away.person, away.path, away.photos, away.forgotten) == ("Bob", folder, 2, False)
        assert [person.name for person in built.people] == ["Ann"]
        where = "has no photo now" if folder.is_dir() else "is away"
        told = f"Bob: the folder {folder} {where}; what it taught is kept (2 photos); "
        assert f"{told}kith build-kb --forget-missing drops it." in build_summary(built)
        assert f"{told}“Forget” in the question that follows drops it." in [
            in_window(text) for _, text in lines_of(built)
        ]
        assert _shown(album) == {"ann.png": ["Ann"], "bob.png": ["Bob"]}
    forgotten = _build(album, forget="all")
    assert f"Bob: the folder {folder} {where}; what it taught is forgotten (2 photos)." in build_summary(forgotten)
    assert _shown(album) == {"ann.png": ["Ann"], "bob.png": []}
    again = _build(album)
    assert [(one.person, one.photos) for one in again.away] == ([("Bob", 0)] if vanish is _dangle else [])


def test_who_comes_back_teaches_as_before(album: Album) -> None:
    folder = album.root / "people/Bob"
    before = _taught(album)
    folder.rename(album.root / "elsewhere")
    _build(album)
    (album.root / "elsewhere").rename(folder)
    built = _build(album)
    assert (built.away, built.analysed, _taught(album)) == ((), 0, before)
    assert {person.name: person.used for person in built.people} == {"Ann": 2, "Bob": 2}


def test_a_single_photo_that_is_deleted_no_longer_teaches(album: Album) -> None:
    for shade in (3, 4):
        album.save(draw((BOB, MIDDLE), shade=shade), f"people/Bob/one/{shade}.png")
    _build(album)
    (album.root / "people/Bob/1.png").unlink()
    (album.root / "people/Bob/one/3.png").unlink()
    built = _build(album)
    assert (built.away, _taught(album)) == ((), {"Ann": 2, "Bob": 2})


@pytest.mark.parametrize("is_mount_point", [False, True])
def test_a_folder_within_a_persons_folder_that_is_gone_or_empty_is_away(album: Album, is_mount_point: bool) -> None:
    disk = album.root / "people/Bob/disk"
    for shade in (3, 4):
        album.save(draw((BOB, MIDDLE), shade=shade), f"people/Bob/disk/1999/{shade}.png")
    _build(album)
    disk.rename(album.root / "unplugged")
    if is_mount_point:
        disk.mkdir()
    for _ in range(2):
        built = _build(album)
        assert [(one.person, one.path, one.photos, one.forgotten) for one in built.away] == [("Bob", disk, 2, False)]
        assert _taught(album) == {"Ann": 2, "Bob": 4}
    built = _build(album, forget=[disk])
    assert ([one.forgotten for one in built.away], _taught(album)) == ([True], {"Ann": 2, "Bob": 2})
    assert _build(album).away == ()


def test_a_folder_within_a_persons_folder_that_was_moved_is_not_missing(album: Album) -> None:
    album.save(draw((BOB, MIDDLE), shade=3), "people/Bob/1999/one.png")
    _build(album)
    (album.root / "people/Bob/1999").rename(album.root / "people/Bob/nineties")
    built = _build(album)
    assert (built.away, _taught(album)) == ((), {"Ann": 2, "Bob": 3})


def test_only_the_folders_that_the_user_names_are_forgotten(album: Album) -> None:
    album.save(draw((3, MIDDLE), shade=3), "people/Eve/eve.png")
    _build(album)
    for name in ("Bob", "Eve"):
        shutil.rmtree(album.root / f"people/{name}")
    built = _build(album, forget=[album.root / "people/Eve"])
    assert {one.person: one.forgotten for one in built.away} == {"Bob": False, "Eve": True}
    assert _taught(album) == {"Ann": 2, "Bob": 2}


def test_renamed_and_moved_folders_are_not_missing(album: Album) -> None:
    people = album.root / "people"
    (people / "Ann").rename(people / "Anna Rossi")
    (people / "Bob").rename(people / "Robert")
    built = _build(album)
    assert (built.away, [person.name for person in built.people]) == ((), ["Anna Rossi", "Robert"])
    assert _taught(album) == {"Anna Rossi": 2, "Robert": 2}
    for photo in (people / "Robert").iterdir():
        photo.rename(people / "Anna Rossi" / f"from robert {photo.name}")
    for _ in range(2):
        assert _build(album).away == ()
    assert _taught(album) == {"Anna Rossi": 4}
    (people / "Robert").rmdir()
    assert _build(album).away == ()


def test_a_link_that_leads_nowhere_inside_a_persons_folder_is_away(album: Album) -> None:
    album.save(draw((BOB, MIDDLE), shade=3), "nas/bob/1999/far.png")
    _link(album.root / "people/Bob/nas", album.root / "nas/bob")
    assert _build(album).away == ()
    (album.root / "nas").rename(album.root / "unplugged")
    for _ in range(2):
        built = _build(album)
        (away,) = built.away
        assert (away.person, away.path, away.photos) == ("Bob", album.root / "people/Bob/nas", 1)
        assert {person.name: person.used for person in built.people} == {"Ann": 2, "Bob": 2}
        assert _taught(album) == {"Ann": 2, "Bob": 3}
    (album.root / "unplugged").rename(album.root / "nas")
    assert _build(album).away == ()


def test_a_new_link_that_leads_nowhere_is_said(album: Album) -> None:
    _link(album.root / "people/Eve", album.root / "nowhere")
    _link(album.root / "people/photo.png", album.root / "nowhere")
    built = _build(album)
    assert [(one.person, one.photos) for one in built.away] == [("Eve", 0)]
    assert f"Eve: the folder {album.root / 'people/Eve'} is away: the link leads nowhere." in build_summary(built)


def test_of_two_folders_of_one_person_one_may_be_missing(album: Album) -> None:
    with closing(OpenLibrary(album.settings)) as library:
        PersonChanges(library).merge(library.people.find("Ann"), library.people.find("Bob"))
    _delete(album)
    (album.root / "people/Ann/1.png").unlink()
    for _ in range(2):
        built = _build(album)
        assert [(one.person, one.path.name, one.photos) for one in built.away] == [("Ann", "Bob", 2)]
        assert {person.name: person.used for person in built.people} == {"Ann": 1}
        assert _taught(album) == {"Ann": 3}


def test_people_who_are_not_in_another_people_folder_are_kept(album: Album) -> None:
    other = album.root / "another people folder"
    shutil.copytree(album.root / "people/Ann", other / "Ann")
    own = {"dataset_dir": str(other), "library_path": str(album.settings.library_file)}
    album.settings = Settings.at(album.root, album.settings.model_dump() | own)
    built = _build(album)
    assert [(one.person, one.path, one.photos) for one in built.away] == [("Bob", other / "Bob", 2)]
    assert _taught(album) == {"Ann": 2, "Bob": 2}


def test_where_nobody_is_there_nothing_is_forgotten_even_if_asked(album: Album) -> None:
    before = _taught(album)
    for name in ("Ann", "Bob"):
        shutil.rmtree(album.root / "people" / name)
    for forget in ((), "all"):
        with pytest.raises(BadInput, match=r"no photo of anybody .* plug it in or mount it: what was learned .* kept"):
            _build(album, forget)
    assert _taught(album) == before


def test_where_all_links_lead_nowhere_they_are_named(album: Album) -> None:
    nas = album.root / "nas"
    (album.root / "people/library.sqlite").rename(album.root / "library.sqlite")
    (album.root / "people").rename(nas)
    (album.root / "people").mkdir()
    for name in ("Ann", "Bob"):
        _link(album.root / "people" / name, nas / name)
    own = {"library_path": str(album.root / "library.sqlite")}
    album.settings = Settings.at(album.root, album.settings.model_dump() | own)
    assert _build(album).away == ()
    nas.rename(album.root / "unplugged")
    with pytest.raises(
        BadInput, match=rf"no photo of anybody .*{album.root / 'people/Bob'} is a link that leads nowhere"
    ):
        _build(album)
    assert _taught(album) == {"Ann": 2, "Bob": 2}


def test_a_stopped_build_says_nothing_of_missing_folders(album: Album) -> None:
    _delete(album)
    album.settings = Settings.at(album.root, album.settings.model_dump() | {"workers": 1})
    built = run_job(album.settings, build_kb, stop_at=1, executor=lambda: album.eyes)[-1]
    assert isinstance(built, BuildFinished)
    assert (built.stopped, built.away) == (True, ())
    assert _taught(album) == {"Ann": 2, "Bob": 2}


def test_the_command_line_keeps_and_forgets(album: Album) -> None:
    _delete(album)
    values = {key: album.settings.model_dump()[key] for key in ("dataset_dir", "processed_dir", "models_dir")}
    arguments = [text for key, value in values.items() for text in ("--set", f"{key}={album.root / value}")]
    arguments += ["--set", "body_policy=off", "--set", "valid_exts=.png"]
    code, out, _ = ran("build-kb", *arguments)
    assert code == 0
    assert "is away; what it taught is kept (2 photos); kith build-kb --forget-missing drops it." in out
    assert _taught(album)["Bob"] == 2
    code, out, _ = ran("build-kb", "--forget-missing", *arguments)
    assert code == 0
    assert "is away; what it taught is forgotten (2 photos)." in out
    assert "Bob" not in _taught(album)


def test_a_photo_right_in_the_people_folder_is_in_nobodys_folder(album: Album) -> None:
    stray = album.save(draw((BOB, MIDDLE), shade=5), "people/stray.png")
    run_job(album.settings, lambda context: recognize_folder(context, [stray], None), executor=lambda: album.eyes)
    built = _build(album)
    assert (built.away, _taught(album)) == ((), {"Ann": 2, "Bob": 2})
    shutil.rmtree(album.root / "people/Bob")
    assert [(one.person, one.photos) for one in _build(album).away] == [("Bob", 2)]


def test_a_folder_whose_own_photos_were_recognised_can_be_the_people_folder(album: Album) -> None:
    _shown(album)
    shutil.copytree(album.root / "people/Ann", album.album / "Ann")
    elsewhere = {"dataset_dir": str(album.album), "library_path": str(album.settings.library_file)}
    built = run_job(album.settings.model_copy(update=elsewhere), build_kb, executor=lambda: album.eyes)[-1]
    assert isinstance(built, BuildFinished)
    assert ("Ann", 2) in [(person.name, person.used) for person in built.people]


def test_copies_in_an_output_folder_that_is_away_are_told_of_and_follow_later(tmp_path: Path) -> None:
    """Once for a word or a run that they would follow, and not for one that leaves them as they are."""
    world = World(tmp_path)
    world.recognise()
    output = world.root / "output"
    drive = output.rename(world.root / "drive")

    def told(said: Iterable[str]) -> list[str]:
        return [text for text in said if str(output) in text]

    with world.library() as library:
        photo = library.store.photos.at_path(world.root / "input/5.png")
        assert photo
        (face, *_) = library.store.photos.appearances(photo)
        (said,) = told(library.say(Is([face], library.people.find("Ann"))).problems)
        assert "connect its drive, then kith redecide" in said
        assert not told(library.say(Is([face], library.people.find("Ann"))).problems)
        assert told(PersonChanges(library).rename(library.people.find("Ann"), "Colin").problems) == [said]
    for preview in (True, False):
        events = run_job(world.settings, partial(redecide, preview=preview), executor=no_analysis)
        assert told(event.text for event in events if isinstance(event, Notice)) == [said]
    assert not output.exists()
    drive.rename(output)
    assert world.redecide().refiled
    assert (output / "Colin/5.png").is_file()
    assert not (output / "Ann").exists()
