"""What the user does to people and links: the rules on rows, then real photos with their filed copies."""

import shutil
import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from kith.errors import BadInput, BadKnowledgeBase, StoreBusy
from kith.filing.old_encodings import read_old_encodings
from kith.jobs.context import open_context
from kith.jobs.erasure import forget
from kith.jobs.events import PhotoDone
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.person_changes import PersonChanges
from kith.jobs.recognize_folder import recognize_folder
from kith.jobs.user_words import Is, IsNot, TakenBack
from kith.jobs.workers import InlineExecutor
from kith.library.store import Store, open_store
from kith.values.links import Link, Source, Word
from kith.values.partial_dates import check_date, earliest, latest
from kith.values.persons import Person
from kith.vision.observations import Kind
from tests.desk import CHIRAC, POWELL, POWELL_AGAIN, SCHROEDER, Desk, no_analysis
from tests.making import FACES, enter, face, say_by_machine
from tests.unknowns import (
    PUTIN,
    all_unknown,
    give_name,
    look_once,
    of_photo,
    question_on,
    recognized_desk,
    refuse,
    reviewing,
)

FIRST, SECOND, THIRD = (Path(name).name for name in SCHROEDER)
KNOWN = Path(POWELL_AGAIN[0]).name
ANN, BEN, EVE = 1, 2, 3


# Dates


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("1950", date(1950, 1, 1), date(1950, 12, 31)),
        ("1952-02", date(1952, 2, 1), date(1952, 2, 29)),
        ("1950-03-31", date(1950, 3, 31), date(1950, 3, 31)),
    ],
)
def test_a_partial_date_may_be_any_of_its_days(text: str, first: date, last: date) -> None:
    assert check_date(f" {text} ") == text
    assert (earliest(text), latest(text)) == (first, last)


@pytest.mark.parametrize(
    "text", ["", "50", "1950-3", "1950-13", "1950-02-30", "31.3.1950", "1950-03-31T00", "0000", "١٩٥٠", "1950-00"]
)
def test_what_is_no_date_is_told_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(BadInput, match=r"1950.*1950-03.*1950-03-31"):
        check_date(text)


def test_a_day_to_come_is_no_date_of_birth() -> None:
    with pytest.raises(BadInput, match="to come"):
        check_date("2999-01")


# The rows


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(tmp_path / "library.sqlite", create=True)) as opened:
        for number in range(3):
            enter(opened, f"photo {number}", face(number))
        for name in ("Ann", "Ben", "Eve"):
            opened.people.add(name, name)
        yield opened


def _link(word: str) -> Link:
    """Return a link of appearance 1 from `user is Ann`."""
    source, *verb, name = word.split()
    person = {"Ann": ANN, "Ben": BEN, "Eve": EVE}[name]
    score = 0.25 if source == "machine" else None
    return Link(1, person, Word("_".join(verb)), Source(source), score)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["user is Ben"], ["user is Ann"]),
        (["dataset is Ben"], ["dataset is Ann"]),
        (["machine is Ben"], ["machine is Ann"]),
        (["user is not Ben"], ["user is not Ann"]),
        (["user is not Ben", "user is Eve"], ["user is not Ann", "user is Eve"]),
        # Whom user or dataset named is now said to be the one who stays, and the other is no other any more.
        (["user is Ben", "user is not Ann"], ["user is Ann"]),
        (["user is Ann", "user is not Ben"], ["user is Ann"]),
        (["dataset is Ann", "user is not Ben"], ["dataset is Ann"]),
        (["dataset is Ben", "user is not Ann"], ["dataset is Ann"]),
        (["user is Ben", "dataset is Ben", "machine is Ben"], ["user is Ann", "dataset is Ann", "machine is Ann"]),
        # What the user denied of a person stays denied.
        (["dataset is Ben", "user is not Ben"], ["dataset is Ann", "user is not Ann"]),
        (["machine is Ann", "user is not Ben"], ["machine is Ann", "user is not Ann"]),
        (["user is not Ann", "user is not Ben"], ["user is not Ann"]),
        (["user is Eve", "dataset is Ben", "user is not Ann"], ["user is Eve", "dataset is Ann", "user is not Ann"]),
        # Of two words of one source that say the same one stays.
        (["dataset is Ann", "dataset is Ben"], ["dataset is Ann"]),
        (["machine is Ann", "machine is Ben"], ["machine is Ann"]),
        (["user is not Eve", "machine is Eve"], ["user is not Eve", "machine is Eve"]),
    ],
)
def test_of_two_people_merged_no_word_is_lost(store: Store, before: list[str], after: list[str]) -> None:
    for word in before:
        store.people.say(_link(word))
    with store.change("merge", "Ben merged into Ann"):
        store.edits.merge(ANN, BEN)
    assert set(store.people.links(1)) == {_link(word) for word in after}
    assert BEN not in store.people.all()
    store.undo()
    assert set(store.people.links(1)) == {_link(word) for word in before}


