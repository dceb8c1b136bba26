"""Build KB: learn the people from a folder of photos per person."""

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import BadInput, BadPhoto, command
from app.identity.gallery import is_good
from app.identity.teaching import Lesson, PersonFolders, lesson_of
from app.jobs.context import Context
from app.jobs.events import BuildFinished, Event, LeftOut, Notice, PersonTaught, PhotoFailed, PhotoLearned, Started
from app.jobs.exporting import check_export, export_encodings
from app.jobs.looking import Look, look_at_photos, notes_on, save_look
from app.photos.find import find_photos
from app.settings import Settings

FEW_PHOTOS = 3
GOOD_NUMBER = 15
UNREAD = "nothing could be read this time: what is known of this person stays"


@dataclass(slots=True)
class _Build:
    """What a build has gathered so far."""

    total: int
    done: int = 0
    analysed: int = 0
    lessons: dict[Path, Lesson] = field(default_factory=dict)
    failed: list[PhotoFailed] = field(default_factory=list)


def build_kb(context: Context) -> Iterator[Event]:
    """Look at every photo below the people folder, and when all are seen let the knowledge base say what they say.

    Yields Started, Notice, PhotoLearned or PhotoFailed a photo, BuildFinished. Stopped early it leaves the knowledge
    base as it was and keeps the analyses. Raises BadInput, ModelMissing, BadKnowledgeBase and FilingFailed.
    """
    began = time.monotonic()
    notices = check_export(context.settings)
    folders = person_folders(context.settings, context.store.copies.outputs())
    owners = {_path(found): name for name, photos in folders.items() for found in photos}
    build = _Build(len(owners))
    yield Started("Build KB", build.total)
    yield from (Notice(text) for text in (*context.notices, *notices))
    yield from (Notice(text) for text in _strays(context.settings))
    for look in look_at_photos(context, (found for photos in folders.values() for found in photos)):
        yield from notes_on(look)
        yield _learn(context, build, look, owners)
    stopped = build.done < build.total
    people = () if stopped else _teach(context, folders, owners, build)
    yield BuildFinished(
        build.total, build.done, build.analysed, tuple(build.failed), people, time.monotonic() - began, stopped
    )


def person_folders(settings: Settings, outputs: Iterable[Path]) -> dict[str, list[Path | BadPhoto]]:
    """Return the photos (and what cannot be listed) of each person's folder; raises BadInput where there are none.

    Copies teach nobody: `outputs` are all folders that Kith has ever filed to.
    """
    root = settings.dataset_folder
    advice = f"Put one folder of photos per person there, named as the person, then run {command('build-kb')}."
    if not os.path.isdir(root):
        raise BadInput(f"The people folder {root} is not there. {advice} dataset_dir in the settings names it.")
    try:
        names = sorted(entry.name for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    except OSError as error:
        raise BadInput(f"The people folder {root} cannot be read: {error.strerror or error}") from error
    copies = {settings.output_folder, *outputs}
    leave_out = [*copies, root]  # a link back to the people folder would give everybody's photos to one person
    folders = {
        name: list(find_photos(root / name, settings.valid_exts, recursive=settings.recursive, leave_out=leave_out))
        for name in names
        if root / name not in copies
    }
    if not any(folders.values()):
        raise BadInput(f"There is no photo of anybody in the people folder {root}. {advice}")
    return folders


def _path(found: Path | BadPhoto) -> Path:
    return found.path if isinstance(found, BadPhoto) else found


def _strays(settings: Settings) -> Iterator[str]:
    loose = list(find_photos(settings.dataset_folder, settings.valid_exts, recursive=False))
    if loose:
        yield f"Photos in the people folder itself, in no person's folder, teach nobody: {len(loose)} found."


def _learn(
    context: Context, build: _Build, look: Look | BadPhoto, owners: dict[Path, str]
) -> PhotoLearned | PhotoFailed:
    build.done += 1
    if isinstance(look, BadPhoto):
        failure = PhotoFailed(build.done, build.total, look.path, look.reason)
        build.failed.append(failure)
        return failure
    with context.store.transaction():
        photo_id, sightings, analysed = save_look(context.store, look, context.spec.engine_id)
    build.analysed += analysed
    lesson = lesson_of(photo_id, sightings, context.settings.lap_var_thresh)
    build.lessons[look.path] = lesson
    return PhotoLearned(build.done, build.total, look.path, owners[look.path], lesson.left_out)


def _teach(
    context: Context, folders: dict[str, list[Path | BadPhoto]], owners: dict[Path, str], build: _Build
) -> tuple[PersonTaught, ...]:
    """Let the dataset's links say what was seen, write the export, and return what each folder came to."""
    store, settings = context.store, context.settings
    with store.transaction():
        unread = store.photos.photos_at([failure.path for failure in build.failed])
        store.photos.forget_missing_files(settings.dataset_folder, owners.keys() | unread.keys())
        taught = PersonFolders(store.people, folders).teach(build.lessons, owners, unread.values())
    kept = export_encodings(settings, store, context.spec.body_model_id)
    used = {sample.photo_id for sample in kept}
    poor = {sample.photo_id for sample in kept if not is_good(sample, settings.lap_var_thresh)}
    unreadable = {owners[failure.path] for failure in build.failed}
    return tuple(_person_taught(name, taught[name], build.lessons, used, poor, name in unreadable) for name in folders)


def _person_taught(
    name: str,
    reasons: dict[Path, str],
    lessons: dict[Path, Lesson],
    used: set[int],
    poor: set[int],
    unreadable: bool,
) -> PersonTaught:
    teaching = [path for path, reason in reasons.items() if not reason and lessons[path].photo_id in used]
    left_out = tuple(
        LeftOut(path, reason or lessons[path].left_out or "left out by your own word")
        for path, reason in sorted(reasons.items())
        if path not in teaching
    )
    advice = UNREAD if unreadable and not teaching else _advice(teaching, lessons, poor)
    return PersonTaught(name, len(teaching), left_out, advice)


def _advice(teaching: list[Path], lessons: dict[Path, Lesson], poor: set[int]) -> str:
    if not teaching:
        return "nobody learned: add photos that show this person alone and sharp"
    if any(lessons[path].photo_id in poor for path in teaching):
        return "no photo is sharp and from the front, the sharpest is used: add better ones"
    if len(teaching) < FEW_PHOTOS:
        return f"only {len(teaching)}: add more photos, {FEW_PHOTOS} at the very least"
    return f"{GOOD_NUMBER} or more photos recognise better" if len(teaching) < GOOD_NUMBER else ""
