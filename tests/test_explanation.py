"""Why a photo is filed as it is, told from the library alone; and what keeps a real face from being somebody."""

import json
import re
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from PIL import ExifTags, Image
from typer.testing import CliRunner

from kith.cli.main import cli
from kith.errors import BadInput, BadKnowledgeBase, BadPhoto
from kith.jobs.explanation import Explanation, Why
from kith.jobs.explanation_lines import RULES, why_lines
from kith.library.store import open_store
from kith.values.decisions import Reason
from kith.values.links import Link, Source, Word
from tests.desk import NOBODY, POWELL, POWELL_AGAIN, SCHROEDER, TWO_STRANGERS, Desk, why
from tests.small_world import World
from tests.unknowns import look_once, recognized_desk

FIRST, SECOND, _ = (Path(name).name for name in SCHROEDER)
AGAIN, TAUGHT = Path(POWELL_AGAIN[0]).name, Path(POWELL[0]).name


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seen")


@pytest.fixture
def desk(tmp_path: Path, material: Path, seen: Path) -> Desk:
    return recognized_desk(tmp_path / "desk", material, look_once(seen / "desk", material))


def _why(desk: Desk, name: str) -> Why:
    return why(desk.settings, desk.input / name)


def _face(desk: Desk, name: str) -> Explanation:
    (one,) = _why(desk, name).appearances
    return one


def _person(desk: Desk, name: str) -> int:
    ((key,),) = desk.query("SELECT id FROM persons WHERE name = ?", name)
    return int(key)


def _appearance(desk: Desk, name: str) -> int:
    ((key,),) = desk.query(
        "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path = ?",
        str(desk.input / name),
    )
    return int(key)


def _say(desk: Desk, name: str, person: str, word: Word) -> None:
    with closing(open_store(desk.settings.library_file)) as store, store.change("say", "a word of the user's"):
        store.people.say(Link(_appearance(desk, name), _person(desk, person), word, Source.USER))


# What is told


def test_a_known_face_is_told_with_its_three_candidates_and_their_nearest_photos(desk: Desk) -> None:
    told = _why(desk, AGAIN)
    (face,) = told.appearances
    row = desk.report()[AGAIN]
    assert (told.photo, told.taken_at) == (str(desk.input / AGAIN), "")
    assert (face.person, face.suggested, face.rule) == ("Powell", "", Reason.ACCEPTED)
    assert [one.person for one in face.by_face] == [row[f"face_{rank}"] for rank in (1, 2, 3)]
    assert [f"{one.value:.3f}" for one in face.by_face] == [row[f"face_{rank}_distance"] for rank in (1, 2, 3)]
    assert [Path(one.nearest).parent for one in face.by_face] == [desk.people / one.person for one in face.by_face]
    first, second, third = face.by_face
    assert first.margin == pytest.approx(second.value - first.value)
    assert third.margin is None  # nobody else is known
    assert first.samples == 3
    assert face.place == "face 1, in the middle"
    assert face.appearance == f"{AGAIN}#{_appearance(desk, AGAIN)}"
    assert face.models
    assert (first.certainty or 0) > 0.99
    assert told.thresholds["sure_at"] == desk.settings.sure_at
    assert told.thresholds["face_tol"] == "automatic"


def test_a_face_that_teaches_is_not_compared_with_itself(desk: Desk) -> None:
    (face,) = why(desk.settings, desk.people / "Powell" / TAUGHT).appearances
    assert (face.person, face.rule) == ("Powell", Reason.SAID_BY_DATASET)
    assert face.by_face[0].value > 0.1
    assert Path(face.by_face[0].nearest).name != TAUGHT


def test_two_faces_are_told_by_their_places(desk: Desk) -> None:
    told = _why(desk, Path(TWO_STRANGERS).name)
    assert [one.rule for one in told.appearances] == [Reason.TOO_FAR, Reason.TOO_FAR]
    assert {one.place.partition(", ")[0] for one in told.appearances} == {"face 1", "face 2"}
    assert len({one.place.partition(", ")[2] for one in told.appearances}) == 2


def test_the_lines_say_it_in_words(desk: Desk) -> None:
    text = "\n".join(why_lines(_why(desk, AGAIN)))
    for word in (
        "Powell: the face is surely theirs",
        "Powell: 99 % likely, face",
        "mean over 3 photos",
        "face distance",
        "Thresholds: sure_at 0.96",
    ):
        assert word in text
    assert "Nobody was seen" in "\n".join(why_lines(_why(desk, Path(NOBODY).name)))