def test_of_two_people_merged_no_detail_is_lost(store: Store) -> None:
    store.edits.describe(ANN, {"birth": "1950", "death": None, "notes": "the elder"})
    store.edits.describe(BEN, {"birth": "1950-03", "death": "2001", "notes": "from Rome", "hidden": True})
    store.edits.add_alias(BEN, "Benny")
    store.edits.set_field(ANN, "town", "Oslo")
    for key, value in {"town": "Rome", "job": "cook"}.items():
        store.edits.set_field(BEN, key, value)
    store.edits.merge(ANN, BEN)
    assert store.people.all()[ANN] == Person(
        ANN,
        "Ann",
        ("Ann", "Ben"),
        ("Ben", "Benny"),
        "1950-03",
        "2001",
        "the elder\nfrom Rome",
        (("town", "Oslo; Rome"), ("job", "cook")),
        hidden=False,
    )


@pytest.mark.parametrize(
    ("mine", "theirs", "kept", "noted"),
    [
        (("1950", None), ("1960-01", None), ("1950", None), "Ben: born 1960-01"),
        (("1950", "2000"), (None, "2001-02-03"), ("1950", "2000"), "Ben: died 2001-02-03"),
        ((None, "1940"), ("1950", None), (None, "1940"), "Ben: born 1950"),
        (("1950-03-31", None), ("1950", None), ("1950-03-31", None), ""),
    ],
)
def test_dates_that_contradict_are_kept_as_notes(
    store: Store, mine: tuple[str, str], theirs: tuple[str, str], kept: tuple[str, str], noted: str
) -> None:
    for person, (birth, death) in ((ANN, mine), (BEN, theirs)):
        store.edits.describe(person, {"birth": birth, "death": death})
    store.edits.merge(ANN, BEN)
    ann = store.people.all()[ANN]
    assert ((ann.birth, ann.death), ann.notes) == (kept, noted)


def test_two_of_one_name_merged_need_no_other_name(store: Store) -> None:
    store.edits.rename(BEN, "Ann")
    store.edits.merge(ANN, BEN)
    assert store.people.all()[ANN].aliases == ()


def test_the_word_of_the_people_folder_outlives_a_split_and_the_user_s_goes_over_it(store: Store) -> None:
    store.people.say(_link("dataset is Ann"))
    store.people.say(_link("machine is Ann"))
    store.edits.split([1], ANN, EVE)
    said = {_link(word) for word in ("dataset is Ann", "user is not Ann", "user is Eve")}
    assert set(store.people.links(1)) == said
    store.people.replace_dataset_links([(1, ANN)])  # as the next build does
    assert set(store.people.links(1)) == said
    assert [sample.person_id for sample in store.people.taught(Kind.FACE, FACES)] == [EVE]


def test_naming_an_ignored_appearance_ends_that(store: Store) -> None:
    store._connection.execute("INSERT INTO ignored VALUES (1, 'now')")
    store.edits.name(1, ANN)
    assert store._connection.execute("SELECT * FROM ignored").fetchall() == []


def test_a_machine_s_word_that_the_user_s_contradicts_goes(store: Store) -> None:
    store.people.say(_link("machine is Ann"))
    store.edits.name(1, EVE)
    assert store.people.links(1) == [_link("user is Eve")]
    say_by_machine(store, [1], [_link("machine is Ann")])
    store.edits.never(1, ANN)
    assert set(store.people.links(1)) == {_link("user is Eve"), _link("user is not Ann")}


# Real photos


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seen")


