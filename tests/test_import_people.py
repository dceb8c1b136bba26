"""People of another library are taken over: shown first, nothing said here gives way, one undo takes all of it back."""

import json
import shutil
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kith.errors import BadInput, BadKnowledgeBase
from kith.jobs.context import open_context
from kith.jobs.export_people import export_people
from kith.jobs.import_people import PeopleFound, find_people, found_lines, import_people
from kith.jobs.outcome import Outcome
from kith.jobs.people_matching import Choices, Verdict
from kith.jobs.person_changes import PersonChanges
from kith.photos.facts import read_facts
from kith.values.links import Source, Word
from kith.vision.observations import Kind
from tests.desk import ran
from tests.families import Family, family_of, image_hash
from tests.small_world import DLIB, World

COMMON = range(7, 15)  # whom both families know
OURS = {"Anna": 0, **{f"Ours {who}": who for who in range(1, 7)}, **{f"Cousin {who}": who for who in COMMON}}
THEIRS = {
    "Anna": 21,  # another one
    **{f"Theirs {who}": who for who in range(15, 21)},
    **{f"Cousin {who}": who for who in (7, 8, 9)},
    **{f"cousin  {who}": who for who in (10, 11)},
    **dict(zip(("Mum", "Dad", "Zoë <b>😀</b>"), (12, 13, 14), strict=True)),
}


def exported(family: Family, name: str = "family.zip", whole: bool = False) -> Path:
    """Return a new file of everybody."""
    file = family.root / name
    export_people(family.settings, file, whole=whole)
    return file


def imported(family: Family, file: Path, choices: Choices | None = None) -> Outcome:
    """Take a file over."""
    return import_people(family.settings, find_people(family.settings, file, choices))


def verdicts(found: PeopleFound) -> dict[str, tuple[str, str]]:
    """Return of each person in a file who they are here."""
    return {meant.name: (meant.verdict.value, meant.into) for meant in found.people}


def face(family: Family, photo: int) -> int:
    """Return the first face of a photo."""
    query = (
        "SELECT a.id FROM appearances a JOIN photos p ON p.id = a.photo_id WHERE p.image_hash IN (?1, 'import:' || ?1)"
    )
    return int(family.query(query, image_hash(photo))[0][0])


