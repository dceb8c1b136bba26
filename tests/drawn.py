"""Drawn photos and eyes that really read them: a face is a square of its person's colour with a dark stripe on top."""

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kith.errors import BadPhoto
from kith.jobs.workers import InlineExecutor
from kith.photos.box import Box
from kith.photos.photo_file import opened
from kith.photos.pixels import load_rgb
from kith.photos.video import frames, is_video
from kith.vision.engines import EngineSpec
from kith.vision.face_model import default_face_model
from kith.vision.observations import Analysis, Appearance, Kind, Observation, Vector
from kith.vision.tracks import shots, tracked
from tests.desk import is_analysis, is_description
from tests.small_world import face_vector

WIDTH, HEIGHT, SIDE = 240, 160, 40
GROUND = (128, 128, 128)
COLOURS = ((230, 30, 30), (30, 220, 30), (40, 40, 230), (230, 220, 40), (220, 40, 220), (40, 220, 220))
LEFT, MIDDLE, RIGHT = (20, 60), (100, 60), (180, 60)  # top left corners of faces
STRIPE = 10
ROOT2 = 2**0.5


def draw(*people: tuple[int, tuple[int, int]], shade: int = 0) -> Image.Image:
    """Return an upright photo of these people (number, corner); another `shade` is another photo."""
    pixels = np.full((HEIGHT, WIDTH, 3), GROUND, np.uint8)
    pixels[:8, :] = shade
    for number, (x, y) in people:
        pixels[y : y + SIDE, x : x + SIDE] = COLOURS[number]
        pixels[y : y + STRIPE, x : x + SIDE] = 0
    return Image.fromarray(pixels)


class Eyes(Executor):
    """Stands for the worker processes: finds the upright faces in a file, and notes which files it looked at."""

    def __init__(self) -> None:
        self.looked: list[Path] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return what is seen."""
        if not is_analysis(fn):
            return InlineExecutor().submit(fn, *args, **kwargs)
        (photos,), spec = args, fn.keywords["spec"]
        future: Future[Any] = Future()
        if is_description(fn):
            future.set_result([[_described(path, box, spec) for box in boxes] for path, _, boxes in photos])
            return future
        future.set_result([self._look(path, reading.facts.orientation, spec) for path, reading in photos])
        return future

    def _look(self, path: Path, orientation: int, spec: EngineSpec) -> Analysis | BadPhoto:
        self.looked.append(path)
        try:
            if is_video(path):
                return Analysis(None, tuple(_in_video(path)))
            rgb = load_rgb(path)
        except BadPhoto as error:
            return error
        return Analysis(_phash(rgb), tuple(_faces(rgb, orientation)))


def _in_video(path: Path) -> Sequence[Appearance]:
    seen, of_shots = [], []
    with opened(path) as file:
        for frame, shot in shots(frames(file, WIDTH)):
            for appearance in _faces(frame.rgb, 1):
                (face,) = appearance.observations
                box = face.box.at(frame.moment)
                seen.append(Appearance(box, (replace(face, box=box),)))
                of_shots.append(shot)
    return tracked(seen, of_shots, default_face_model().metric)


def _described(path: Path, box: Box, spec: EngineSpec) -> Observation | None:
    """Return the face at a box of the pixels as stored, be it the right way up or not; None where there is none."""
    rgb = np.asarray(Image.open(path).convert("RGB")).astype(int)
    height, width = rgb.shape[:2]
    rows = slice(round(box.y * height), round((box.y + box.h) * height))
    columns = slice(round(box.x * width), round((box.x + box.w) * width))
    shown = [int((np.abs(rgb[rows, columns] - colour).max(axis=2) < 25).sum()) for colour in COLOURS]
    if not any(shown):
        return None
    number = int(np.argmax(shown))
    face = spec.face_model.id
    return Observation(Kind.FACE, face, box, 0.0, vector_of(number), sharpness=500.0, pixels=120.0, frontality=1.0)


def _phash(rgb: NDArray[np.uint8]) -> int:
    from kith.photos.facts import perceptual_hash

    return perceptual_hash(rgb)


def _faces(rgb: NDArray[np.uint8], orientation: int) -> Sequence[Appearance]:
    found = []
    for number, colour in enumerate(COLOURS):
        rows, columns = np.nonzero(np.abs(rgb.astype(int) - colour).max(axis=2) < 25)
        if len(rows) and _is_upright(rgb, rows.min(), columns):
            found.append(_appearance(rgb, number, rows, columns, orientation))
    return found


def _is_upright(rgb: NDArray[np.uint8], top: int, columns: NDArray[np.intp]) -> bool:
    middle = int(columns.mean())
    return top >= STRIPE and rgb[top - STRIPE // 2, middle].max() < 60


def _appearance(
    rgb: NDArray[np.uint8], number: int, rows: NDArray[np.intp], columns: NDArray[np.intp], orientation: int
) -> Appearance:
    height, width = rgb.shape[:2]
    top, bottom, left, right = rows.min() - STRIPE, rows.max() + 1, columns.min(), columns.max() + 1
    upright = Box(left / width, top / height, (right - left) / width, (bottom - top) / height)
    box = upright.to_stored(orientation)
    face = Observation(
        Kind.FACE, default_face_model().id, box, 0.9, vector_of(number), sharpness=500.0, pixels=120.0, frontality=1.0
    )
    return Appearance(box, (face,))


def vector_of(number: int) -> Vector:
    """Return the face of a person."""
    return face_vector((number,), 0)