@pytest.fixture
def desk(tmp_path: Path, material: Path, seen: Path) -> Desk:
    """A desk that knows Powell, Chirac and Putin, with Powell filed and Schroeder and two strangers Unknown."""
    return recognized_desk(tmp_path / "desk", material, look_once(seen / "desk", material))


@pytest.fixture
def library(desk: Desk) -> Iterator[OpenLibrary]:
    with closing(OpenLibrary(desk.settings)) as opened:
        yield opened


def _key(desk: Desk, name: str) -> int:
    """Return the only appearance in a photo."""
    ((key,),) = desk.query(
        "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path LIKE ?", f"%{name}"
    )
    return int(key)


def _world(desk: Desk) -> tuple[object, ...]:
    """Return persons, links and copies as they are."""
    tables = ("persons", "person_folders", "aliases", "person_fields", "ignored", "links")
    rows = [desk.query(f"SELECT * FROM {table} ORDER BY 1") for table in tables]
    folders = sorted(path.name for path in desk.people.iterdir() if path.is_dir())
    return rows, desk.copies(), folders, desk.query("SELECT path FROM files ORDER BY 1")


def _of(desk: Desk, person: str) -> list[str]:
    return [name.partition("/")[2] for name in desk.copies() if name.startswith(f"{person}/")]


def test_copies_of_a_renamed_person_move_and_nothing_is_copied_anew(desk: Desk, library: OpenLibrary) -> None:
    before, inode = _world(desk), (desk.output / "Powell" / KNOWN).stat().st_ino
    outcome = PersonChanges(library).rename(library.people.find("powell"), "  Colin   Powell ")
    assert outcome.problems == ()
    assert _of(desk, "Colin Powell") == [KNOWN]
    assert (desk.output / "Colin Powell" / KNOWN).stat().st_ino == inode
    assert not (desk.output / "Powell").exists()
    assert (desk.people / "Powell").is_dir()
    copies = desk.copies()
    desk.build(executor=no_analysis)
    desk.recognize(executor=no_analysis)
    assert desk.copies() == copies
    assert desk.report()[KNOWN]["people"] == "Colin Powell"
    assert library.undo().text == "Undone: Powell renamed to Colin Powell."
    assert _world(desk) == before


def test_a_renamed_folder_is_still_theirs_at_the_next_build(desk: Desk, library: OpenLibrary) -> None:
    before, powell = _world(desk), library.people.find("Powell")
    assert PersonChanges(library).folder_of(powell) == desk.people / "Powell"
    outcome = PersonChanges(library).rename(powell, "Colin: Powell", rename_folder=True)
    assert str(desk.people / "Colin_ Powell") in outcome.text
    assert sorted(path.name for path in desk.people.iterdir() if path.is_dir()) == ["Chirac", "Colin_ Powell", "Putin"]
    assert desk.build(executor=no_analysis).analysed == 0
    renamed = library.people.find("Colin: Powell")
    assert (renamed.id, renamed.folders) == (powell.id, ("Colin_ Powell",))
    assert len(library.people.all()) == 3
    after = _world(desk)
    for _ in range(2):
        library.undo()
        assert _world(desk) == before
        library.redo()
        assert _world(desk) == after
        assert (desk.people / "Colin_ Powell").is_dir()
    library.undo()
    assert _world(desk) == before
    assert desk.build(executor=no_analysis).analysed == 0
    assert library.people.find("Powell").folders == ("Powell",)


def test_a_folder_that_is_there_already_is_not_overwritten(desk: Desk, library: OpenLibrary) -> None:
    before = _world(desk)
    with pytest.raises(BadInput, match="is there already"):
        PersonChanges(library).rename(library.people.find("Powell"), "Chirac", rename_folder=True)
    assert _world(desk) == before
    assert library.history() == []


def test_a_folder_is_not_renamed_under_a_running_job(desk: Desk, library: OpenLibrary) -> None:
    with (
        open_context(desk.settings, threading.Event(), "Build KB"),
        pytest.raises(StoreBusy, match="Build KB"),
    ):
        PersonChanges(library).rename(library.people.find("Powell"), "Colin", rename_folder=True)
    assert library.people.find("Powell").folders == ("Powell",)


