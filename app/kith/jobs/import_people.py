"""Take over people of another library from their file: shown person by person first, then as one change."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from kith.errors import BadInput
from kith.filing.people_file import PeopleFile, read_people
from kith.jobs.library_file import check_library, open_records
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.people_joining import Joined, PeopleJoining
from kith.jobs.people_matching import Choices, Matching, PersonMeant, Verdict
from kith.jobs.told_people import ToldPeople
from kith.messages import Action, Do, Message
from kith.settings import Settings
from kith.text import counted, printable

_MOST_TOLD = 20  # contradictions in words


@dataclass(frozen=True, slots=True)
class PeopleFound:
    """Who is in a file of people, and who that is here; `joined` tells what taking them over would come to."""

    file: Path
    people: tuple[PersonMeant, ...]
    joined: Joined
    told: ToldPeople = field(repr=False)


class _OnlyAsked(Exception):
    """Nothing is to be changed."""


def find_people(settings: Settings, file: Path, choices: Choices | None = None) -> PeopleFound:
    """Return who is in a file of people, who that is here, and what taking them over would come to.

    `choices` go before what is proposed. Nothing is written. Raises BadInput and BadKnowledgeBase.
    """
    told = ToldPeople(_read(file))
    if not os.path.exists(settings.library_file):
        check_library(settings, create=True)
        return PeopleFound(file, tuple(Matching(told, None).meant(choices or {})), _all_new(told), told)
    with OpenLibrary(settings) as library:
        return _found(library, file, told, choices or {})


def _found(library: OpenLibrary, file: Path, told: ToldPeople, choices: Choices) -> PeopleFound:
    _check_lengths(library, told)
    meant = Matching(told, library).meant(choices)
    joining = PeopleJoining(library, told, meant)
    with suppress(_OnlyAsked), library.store.transaction():
        joining.join()
        raise _OnlyAsked
    return PeopleFound(file, tuple(meant), joining.joined, told)


def _all_new(told: ToldPeople) -> Joined:
    content = told.content
    words = len(content.words) + len(content.ignored)
    return Joined(new=len(content.people), words=words, samples=len(content.observations))


def import_people(settings: Settings, found: PeopleFound) -> Outcome:
    """Take over the people that were found, as one change that can be undone; what is said here stays.

    Raises BadInput where somebody whom they were taken for is gone since, and BadKnowledgeBase.
    """
    if not any(meant.verdict is not Verdict.WITHOUT for meant in found.people):
        raise BadInput(f"Nobody of {found.file} is wanted. Nothing was imported.")
    open_records(settings, create=True).close()
    with OpenLibrary(settings) as library:
        _check_lengths(library, found.told)
        joining = PeopleJoining(library, found.told, found.people)
        kept = library.change("import-people", f"People of {found.file.name} imported", joining.join)
        joined = joining.joined
        hints = (*contradiction_lines(joined), *library.people.twice(joined.named), *_hints(joined))
    return Outcome(f"{_told(joined)}.", kept, hints)


def _read(file: Path) -> PeopleFile:
    try:
        with file.open("rb") as opened:
            return read_people(opened)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror or error}.") from error


def _check_lengths(library: OpenLibrary, told: ToldPeople) -> None:
    for model, vectors in told.content.vectors.items():
        length = library.store.told.length(model)
        if length not in (None, vectors.shape[1]):
            raise BadInput(f"The vectors of {printable(model)} in the file are of another length than those here.")


def found_lines(found: PeopleFound) -> list[str]:
    """Return who is whom, person by person, what contradicts, and what importing it would come to, line by line."""
    return [*map(person_line, found.people), *contradiction_lines(found.joined), summary_line(found)]


def summary_line(found: PeopleFound) -> str:
    """Return what importing would come to."""
    return f"{counted(len(found.people), 'person', 'people')}: {_told(found.joined)}."


def person_line(meant: PersonMeant) -> str:
    """Return who somebody of the file is here, and why."""
    apart = "" if meant.distance is None else f", {meant.distance:.2f} apart"
    match meant.verdict:
        case Verdict.SAME:
            return f"{meant.name} is {meant.into}{apart}: {meant.reason}"
        case Verdict.MERGE:
            return f"{meant.name} becomes {meant.into}{apart}: {meant.reason}"
        case Verdict.WITHOUT:
            return f"{meant.name} is left out"
    perhaps = f"; perhaps {meant.perhaps}{apart}" if meant.perhaps else ""
    return f"{meant.name} is new: {meant.reason}{perhaps}"


def contradiction_lines(joined: Joined) -> Sequence[str]:
    """Return what is said otherwise there, the first of it where it is much."""
    told = joined.contradictions
    more = len(told) - _MOST_TOLD
    return (*told[:_MOST_TOLD], *([f"{more} more words contradict."] if more > 0 else ()))


def _told(joined: Joined) -> str:
    people = counted(joined.new, "new person", "new people")
    words = f"{counted(joined.words, 'new word')}, {joined.known} known already"
    against = f"{len(joined.contradictions)} said otherwise here"
    return f"{people}, {words}, {against}, {counted(joined.samples, 'sample')} taken over"


def _hints(joined: Joined) -> tuple[str, ...]:
    if not joined.words:
        return ()
    return (Message("What they teach counts from now on: ", Do(Action.REDECIDE), " decides all photos by it."),)
