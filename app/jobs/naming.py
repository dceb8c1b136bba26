"""Whom a text means: a name, another name, or `#` and the person's number."""

import re
from collections.abc import Collection

from app.errors import BadInput, command
from app.identity.person_records import Person
from app.jobs.wording import display_names
from app.text import as_read

_NUMBER = re.compile(r"#(\d+)", re.ASCII)


def same_name(one: str, other: str) -> bool:
    """Say whether two names are one to a reader: capitals and the way accents are composed do not count."""
    return as_read(one) == as_read(other)


def cleaned(text: str) -> str:
    """Return a name with single spaces; raises BadInput where there is none, or what is no text."""
    name = " ".join(as_text(text).split())
    if not name:
        raise BadInput("Type a name first.")
    return name


def as_text(text: str) -> str:
    """Return what can be stored as text; raises BadInput for bytes of another encoding than the system's."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadInput(f"{text} is no text in UTF-8: type it anew.") from error
    return text


def who(persons: Collection[Person], text: str) -> Person | None:
    """Return whom a text means, None where nobody is called so.

    A name goes over another name (alias), `Ann #3` over both. Raises BadInput where several are called so, and for a
    number (`#3`) that nobody has: it is no name for somebody new.
    """
    name, shown = cleaned(text), display_names(persons)
    number = _NUMBER.fullmatch(name)
    found = [one for one in persons if same_name(shown[one.id], name) or (number and _has_number(one, number[1]))]
    found = found or [one for one in persons if same_name(one.name, name)]
    found = found or [one for one in persons if any(same_name(alias, name) for alias in one.aliases)]
    if number and not found:
        raise BadInput(f"Nobody has the number {name}: {command('people', 'list')} shows everybody.")
    if len(found) > 1:
        choice = " or ".join(_told_apart(one, shown[one.id]) for one in found)
        raise BadInput(f"{len(found)} people are called {name}: say which one, {choice}.")
    return found[0] if found else None


def _has_number(person: Person, digits: str) -> bool:
    return str(person.id) == digits.lstrip("0")


def _told_apart(person: Person, shown: str) -> str:
    return shown if shown.endswith(f"#{person.id}") else f"{shown} (#{person.id})"