def test_two_people_of_one_name_have_two_folders_of_copies(desk: Desk, library: OpenLibrary) -> None:
    before = _world(desk)
    powell, chirac = library.people.find("Powell"), library.people.find("Chirac")
    outcome = PersonChanges(library).rename(chirac, "Powell")
    assert f"#{chirac.id} and #{powell.id}" in outcome.text
    assert _of(desk, f"Powell #{powell.id}") == [KNOWN]  # they had the name for themselves before
    with pytest.raises(BadInput, match=f"Powell #{chirac.id} or Powell #{powell.id}"):
        library.people.find("powell")
    assert library.people.find(f"Powell #{powell.id}").id == library.people.find(f"#{powell.id}").id == powell.id
    library.undo()
    assert _world(desk) == before


def test_a_person_is_found_by_another_name_unless_it_is_somebody_s_name(library: OpenLibrary) -> None:
    powell, chirac = library.people.find("Powell"), library.people.find("Chirac")
    PersonChanges(library).set(powell, {}, {}, {"The General": True, "Chirac": True})
    assert library.people.find("the general").id == powell.id
    assert library.people.find("Chirac").id == chirac.id
    PersonChanges(library).set(chirac, {}, {}, {"The General": True})
    with pytest.raises(BadInput, match="2 people are called the general"):
        library.people.find("the general")
    with pytest.raises(BadInput, match="Nobody is called Zoe"):
        library.people.find("Zoe")
    with pytest.raises(BadInput, match="Type a name"):
        library.people.find("  ")


def test_people_merged_stay_so_at_the_next_build(desk: Desk, library: OpenLibrary) -> None:
    give_name(library, of_photo(library, FIRST)[0], "Colin")
    before = _world(desk)
    powell, colin = library.people.find("Powell"), library.people.find("Colin")
    assert PersonChanges(library).merge(colin, powell).problems == ()
    assert _of(desk, "Colin") == sorted([KNOWN, FIRST])
    assert not (desk.output / "Powell").exists()
    merged = library.people.find("Powell")
    assert (merged.id, merged.folders, merged.aliases) == (colin.id, ("Powell",), ("Powell",))
    assert desk.build(executor=no_analysis).analysed == 0
    assert library.people.all().keys() == {colin.id, library.people.find("Chirac").id, library.people.find("Putin").id}
    desk.recognize(executor=no_analysis)
    assert desk.report()[KNOWN]["people"] == "Colin"
    assert set(desk.links().values()) == {"Colin", "Chirac", "Putin"}
    library.undo()
    assert _world(desk)[1:] == before[1:]
    assert set(desk.links().values()) == {"Powell", "Chirac", "Putin"}


def test_undoing_a_merge_gives_back_the_very_rows_and_copies(desk: Desk, library: OpenLibrary) -> None:
    before = _world(desk)
    PersonChanges(library).merge(library.people.find("Chirac"), library.people.find("Powell"))
    assert _of(desk, "Chirac") == [KNOWN]
    library.undo()
    assert _world(desk) == before
    with pytest.raises(BadInput, match="one person already"):
        PersonChanges(library).merge(library.people.find("Chirac"), library.people.find("Chirac"))


def test_what_is_split_off_stays_so_at_the_next_build(desk: Desk, library: OpenLibrary) -> None:
    taught = _key(desk, f"people/Powell/{Path(POWELL[0]).name}")
    before, powell = _world(desk), library.people.find("Powell")
    outcome = PersonChanges(library).split(powell, [taught, _key(desk, f"input/{KNOWN}")], "Somebody Else")
    assert outcome.text == "2 of Powell's appearances are Somebody Else now."
    assert _of(desk, "Somebody Else") == [KNOWN]
    for _ in range(2):
        desk.build(executor=no_analysis)
        desk.recognize(executor=no_analysis)
        assert desk.report()[KNOWN]["people"] == "Somebody Else"
    faces = read_old_encodings(desk.settings.encodings_file).faces
    assert [name for name, _ in faces].count("Somebody Else") == 2
    with pytest.raises(BadInput, match="as far as anybody has said"):
        PersonChanges(library).split(library.people.find("Putin"), [taught], "Zoe")
    with pytest.raises(BadInput, match="somebody else"):
        PersonChanges(library).split(powell, [taught], "powell")
    library.undo()
    assert _world(desk)[1:] == before[1:]


