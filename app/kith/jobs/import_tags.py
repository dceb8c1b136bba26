"""Take over whom other programs named in photos: their regions and names become the user's word."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kith.errors import BadInput, BadPhoto
from kith.filing.photo_tags import Contacts, Tag, TagReader, contact_files
from kith.filing.xmp import NoXmp
from kith.jobs.context import open_context
from kith.jobs.drawn_faces import describe_drawn, drawn
from kith.jobs.events import Waits
from kith.jobs.folder_checks import check_inputs, standing_outputs
from kith.jobs.library_file import check_library, open_records
from kith.jobs.looks import look_at_photos, save_look
from kith.jobs.open_library import OpenLibrary
from kith.jobs.outcome import Outcome
from kith.jobs.person_names import person_meant
from kith.jobs.photo_list import list_photos
from kith.jobs.phrases import display_names
from kith.jobs.tag_joining import Joined, TagJoining
from kith.jobs.workers import ExecutorFactory
from kith.library.store import Store
from kith.messages import Action, Do, Message
from kith.photos.search import PassedOver
from kith.settings import Settings
from kith.text import as_read, counted
from kith.values.persons import Person

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PersonTagged:
    """Somebody named in photos: how often at a place and how often without one; `is_new` where nobody is called so."""

    name: str
    faces: int
    without_place: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class TagsFound:
    """What other programs say of the photos in a folder: `photos` with their tags, and who is named in them.

    `to_look_at` photos Kith has not seen yet; `problems` says what is left out, and why.
    """

    folder: Path
    photos: dict[Path, tuple[Tag, ...]]
    people: tuple[PersonTagged, ...]
    to_look_at: int
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Names:
    """Whom names mean: somebody known, or else new; `unclear` those that are several people's."""

    persons: list[Person]
    unclear: dict[str, str] = field(default_factory=dict)

    def person(self, name: str) -> Person | None:
        """Return who is meant, None for somebody new or where that is not clear."""
        try:
            person = person_meant(self.persons, name)
        except BadInput as error:
            self.unclear[name] = error.message
            return None
        return person if isinstance(person, Person) else None


def find_tags(settings: Settings, folder: Path, contacts: Path | None = None) -> TagsFound:
    """Return whom other programs name in the photos of a folder; nothing is written, and no photo decoded.

    `contacts` is Picasa's contacts.xml; without it, it is looked for in the folder and where Picasa keeps it. What Kith
    itself wrote is left out, and so are folders of its copies. Raises BadInput and BadKnowledgeBase.
    """
    folder = Path(os.path.abspath(os.path.expanduser(folder)))
    if not os.path.exists(folder):
        raise BadInput(f"{folder} is not there: name a folder of photos.")
    if not os.path.exists(settings.library_file):
        check_library(settings, create=True)
        return _found(settings, folder, contacts, None)
    with open_records(settings) as store:
        return _found(settings, folder, contacts, store)


def _found(settings: Settings, folder: Path, contacts: Path | None, store: Store | None) -> TagsFound:
    outputs = standing_outputs(store.copies) if store else ()
    check_inputs([folder], outputs)
    listed = list_photos([folder], settings, outputs, PassedOver())
    try:
        known = Contacts.read(contact_files(folder, contacts))
    except OSError as error:
        raise BadInput(f"{contacts} cannot be read: {error.strerror or error}.") from error
    reader = TagReader(known, lambda path: _written(store, path))
    names = _Names([*store.people.all().values()] if store else [])
    photos, problems = {}, []
    for path in (path for path, photo in listed.items() if isinstance(photo.found, Path)):
        try:
            tags = reader.tags(path)
        except NoXmp as error:
            problems.append(f"{path}: what is beside it cannot be read ({error}).")
            continue
        meant = [tag for tag in tags if names.person(tag.name) or tag.name not in names.unclear]
        if meant:
            photos[path] = tuple(meant)
    problems += [f"{name} is left out: {reason}" for name, reason in names.unclear.items()]
    if reader.nameless:
        faces = counted(reader.nameless, "face")
        problems.append(f"{faces} of Picasa's contacts whose names are not here: give its contacts.xml by --contacts.")
    unseen = [path for path in photos if store is None or store.photos.at_path(path) is None]
    return TagsFound(folder, photos, _people(photos, names), len(unseen), tuple(problems))


