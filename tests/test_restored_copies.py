"""What was filed since a backup is told where the library of the backup takes its place."""

from contextlib import closing
from pathlib import Path

from kith.jobs.backup import back_up, restore, restore_summary
from kith.jobs.moved_copies import MovedCopies
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_changes import PersonChanges
from tests.small_world import World


def test_restoring_names_the_copies_that_the_backup_does_not_know(tmp_path: Path) -> None:
    """They stay; those that it knows, and those that are gone, are not among them."""
    world = World(tmp_path)
    world.recognise()
    settings = world.settings
    backup = back_up(settings, tmp_path / "backup.sqlite")
    assert restore(settings, backup).unknown == ()
    with closing(OpenLibrary(settings)) as library:
        PersonChanges(library).rename(library.people.find("Ann"), "Colin")
    filed = sorted((tmp_path / "output/Colin").iterdir())
    assert len(filed) > 1
    filed.pop().unlink()
    done = restore(settings, backup)
    assert [*done.unknown] == filed
    told = " ".join(map(str, restore_summary(done)))
    assert f"does not know: {filed[0]}" in told
    assert all(path.is_file() for path in filed)
    with closing(OpenLibrary(settings)) as library:
        assert {move.now for move in MovedCopies(library).found()} == {"Colin"}  # as `learn-moves` takes it
    assert done.kept
    assert not [path for path in filed if path in restore(settings, done.kept).unknown]  # which knows them