def test_a_deleted_person_s_copies_go_to_unknown_and_the_folder_is_named(desk: Desk, library: OpenLibrary) -> None:
    before = _world(desk)
    outcome = PersonChanges(library).delete(library.people.find("Powell"))
    assert outcome.problems == ()
    assert str(desk.people / "Powell") in outcome.text
    assert KNOWN in _of(desk, "Unknown")
    assert not (desk.output / "Powell").exists()
    assert "Powell" not in [person.name for person in library.people.all().values()]
    library.undo()
    assert _world(desk) == before


def test_the_last_person_can_be_deleted(desk: Desk, library: OpenLibrary) -> None:
    before = _world(desk)
    for name in ("Chirac", "Putin", "Powell"):
        PersonChanges(library).delete(library.people.find(name))
    assert library.people.all() == {}
    assert KNOWN in _of(desk, "Unknown")
    assert desk.links("machine") == {}
    for _ in range(3):
        library.undo()
    assert _world(desk) == before


def test_a_copy_that_the_user_altered_stays_where_it_is(desk: Desk, library: OpenLibrary) -> None:
    (desk.output / "Powell" / KNOWN).write_bytes(b"mine")
    PersonChanges(library).rename(library.people.find("Powell"), "Colin")
    assert (desk.output / "Powell" / KNOWN).read_bytes() == b"mine"
    assert (desk.output / "Colin" / KNOWN).read_bytes() == (desk.input / KNOWN).read_bytes()


def test_copies_follow_also_where_the_photo_is_gone(desk: Desk, library: OpenLibrary) -> None:
    (desk.input / KNOWN).unlink()
    assert PersonChanges(library).merge(library.people.find("Putin"), library.people.find("Powell")).problems == ()
    assert _of(desk, "Putin") == [KNOWN]


def test_what_cannot_be_filed_is_told_and_the_change_stands(desk: Desk, library: OpenLibrary) -> None:
    (desk.output / "Powell" / KNOWN).write_bytes(b"mine")
    (desk.input / KNOWN).unlink()
    (problem,) = PersonChanges(library).rename(library.people.find("Powell"), "Colin").problems
    assert KNOWN in problem
    assert library.people.find("Colin").folders == ("Powell",)
    desk.put(POWELL_AGAIN[0], "input/")
    desk.recognize()
    assert _of(desk, "Colin") == [KNOWN]


def test_a_killed_rename_is_finished_by_the_next_run(desk: Desk, library: OpenLibrary) -> None:
    with library.store.change("rename", "killed before the copies followed"):
        library.store.edits.rename(library.people.find("Powell").id, "Colin")
    desk.recognize(executor=no_analysis)
    assert _of(desk, "Colin") == [KNOWN]
    assert _of(desk, "Powell") == []


def test_details_are_set_checked_and_undone(desk: Desk, library: OpenLibrary) -> None:
    before, powell = _world(desk), library.people.find("Powell")
    PersonChanges(library).set(
        powell, {"birth": "1937-04-05", "notes": "a general", "hidden": True}, {"town": "New York"}, {"CP": True}
    )
    told = library.people.find("CP")
    assert (told.birth, told.notes, told.fields, told.hidden) == (
        "1937-04-05",
        "a general",
        (("town", "New York"),),
        True,
    )
    with pytest.raises(BadInput, match="cannot have died"):
        PersonChanges(library).set(told, {"death": "1937-03"}, {}, {})
    with pytest.raises(BadInput, match="cannot have died"):
        PersonChanges(library).set(told, {"birth": "1990", "death": "1980"}, {}, {})
    PersonChanges(library).set(told, {"birth": None, "death": "1937-03"}, {"town": None}, {"CP": False})
    again = library.people.find("Powell")
    assert (again.birth, again.death, again.fields, again.aliases) == (None, "1937-03", (), ())
    library.undo()
    assert library.people.find("Powell") == told
    library.undo()
    assert _world(desk) == before


def test_a_date_of_birth_rules_older_photos_out_and_undo_brings_them_back(desk: Desk, library: OpenLibrary) -> None:
    with closing(sqlite3.connect(desk.settings.library_file)) as connection, connection:
        connection.execute("UPDATE photos SET taken_at = '2004-01-26T10:30:00'")
    desk.recognize(executor=no_analysis)
    before = _world(desk)
    PersonChanges(library).set(library.people.find("Powell"), {"birth": "2010"}, {}, {})
    assert desk.links("machine") == {}
    assert KNOWN in _of(desk, "Unknown")
    library.undo()
    assert _world(desk) == before