def test_every_rule_has_its_words() -> None:
    assert RULES.keys() == set(Reason)


def test_another_setting_tells_what_it_would_decide_and_changes_nothing(desk: Desk) -> None:
    before = desk.query("SELECT * FROM links"), desk.copies()
    desk.change(face_tol=0.2)
    assert (_face(desk, AGAIN).person, _face(desk, AGAIN).suggested) == ("", "Powell")
    assert _face(desk, AGAIN).rule is Reason.UNSURE
    assert (desk.query("SELECT * FROM links"), desk.copies()) == before


def test_the_library_is_enough(desk: Desk) -> None:
    told = _why(desk, AGAIN)
    (desk.input / AGAIN).unlink()
    assert _why(desk, AGAIN) == told


def test_a_photo_is_known_wherever_it_lies(desk: Desk) -> None:
    told = _face(desk, AGAIN)
    moved = (desk.input / AGAIN).rename(desk.root / "moved.jpg")
    (again,) = why(desk.settings, moved).appearances
    assert again == told


def test_a_photo_that_was_never_looked_at_says_what_to_do(desk: Desk) -> None:
    new = desk.put("groups/obama-1080p.jpg", "elsewhere/")
    with pytest.raises(BadInput, match="recognize"):
        why(desk.settings, new)
    with pytest.raises(BadInput, match="not there"):
        why(desk.settings, new.with_name("none.jpg"))


def test_without_a_library_nothing_is_made(tmp_path: Path, material: Path) -> None:
    desk = Desk(tmp_path / "desk", material)
    with pytest.raises(BadKnowledgeBase, match="build-kb"):
        why(desk.settings, desk.put(NOBODY, "input/"))
    assert not desk.settings.library_file.exists()


def test_the_command_prints_lines_or_one_json_object(desk: Desk) -> None:
    photo, settings = str(desk.input / AGAIN), str(desk.settings_file())
    plain = CliRunner().invoke(cli, ["why", photo, "--settings", settings])
    assert plain.exit_code == 0, plain.output
    assert plain.stdout.splitlines() == why_lines(_why(desk, AGAIN))
    told = json.loads(CliRunner().invoke(cli, ["why", photo, "--settings", settings, "--json"]).stdout)
    assert told["appearances"][0]["person"] == "Powell"
    assert told["appearances"][0]["rule"] == "accepted"


# Drawn photos


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def _lines(world: World, photo: str) -> str:
    with world.library() as library:
        return "\n".join(why_lines(library.why(photo)))


def test_a_photo_that_failed_is_known_by_its_name(world: World) -> None:
    failed = [world.root / "input" / name for name in ("fake.CR2", "more/fake.jpg", "less/fake.jpg")]
    for path in failed:
        path.parent.mkdir(exist_ok=True)
        path.write_text("no photo")
    world.recognise()
    with world.library() as library:
        for text in ("fake.CR2", "input/fake.CR2", str(failed[0])):
            with pytest.raises(BadPhoto, match=rf"{re.escape(str(failed[0]))}: failed, nothing is decided on it: \w"):
                library.why(text)
        with pytest.raises(BadInput, match=r"may be 2 photos, say which one: .*less/fake\.jpg, .*more/fake\.jpg"):
            library.why("fake.jpg")
        failed[0].unlink()
        with pytest.raises(BadPhoto, match="failed"):
            library.why(str(failed[0]))
        with pytest.raises(BadInput, match="not there"):
            library.why("ake.CR2")


def test_a_name_is_told_by_its_own_path_and_what_is_one_photo_with_it(world: World) -> None:
    for name in ("again.png", "third.png"):
        shutil.copy(world.root / "input/11.png", world.root / "input" / name)
    world.recognise()
    first, again, third = (world.root / "input" / name for name in ("11.png", "again.png", "third.png"))
    for text in ("again.png", str(again)):
        lines = _lines(world, text).splitlines()
        assert lines[0].startswith(f"{again},")
        assert lines[1].startswith(f"It is one photo with {first} and {third}:")
    assert "one photo" not in _lines(world, "12.png")


