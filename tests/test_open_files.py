"""A library open in a process keeps its locks, whatever else that process opens: nothing is lost beside a command."""

from contextlib import closing
from pathlib import Path

import pytest

from kith.library.open_files import is_open
from kith.library.snapshots import copy_library
from kith.library.store import open_store
from tests.desk import finished, kith
from tests.small_world import World


@pytest.mark.parametrize("meanwhile", ["another store", "a backup", "a look at the log"])
def test_a_command_beside_takes_no_log_away(tmp_path: Path, meanwhile: str) -> None:
    world = World(tmp_path)
    library = world.settings.library_file
    file = world.root / "settings.json"
    file.write_text(world.settings.model_dump_json(), encoding="utf-8")
    with closing(open_store(library)) as store:
        with store.change("create", "Zoe is new"):
            store.people.add("Zoe")
        if meanwhile == "another store":
            open_store(library).close()
        elif meanwhile == "a backup":
            copy_library(library, tmp_path / "backup.sqlite")
        else:
            with closing(open_store(library)), pytest.raises(FileExistsError):
                copy_library(library, library)
        log = library.with_name("library.sqlite-wal").stat().st_ino
        assert finished(kith("people", "create", "Max", "--settings", file))[0] == 0
        assert library.with_name("library.sqlite-wal").stat().st_ino == log
        with store.change("create", "Ida is new"):
            store.people.add("Ida")
        assert [change.summary for change in store.changes.history(3)] == ["Ida is new", "Max is new", "Zoe is new"]
        code, out, _ = finished(kith("people", "list", "--settings", file))
        assert (code, {"Zoe", "Max", "Ida"} <= {line.split(":")[0].split(" ", 1)[1] for line in out.splitlines()}) == (
            0,
            True,
        )
    assert not is_open(library)


def test_a_file_is_open_from_the_first_connection_to_the_last(tmp_path: Path) -> None:
    library = tmp_path / "library.sqlite"
    assert not is_open(library)
    first = open_store(library, create=True)
    second = open_store(library)
    first.close()
    first.close()
    assert is_open(library)
    second.close()
    assert not is_open(library)