def test_a_new_person_is_entered_once_named_and_can_be_undone(desk: Desk, library: OpenLibrary) -> None:
    before = _world(desk)
    assert PersonChanges(library).create(" Zoe ").text == f"Zoe is #{library.people.find('Zoe').id}."
    assert "2 people" in PersonChanges(library).create("zoe").text
    library.undo()
    library.undo()
    assert _world(desk) == before
    with pytest.raises(BadInput, match="Type a name"):
        PersonChanges(library).create(" ")
    with pytest.raises(BadInput, match="nothing to undo"):
        library.undo()


# Who is who in a photo


def test_linked_unlinked_and_never_the_copies_follow(desk: Desk, library: OpenLibrary) -> None:
    before, key = _world(desk), _key(desk, f"input/{KNOWN}")
    powell, putin = library.people.find("Powell"), library.people.find("Putin")
    assert library.say(Is([key], putin)).text == f"{KNOWN}#{key} is Putin."
    assert (_of(desk, "Putin"), _of(desk, "Powell")) == ([KNOWN], [])
    library.say(TakenBack(key))
    assert (_of(desk, "Putin"), _of(desk, "Powell")) == ([], [KNOWN])
    library.say(IsNot(key))
    assert library.store.people.links(key) == [Link(key, powell.id, Word.IS_NOT, Source.USER)]
    assert _of(desk, "Powell") == []
    desk.change(sure_at=0)
    desk.recognize(executor=no_analysis)
    assert desk.report()[KNOWN]["people"] not in ("", "Powell")
    desk.change(sure_at=0.96)
    library.say(TakenBack(key, powell))  # a "never", too, can be taken back
    assert KNOWN in _of(desk, "Powell")
    desk.recognize(executor=no_analysis)
    for _ in range(4):
        library.undo()
    assert _world(desk)[1:] == before[1:]
    assert library.store.people.links(key)[0].source is Source.MACHINE


def test_what_was_never_said_cannot_be_taken_back(desk: Desk, library: OpenLibrary) -> None:
    key, powell = _key(desk, f"input/{KNOWN}"), library.people.find("Powell")
    with pytest.raises(BadInput, match=r"the machine says so: .*--never"):
        library.say(TakenBack(key, powell))
    with pytest.raises(BadInput, match="Nobody is said to be"):
        library.say(TakenBack(_key(desk, f"input/{FIRST}")))
    with pytest.raises(BadInput, match="You never said"):
        library.say(TakenBack(key, library.people.find("Putin")))


