"""People in a file for another library: all words are in it, and what others made of such a file is refused."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kith.errors import BadInput
from kith.filing.people_file import PeopleFile, read_people
from kith.jobs.export_people import export_people
from kith.jobs.person_changes import PersonChanges
from kith.values.links import Link, Source, Word
from tests.small_world import World

Members = dict[str, bytes]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which Ann has details, and the user said of somebody that they are not Bob."""
    world = World(tmp_path_factory.mktemp("world"))
    world.recognise()
    ((bob,),) = world.query("SELECT id FROM persons WHERE name = 'Bob'")
    unsaid = "SELECT min(id) FROM appearances WHERE id NOT IN (SELECT appearance_id FROM links)"
    ((face,),) = world.query(unsaid)
    with world.store() as store, store.change("test", "words"):
        store.people.add("Zoë 😀")
        store.people.say(Link(face, bob, Word.IS_NOT, Source.USER))
    with world.library() as library:
        ann = library.people.find("Ann")
        PersonChanges(library).set(ann, {"birth": "1950-02", "notes": "Aunt"}, {"job": "baker"}, {"Annie": True})
    return world


@pytest.fixture(scope="module")
def file(world: World) -> Path:
    """Everybody in a file."""
    export_people(world.settings, world.root / "family.zip")
    return world.root / "family.zip"


def _read(file: Path) -> PeopleFile:
    with file.open("rb") as opened:
        return read_people(opened)


def test_every_word_and_vector_is_in_it(world: World, file: Path) -> None:
    content = _read(file)
    assert [row.name for row in content.people] == [
        name for (name,) in world.query("SELECT name FROM persons ORDER BY id")
    ]
    words = "SELECT appearance_id, person_id, word, source FROM links WHERE source != 'machine' ORDER BY id"
    assert [(row.appearance, row.person, row.word, row.source) for row in content.words] == world.query(words)
    assert ("is_not", "user") in {(row.word, row.source) for row in content.words}
    ann = next(row for row in content.people if row.name == "Ann")
    assert (ann.birth, ann.notes, ann.fields, ann.aliases) == ("1950-02", "Aunt", {"job": "baker"}, ["Annie"])
    for seen in content.observations:
        vector = content.vectors[seen.model][seen.row].tobytes()
        where = "SELECT 1 FROM observations WHERE appearance_id = ? AND model_id = ? AND vector = ?"
        assert world.query(where, seen.appearance, seen.model, vector)
    assert {row.appearance for row in content.words} == {row.appearance for row in content.observations}


def test_only_those_named(world: World) -> None:
    done = export_people(world.settings, world.root / "ann.zip", ["Ann"])
    assert [row.name for row in _read(done.file).people] == ["Ann"]


def test_nothing_is_overwritten(world: World, file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(BadInput, match="already"):
        export_people(world.settings, file)
    assert file.read_bytes() == before


def _line(name: str, /, **changed: object) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        first, *others = members[name].splitlines()
        members[name] = b"\n".join([json.dumps(json.loads(first) | changed).encode(), *others])

    return change


def _arrays(array: np.ndarray) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        names = json.loads(members["manifest.json"])["arrays"].values()
        packed = io.BytesIO()
        np.savez(packed, allow_pickle=True, **dict.fromkeys(names, array))
        members["vectors.npz"] = packed.getvalue()

    return change


def _jpeg(side: int) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (side, 8)).save(target, "JPEG")
    return target.getvalue()


def _version(members: Members) -> None:
    members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | {"version": 99}).encode()


def _path(members: Members) -> None:
    members["../evil"] = b""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_version, "version 99"),
        (_path, "other files"),
        (_line("people.jsonl", name="a\x1b[31m"), "signs that do not show"),
        (_line("people.jsonl", number="1"), "number"),
        (_line("people.jsonl", notes="x" * (1 << 20)), "too long"),
        (_line("words.jsonl", person=999), "not in it"),
        (_line("observations.jsonl", row=10**6), "no vector"),
        (_arrays(np.full((50, 128), np.nan, np.float32)), "no number"),
        (_arrays(np.array([[{}]], object)), "float32"),
        (_arrays(np.zeros(128, np.float32)), "float32"),
        (_arrays(np.full((50, 128), 1e30, np.float32)), "no number"),
        (_arrays(np.zeros((50, 64), np.float32)), "another length"),
        (_line("people.jsonl", birth="1950-13"), "birth"),
        (_line("people.jsonl", ids=["x' OR 1"]), "ids"),
        (_line("people.jsonl", key_face=10**6), "not in it"),
        (_line("observations.jsonl", box=[0, 0, -1, 1]), "no place"),
        (_line("appearances.jsonl", box=[0, 0, 99, 1]), "no place"),
        (lambda members: members.update({"ignored.jsonl": b'{"appearance": 999999}'}), "not in it"),
        (lambda members: members.update({"faces/1.jpg": b"GIF89a"}), "cannot be unpacked"),
        (lambda members: members.update({"faces/999999.jpg": _jpeg(8)}), "not in it"),
        (lambda members: members.update({"faces/1.jpg": _jpeg(600)}), "too large"),
        (lambda members: members.update({"faces/../1.jpg": _jpeg(8)}), "other files"),
        (lambda members: members.update({"people.jsonl": bytes(1 << 29) + b" "}), "too large"),
    ],
)
def test_a_hostile_file_is_refused(
    file: Path, tmp_path: Path, change: Callable[[Members], object], reason: str
) -> None:
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(tmp_path / "hostile.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(BadInput, match=reason):
        _read(tmp_path / "hostile.zip")


def test_a_name_that_such_a_file_cannot_hold_is_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    with world.library() as library:
        PersonChanges(library).create("A" * 1500)
    with pytest.raises(BadInput, match="cannot be exported: a name or a field of theirs is too long"):
        export_people(world.settings, tmp_path / "family.zip")
    assert not (tmp_path / "family.zip").exists()