def person(family: Family, name: str) -> int:
    """Return the number of a person."""
    return int(family.query("SELECT id FROM persons WHERE name = ?", name)[0][0])


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two families with 15 people each, 8 in common, photos in common, and words that contradict each other."""
    root = tmp_path_factory.mktemp("families")
    ours = family_of(root / "ours", OURS, [7, 9, 12, 13], 1000)
    theirs = family_of(root / "theirs", THEIRS, [7, 9, 12, 13], 5000)
    cousin, mum = person(ours, "Cousin 7"), person(theirs, "Mum")
    theirs.say(face(theirs, 7), mum, Word.IS, Source.USER)  # we: Cousin 7
    ours.say(face(ours, 9), cousin, Word.IS_NOT, Source.USER)
    theirs.say(face(theirs, 9), person(theirs, "Cousin 7"), Word.IS, Source.USER)
    theirs.say(face(theirs, 5150), mum, Word.IS_NOT, Source.USER)
    with theirs.library() as library:
        known = library.people.find("Mum")
        PersonChanges(library).set(
            known, {"birth": "1950-02-03", "notes": "Aunt\nof Bo"}, {"job": "cook"}, {"Ma": True}
        )
    with ours.library() as library:
        known = library.people.find("Cousin 12")
        PersonChanges(library).set(known, {"birth": "1951", "notes": "of Bo"}, {"job": "baker"}, {})
    return root


@pytest.fixture
def families(drawn: Path, tmp_path: Path) -> tuple[Family, Family]:
    """The two families, each test its own."""
    shutil.copytree(drawn, tmp_path, dirs_exist_ok=True)
    return Family(tmp_path / "ours"), Family(tmp_path / "theirs")


@pytest.mark.parametrize(("sharpness", "teaches"), [(500.0, True), (1.0, False)])
def test_a_drawn_face_teaches_here_if_it_does_there(
    families: tuple[Family, Family], sharpness: float, teaches: bool
) -> None:
    """One that is too blurred does not, also where nobody drew it and the person has no other face; the word counts."""
    ours, theirs = families
    somebody, (drawn_face,) = theirs.know("Somebody"), theirs.see(9999, 25)
    theirs.say(drawn_face, somebody, Word.IS, Source.USER)
    with theirs.store() as store, store.transaction():
        change = "UPDATE observations SET score = 0, sharpness = ? WHERE appearance_id = ?"
        store._connection.execute(change, (sharpness, drawn_face))
    imported(ours, exported(theirs))
    with theirs.library() as library:
        assert library.decisions.teaches(drawn_face) is teaches
    with ours.library() as library:
        assert library.decisions.teaches(face(ours, 9999)) is teaches
        assert library.people.find("Somebody")
    assert ("Somebody", "is") in [(name, word) for _, _, name, word, _ in ours.words()]
    before = ours.tables()
    imported(ours, exported(theirs, "again.zip"))
    assert ours.tables() == before


def test_two_families_share_their_people_both_ways(families: tuple[Family, Family]) -> None:
    """Shows d: 15 people each, 8 in common, other names, contradicting words; after undo every table is as before."""
    files = [exported(family) for family in families]
    for family, file in zip(families, reversed(files), strict=True):
        before, said = family.tables(), family.words()
        found = find_people(family.settings, file)
        assert family.tables() == before
        assert sum(verdict in ("same", "merge") for verdict, _ in verdicts(found).values()) == 8
        outcome = import_people(family.settings, found)
        assert outcome.text.startswith("7 new people")
        after = family.tables()
        assert set(said) <= set(family.words()), "no word of one's own is lost"
        with family.store() as store:
            assert len({sample.person_id for sample in store.people.taught(Kind.FACE, DLIB)}) == 22
        with family.library() as library:
            library.undo()
        assert family.tables() == before
        with family.library() as library:
            library.redo()
        assert family.tables() == after
        again = find_people(family.settings, file)
        assert {verdict for verdict, _ in verdicts(again).values()} == {"same"}
        import_people(family.settings, again)
        assert family.tables() == after, "twice is once"


def test_who_is_whom_is_told_with_distance_and_reason(families: tuple[Family, Family]) -> None:
    ours, theirs = families
    found = find_people(ours.settings, exported(theirs))
    assert verdicts(found) == {
        "Anna": ("new", ""),
        **{f"Theirs {who}": ("new", "") for who in range(15, 21)},
        **{f"Cousin {who}": ("same", f"Cousin {who}") for who in range(7, 10)},
        **{f"cousin {who}": ("same", f"Cousin {who}") for who in (10, 11)},
        "Mum": ("merge", "Cousin 12"),
        "Dad": ("merge", "Cousin 13"),
        "Zoë <b>😀</b>": ("merge", "Cousin 14"),
    }
    (anna,) = [meant for meant in found.people if meant.name == "Anna"]
    assert anna.perhaps == "Anna"
    assert (anna.distance or 0) > 0.7
    (zoe,) = [meant for meant in found.people if meant.name.startswith("Zoë")]
    assert (zoe.distance or 1) < 0.5
    (dad,) = [meant for meant in found.people if meant.name == "Dad"]
    assert dad.reason == "1 face named the same in photos of both"
    lines = found_lines(found)
    assert any(line.startswith("Anna is new: the name is the same, but not the face; perhaps Anna") for line in lines)


def test_contradicting_words_stay_on_both_sides(families: tuple[Family, Family]) -> None:
    ours, theirs = families
    file = exported(theirs)
    outcome = imported(ours, file)
    assert ours.query("SELECT person_id FROM links WHERE appearance_id = ? AND word = 'is'", face(ours, 7)) == [
        (person(ours, "Cousin 7"),)
    ]
    kept = ours.query("SELECT appearance_id, person_id, word FROM contradictions ORDER BY id")
    assert (face(ours, 7), person(ours, "Cousin 12"), "is") in kept
    assert (face(ours, 9), person(ours, "Cousin 7"), "is") in kept
    told = " ".join(outcome.hints)
    assert f"#{face(ours, 7)} is Cousin 12 there, Cousin 7 here, which stays." in told
    not_mum = (face(ours, 5150), person(ours, "Cousin 12"), "is_not", "user")
    assert not_mum in ours.query("SELECT appearance_id, person_id, word, source FROM links")


def test_details_of_both_sides_are_kept(families: tuple[Family, Family]) -> None:
    ours, theirs = families
    imported(ours, exported(theirs))
    with ours.store() as store:
        known = store.people.all()[person(ours, "Cousin 12")]
    assert known.birth == "1951"
    assert known.notes.split("\n") == ["of Bo", "Aunt", "Mum: born 1950-02-03"]
    assert dict(known.fields) == {"job": "baker; cook"}
    assert {*known.aliases} == {"Mum", "Ma"}


def test_the_user_says_who_is_whom(families: tuple[Family, Family]) -> None:
    ours, theirs = families
    file = exported(theirs)
    choices: Choices = {"Anna": "Anna", "Dad": Verdict.NEW, "Mum": Verdict.WITHOUT}
    found = find_people(ours.settings, file, choices)
    who = verdicts(found)
    assert (who["Anna"], who["Dad"], who["Mum"]) == (("same", "Anna"), ("new", ""), ("left out", ""))
    import_people(ours.settings, found)
    assert [name for (name,) in ours.query("SELECT name FROM persons WHERE name IN ('Dad', 'Mum', 'Anna')")] == [
        "Anna",
        "Dad",
    ]
    again = verdicts(find_people(ours.settings, file))
    assert (again["Anna"], again["Dad"]) == (("same", "Anna"), ("same", "Dad")), "what was chosen holds the next time"
    for wrong in ({"Nobody": "Anna"}, {"Anna": "Nobody"}):
        with pytest.raises(BadInput, match="Nobody"):
            find_people(ours.settings, file, wrong)


def test_people_without_faces_are_known_again(tmp_path: Path) -> None:
    """Names alone: alike ones join, other ones are new once, whatever they are called later."""
    ours, theirs = Family.at(tmp_path / "ours"), Family.at(tmp_path / "theirs")
    ours.know("Jose\u0301")
    for name in ("JOSÉ", "Eve"):
        theirs.know(name)
    file = exported(theirs)
    imported(ours, file)
    assert ours.query("SELECT name FROM persons") == [("Jose\u0301",), ("Eve",)]
    with ours.library() as library:
        PersonChanges(library).rename(library.people.find("Eve"), "Eva Maria")
    assert verdicts(find_people(ours.settings, file)) == {
        "JOSÉ": ("same", "Jose\u0301"),
        "Eve": ("same", "Eva Maria"),
    }
    back = exported(ours, "back.zip")
    assert verdicts(find_people(theirs.settings, back)) == {
        "Jose\u0301": ("same", "JOSÉ"),
        "Eva Maria": ("same", "Eve"),
    }


def test_a_photo_that_comes_later_is_known_with_all_that_was_said(families: tuple[Family, Family]) -> None:
    """Undone after that, the photo and what a detector saw in it stay; the words go."""
    ours, theirs = families
    imported(ours, exported(theirs))
    told = face(ours, 5150)
    assert ours.see(5150, 15) == [told]
    with ours.store() as store:
        assert [link.source for link in store.people.links(told)] == [Source.USER, Source.USER]
    with ours.library() as library:
        library.undo()
    photos = ours.query("SELECT image_hash FROM photos WHERE image_hash = ?", image_hash(5150))
    assert photos == [(image_hash(5150),)]
    assert ours.query("SELECT count(*) FROM observations WHERE appearance_id = ?", told) == [(1,)]
    assert ours.query("SELECT count(*) FROM links WHERE appearance_id = ?", told) == [(0,)]
    assert ours.query("PRAGMA foreign_key_check") == []
    with ours.library() as library:
        library.redo()
    assert ours.query("SELECT count(*) FROM links WHERE appearance_id = ?", told) == [(2,)]


def test_who_is_ignored_and_who_stands_for_people_goes_along_with_a_library(tmp_path: Path) -> None:
    ours, theirs = Family.at(tmp_path / "ours"), Family.at(tmp_path / "theirs")
    ada = theirs.know("Ada")
    faces = [theirs.see(photo, 1)[0] for photo in range(3)]
    for one in faces[:2]:
        theirs.say(one, ada)
    (here,) = ours.see(2, 1)
    with theirs.store() as store, store.change("test", "words"):
        store.groups.ignore([faces[2]])
        store.edits.set_key_face(ada, faces[1])
    some, whole = exported(theirs), exported(theirs, "whole.zip", whole=True)
    imported(ours, some)
    assert ours.query("SELECT * FROM ignored") == []
    assert ours.query("SELECT person_id, appearance_id FROM key_faces") == [(person(ours, "Ada"), face(ours, 1))]
    imported(ours, whole)
    assert [key for key, _ in ours.query("SELECT * FROM ignored")] == [here]


def test_vectors_of_models_that_are_not_used_here_are_kept(tmp_path: Path) -> None:
    ours, theirs = Family.at(tmp_path / "ours"), Family.at(tmp_path / "theirs")
    ada = theirs.know("Ada")
    for photo in (1, 2):
        theirs.say(theirs.see(photo, 1, model="other")[0], ada)
    (here,) = ours.see(1, 1)
    imported(ours, exported(theirs))
    seen = "SELECT appearance_id, model_id FROM observations ORDER BY id"
    assert ours.query(seen) == [(here, DLIB), (here, "other"), (face(ours, 2), "other")]
    with ours.store() as store:
        assert store.reviews.newest_analysis(1) == 1, "what was told is no look at a photo"


def test_who_is_called_unknown_there_is_left_out_or_somebody_known(tmp_path: Path) -> None:
    theirs = family_of(tmp_path / "theirs", {"Ada": 1, "Unknown": 2}, [], 100)
    ours = family_of(tmp_path / "ours", {"Eve": 3}, [], 200)
    file = exported(theirs)
    (called,) = (person.name for person in find_people(ours.settings, file).people if person.name != "Ada")
    who = verdicts(find_people(ours.settings, file))
    assert (who["Ada"], who[called]) == (("new", ""), ("left out", ""))
    with pytest.raises(BadInput, match="Nobody can be called Unknown"):
        find_people(ours.settings, file, {called: Verdict.NEW})
    import_people(ours.settings, find_people(ours.settings, file, {called: "Eve"}))
    assert {name for (name,) in ours.query("SELECT name FROM persons")} == {"Ada", "Eve"}


def test_one_may_begin_with_a_file(tmp_path: Path) -> None:
    theirs = family_of(tmp_path / "theirs", {"Ada": 1}, [], 100)
    file = exported(theirs)
    ours = Family(tmp_path / "ours")
    with pytest.raises(BadKnowledgeBase, match="is its drive"):
        find_people(ours.settings, file)
    (ours.root / "people").mkdir(parents=True)
    found = find_people(ours.settings, file)
    assert not ours.settings.library_file.exists()
    import_people(ours.settings, found)
    assert [name for _, _, name, *_ in ours.words()] == ["Ada"] * 3


def test_copies_follow_beside_a_job_and_with_undo(tmp_path: Path) -> None:
    """A word on a photo that both have files it anew, also while a job is at work; undone, all lies as it did."""
    ours, theirs = World(tmp_path / "ours"), Family.at(tmp_path / "theirs")
    ours.put(7, "input")
    ours.recognise()
    image, zoe = read_facts(ours.root / "input/8.png").image_hash, theirs.know("Zoe")
    theirs.say(theirs.see(8, 3, image=image)[0], zoe)
    theirs.say(theirs.see(11, 1, image=read_facts(ours.root / "input/11.png").image_hash)[0], zoe, Word.IS_NOT)
    file = exported(theirs)
    before, tree = Family(ours.root).tables(), ours.tree()
    with open_context(ours.settings, threading.Event(), "a job", lambda: ours.eyes):
        outcome = import_people(ours.settings, find_people(ours.settings, file))
    assert outcome.problems == ()
    ours.check()
    after, filed = Family(ours.root).tables(), ours.tree()
    assert [folder for folder, _ in filed - tree] == ["Zoe"]
    for state, lies in (("undo", (before, tree)), ("redo", (after, filed))):
        with ours.library() as library:
            getattr(library, state)()
        ours.check()
        assert (_without_times(Family(ours.root).tables()), ours.tree()) == (_without_times(lies[0]), lies[1])


def _without_times(tables: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return tables without when, and as which number, a copy was made: those are made anew."""
    return tables | {"copies": sorted((row[1:6] for row in tables["copies"]), key=repr)}