def test_an_appearance_is_given_by_its_photo_and_number(
    desk: Desk, library: OpenLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = _key(desk, f"input/{KNOWN}")
    photo = library.store.photos.photo_of(key)
    monkeypatch.chdir(desk.input)
    moved = desk.root / "moved #1.jpg"
    shutil.copyfile(desk.input / KNOWN, moved)
    for place in (desk.input / KNOWN, KNOWN, photo, moved, ""):
        assert library.appearance(f"{place}#{key}") == key
    for wrong in (KNOWN, f"{KNOWN}#", f"{KNOWN}#x", "12"):
        with pytest.raises(BadInput, match="PHOTO#NUMBER"):
            library.appearance(wrong)
    with pytest.raises(BadInput, match=f"nobody of that number shows there, but #{key}"):
        library.appearance(f"{KNOWN}#{key + 1}")
    with pytest.raises(BadInput, match="no photo that the library knows"):
        library.appearance(f"nowhere.jpg#{key}")
    for nobody in ("#99999", "99999#99999"):
        with pytest.raises(BadInput, match=r"nobody of that number shows there\.$"):
            library.appearance(nobody)
    for beyond in (f"#{10**30}", f"{10**30}#{key}"):
        with pytest.raises(BadInput, match=r"PHOTO#NUMBER|no photo that the library knows"):
            library.appearance(beyond)


def test_a_number_that_nobody_has_makes_no_new_person(desk: Desk, library: OpenLibrary) -> None:
    before, key = _world(desk), _key(desk, f"input/{KNOWN}")
    with pytest.raises(BadInput, match="Nobody has the number #999"):
        PersonChanges(library).split(library.people.find("Powell"), [key], "#999")
    assert _world(desk) == before


def test_a_person_named_twice_in_one_photo_is_told(desk: Desk, library: OpenLibrary) -> None:
    ((photo,),) = desk.query("SELECT photo_id FROM appearances GROUP BY photo_id ORDER BY count(*) DESC LIMIT 1")
    one, other = library.store.photos.appearances(photo)[:2]
    putin = library.people.find("Putin")
    assert library.say(Is([one], putin)) == Outcome(f"{library.label(one)} is Putin.")
    twice = library.say(Is([other], putin))
    assert twice.text == f"{library.label(other)} is Putin."
    assert twice.hints[0].startswith(f"Twice in one photo: {library.label(one)} and {library.label(other)} are Putin.")
    assert library.say(IsNot(other, putin)) == Outcome(f"{library.label(other)} is not Putin.")


def test_a_running_job_takes_up_what_became_of_people(desk: Desk) -> None:
    with open_context(desk.settings, threading.Event(), "test", InlineExecutor) as context:
        job = recognize_folder(context, [desk.input], desk.output)
        next(job)
        with closing(OpenLibrary(desk.settings)) as library:
            PersonChanges(library).merge(library.people.find("Chirac"), library.people.find("Powell"))
            PersonChanges(library).rename(library.people.find("Chirac"), "Jacques")
            PersonChanges(library).delete(library.people.find("Putin"))
        done = {event.path.name: event for event in job if isinstance(event, PhotoDone)}
    assert done[KNOWN].row.people == ["Jacques"]
    assert done[KNOWN].row.copies == [f"Jacques/{KNOWN}"]
    assert _of(desk, "Powell") == _of(desk, "Chirac") == []


def test_without_a_library_there_is_nobody_to_edit(new_desk: Desk) -> None:
    with pytest.raises(BadKnowledgeBase, match="no library"):
        OpenLibrary(new_desk.settings)
    assert not new_desk.settings.library_file.exists()


@pytest.fixture
def new_desk(tmp_path: Path, material: Path) -> Desk:
    return Desk(tmp_path / "new desk", material)


# Appearances outlive models


def test_words_outlive_a_new_detector_and_size_and_nothing_is_asked_twice(new_desk: Desk, shared: Path) -> None:
    desk = new_desk
    desk.change(models_dir="nothing here", resize_max=800)  # faces are found by dlib's HOG
    desk.put_all(POWELL[:2], "people/Powell")
    desk.put_all(CHIRAC[:2], "people/Chirac")
    desk.put_all([*SCHROEDER, *PUTIN[:1]], "input")
    desk.build()
    desk.recognize()
    with reviewing(desk) as library:
        give_name(library, of_photo(library, FIRST)[0], "Schroeder")
        (refused,) = of_photo(library, PUTIN[0])
        for one in question_on(library, refused).suggestions:
            refuse(library, refused, one.person_id)
        asked = {one.appearance_id for one in all_unknown(library)}
    said = desk.query(
        "SELECT id, appearance_id, person_id, word, source FROM links WHERE source != 'machine' ORDER BY id"
    )
    numbers = desk.query("SELECT id, photo_id FROM appearances ORDER BY id")

    desk.change(models_dir=str(desk.models), resize_max=1280)  # now by YuNet
    desk.build()
    desk.recognize()

    query = "SELECT id, appearance_id, person_id, word, source FROM links WHERE source != 'machine' ORDER BY id"
    assert desk.query(query) == said
    assert desk.query("SELECT id, photo_id FROM appearances ORDER BY id")[: len(numbers)] == numbers
    assert len(desk.query("SELECT DISTINCT engine_id FROM analyses")) == 2
    with reviewing(desk) as library:
        again = {one.appearance_id for one in all_unknown(library)}
        assert question_on(library, refused).suggestions == ()
    found_now = {key for (key,) in desk.query("SELECT id FROM appearances")} - {key for key, _ in numbers}
    assert again <= asked | found_now
    assert f"Schroeder/{FIRST}" in desk.copies()


# Forgetting


def _holds(desk: Desk, needles: Collection[bytes]) -> set[bytes]:
    """Return which bytes are found in the library's files and the export."""
    files = [desk.settings.encodings_file, *desk.people.glob("library.sqlite*")]
    content = b"".join(path.read_bytes() for path in files if path.suffix != ".bak")
    return {needle for needle in needles if needle in content}


def test_a_forgotten_person_is_gone_to_the_last_byte(desk: Desk, library: OpenLibrary) -> None:
    powell = library.people.find("Powell")
    PersonChanges(library).set(powell, {"notes": "secret note"}, {"number": "secret value"}, {"Secret Alias": True})
    PersonChanges(library).rename(powell, "Quondam Name")
    PersonChanges(library).rename(library.people.find("Chirac"), "Jacques")
    others = desk.query("SELECT * FROM links WHERE person_id != ? ORDER BY id", powell.id)
    vectors = [
        row[0]
        for row in desk.query(
            "SELECT o.vector FROM observations o JOIN links l ON l.appearance_id = o.appearance_id WHERE person_id = ?",
            powell.id,
        )
    ]
    doubles = [np.frombuffer(vector, "<f4").astype(np.float64).tobytes() for vector in vectors[:1]]
    needles = {*vectors, *doubles, b"Powell/", b"Quondam Name", b"secret note", b"secret value", b"Secret Alias"}
    assert len(vectors) == 4
    assert _holds(desk, needles) == needles
    desk.people.joinpath("library.sqlite.v1-2024-05-31.bak").write_bytes(b"")

    outcome = forget(library, library.people.find("Quondam Name"))

    assert _holds(desk, needles) == set()
    assert str(desk.people / "Powell") in outcome.text  # would teach them again
    assert str(desk.people / "library.sqlite.v1-2024-05-31.bak") in outcome.text
    assert _of(desk, "Quondam Name") == [KNOWN]  # copies stay
    assert (desk.input / KNOWN).is_file()
    assert desk.query("SELECT * FROM links ORDER BY id") == others
    assert [one.summary for one in library.history()] == ["Chirac renamed to Jacques"]
    library.undo()
    assert [person.name for person in library.people.all().values()] == ["Chirac", "Putin"]
    with closing(sqlite3.connect(desk.settings.library_file)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_no_vector_of_a_forgotten_person_comes_back_unless_their_folder_stays(desk: Desk, library: OpenLibrary) -> None:
    key = _key(desk, f"input/{KNOWN}")
    forget(library, library.people.find("Powell"))
    desk.recognize(executor=no_analysis)
    assert desk.query("SELECT * FROM observations WHERE appearance_id = ?", key) == []
    assert desk.report()[KNOWN]["people"] == ""
    assert KNOWN in _of(desk, "Powell")
    summary = desk.build()
    assert summary.analysed == 3
    assert {person.name: person.used for person in summary.people} == {"Chirac": 3, "Powell": 3, "Putin": 2}
    desk.recognize(executor=no_analysis)
    assert desk.query("SELECT * FROM observations WHERE appearance_id = ?", key) == []


def test_what_the_user_says_is_somebody_else_is_not_forgotten(desk: Desk, library: OpenLibrary) -> None:
    taught, known = _key(desk, f"people/Powell/{Path(POWELL[0]).name}"), _key(desk, f"input/{KNOWN}")
    library.say(Is([taught], library.people.find("Putin")))
    library.say(IsNot(known))
    forget(library, library.people.find("Powell"))
    kept = {key for (key,) in desk.query("SELECT DISTINCT appearance_id FROM observations")}
    assert {taught, known} <= kept
    words = "SELECT * FROM links WHERE source = 'user' AND appearance_id IN (?, ?)"
    assert len(desk.query(words, taught, known)) == 1


def test_nobody_is_forgotten_beside_a_running_job(desk: Desk, library: OpenLibrary) -> None:
    before = _world(desk)
    with open_context(desk.settings, threading.Event(), "Build KB"), pytest.raises(StoreBusy, match="Build KB"):
        forget(library, library.people.find("Powell"))
    assert _world(desk) == before


def test_a_reader_that_keeps_the_log_from_being_emptied_is_told(
    desk: Desk, library: OpenLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kith.library.connection.WAIT_S", 0.1)
    with closing(sqlite3.connect(desk.settings.library_file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM persons").fetchone()
        library.store._connection.execute("PRAGMA busy_timeout = 10")
        with pytest.raises(StoreBusy, match="is erased, but another program"):
            forget(library, library.people.find("Powell"))
