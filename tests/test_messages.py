"""What the command line says, and how it ends: names made safe to print, words for what went wrong, exit codes."""

import os
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from kith.cli.main import cli
from kith.cli.output import terminal
from kith.errors import BadInput, BadPhoto, KithError, ModelMissing
from kith.jobs.engines import find_engines
from kith.jobs.open_library import OpenLibrary
from kith.jobs.person_changes import PersonChanges
from kith.jobs.person_names import person_called
from kith.jobs.phrases import display_names
from kith.jobs.user_words import Is
from kith.text import printable
from kith.values.persons import Person
from kith.vision.torchreid_networks import network_names
from tests.desk import REPOSITORY, ran, why
from tests.making import aged, posix_only
from tests.small_world import World

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "José") for form in ("NFC", "NFD"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A small world whose input has two photos called 8.png: one of a stranger, and one of Ann in a folder below."""
    world = World(tmp_path)
    world.put(1, "input/below")
    (world.root / "input/below/1.png").rename(world.root / "input/below/8.png")
    world.put(13, "input/below")
    world.recognise()
    return world


def _file(world: World) -> str:
    path = world.root / "settings.json"
    path.write_text(world.settings.model_dump_json(), encoding="utf-8")
    return str(path)


def _kith(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--settings", _file(world)])


def _key(world: World, path: str) -> int:
    query = "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path = ? ORDER BY a.id"
    return int(world.query(query, str(world.root / path))[0][0])


# Who is meant in a photo


def test_what_is_printed_of_somebody_in_a_photo_is_understood(world: World) -> None:
    stranger, ann, five = _key(world, "input/8.png"), _key(world, "input/below/8.png"), _key(world, "input/5.png")
    with closing(OpenLibrary(world.settings)) as library:
        library.say(Is([five], "Zoe"))
        printed = library.history()[0].summary.removesuffix(" is Zoe")
        assert printed == f"5.png#{five}"
        for text, key in {
            printed: five,
            why(world.settings, "5.png").appearances[0].appearance: five,
            f"8.png#{stranger}": stranger,  # two photos are called so, and the number tells which
            f"8.png#{ann}": ann,
            f"below/8.png#{ann}": ann,
            f"{world.root}/input/8.png#{stranger}": stranger,
            f"#{ann}": ann,
        }.items():
            assert library.appearance(text) == key
        for text in (f"below/8.png#{stranger}", f"5.png#{ann}", "#999999"):
            with pytest.raises(BadInput, match="nobody of that number shows there"):
                library.appearance(text)
        with pytest.raises(BadInput, match="PHOTO#NUMBER"):
            library.appearance("5.png")


def test_a_name_that_several_photos_have_is_asked_about_with_their_paths(world: World) -> None:
    for arguments in (["why", "8.png"], ["ignore", "--others", "8.png"]):
        refused = _kith(world, *arguments).exception
        assert isinstance(refused, BadInput)
        assert str(refused).startswith("8.png may be 2 photos, say which one: ")
        assert all(str(world.root / path) in str(refused) for path in ("input/8.png", "input/below/8.png"))
    assert why(world.settings, "below/8.png").photo == str(world.root / "input/below/8.png")
    with pytest.raises(BadInput, match="is not there: check the path or name"):
        why(world.settings, "elsewhere/8.png")


def test_of_somebody_in_a_photo_only_they_are_told(world: World) -> None:
    both = [one.appearance for one in why(world.settings, "6.png").appearances]
    assert len(both) == 2
    for one in both:
        assert [told.appearance for told in why(world.settings, one).appearances] == [one]


@posix_only
def test_a_name_is_understood_as_it_is_printed_and_as_it_is(world: World) -> None:
    path = world.root / "input/a\nb\x1b[31m.png"
    (world.root / "input/5.png").rename(path)
    world.recognise()
    key = _key(world, f"input/{path.name}")
    with closing(OpenLibrary(world.settings)) as library:
        assert library.appearance(f"{path.name}#{key}") == key
        assert library.appearance(f"{printable(path.name)}#{key}") == key


# Photos that cannot be read


def _truncated(path: Path) -> Path:
    """Write a photo whose beginning tells all facts, and whose picture cannot be read."""
    noise = Image.effect_noise((400, 300), 90)
    noise.save(path)
    path.write_bytes(path.read_bytes()[:20_000])
    return aged(path)


def test_why_says_that_a_photo_failed_and_why(world: World) -> None:
    empty, broken = world.root / "input/empty.png", world.root / "input/broken.png"
    empty.touch()
    aged(empty)
    _truncated(broken)
    for path, reason in ((empty, "the file is empty"), (broken, "truncated")):
        with pytest.raises(BadPhoto, match=f"{path.name}: failed, nothing is decided on it: .*{reason}"):
            why(world.settings, path)
    known = _truncated(world.root / "input/5.png")
    with pytest.raises(BadPhoto, match=r"failed, what was decided on it before stands: .*truncated"):
        why(world.settings, known)


def test_why_of_what_is_no_photo_says_so(world: World) -> None:
    for text, message in (
        (str(world.root / "input"), "is a folder: name a photo in it"),
        ("n" * 5000, "is not there"),
        ("n" * 5000 + "#3", "nobody of that number|is not there"),
        ("", "is a folder"),
    ):
        with pytest.raises(BadInput, match=message):
            why(world.settings, text)


ODD = {"letters": "n" * 5000, "folders": "a/" * 2500, "digits": "#" + "9" * 5000, "bytes": "caf\udce9"}


@pytest.mark.parametrize("odd", list(ODD))
def test_whatever_a_text_is_it_gets_an_answer(world: World, odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = ODD[odd]
    monkeypatch.chdir(world.root)
    for arguments in (
        ["why", text], ["why", f"{text}#1"], ["link", f"{text}#1", "Ann"], ["link", "#1", text],
        ["unlink", f"{text}#1"],
        ["people", "show", text], ["people", "create", text], ["people", "rename", "Ann", text], ["people", "undo"],
        ["people", "rename", "Ann", text, "--rename-folder"], ["people", "undo"], ["people", "merge", text, text],
        ["people", "set", "Ann", f"birth={text}"], ["people", "set", "Bob", f"notes={text}", "--alias", text],
        ["people", "set", "Bob", f"{text}={text}"], ["people", "split", "Ann", f"{text}#1", "--to", text],
        ["ignore", text], ["ignore", "--others", text], ["forget", text], ["backup", text], ["import-kb", text],
        ["recognize", text], ["recognize", "--output", text], ["redecide"], ["people", "rename", "Eve", "Eva"],
        ["models", "--set", f"models_dir={text}"], ["people", "list", "--set", f"library_path={text}"],
        ["why", "8.png", "--set", f"dataset_dir={text}"], ["models", "download", text],
    ):  # fmt: skip
        done = _kith(world, *arguments)
        assert done.exit_code in (0, 2, 3) or isinstance(done.exception, KithError), (arguments[:2], done.exception)


@posix_only
def test_a_photo_whose_name_is_no_text_is_spoken_of(world: World) -> None:
    path = Path(os.fsdecode(os.fsencode(world.root / "input") + b"/caf\xe9.png"))
    (world.root / "input/5.png").rename(path)
    world.recognise()
    key = _key_of_bytes(world, path)
    for appearance in (f"{path}#{key}", rf"caf\udce9.png#{key}"):
        done = _kith(world, "link", appearance, "Zoe")
        assert done.exit_code == 0, done.exception
        assert done.stdout.startswith(rf"caf\udce9.png#{key} is Zoe.")
    assert rf"caf\udce9.png#{key} is Zoe" in _kith(world, "people", "history").stdout


def _key_of_bytes(world: World, path: Path) -> int:
    query = "SELECT a.id FROM appearances a JOIN files f ON f.photo_id = a.photo_id WHERE f.path = ?"
    ((key,),) = world.query(query, os.fsencode(path))
    return int(key)


# Models


@pytest.mark.parametrize("weights", ["", "first.onnx.pth"])
@pytest.mark.parametrize("name", ["osnet_ain", "OSNET_X0_25", "yolox_nano", "yunet_2026may", "mine.pth"])
def test_a_network_that_is_none_is_named_with_those_there_are(world: World, name: str, weights: str) -> None:
    world.values |= {"body_policy": "suggest", "reid_model": name, "reid_weights": weights}
    (world.root / "first.onnx.pth").write_bytes(b"weights")
    with pytest.raises(ModelMissing) as refused:
        find_engines(world.settings)
    assert f"reid_model names {name}, which is no network" in str(refused.value)
    assert "osnet_ain_x1_0 or osnet_x0_25" in str(refused.value)
    assert "resnet50mid" in str(refused.value)
    assert "build-kb" not in str(refused.value)
    done = _kith(world, "models", "download")
    assert str(done.exception) == str(refused.value)


def test_a_network_without_weights_to_fetch_asks_for_them(world: World) -> None:
    world.values |= {"body_policy": "suggest", "reid_model": "osnet_x0_5", "reid_weights": ""}
    with pytest.raises(ModelMissing, match="let reid_weights name a file of your own"):
        find_engines(world.settings)
    (world.root / "mine.pth").write_bytes(b"weights")
    world.values |= {"reid_weights": "mine.pth"}
    assert find_engines(world.settings)[0].body_model_id
    world.values |= {"body_policy": "off", "reid_model": "nothing"}
    assert find_engines(world.settings)[0].body_model_id is None


def test_the_networks_names_are_those_that_torchreid_builds() -> None:
    code = "from kith.vision.torchreid_networks import _torchreid_models\n_torchreid_models().show_avai_models()"
    told = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert str(network_names()) == told.stdout.strip()


# A wrong command line


@pytest.mark.parametrize("command", [["build-kb"], ["people", "list"], ["settings"], ["models"], ["why", "5.png"]])
@pytest.mark.parametrize("file", ["setings.json", "input", "5" * 300])
def test_a_mistyped_settings_file_is_a_wrong_command_line(tmp_path: Path, command: list[str], file: str) -> None:
    (tmp_path / "input").mkdir()
    done = CliRunner().invoke(cli, [*command, "--settings", str(tmp_path / file)])
    assert done.exit_code == 2
    assert f"Invalid value for --settings: {tmp_path / file} is " in done.output
    assert done.stdout == ""


@pytest.mark.parametrize(
    "command", [["build-kb"], ["recognize"], ["people", "list"], ["models"], ["unknowns"], ["check"]]
)
@pytest.mark.parametrize("override", ["face_tol=near", "face_tol=9", "no_such_key=1", "face_tol", "body_policy=", "=1"])
def test_a_wrong_override_is_a_wrong_command_line(tmp_path: Path, command: list[str], override: str) -> None:
    (tmp_path / "settings.json").write_text("{}", encoding="utf-8")
    done = CliRunner().invoke(cli, [*command, "--settings", str(tmp_path / "settings.json"), "--set", override])
    assert done.exit_code == 2
    assert "Invalid value for --set: " in done.output
    assert "--help" in done.output


# A run that came to nothing


def _only(world: World, folder: str, *broken: str) -> None:
    """Let a folder of the world hold broken photos only."""
    for path in [path for path in (world.root / folder).rglob("*") if path.is_file()]:
        path.unlink()
    for name in broken:
        (world.root / folder / name).parent.mkdir(parents=True, exist_ok=True)
        (world.root / folder / name).write_bytes(b"no photo")
        aged(world.root / folder / name)


def test_a_run_in_which_every_photo_failed_does_not_end_well(world: World) -> None:
    _only(world, "input", "a.png", "b.png")
    done = _kith(world, "recognize")
    assert done.exit_code == 3
    assert "Not one photo could be used" in done.stderr
    assert "2 failed" in done.stdout
    assert _kith(world, "recognize", str(world.root / "input/a.png")).exit_code == 3
    world.put(13, "input")
    assert _kith(world, "recognize").exit_code == 0


def test_a_build_that_learns_nothing_does_not_end_well(world: World) -> None:
    _only(world, "people/Ann", "a.png")
    assert _kith(world, "build-kb").exit_code == 0  # the others teach
    for name in ("Bob", "Eve"):
        _only(world, f"people/{name}", "a.png")
    done = _kith(world, "build-kb", "--json")
    assert done.exit_code == 3
    assert '"event": "BuildFinished"' in done.stdout


# People written alike


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["Ann", "Bob"], ["Ann", "Bob"]),
        (["Ann", "Ann"], ["Ann #1", "Ann #2"]),
        (["Ann", "ANN"], ["Ann #1", "ANN #2"]),
        ([COMPOSED, DECOMPOSED], [f"{COMPOSED} #1", f"{DECOMPOSED} #2"]),
        ([COMPOSED, DECOMPOSED.upper()], [f"{COMPOSED} #1", f"{DECOMPOSED.upper()} #2"]),
        (["STRASSE", "Straße"], ["STRASSE #1", "Straße #2"]),
        (["Ann  Rossi", "Ann Rossi"], ["Ann  Rossi #1", "Ann Rossi #2"]),
        (["unknown", "Ann"], ["unknown #1", "Ann"]),
        (["Ann", "Ann", "Ann #2"], ["Ann #1", "Ann #2", "Ann #2 #3"]),
    ],
)
def test_people_written_alike_carry_their_number_and_are_found_by_it(names: list[str], shown: list[str]) -> None:
    people = [Person(number, name) for number, name in enumerate(names, 1)]
    told = display_names(people)
    assert list(told.values()) == shown
    for person in people:
        assert person_called(people, told[person.id]) == person
        assert person_called(people, unicodedata.normalize("NFD", told[person.id]).lower()) == person
        assert person_called(people, f"#{person.id}") == person


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system takes both names for one")
def test_a_build_shows_people_written_alike_with_their_number(world: World) -> None:
    (world.root / "people/Ann").rename(world.root / "people" / COMPOSED)
    (world.root / "people/Bob").rename(world.root / "people" / DECOMPOSED)
    world.build()
    told = _kith(world, "build-kb").output
    assert f"{COMPOSED} #1: " in told
    assert f"{DECOMPOSED} #2: " in told


# Names that would command a terminal


@posix_only
def test_no_name_commands_the_terminal(world: World) -> None:
    name = "a\x1b[31mred\x9b0m\u202egnp.png"
    (world.root / "input/5.png").rename(world.root / f"input/{name}")
    with world.library() as library:
        PersonChanges(library).rename(library.people.find("Ann"), "Ann\x1b[2J")
        PersonChanges(library).set(
            library.people.find("Bob"), {"notes": "\x1b]0;title\x07"}, {"\x1bkey": "\x1bvalue"}, {"\x1bBobby": True}
        )
    for arguments in (
        ["recognize"], ["recognize", "--output", "{root}/o\x1b[1m"], ["people", "list"], ["people", "show", "Bob"],
        ["why", name], ["why", "no\x1b[31m.png"], ["why", "a", "b\x1b[31m.png"], ["people", "show", "\x1b[31m"],
        ["recognize", "no\x1b[31m"], ["people", "history"], ["people", "create", "Z\x1b[31m"], ["\x1b[31m"],
        ["settings", "--set\x1b[31m"], ["check"], ["people", "list", "--set", "face_tol=\x1b[31m\x07\u202e"],
        ["backup", "{root}/b\x1b[31m"], ["models", "--set", "models_dir={root}/m\x1b[31m"], ["people", "undo"],
    ):  # fmt: skip
        given = (one.format(root=world.root) for one in arguments)
        code, out, err = ran(*given, *(["--settings", _file(world)] if len(arguments[0]) > 4 else []))
        assert code != 1, err
        harmful = [sign for sign in out + err if sign != "\n" and unicodedata.category(sign) in {"Cc", "Cf"}]
        assert not harmful, (arguments, out, err)


def test_text_is_no_markup_and_no_emoji_on_a_terminal() -> None:
    console = terminal()
    with console.capture() as captured:
        console.print(":smile: [bold]x[/bold] [link=file:///]y[/link] 12 True", soft_wrap=True)
    assert captured.get() == ":smile: [bold]x[/bold] [link=file:///]y[/link] 12 True\n"


@posix_only
def test_a_photo_s_name_stands_on_a_terminal_as_it_is(world: World) -> None:
    name = f":smile: [red]{12 * 'longer than a line '}\x9b31m.png"
    (world.root / "input/5.png").rename(world.root / "input" / name)
    keyboard, screen = os.openpty()
    command = [sys.executable, "-m", "kith", "recognize", "--settings", _file(world)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=screen, stderr=screen) as process:
        os.close(screen)
        shown = b"".join(_read(keyboard))
    os.close(keyboard)
    assert process.returncode == 0
    assert f"{printable(name)} → " in shown.decode()


def _read(terminal: int) -> Iterator[bytes]:
    """Yield what is shown on a terminal until nobody is there to show more."""
    with suppress(OSError):  # so Linux tells it
        while shown := os.read(terminal, 4096):
            yield shown
