"""Measure how faces are found, and how many of their pixels it takes: `scripts/bench.py detection`.

Large photos are made of the faces that teach: each cut out with its surroundings, shrunk, and twelve put into one park.
"""

import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from bench_identify import summary
from bench_people import DEFAULTS, PEOPLE, TOLERANCE, Face, T, faces_in, progress, settings_in
from bench_quality import cut_out
from bench_rules import FIVE, trials
from bench_tables import Row, Tables
from kith.photos.box import Box
from kith.photos.pixels import load_rgb
from kith.vision.alignment import AlignedFace, detect_and_align_faces
from kith.vision.detection import Detect, Detection
from kith.vision.dlib_detectors import DlibCnn, DlibHog
from kith.vision.dlib_faces import DlibFaces
from kith.vision.face_model import FaceModel
from kith.vision.model_files import find_model
from kith.vision.observations import Rgb
from kith.vision.photo_pixels import load_at_least
from kith.vision.runtime import TorchNetwork
from kith.vision.working_copy import working_copy
from kith.vision.yunet import YuNet

OVERLAP = 0.4  # of an annotated box and a found one, intersection over union
SIZES = {"under 20": 20.0, "20 to 40": 40.0, "40 to 80": 80.0, "80 and more": np.inf}  # pixels
WIDTHS = {"under 12": 12.0, "12 to 16": 16.0, "16 to 20": 20.0, "20 to 30": 30.0, "30 and more": np.inf}
LEAST_COUNTED = 20  # pixels
CNN_STEP = 10  # dlib's network takes seconds a photo: every tenth must do
WORKING_SIZES = (640, 800, 1000, 1280, 1600, 2000)
LARGE = (4000, 3000)
BACKGROUND = "groups/park.jpg"  # nobody shows in it
PLACE = 1000  # pixels of a large photo for each person
FACE_WIDTHS = (48, 64, 80, 94, 160)  # pixels in a large photo
FAR = np.full(128, 9, np.float32)  # the vector of a face not found: near to nobody


class Annotated(NamedTuple):
    """A face as a person marked it, in shares of the photo; `width` in pixels of the file."""

    box: Box
    width: float
    masked: bool


class Engines(NamedTuple):
    """The models that find, align and describe faces."""

    detector: Detect
    faces: FaceModel


@dataclass(frozen=True)
class LargePhoto:
    """A photo of many people whose faces are `width` pixels wide, each with where they are, in its pixels."""

    path: Path
    width: int
    people: tuple[tuple[Face, tuple[int, int, int, int]], ...]


Marked = tuple[Path, list[Annotated]]
Hit = tuple[Face, AlignedFace | None]


def detection(data: Path) -> Tables:
    """Count what each detector finds, and who is found and named in large photos at every working size."""
    import cv2

    cv2.setNumThreads(1)  # as in the workers
    with tempfile.TemporaryDirectory(prefix="kith-bench-") as folder:
        model = DlibFaces(TorchNetwork(DlibFaces.source().build(), "cpu"))
        engines = Engines(_yunet(Path(folder)), model)
        marked = list(annotated_photos(data))
        tables = {"detectors": detectors(marked, engines.detector), "boxes": boxes_found(marked, engines.detector)}
        faces = faces_in(data, PEOPLE)
        photos = large_photos(faces, data / BACKGROUND, Path(folder))
        tables["working size"] = [at_working_size(size, faces, photos, engines) for size in WORKING_SIZES]
        return {**tables, "pixels of the chip": pixels_of_the_chip(faces, photos, engines)}


def _yunet(folder: Path) -> Detect:
    model = find_model("yunet_2026may", settings_in(folder))
    assert model, "this needs YuNet's file in the models folder"
    return YuNet(model)


def annotated_photos(data: Path) -> Iterator[Marked]:
    """Yield the photos of `detect` with all faces marked in them."""
    for file in sorted((data / "detect/street_voc").glob("*.xml")):
        root = ElementTree.parse(file).getroot()
        size = [float(root.findtext(f"size/{name}", "")) for name in ("width", "height")]
        yield file.with_suffix(".jpg"), [_of_voc(thing, *size) for thing in root.iter("object")]
    for file in sorted((data / "detect/dlib_faces").glob("t*ing.xml")):
        for image in ElementTree.parse(file).iter("image"):
            size = _numbers(image, "width", "height")
            boxes = [_numbers(box, "left", "top", "width", "height") for box in image.iter("box")]
            yield file.with_name(image.get("file", "")), [_annotated(box, size[0], size[1]) for box in boxes]


def _of_voc(thing: ElementTree.Element, width: float, height: float) -> Annotated:
    corners = [float(thing.findtext(f"bndbox/{name}", "")) for name in ("xmin", "ymin", "xmax", "ymax")]
    box = [*corners[:2], corners[2] - corners[0], corners[3] - corners[1]]
    return _annotated(box, width, height, masked=thing.findtext("name") != "sin_mascarilla")