def _written(store: Store | None, path: Path) -> dict[str, Sequence[str]]:
    record = store.names.at(path) if store else None
    return dict(record.written) if record else {}


def _people(photos: dict[Path, tuple[Tag, ...]], names: _Names) -> tuple[PersonTagged, ...]:
    faces, without = Counter[str](), Counter[str]()
    shown: dict[str, str] = {}
    new = set()
    display = display_names(names.persons)
    for tag in (tag for tags in photos.values() for tag in tags):
        person = names.person(tag.name)
        key = f"#{person.id}" if person else as_read(tag.name)
        shown.setdefault(key, display[person.id] if person else tag.name)
        (faces if tag.box else without)[key] += 1
        if person is None:
            new.add(key)
    return tuple(
        PersonTagged(name, faces[key], without[key], key in new) for key, name in sorted(shown.items(), key=_by)
    )


def _by(entry: tuple[str, str]) -> tuple[str, str]:
    key, name = entry
    return as_read(name), key


def import_tags(
    settings: Settings,
    found: TagsFound,
    executor: ExecutorFactory | None = None,
    stop: threading.Event | None = None,
    tell: Tell | None = None,
) -> Outcome:
    """Make tags that were found the user's words, as one change that can be undone.

    Photos that Kith has not seen are looked at first; a tag where a face was found is that face's, any other a face
    drawn by the user, which is described so that it teaches. What the user or the people folder says otherwise stays.
    Raises KithError of what concerns all photos, such as ModelMissing.
    """
    if not found.photos:
        raise BadInput(f"No photo in {found.folder} names anybody. Nothing was imported.")
    open_records(settings, create=True).close()
    stop = stop or threading.Event()
    problems = [*found.problems, *_look(settings, found, executor, stop, tell)]
    with OpenLibrary(settings) as library:
        joined = Joined()
        joining = TagJoining(library, joined)
        summary = f"Names of other programs in {found.folder.name or found.folder} imported"
        kept = library.change("import-tags", summary, lambda: _write(joining, found, stop))
        outcome = Outcome(_told(joined), (*problems, *joined.problems(), *kept), _hints(joined))
        return describe_drawn(library, outcome, drawn(library), executor) if joined.drawn else outcome


def _write(joining: TagJoining, found: TagsFound, stop: threading.Event) -> None:
    for path, tags in found.photos.items():
        if not stop.is_set():
            joining.join(path, tags)


def _look(
    settings: Settings, found: TagsFound, executor: ExecutorFactory | None, stop: threading.Event, tell: Tell | None
) -> Iterator[str]:
    """Look at the photos of which that is new, and yield why one could not be."""
    paths = [*found.photos]
    with open_context(settings, stop, "Importing names", executor) as context:
        done = 0
        for look in look_at_photos(context, paths):
            if isinstance(look, Waits):
                (tell or _untold)(look.line)
                continue
            done += 1
            if isinstance(look, BadPhoto):
                yield look.message
                continue
            with context.store.transaction():
                save_look(context.store, look, context.spec.engine_id)
            if tell:
                tell(f"{counted(done, 'photo')} of {len(paths)} looked at …")


def _untold(_text: str) -> None:
    """Nobody listens."""


def _told(joined: Joined) -> str:
    faces = f"{counted(joined.found, 'face')} named, {joined.drawn} drawn"
    people = counted(len(joined.new), "new person", "new people")
    return f"{faces}, {joined.without_place} without a place, {joined.known} known already; {people}."


def _hints(joined: Joined) -> tuple[str, ...]:
    if not joined.found + joined.drawn:
        return ()
    return (Message("What they teach counts from now on: ", Do(Action.REDECIDE), " decides all photos by it."),)


def found_lines(found: TagsFound) -> list[str]:
    """Return what other programs say, and what importing it would do, line by line."""
    if not found.people:
        return [f"No photo in {found.folder} names anybody."]
    lines = []
    for person in found.people:
        new = " (new)" if person.is_new else ""
        without = f", {person.without_place} without a place" if person.without_place else ""
        lines.append(f"{person.name}{new}: {counted(person.faces, 'face')}{without}")
    look = f"; {found.to_look_at} of them are looked at first" if found.to_look_at else ""
    return [*lines, f"{counted(len(found.people), 'person', 'people')} in {counted(len(found.photos), 'photo')}{look}."]
