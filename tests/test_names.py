"""Names of folders and files that every file system takes."""

import ntpath
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kith.filing.names import UNKNOWN, folder_names, numbered, safe_name, safe_photo_name
from kith.values.persons import Person


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Ann", "Ann"),
        ("Zoë Müller-Łukasz 张伟", "Zoë Müller-Łukasz 张伟"),
        ("Dr. No", "Dr. No"),
        ('a<b>c:d"e/f\\g|h?i*j', "a_b_c_d_e_f_g_h_i_j"),
        ("tab\tnew\nline\0\x7f", "tab_new_line__"),
        ("../../etc", "_._.._etc"),
        (".hidden", "_hidden"),
        (".", "_"),
        ("..", "__"),
        ("", "_"),
        (" ", "_"),
        (" Ann", "_Ann"),
        ("Ann.", "Ann_"),
        ("Ann ", "Ann_"),
        ("Ann...", "Ann.._"),
        ("lone \ud800", "lone _"),
        ("con", "_con"),
        ("NUL", "_NUL"),
        ("Aux.jpg", "_Aux.jpg"),
        ("com1 .x", "_com1 .x"),
        ("LPT³", "_LPT³"),
        ("CONOUT$", "_CONOUT$"),
        ("Constance", "Constance"),
        ("Con Nery", "Con Nery"),
    ],
)
def test_invariant_3_a_name_that_is_no_folder_name_is_made_one_visibly(name: str, folder: str) -> None:
    assert safe_name(name) == folder


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("x" * 300, "x" * 200),
        ("é" * 300, "é" * 100),
        ("x" + "é" * 300, "x" + "é" * 99),
        ("👪" * 60, "👪" * 50),
        ("x" * 199 + " y", "x" * 199 + "_"),
        ("x" * 199 + ".y", "x" * 199 + "_"),
    ],
)
def test_an_over_long_name_is_cut_between_letters(name: str, folder: str) -> None:
    assert safe_name(name) == folder
    assert len(folder.encode()) <= 200


@pytest.mark.parametrize(
    ("name", "copied"),
    [
        ("IMG_1234.JPG", "IMG_1234.JPG"),
        ("Zoë Müller – 写真 (2).heic", "Zoë Müller – 写真 (2).heic"),
        (unicodedata.normalize("NFD", "Zoé.jpg"), unicodedata.normalize("NFD", "Zoé.jpg")),
        ('a<b>c:d"e/f\\g|h?i*j.jpg', "a_b_c_d_e_f_g_h_i_j.jpg"),
        ("tab\tnew\nline\0\x7f.jpg", "tab_new_line__.jpg"),
        ("con.jpg", "_con.jpg"),
        ("LPT³ .jpg", "_LPT³ .jpg"),
        ("conin$.tar.jpg", "_conin$.tar.jpg"),
        (".hidden.jpg", "_hidden.jpg"),
        (" photo .jpg", "_photo .jpg"),
        ("photo.jpg. ", "photo.jpg._"),
        ("caf\udce9.jpg", "caf_.jpg"),
        ("x" * 300 + ".jpeg", "x" * 250 + ".jpeg"),
        ("写" * 100 + ".jpg", "写" * 83 + ".jpg"),
        ("x." + "y" * 300, "x." + "y" * 253),
        ("", "_"),
    ],
)
def test_a_photos_name_is_kept_but_for_what_file_systems_do_not_take(name: str, copied: str) -> None:
    assert safe_photo_name(name) == copied


@given(st.text(st.one_of(st.sampled_from(" .CcOoNnxX1:/é"), st.characters()), max_size=300))
def test_every_photos_name_becomes_one_that_windows_takes(name: str) -> None:
    copied = safe_photo_name(name)
    assert copied
    assert len(copied.encode()) <= 255
    assert not _reserved_on_windows(copied)
    assert not copied.startswith((".", " "))
    assert not copied.endswith((".", " "))
    assert safe_photo_name(copied) == copied


def _reserved_on_windows(name: str) -> bool:
    """Ask Python, which knows the rules of Windows on every system."""
    ask = getattr(ntpath, "isreserved", None)
    return ask(name) if ask else PureWindowsPath(name).is_reserved()


@given(st.text(st.one_of(st.sampled_from(" .CcOoNn#1:/é"), st.characters())))
def test_every_name_becomes_one_that_windows_takes(name: str) -> None:
    folder = safe_name(name)
    assert folder
    assert not _reserved_on_windows(folder)
    assert not folder.startswith((".", " "))
    assert not folder.endswith((".", " "))
    assert safe_name(folder) == folder


def _folders(*names: str) -> list[str]:
    named = folder_names(Person(number, name, ()) for number, name in enumerate(names, 1))
    assert named.pop(None) == UNKNOWN
    return list(named.values())


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        (["Ann", "Bob"], ["Ann", "Bob"]),
        (["Ann", "Ann", "Bob"], ["Ann #1", "Ann #2", "Bob"]),
        (["Ann", "ANN"], ["Ann #1", "ANN #2"]),
        (["STRASSE", "Straße"], ["STRASSE #1", "Straße #2"]),
        (["A:b", "A?b"], ["A_b #1", "A_b #2"]),
        ([UNKNOWN], [f"{UNKNOWN} #1"]),
        (["unknown", "Ann"], ["unknown #1", "Ann"]),
        (["Ann", "Ann", "Ann #2"], ["Ann #1", "Ann #2", "Ann #2 #3"]),
        (["x" * 250 + "1", "x" * 250 + "2"], ["x" * 200 + " #1", "x" * 200 + " #2"]),
        ([unicodedata.normalize("NFC", "José"), unicodedata.normalize("NFD", "José")], ["José #1", "José #2"]),
    ],
)
def test_invariant_3_people_whose_names_would_share_a_folder_carry_their_id(
    names: Sequence[str], folders: Sequence[str]
) -> None:
    assert _folders(*names) == folders


@given(
    st.lists(st.sampled_from(["Ann", "ann", "Ann #1", "Ann #2", "Ann #2 #3", "Ann.", "Ann_", "unknown"]), max_size=8)
)
def test_no_two_people_share_a_folder(names: list[str]) -> None:
    folders = [UNKNOWN, *_folders(*names)]
    assert len({folder.casefold() for folder in folders}) == len(folders)


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("a.jpg", 1, "a.jpg"),
        ("a.jpg", 2, "a (2).jpg"),
        ("a.b.jpg", 12, "a.b (12).jpg"),
        ("x" * 251 + ".jpg", 1, "x" * 251 + ".jpg"),
        ("x" * 251 + ".jpg", 2, "x" * 247 + " (2).jpg"),
        ("é" * 125 + ".jpg", 2, "é" * 123 + " (2).jpg"),
    ],
)
def test_a_name_taken_gets_a_number_and_stays_short_enough(name: str, number: int, expected: str) -> None:
    assert numbered(Path("folder", name), number) == Path("folder", expected)
