"""What somebody types to find photos, read as a condition: `Anna and (Ben or Cleo) not Dora year:2019`."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kith.errors import BadInput, BadSearch
from kith.jobs.person_names import alike
from kith.jobs.phrases import display_names
from kith.text import as_read, folded
from kith.values.partial_dates import check_partial
from kith.values.persons import Person
from kith.values.photo_condition import (
    AllOf,
    AnyOf,
    Below,
    Camera,
    Condition,
    Faces,
    InFolder,
    InState,
    Not,
    Shows,
    Taken,
    Words,
)
from kith.values.photo_filter import PhotoState

if TYPE_CHECKING:
    from lark import Lark, Token

# A word ends at a space, a bracket or a quotation mark; one with a colon behind it names a field.
_GRAMMAR = r"""
    start: any_of?
    any_of: all_of (_OR all_of)*
    all_of: part (_AND? part)*
    ?part: _NOT part -> without
         | "(" any_of ")"
         | FIELD (WORD | QUOTED) -> field
         | WORD+ -> words
         | QUOTED -> quoted
    _OR.2: /or(?![^\s()"])/i
    _AND.2: /(and|together\s+with)(?![^\s()"])/i
    _NOT.2: /not(?![^\s()"])/i
    FIELD: /[^\s()":]+:/
    WORD: /[^\s()":]+(?![^\s()"])/
    QUOTED: /"[^"]*"/
    %ignore /\s+/
"""
_MISSING = "Something to search for is missing"
_RANGE = ".."
_MOST_LETTERS, _DEEPEST = 1000, 6  # less than what SQLite takes as one condition
_FACES = re.compile(r"(\d{1,4})(\.\.(\d{1,4})?)?|\.\.(\d{1,4})", re.ASCII)


class SearchText:
    """A reader of searches, who knows the people's names.

    Names may be of several words, `Anna?` counts photos too where she is only suggested, a quotation stands for itself.
    Words that are nobody's name are looked for in paths and within names.
    """

    def __init__(self, people: Iterable[Person]) -> None:
        self._people = list(people)
        self._called: defaultdict[str, list[int]] = defaultdict(list)
        shown = display_names(self._people)
        names = {person.id: {shown[person.id], person.name, *person.aliases} for person in self._people}
        self._names = {key: [folded(name) for name in all_names] for key, all_names in names.items()}
        for key, all_names in names.items():
            for name in {as_read(name) for name in (*all_names, f"#{key}")}:
                self._called[name].append(key)

    def read(self, text: str) -> Condition:
        """Return what a search means; raises BadSearch, which points at the place, where it means nothing."""
        from lark.exceptions import UnexpectedCharacters, UnexpectedToken

        _check_size(text)
        try:
            (tree, *_) = _parser().parse(text).children or (None,)
        except UnexpectedToken as error:
            raise _misplaced(text, error.token) from error
        except UnexpectedCharacters as error:  # anything else is a word
            raise BadSearch(text, error.pos_in_stream or 0, "This quotation mark has no second one") from error
        return self._condition(text, tree) if tree else AllOf(())

    def hints(self, condition: Iterable[Condition]) -> Iterator[str]:
        """Return what to say of words that are nobody's name."""
        for part in condition:
            if isinstance(part, Words) and not part.people:
                nearest = alike(self._people, part.text)
                meant = f" Did you mean {nearest.name}?" if nearest else ""
                yield f"Nobody is called {part.text}: it was looked for in paths.{meant}"

    def _condition(self, text: str, tree: Any) -> Condition:
        match tree.data:
            case "any_of" | "all_of":
                parts = tuple(self._condition(text, part) for part in tree.children)
                together = AnyOf if tree.data == "any_of" else AllOf
                return parts[0] if len(parts) == 1 else together(parts)
            case "without":
                (part,) = tree.children
                denied = self._condition(text, part)
                return denied.part if isinstance(denied, Not) else Not(denied)
            case "field":
                return _field(text, *tree.children)
            case "quoted":
                (quoted,) = tree.children
                phrase = _unquoted(text, quoted)
                return self._person(phrase) or self._words(phrase)
        parts = tuple(self._named([str(word) for word in tree.children]))
        return parts[0] if len(parts) == 1 else AllOf(parts)

    def _named(self, words: list[str]) -> Iterator[Condition]:
        """Return the people of words in a row, the longest names first, and words that are in no name."""
        while words:
            for count in range(len(words), 0, -1):
                if person := self._person(" ".join(words[:count])):
                    yield person
                    break
            else:
                yield self._words(words[0])
            del words[:count]

    def _person(self, name: str) -> Shows | None:
        perhaps = name.endswith("?")
        called = self._called.get(as_read(name.removesuffix("?")))
        return Shows(tuple(called), perhaps) if called else None

    def _words(self, text: str) -> Words:
        wanted = folded(text)
        having = (key for key, names in self._names.items() if any(wanted in name for name in names))
        return Words(text, tuple(having))


@cache
def _parser() -> "Lark":
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", lexer="basic")


def _check_size(text: str) -> None:
    if len(text) > _MOST_LETTERS:
        raise BadSearch(text, _MOST_LETTERS, f"A search has at most {_MOST_LETTERS} letters")
    depth = 0
    for nested in re.finditer(r"[()]", text):
        depth += 1 if nested[0] == "(" else -1
        if depth > _DEEPEST:
            raise BadSearch(text, nested.start(), f"At most {_DEEPEST} brackets may be open at once")


def _misplaced(text: str, token: "Token") -> BadSearch:
    if token.type == "$END":
        is_open = text.count("(") > text.count(")")
        return BadSearch(text, len(text), "A closing bracket is missing" if is_open else _MISSING)
    at = token.start_pos or 0
    if token.type == "RPAR" and text[:at].count("(") <= text[:at].count(")"):
        return BadSearch(text, at, "This closing bracket has no opening one")
    return BadSearch(text, at, f"{_MISSING} here")


def _field(text: str, field: "Token", value: "Token") -> Condition:
    name = str(field).removesuffix(":").casefold()
    if name not in _FIELDS:
        raise BadSearch(text, field.start_pos or 0, f"{name}: is nothing to search by; there are {', '.join(_FIELDS)}")
    plain = _unquoted(text, value)
    try:
        return _FIELDS[name](plain)
    except BadInput as error:
        raise BadSearch(text, value.start_pos or 0, str(error).removesuffix(".")) from error


def _unquoted(text: str, token: "Token") -> str:
    plain = str(token).strip('"')
    if not plain.strip():
        raise BadSearch(text, token.start_pos or 0, "There is nothing between these quotation marks")
    return plain


def _taken(text: str) -> Taken:
    since, is_range, until = text.partition(_RANGE)
    bounds = Taken(since, until if is_range else since)
    for bound in filter(None, (bounds.since, bounds.until)):
        check_partial(bound)
    if not (bounds.since or bounds.until):
        raise BadInput(f"{text} is no date: give a year (1950), a day (1950-03-31) or a range (1950..1959).")
    return bounds


def _faces(text: str) -> Faces:
    found = _FACES.fullmatch(text)
    if not found:
        raise BadInput(f"{text} is no number of faces: give one (2) or a range (2..4, 3.., ..2).")
    least, is_range, most, only_most = found.groups()
    if only_most:
        return Faces(0, int(only_most))
    if is_range:
        return Faces(int(least), int(most) if most else None)
    return Faces(int(least), int(least))


def _folder(text: str) -> Below | InFolder:
    path = Path(os.path.expanduser(text))
    if path.is_absolute():
        return Below(Path(os.path.abspath(path)))
    return InFolder("/".join(part for part in re.split(r"[/\\]", text) if part))


def _state(text: str) -> InState:
    try:
        return InState(PhotoState(text.casefold()))
    except ValueError as error:
        raise BadInput(f"{text} is none of {', '.join(PhotoState)}.") from error


_FIELDS: dict[str, Callable[[str], Condition]] = {
    "year": _taken,
    "date": _taken,
    "from": lambda text: _taken(text + _RANGE),
    "to": lambda text: _taken(_RANGE + text),
    "folder": _folder,
    "camera": Camera,
    "faces": _faces,
    "with": _state,
}
