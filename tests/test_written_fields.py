"""What Kith wrote to a file, kept without what follows: it comes back as it was, whatever it was."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kith.filing.xmp_names import NamedPlace, PhotoNames, wanted_names
from kith.library.written_fields import packed, unpacked
from kith.photos.box import Box

BOX = Box(0.41, 0.23, 0.11, 0.14)
FIELDS = ("mwg", "microsoft", "in_image", "digikam", "lightroom", "dimensions", "+")
PEOPLE = some.lists(some.builds(NamedPlace, some.text(), some.sampled_from([None, BOX])), max_size=4).map(tuple)


def _wanted(*people: NamedPlace) -> dict[str, list[str]]:
    return {field: [*texts] for field, texts in wanted_names(PhotoNames(people, 4000, 3000)).items()}


@given(PEOPLE)
def test_what_kith_writes_comes_back(people: tuple[NamedPlace, ...]) -> None:
    assert unpacked(packed(_wanted(*people))) == _wanted(*people)


@given(some.dictionaries(some.sampled_from(FIELDS[:-1]), some.lists(some.text())))
def test_whatever_was_written_comes_back(written: dict[str, list[str]]) -> None:
    assert unpacked(packed(written)) == written


@pytest.mark.parametrize("names", [["Ann Berg"], ["Ann Berg", "Bob"], ["Ann", "Ann"]])
def test_what_follows_from_the_regions_is_not_kept(names: list[str]) -> None:
    written = _wanted(*(NamedPlace(name, BOX) for name in names))
    text = packed(written)
    assert set(json.loads(text)) == {"+", "mwg", "dimensions"}
    assert 2 * len(text) < len(json.dumps(written))
    assert unpacked(text) == written


@pytest.mark.parametrize(
    "people", [(NamedPlace("Ann"),), (NamedPlace("Ann", BOX), NamedPlace("Bob")), (NamedPlace("A/B", BOX),), ()]
)
def test_what_does_not_follow_is_kept(people: tuple[NamedPlace, ...]) -> None:
    assert json.loads(packed(_wanted(*people))) == _wanted(*people)


def test_what_earlier_versions_kept_is_read_as_it_is() -> None:
    assert unpacked('{"mwg": ["0.1 0.1 0.2 0.2 Ann"]}') == {"mwg": ["0.1 0.1 0.2 0.2 Ann"]}


@pytest.mark.parametrize("text", ["", "[]", "7", '{"mwg": 7}', '{"mwg": [7]}', '{"+": [], "mwg": [null]}'])
def test_what_is_nothing_of_the_kind_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        unpacked(text)