def _first_version(file: Path) -> None:
    """Make a file one of version 1, which had no codes, places and key faces."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if name != "ignored.jsonl"}
    for name, new in (("people.jsonl", ("ids", "key_face")), ("appearances.jsonl", ("taken_at", "phash", "box"))):
        rows = [json.loads(line) for line in members[name].splitlines()]
        kept = [{key: value for key, value in row.items() if key not in new} for row in rows]
        members[name] = "".join(json.dumps(row) + "\n" for row in kept).encode()
    members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | {"version": 1}).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_the_first_version_is_read_and_known_again_by_what_it_says(families: tuple[Family, Family]) -> None:
    ours, theirs = families
    file = exported(theirs)
    _first_version(file)
    imported(ours, file)
    after = ours.tables()
    assert {verdict for verdict, _ in verdicts(find_people(ours.settings, file)).values()} == {"same"}
    imported(ours, file)
    assert ours.tables() == after


def test_vectors_of_another_length_than_those_here_are_refused(tmp_path: Path) -> None:
    ours, theirs = Family.at(tmp_path / "ours"), Family.at(tmp_path / "theirs")
    ours.see(1, 1, model="other")
    theirs.say(theirs.see(1, 1, model="other")[0], theirs.know("Ada"))
    with theirs.store() as store, store.transaction():
        store._connection.execute("UPDATE observations SET vector = ?", (np.ones(5, "<f4").tobytes(),))
    with pytest.raises(BadInput, match="another length"):
        find_people(ours.settings, exported(theirs))


def _command(family: Family, *words: "str | Path") -> tuple[int, str, str]:
    settings = family.root / "settings.json"
    settings.write_text(family.settings.model_dump_json(), encoding="utf-8")
    return ran(*map(str, words), "--settings", str(settings))


def test_the_command_asks_first(families: tuple[Family, Family]) -> None:
    ours, theirs = families
    file = theirs.root / "family.zip"
    code, out, _ = _command(theirs, "export", "library", file)
    assert (code, "15 people" in out) == (0, True)
    before = ours.tables()
    words: Sequence[str | Path] = ("import", "library", file, "--as", "Anna=Anna", "--new", "Dad", "--without", "Mum")
    code, out, err = _command(ours, *words)
    assert code == 0, err
    assert "Anna is Anna, 0.91 apart: chosen" in out
    assert "Mum is left out" in out
    assert "Nothing was changed: --yes does it." in err
    assert ours.tables() == before
    code, out, err = _command(ours, *words, "--json")
    told = json.loads(out)
    assert {one["name"]: one["verdict"] for one in told["people"]}["Dad"] == "new"
    assert told["would"]["new"] == 7, "Dad, and six of theirs"
    code, out, _ = _command(ours, *words, "--yes")
    assert out.startswith("7 new people")
    code, _, err = _command(ours, "import", "people", file, "--as", "Anna")
    assert (code, "THEIRS=OURS" in err) == (3, True)
    assert _command(ours, "people", "undo")[0] == 0
    assert ours.tables() == before


def test_a_name_and_a_photo_in_common_go_over_other_faces(tmp_path: Path) -> None:
    """A child and a woman look like two people; a photo that both families call Anna tells better."""
    ours, theirs = (family_of(tmp_path / name, {"Anna": who}, [], 100) for name, who in (("ours", 1), ("theirs", 2)))
    file = exported(theirs)
    assert verdicts(find_people(ours.settings, file)) == {"Anna": ("new", "")}
    for family in (ours, theirs):
        family.say(family.see(3, 1)[0], person(family, "Anna"))
    assert verdicts(find_people(ours.settings, exported(theirs, "more.zip"))) == {"Anna": ("same", "Anna")}
