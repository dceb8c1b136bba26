"""Faces described by a further network: those that teach, for the export and for a second opinion."""

from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kith.errors import BadPhoto, KithError
from kith.jobs.context import Context
from kith.jobs.decisions import Decisions
from kith.jobs.engines import further_face_models, made_ready
from kith.jobs.events import Notice
from kith.jobs.looks import open_workers
from kith.jobs.workers import Task, Workers
from kith.library.description_queries import Undescribed
from kith.library.store import Store
from kith.photos.first_read import Reading
from kith.settings import Device
from kith.text import counted
from kith.vision.analysis import describe, read_photos
from kith.vision.engines import Chosen, EngineSpec
from kith.vision.observations import Observation


@dataclass(frozen=True, slots=True)
class Asked:
    """Faces of a photo that are to be described, and its file."""

    path: Path
    faces: Undescribed


def describe_drawn(context: Context) -> Iterator[Notice]:
    """Let the face network describe the faces that the user drew, which no detector finds, where it has not yet.

    So they teach again after a change of the network.
    """
    store, spec = context.store, context.spec
    asked = at_hand(store, store.descriptions.drawn(spec.face_model.id))
    if not asked:
        return
    yield Notice(f"Faces that you drew in {counted(len(asked), 'photo')} are described by {spec.face_model.id}.")
    only_faces = spec.describing(spec.face_model)
    wanted = (photo for photo in asked if not context.stop.is_set())
    with open_workers(context) as workers:
        for photo, found in described(only_faces, context.device, workers, wanted, drawn=True):
            with store.transaction():
                store.descriptions.add(photo.faces, found)


def at_hand(store: Store, faces: Iterable[Undescribed]) -> list[Asked]:
    """Return faces with their photos' files, those whose photos lie unchanged somewhere."""
    return [Asked(path, own) for own in faces if (path := store.reviews.file_of(own.photo_id))]


def describe_taught(context: Context) -> Iterator[Notice]:
    """Let the networks describe the faces that teach, where they have not seen them and the photos are at hand."""
    yield from describe_drawn(context)
    store = context.store
    for model in further_face_models(context.spec):
        asked = at_hand(store, store.descriptions.taught(context.spec.face_model.id, model.id))
        if not asked:
            continue
        yield Notice(f"Faces in {counted(len(asked), 'photo')} that teach are described by {model.id}, too.")
        with open_workers(context) as workers:
            for photo, described in descriptions(context, workers, model, asked):
                with store.transaction():
                    store.descriptions.add(photo.faces, described)


def descriptions(
    context: Context, workers: Workers, model: Chosen, asked: Iterable[Asked]
) -> Iterator[tuple[Asked, list[tuple[int, Observation]]]]:
    """Yield what a further network makes of faces, by appearance, until the wish to stop.

    Left out are those of photos that cannot be read now. Raises the KithError that concerns the whole run.
    """
    spec = context.spec.describing(model)
    yield from described(spec, context.device, workers, (photo for photo in asked if not context.stop.is_set()))


def hear_second_opinion(context: Context, decisions: Decisions, workers: Workers, asked: Iterable[Asked]) -> None:
    """Let the second network describe the faces of which the first is not sure, all photos at a time."""
    store, second = context.store, context.spec.second_opinion
    if not second:
        return
    for photo, found in descriptions(context, workers, second, asked):
        faces = photo.faces
        with store.transaction():
            store.descriptions.add(faces, found)
            seen = decisions.photos_seen([(faces.photo_id, faces.analysis_id)])
            decisions.by_faces(seen)  # for the others of its event


def described(
    spec: EngineSpec, device: Device, workers: Workers, asked: Iterable[Asked], drawn: bool = False
) -> Iterator[tuple[Asked, list[tuple[int, Observation]]]]:
    """Yield what the face model of `spec` makes of faces, found or `drawn`; as `descriptions` does."""
    files = (Task(photo, photo.path) for photo in asked)
    read = workers.results(files, lambda: partial(read_photos, spec=spec))
    seen = workers.results(_tasks(read), lambda: partial(describe, spec=made_ready(spec, device), drawn=drawn))
    for photo, result in seen:
        if isinstance(result, BadPhoto | BrokenExecutor):
            yield photo, []
        elif isinstance(result, KithError):
            raise result
        else:
            found = zip(photo.faces.places, result, strict=True)
            yield photo, [(key, observation) for key, observation in found if observation]


def _tasks(read: Iterable[tuple[Asked, object]]) -> Iterator[Task]:
    for photo, result in read:
        if isinstance(result, Reading):
            boxes = list(photo.faces.places.values())
            yield Task(photo, (photo.path, result, boxes), memory=result.memory)
        else:
            yield Task(photo, result, is_done=True)