def test_a_photo_that_is_not_filed_for_a_better_one_says_so(world: World) -> None:
    world.put(3, "input")
    world.put(11, "input", (16, 12))
    world.eyes.hashes = {11: 0xFFFFFFFF, 3: 0xFFFFFFFF}
    world.recognise()
    better = world.root / "input/11.png"
    assert f"It is nearly the same as {better}, which is filed for both." in _lines(world, "3.png")
    assert "nearly" not in _lines(world, "11.png")
    world.values["duplicates"] = "file all"
    world.recognise()
    assert f"It is nearly the same as {better}, which is the better one." in _lines(world, "3.png")


def test_why_bodies_decide_nothing_is_told(world: World) -> None:
    world.recognise()
    assert _lines(world, "11.png").endswith("body_policy off")
    world.values |= {"body_policy": "suggest", "reid_weights": ""}
    told = "body_policy off (the setting is suggest, but the file of the body model is missing)"
    assert _lines(world, "11.png").endswith(told)


# Real faces


def test_whom_a_face_is_not_later_photos_like_it_are_not_either(desk: Desk, shared: Path) -> None:
    """Schroeder is not known and the tolerance far too wide: once one photo is denied, the next one is as well."""
    desk.change(sure_at=0)
    desk.recognize()
    wrong = desk.report()[FIRST]["people"]
    assert wrong == desk.report()[SECOND]["people"]
    _say(desk, FIRST, wrong, Word.IS_NOT)
    desk.recognize()
    report = desk.report()
    assert wrong not in {report[FIRST]["people"], report[SECOND]["people"]}
    assert report[AGAIN]["people"] == "Powell"  # people themselves stay known
    told = _face(desk, SECOND)
    (out,) = told.ruled_out
    assert (out.person, out.rule, out.by) == (wrong, Reason.DENIED, f"{FIRST}#{_appearance(desk, FIRST)}")
    assert told.by_face[0].person == wrong  # not hidden
    with closing(open_store(desk.settings.library_file)) as store:
        store.undo()
    desk.recognize()
    assert desk.report()[SECOND]["people"] == wrong


def test_one_person_twice_in_a_photo_is_named_once_and_the_other_face_is_told(desk: Desk) -> None:
    with Image.open(desk.data / POWELL_AGAIN[0]) as one, Image.open(desk.data / POWELL_AGAIN[1]) as other:
        both = Image.new("RGB", (500, 250))
        both.paste(one, (0, 0))
        both.paste(other, (250, 0))
        both.save(desk.input / "twice.png")
    desk.recognize()
    told = _why(desk, "twice.png")
    named, left = sorted(told.appearances, key=lambda face: face.person, reverse=True)
    assert (named.person, named.rule, left.person, left.rule) == ("Powell", Reason.ACCEPTED, "", Reason.TAKEN)
    assert named.by_face[0].value <= left.by_face[0].value < 0.56
    assert (left.ruled_out[0].person, left.ruled_out[0].by) == ("Powell", named.appearance)
    assert desk.report()["twice.png"]["people"] == "Powell"
    assert (
        len(
            desk.query(
                "SELECT l.id FROM links l JOIN appearances a ON a.id = l.appearance_id JOIN files f "
                "ON f.photo_id = a.photo_id WHERE f.path = ?",
                str(desk.input / "twice.png"),
            )
        )
        == 1
    )


@pytest.mark.parametrize(
    ("dates", "taken", "rule"),
    [
        ({"death": "2003"}, "2003:12:31 23:00:00", Reason.ACCEPTED),
        ({"death": "2003"}, "2004:01:01 00:00:00", Reason.AFTER_DEATH),
        ({"birth": "1937-04-05"}, "1937:04:04 12:00:00", Reason.BEFORE_BIRTH),
        ({"birth": "1937-04-05"}, None, Reason.ACCEPTED),
    ],
)
def test_a_real_photo_taken_before_birth_or_after_death_is_not_theirs(
    desk: Desk, dates: dict[str, str | bool | None], taken: str | None, rule: Reason
) -> None:
    with Image.open(desk.data / POWELL_AGAIN[1]) as photo:
        exif = Image.Exif()
        if taken:
            exif[ExifTags.Base.DateTimeOriginal] = taken
        photo.save(desk.input / "dated.png", exif=exif)
    with closing(open_store(desk.settings.library_file)) as store, store.change("set", "dates"):
        store.edits.describe(_person(desk, "Powell"), dates)
    desk.recognize()
    face = _face(desk, "dated.png")
    assert face.rule is rule
    assert desk.report()["dated.png"]["people"] == ("Powell" if rule is Reason.ACCEPTED else "")
    assert [one.rule for one in face.ruled_out] == ([] if rule is Reason.ACCEPTED else [rule])