def _numbers(element: ElementTree.Element, *names: str) -> list[float]:
    return [float(element.get(name, "")) for name in names]


def _annotated(box: Sequence[float], width: float, height: float, masked: bool = False) -> Annotated:
    return Annotated(Box(box[0] / width, box[1] / height, box[2] / width, box[3] / height), box[2], masked)


def timed(work: Callable[..., T], *arguments: object) -> tuple[T, float]:
    """Return what the work gives, and the milliseconds of processor time it took: other programs take none of it."""
    began = time.process_time()
    return work(*arguments), 1000 * (time.process_time() - began)


def found_in(path: Path, detector: Detect) -> tuple[list[tuple[Box, Detection]], float]:
    """Return what a detector finds in a photo of the shipped working size, and the milliseconds it took."""
    rgb = working_copy(load_at_least(path, DEFAULTS.resize_max)[0], DEFAULTS.resize_max)
    height, width = rgb.shape[:2]
    found, took = timed(detector, rgb)
    places = [(one.left / width, one.top / height, one.width / width, (one.bottom - one.top) / height) for one in found]
    return [(Box(*place), one) for place, one in zip(places, found)], took


def detectors(marked: Sequence[Marked], shipped: Detect) -> list[Row]:
    """Count the marked faces that each detector finds, by their width."""
    every: list[tuple[str, Any, int]] = [("yunet", shipped, 1), ("hog", DlibHog(), 1), ("cnn", DlibCnn(), CNN_STEP)]
    return [_recall(name, detector, marked[::step]) for name, detector, step in every]


def _recall(name: str, detector: Detect, marked: Sequence[Marked]) -> Row:
    hits, of, times, false = Counter[str](), Counter[str](), [], 0
    for path, faces in progress(marked, f"{len(marked)} photos, {name}", len(marked)):
        found, took = found_in(path, detector)
        times.append(took)
        for face in faces:
            size = _range(SIZES, face.width) + (", masked" if face.masked else "")
            of[size] += 1
            hits[size] += any(face.box.iou(box) >= OVERLAP for box, _ in found)
        false += sum(one.width >= LEAST_COUNTED and _nobodys(box, faces) for box, one in found)
    columns = [*SIZES, "20 to 40, masked", "40 to 80, masked"]
    counts = {size: f"{hits[size]} of {of[size]}" for size in columns}
    return {"detector": name, **counts, "false": false, "ms": round(float(np.median(times)), 1), "photos": len(times)}


def _range(limits: dict[str, float], width: float) -> str:
    return next(name for name, limit in limits.items() if width < limit)


def _nobodys(box: Box, faces: Sequence[Annotated]) -> bool:
    return not any(face.box.iou(box) for face in faces)


def boxes_found(marked: Sequence[Marked], detector: Detect) -> list[Row]:
    """Count the detector's boxes by their own width: on a marked face, touching one, or touching none."""
    kinds: Counter[tuple[str, str]] = Counter()
    for path, faces in marked:
        for box, one in found_in(path, detector)[0]:
            best = max((face.box.iou(box) for face in faces), default=0.0)
            kinds[_range(WIDTHS, one.width), "on" if best >= OVERLAP else "beside" if best else "none"] += 1
    names = {"on": "on a marked face", "beside": "beside one", "none": "touching none"}
    return [{"width": width, **{name: kinds[width, kind] for kind, name in names.items()}} for width in WIDTHS]


def large_photos(faces: Sequence[Face], background: Path, folder: Path) -> list[LargePhoto]:
    """Return JPEGs of twelve people each, for every width the faces that were that wide at least."""
    empty = Image.fromarray(load_rgb(background)).resize(LARGE)
    cut = [(face, *cut_out(face)) for face in faces if face.teaches()]
    photos: list[Any] = []
    for width in progress(FACE_WIDTHS, "large photos", len(FACE_WIDTHS)):
        wide = [(face, picture, own) for face, picture, own in cut if own >= width]
        columns, rows = LARGE[0] // PLACE, LARGE[1] // PLACE
        for start in range(0, len(wide), columns * rows):
            path, page, people = folder / f"{len(photos)}.jpg", empty.copy(), []
            for index, (face, picture, own) in enumerate(wide[start : start + columns * rows]):
                small = picture.resize([round(side * width / own) for side in picture.size], Image.Resampling.LANCZOS)
                middle = PLACE * (index % columns) + PLACE // 2, PLACE * (index // columns) + PLACE // 2
                left, top = middle[0] - small.width // 2, middle[1] - small.height // 2
                page.paste(small, (left, top))
                people.append((face, (left, top, left + small.width, top + small.height)))
            page.save(path, quality=90)
            photos.append(LargePhoto(path, width, tuple(people)))
    return photos


