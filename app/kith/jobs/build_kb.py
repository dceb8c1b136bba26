"""Build KB: learn the people from a folder of photos per person."""

import time
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Literal

from kith.errors import BadPhoto
from kith.identity.gallery import good_faces, is_good
from kith.identity.lessons import Lesson, lesson_of, readable
from kith.jobs.announcements import not_told_before
from kith.jobs.context import Context
from kith.jobs.descriptions import describe_taught
from kith.jobs.events import (
    BuildFinished,
    Event,
    FolderAway,
    LeftOut,
    Notice,
    PersonTaught,
    PhotoFailed,
    PhotoLearned,
    Started,
    Waits,
)
from kith.jobs.export import check_export, export_encodings
from kith.jobs.looks import Look, look_at_photos, notes_on, save_look
from kith.jobs.missing_folders import MissingFolder, missing_folders
from kith.jobs.people import People
from kith.jobs.people_folder import PeopleFolder, read_people_folder
from kith.jobs.people_links import assign_folders, teach
from kith.jobs.phrases import display_names
from kith.library.store import Store
from kith.messages import JobName
from kith.vision.observations import Kind

FEW_PHOTOS = 3
GOOD_NUMBER = 15
Forget = Collection[Path] | Literal["all"]  # the missing folders whose people the user wants to forget
UNREAD = "nothing could be read this time: what is known of this person stays"


@dataclass(slots=True)
class _Build:
    """What a build has gathered so far."""

    total: int
    done: int = 0
    analysed: int = 0
    lessons: dict[Path, Lesson] = field(default_factory=dict)
    failed: list[PhotoFailed] = field(default_factory=list)


def build_kb(context: Context, forget: Forget = ()) -> Iterator[Event]:
    """Look at every photo below the people folder, and when all are seen let the knowledge base say what they say.

    What folders taught that are missing now is kept, but for those that the user says to `forget`. Yields Started,
    Notice, PhotoLearned or PhotoFailed a photo, BuildFinished. Stopped early it leaves the knowledge base as it was and
    keeps the analyses. Raises BadInput, ModelMissing, BadKnowledgeBase and FilingFailed.
    """
    began = time.monotonic()
    notices = check_export(context.settings)
    found = read_people_folder(context.settings, context.store.copies)
    owners = _owners(found)
    build = _Build(len(owners))
    with context.store.transaction():
        context.store.failures.drop_missing(context.settings.dataset_folder, owners)
    yield Started(JobName.BUILD_KB, build.total)
    yield from (Notice(text) for text in (*not_told_before(context.notices), *notices, *found.notices))
    for look in look_at_photos(
        context, [*chain.from_iterable(found.photos.values())], [context.settings.dataset_folder]
    ):
        yield from notes_on(look)
        if isinstance(look, Waits):
            continue
        yield _learn(context, build, look, owners)
    total, done = build.total, build.done
    stopped = done < total
    people, away = ((), ()) if stopped else (yield from _teach(context, found, owners, build, forget))
    yield BuildFinished(
        total,
        done,
        build.analysed,
        tuple(build.failed),
        people,
        time.monotonic() - began,
        stopped,
        away,
        found.passed_over.pictures,
    )


def _owners(found: PeopleFolder) -> dict[Path, str]:
    """Return whose folder each photo lies in."""
    owners = {}
    for name, photos in found.photos.items():
        for photo in photos:
            path = photo.path if isinstance(photo, BadPhoto) else photo
            owners[path] = name
    return owners


def _learn(
    context: Context, build: _Build, look: Look | BadPhoto, owners: dict[Path, str]
) -> PhotoLearned | PhotoFailed:
    build.done += 1
    store = context.store
    if isinstance(look, BadPhoto):
        failure = PhotoFailed(build.done, build.total, look.path, look.reason)
        build.failed.append(failure)
        with store.transaction():
            store.failures.save(look.path, look.reason)
        return failure
    with store.transaction():
        store.failures.drop([look.path])
        photo_id, analysis_id = save_look(store, look, context.spec.engine_id)
        sightings = store.photos.sightings(analysis_id)
    if look.analysis is not None:
        build.analysed += 1
    path = look.path
    lesson = lesson_of(photo_id, sightings, context.settings.lap_var_thresh)
    build.lessons[path] = lesson
    return PhotoLearned(build.done, build.total, path, owners[path], lesson.left_out)


