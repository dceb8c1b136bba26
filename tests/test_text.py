"""What is made safe to show is told by Unicode's own data, not by the pattern that makes it so."""

import unicodedata

import pytest

from kith.text import counted, printable, size_in_words

TURNING = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}  # Unicode Standard Annex 9: directions
COMMANDING = {"Cc", "Cs", "Zl", "Zp"}  # controls (C0, DEL, C1), surrogates, separators of lines and paragraphs


def test_what_commands_a_terminal_turns_a_text_or_is_none_shows_escaped_and_nothing_else() -> None:
    signs = [chr(code) for code in range(0x110000)]
    escaped = {sign for sign in signs if printable(sign) != sign}
    harmful = {one for one in signs if unicodedata.category(one) in COMMANDING}
    assert escaped == harmful | {one for one in signs if unicodedata.bidirectional(one) in TURNING}
    assert all(printable(sign).isascii() and printable(sign).startswith("\\") for sign in escaped)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\x9b31mb", r"a\x9b31mb"),  # as ESC [ in one sign
        ("a\x7f\n\u202eb", r"a\x7f\n\u202eb"),
        ("Zoë 李 😀", "Zoë 李 😀"),
    ],
)
def test_the_rest_of_a_text_stays_as_it_is(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(("count", "told"), [(0, "0 photos"), (1, "1 photo"), (2, "2 photos"), (1000, "1,000 photos")])
def test_one_and_several_are_told_apart(count: int, told: str) -> None:
    assert counted(count, "photo") == told
    assert counted(count, "person", "people") == told.replace("photos", "people").replace("photo", "person")


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (10, "10 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (49_999, "50.0 kB"),
        (50_000, "0.1 MB"),
        (1_200_000, "1.2 MB"),
        (2_500_000_000, "2.5 GB"),
    ],
)
def test_a_size_is_told_in_a_fitting_unit(size: int, told: str) -> None:
    assert size_in_words(size) == told