def at_working_size(size: int, faces: Sequence[Face], photos: Sequence[LargePhoto], engines: Engines) -> Row:
    """Return who is found and named at a working size, by the width of the faces, and how long a photo takes."""
    hits: dict[int, list[Hit]] = {photo.width: [] for photo in photos}
    reading, finding, again = [], [], []
    for photo in progress(photos, f"working size {size}", len(photos)):
        (decoded, has_more, _), took = timed(load_at_least, photo.path, size)
        working, shrunk = timed(working_copy, decoded, size)
        found, looked = timed(engines.detector, working)
        finer = Finer(photo.path, decoded, has_more)
        hits[photo.width] += look_for(photo, decoded, working, found, engines.faces, finer)
        reading.append(took + shrunk)
        finding.append(looked)
        again.append(finer.took)
    times = {"read": reading, "find": finding, "read again": again}
    row = {"size": size} | {f"ms to {what}": round(np.median(took)) for what, took in times.items()}
    return row | {f"{width} px (n {len(of)})": found_and_named(faces, of, engines) for width, of in hits.items()}


class Finer:
    """Reads a photo with twice as many pixels a side, as the program does for small faces; `took` milliseconds."""

    def __init__(self, path: Path, decoded: Rgb, has_more: bool) -> None:
        self._path, self._decoded, self._has_more = path, decoded, has_more
        self.took = 0.0

    def __call__(self) -> Rgb:
        """Return the finer pixels."""
        if not self._has_more:
            return self._decoded
        (finer, *_), self.took = timed(load_at_least, self._path, round(1.9 * max(self._decoded.shape)))
        return finer


def look_for(
    photo: LargePhoto,
    cut_from: Rgb,
    working: Rgb,
    found: Sequence[Detection],
    model: FaceModel,
    finer: Callable[[], Rgb] | None = None,
) -> list[Hit]:
    """Return each person of a large photo with the largest face found where they are."""
    aligned = detect_and_align_faces(cut_from, working, lambda _: list(found), model, finer)
    scale = LARGE[0] / working.shape[1]
    return [(face, next((one for one in aligned if _inside(one, place, scale)), None)) for face, place in photo.people]


def _inside(face: AlignedFace, place: tuple[int, int, int, int], scale: float) -> bool:
    seen = face.detection
    x, y = scale * (seen.left + seen.right) / 2, scale * (seen.top + seen.bottom) / 2
    return place[0] <= x < place[2] and place[1] <= y < place[3]


def found_and_named(faces: Sequence[Face], hits: Sequence[Hit], engines: Engines) -> str:
    """Return the shares of faces found and, by distance alone, named rightly, in percent."""
    found = sum(aligned is not None for _, aligned in hits)
    return f"{100 * found / len(hits):.0f} / {named(faces, hits, engines)['known found'][0]:.0f}"


def named(faces: Sequence[Face], hits: Sequence[Hit], engines: Engines) -> Row:
    """Return what galleries of five normal samples say to the faces, a face not found being nobody's."""
    vectors = iter(engines.faces.encode([aligned.chip for _, aligned in hits if aligned]))
    probes = [
        replace(face, seen=replace(face.seen, vector=next(vectors) if aligned else FAR)) for face, aligned in hits
    ]
    return summary([one.at(TOLERANCE) for one in trials(faces, FIVE, probes)])


def pixels_of_the_chip(faces: Sequence[Face], photos: Sequence[LargePhoto], engines: Engines) -> list[Row]:
    """Return who is named, and called sharp, by where the chip is cut from, all found at the shipped working size."""
    sources = ("as read", "read again", "whole photo")
    rows = []
    for width in sorted({photo.width for photo in photos}):
        hits: dict[str, list[Hit]] = {source: [] for source in sources}
        for photo in (one for one in photos if one.width == width):
            decoded, has_more, _ = load_at_least(photo.path, DEFAULTS.resize_max)
            working = working_copy(decoded, DEFAULTS.resize_max)
            found = engines.detector(working)
            again = Finer(photo.path, decoded, has_more)()
            whole, *_ = load_at_least(photo.path, max(LARGE))
            for source, rgb in zip(sources, (decoded, again, whole)):
                hits[source] += look_for(photo, rgb, working, found, engines.faces)
        rows += [{"width": width, "cut from": source, **_quality(faces, hits[source], engines)} for source in sources]
    return rows


def _quality(faces: Sequence[Face], hits: Sequence[Hit], engines: Engines) -> Row:
    seen = [aligned for _, aligned in hits if aligned]
    sharp = 100 * sum(one.sharpness >= DEFAULTS.lap_var_thresh for one in seen) / max(len(seen), 1)
    pixels = round(float(np.median([one.pixels for one in seen] or [0])))
    about = named(faces, hits, engines)
    told = {name: about[name] for name in ("known found", "wrong names", "held-out people accepted", "n")}
    return {"pixels": pixels, "found": len(seen), "of": len(hits), "judged sharp": round(sharp), **told}
