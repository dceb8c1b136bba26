"""Whom a text means: a name, another name, or `#` and the person's number; and whom it may have been meant for."""

import math
import re
import unicodedata
from collections.abc import Collection, Sequence

from kith.errors import BadInput
from kith.filing.names import UNKNOWN, is_unknown
from kith.jobs.phrases import display_names
from kith.messages import Action, Do, Message
from kith.text import as_read
from kith.values.persons import Person

_NUMBER = re.compile(r"#(\d+)", re.ASCII)
_AT_END = re.compile(r" #\d+$", re.ASCII)
_WORD = re.compile(r"[^\W_]+")
_SLIPS_FROM = (4, 8)  # a word of so many letters may have one slip, and a second: Ann is not Amy, but Sharom Sharon


def same_name(name: str, other: str) -> bool:
    """Say whether two names are one to a reader: capitals and the way accents are composed do not count."""
    return as_read(name) == as_read(other)


def may_mean(text: str, shown: str) -> bool:
    """Say whether a text may mean somebody shown by a name: that name, it without its number, or a number alone."""
    return same_name(text, shown) or same_name(text, _AT_END.sub("", shown)) or bool(_NUMBER.fullmatch(text))


def cleaned(text: str) -> str:
    """Return a name with single spaces; raises BadInput where there is none, or what is no text."""
    name = " ".join(as_text(text).split())
    if not name:
        raise BadInput("Type a name first.")
    return name


def new_name(text: str) -> str:
    """Return a name for somebody, as `cleaned`; raises BadInput for what can be nobody's name, too."""
    name = cleaned(text)
    if reason := why_no_name(name):
        raise BadInput(f"{reason} Type another name.")
    return name


def why_no_name(name: str) -> str:
    """Return why nobody can be called so, if so."""
    if is_unknown(name):
        return f"Nobody can be called {name}: the folder {UNKNOWN} is for photos of nobody known."
    if not name.strip(". "):
        return f"Nobody can be called {name}: points alone name a folder, not a person."
    return ""


def as_text(text: str) -> str:
    """Return what can be stored as text; raises BadInput for bytes of another encoding than the system's."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadInput(f"{text} is no text in UTF-8: type it anew.") from error
    return text


def person_called(persons: Collection[Person], text: str) -> Person | None:
    """Return whom a text means, None where nobody is called so.

    A name goes over another name (alias), `Ann #3` over both. Raises BadInput where several are called so, and for a
    number (`#3`) that nobody has: it is no name for somebody new.
    """
    name, shown = cleaned(text), display_names(persons)
    number = _NUMBER.fullmatch(name)
    found = [person for person in persons if same_name(shown[person.id], name) or _has_number(person, number)]
    found = found or [person for person in persons if same_name(person.name, name)]
    found = found or [person for person in persons if any(same_name(alias, name) for alias in person.aliases)]
    if number and not found:
        raise BadInput(f"Nobody has the number {name}: ", Do(Action.LIST_PEOPLE), " shows everybody.")
    if len(found) > 1:
        choice = " or ".join(_told_apart(person, shown[person.id]) for person in found)
        raise BadInput(f"{len(found)} people are called {name}: say which one, {choice}.")
    return found[0] if found else None


def person_meant(persons: Collection[Person], text: str) -> Person | str:
    """Return whom a text means, or the name of somebody new; raises BadInput as `person_called` and `new_name` do."""
    return person_called(persons, text) or new_name(text)


def _has_number(person: Person, number: re.Match[str] | None) -> bool:
    if number is None:
        return False
    return str(person.id) == number[1].lstrip("0")


def alike(persons: Collection[Person], text: str) -> Person | None:
    """Return whose name, or other name, a name that nobody has is much like: perhaps it was only mistyped.

    Raises BadInput as `person_called` does.
    """
    return None if person_called(persons, text) else _nearest(persons, text)


def hints_on(persons: Collection[Person], name: str) -> tuple[str, ...]:
    """Return what to say beside a change that makes a name which nobody had: whose it is much like, if anybody's."""
    for person in persons:
        if _is_called(person, name):
            return ()
    nearest = _nearest(persons, name)
    if nearest is None:
        return ()
    told = f"{name} is much like {nearest.numbered}. If they are one person, "
    return (Message(told, Do(Action.MERGE_PEOPLE), " makes one of two."),)


def _is_called(person: Person, name: str) -> bool:
    return any(same_name(known, name) for known in _names_of(person))


def _names_of(person: Person) -> tuple[str, ...]:
    return person.name, *person.aliases


def _nearest(persons: Collection[Person], name: str) -> Person | None:
    """Return who has a name with the fewest slips against that one, None where nobody's is much like it."""
    wanted = _words(name)
    nearest, fewest = None, math.inf
    for person in sorted(persons, key=lambda person: person.id):
        slips = min(_slips(wanted, _words(known)) for known in _names_of(person))
        if slips < fewest:
            nearest, fewest = person, slips
    return nearest


def _words(name: str) -> list[str]:
    """Return the words of a name without accents, capitals and punctuation."""
    bare = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return _WORD.findall(plain)


def _slips(words: Sequence[str], others: Sequence[str]) -> float:
    """Return how many slips lie between two names, whatever the order of their words; infinite for two people's."""
    if words and "".join(words) == "".join(others):
        return 0
    if not words or len(words) != len(others):
        return math.inf
    orders = (words, others), (sorted(words), sorted(others))
    return min(sum(map(_slips_of_word, *order)) for order in orders)


def _slips_of_word(word: str, other: str) -> float:
    """Return the slips in a word, infinite for more than it can have; numbers are given to tell people apart."""
    if word == other:
        return 0
    shorter, longer = sorted((len(word), len(other)))
    allowed = sum(longer >= length for length in _SLIPS_FROM)
    if longer - shorter > allowed or not (word + other).isalpha():
        return math.inf
    slips = _edits(word, other)
    return slips if slips <= allowed else math.inf


def _edits(word: str, other: str) -> int:
    """Return the optimal string alignment distance: letters missed, added, changed or swapped with the next one."""
    before, row = [0], list(range(len(other) + 1))
    for at, letter in enumerate(word, 1):
        earlier, before, row = before, row, [at]
        for there, sign in enumerate(other, 1):
            changed = before[there - 1] + (letter != sign)
            ways = [before[there] + 1, row[-1] + 1, changed]
            if at > 1 and there > 1 and (letter, word[at - 2]) == (other[there - 2], sign):
                ways.append(earlier[there - 2] + 1)
            row.append(min(ways))
    return row[-1]


def _told_apart(person: Person, shown: str) -> str:
    return shown if shown.endswith(f"#{person.id}") else f"{shown} (#{person.id})"
