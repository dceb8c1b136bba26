"""What was filed since a backup is known, or told, where the library of the backup takes its place."""

from pathlib import Path

import pytest

from kith.jobs.backup import back_up, restore, restore_summary
from kith.jobs.moved_copies import MovedCopies
from kith.jobs.person_changes import PersonChanges
from kith.jobs.user_words import Is
from kith.jobs.write_names import write_names
from tests.small_world import World
from tests.test_written_names import Named, named


def _files(world: World) -> tuple[set[str], Named]:
    """Return what lies in the output folder and beside the photos, but for the report, and whom it names."""
    folders = world.root / "output", world.root / "input"
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.parent != folders[0]]
    return {path.relative_to(world.root).as_posix() for path in found}, named(world.root)


@pytest.mark.parametrize("names_in", ["copies", "photos", "copies_embedded"])
def test_copies_that_went_elsewhere_since_are_put_back(tmp_path: Path, names_in: str) -> None:
    """Moved by a new name, a word and another person, with the names written since; nothing is taken for a user's."""
    world = World(tmp_path)
    world.values["names_in"] = names_in
    world.recognise()
    backup, before = back_up(world.settings, tmp_path / "backup.sqlite"), _files(world)
    with world.library() as library:
        photo = library.store.photos.at_path(world.root / "input/5.png")
        assert photo
        library.say(Is(library.store.photos.appearances(photo)[:1], "Zoe"))
        PersonChanges(library).rename(library.people.find("Ann"), "Colin")
    assert "output/Colin/6.png" in _files(world)[0]
    done = restore(world.settings, backup)
    assert done.unknown == ()
    assert f"{done.known} files filed since then it knows" in " ".join(map(str, restore_summary(done)))
    with world.library() as library:
        assert not MovedCopies(library).found()
    world.redecide()
    with world.library() as library:
        write_names(library)
    assert _files(world) == before
    assert done.kept
    assert restore(world.settings, done.kept).unknown == ()
    world.redecide()
    assert "output/Colin/6.png" in _files(world)[0]
    assert "output/Zoe/5.png" in _files(world)[0]


def test_copies_of_photos_that_the_backup_does_not_know_are_told_and_found_again(tmp_path: Path) -> None:
    """They stay; recognised again, the photos have them as their copies, and no second ones."""
    world = World(tmp_path)
    away = (world.root / "input/5.png").rename(tmp_path / "5.png")
    world.recognise()
    backup = back_up(world.settings, tmp_path / "backup.sqlite")
    assert restore(world.settings, backup).unknown == ()
    away.rename(world.root / "input/5.png")
    world.recognise()
    files = _files(world)
    done = restore(world.settings, backup)
    copy = world.root / "output/Eve/5.png"
    assert done.unknown == (copy,)
    assert f"does not know: {copy}" in " ".join(map(str, restore_summary(done)))
    world.redecide()
    assert _files(world) == files
    world.recognise()
    assert _files(world) == files
    with world.library() as library:
        PersonChanges(library).rename(library.people.find("Eve"), "Eva")
    assert not copy.exists()