def _teach(
    context: Context,
    found: PeopleFolder,
    owners: dict[Path, str],
    build: _Build,
    forget: Forget,
) -> Generator[Event, None, tuple[tuple[PersonTaught, ...], tuple[FolderAway, ...]]]:
    """Let the dataset's links say what was seen, write the export, and return what each folder came to."""
    store, root, lessons = context.store, context.settings.dataset_folder, build.lessons
    people, photos = store.people, store.photos
    with store.transaction():
        persons = assign_folders(people, found.photos, lessons, owners)
        unread = photos.photos_at([failure.path for failure in build.failed])
        unseen = unread.values()
        seen = {lesson.photo_id for lesson in lessons.values()}
        missing = missing_folders(store, root, found, seen.union(unseen))
        wanted = [folder.photos for folder in missing if not _is_forgotten(folder.path, forget)]
        kept = set().union(*wanted)
        taught = teach(people, persons, lessons, owners, kept.union(unseen))
        photos.forget_missing_files(root, owners.keys() | unread.keys(), kept)
    yield from describe_taught(context)
    away = _folders_away(store, found, missing, forget)
    came_to = _people_taught(context, build, taught, owners, persons)
    gone = {folder.path for folder in away}
    present = [told for folder, told in came_to.items() if root / folder not in gone]
    return tuple(present), away


def _folders_away(
    store: Store, found: PeopleFolder, missing: Sequence[MissingFolder], forget: Forget
) -> tuple[FolderAway, ...]:
    names = People(store).names()
    away = []
    for folder in missing:
        name, path = names[folder.person.id], folder.path
        is_forgotten = _is_forgotten(path, forget)
        away.append(FolderAway(name, path, path.is_dir(), len(folder.photos), is_forgotten))
    told = {folder.path for folder in missing}
    broken = [link for link in found.broken if link not in told]
    away += [FolderAway(readable(link.name), link, is_there=False, photos=0) for link in broken]
    return tuple(away)


def _is_forgotten(folder: Path, forget: Forget) -> bool:
    return forget == "all" or folder in forget


def _people_taught(
    context: Context,
    build: _Build,
    taught: Mapping[str, Mapping[Path, str]],
    owners: dict[Path, str],
    persons: Mapping[str, int],
) -> dict[str, PersonTaught]:
    """Return what each folder came to; of people written alike the number is shown too."""
    settings, records = context.settings, context.store.people
    everybody = records.all()
    names = display_names(everybody.values())
    export_encodings(settings, context.store, context.spec.body_model_id)
    taught_faces = records.taught(Kind.FACE, context.spec.face_model.id)
    samples = good_faces(taught_faces, settings.lap_var_thresh)
    used = {sample.photo_id for sample in samples}
    poor = {sample.photo_id for sample in samples if not is_good(sample, settings.lap_var_thresh)}
    unreadable = {owners[failure.path] for failure in build.failed}
    people = {}
    for folder, reasons in taught.items():
        person = everybody[persons[folder]]
        name = names[person.id] if person.name == readable(folder) else folder
        people[folder] = _person_taught(name, reasons, build.lessons, used, poor, folder in unreadable)
    return people


def _person_taught(
    name: str,
    reasons: Mapping[Path, str],
    lessons: dict[Path, Lesson],
    used: set[int],
    poor: set[int],
    unreadable: bool,
) -> PersonTaught:
    teaching, left_out = [], []
    for path, reason in sorted(reasons.items()):
        lesson = lessons[path]
        if not reason and lesson.photo_id in used:
            teaching.append(lesson.photo_id)
        else:
            left_out.append(LeftOut(path, reason or lesson.left_out or "left out by your own word"))
    advice = UNREAD if unreadable and not teaching else _advice(teaching, poor)
    return PersonTaught(name, len(teaching), tuple(left_out), advice)


def _advice(teaching: Sequence[int], poor: set[int]) -> str:
    if not teaching:
        return "nobody learned: add photos that show this person alone and sharp"
    if not poor.isdisjoint(teaching):
        return "no photo is sharp and from the front, the sharpest is used: add better ones"
    count = len(teaching)
    if count < FEW_PHOTOS:
        return f"only {count}: add more photos, {FEW_PHOTOS} at the very least"
    return f"{GOOD_NUMBER} or more photos recognise better" if count < GOOD_NUMBER else ""
