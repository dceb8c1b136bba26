"""Who shows in a photo: faces with their bodies, cut out and still to be described."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kith.photos.box import Box
from kith.photos.facts import perceptual_hash
from kith.photos.first_read import Reading, read
from kith.photos.photo_file import PhotoFile
from kith.photos.video import Frame, frames, frames_at, is_video
from kith.process import getting_on
from kith.vision.alignment import AlignedFace, detect_and_align_faces
from kith.vision.bodies import BodyModel, body_region, shows_more_than_the_head
from kith.vision.detection import Detect, Detection, turned
from kith.vision.engines import Engines, EngineSpec
from kith.vision.observations import Rgb
from kith.vision.pairs import pair
from kith.vision.photo_pixels import grey, photo_pixels
from kith.vision.tiles import working_side
from kith.vision.tracks import shots
from kith.vision.working_copy import working_copy

Corners = tuple[int, int, int, int]
LEAST_SHARED = 0.25  # of intersection over union: between a face found and one drawn by hand
SAME_BOX = 0.5  # of intersection over union: between boxes of one detector at other working sizes


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A body at `corners` of the working copy, cut out of the finest pixels at hand.

    `crop` is a small copy: the pixels of a whole batch of photos would not fit into memory.
    """

    corners: Corners
    crop: Rgb
    score: float
    weak: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Somebody:
    """Who shows by a face, a body or both; in a video at a moment (in milliseconds), in a shot of it."""

    face: AlignedFace | None
    body: Body | None
    moment: int | None = None
    shot: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Who shows in a photo of `height` x `width` working pixels; videos have no `phash`."""

    phash: int | None
    height: int
    width: int
    orientation: int
    people: list[Somebody]
    reading: Reading | None
    note: str

    def box(self, corners: Corners, moment: int | None = None) -> Box:
        """Return corners in working pixels as a box in the photo as stored, or in a video at a moment."""
        return placed(corners, self.width, self.height, self.orientation).at(moment)


def read_file(file: PhotoFile, spec: EngineSpec) -> Reading:
    """Return what the file tells without its pixels; raises BadPhoto."""
    return read(file, spec.max_pixels, lambda width, height: working_side(width, height, spec.resize_max))


def see(
    file: PhotoFile,
    known: Reading | None,
    spec: EngineSpec,
    engines: Engines,
    only: Sequence[Box] | None = None,
    drawn: bool = False,
) -> Scene:
    """Find everybody in a photo: faces the largest first, then bodies without one; raises BadPhoto.

    Of the faces `only` those at these places (stored pixels), where some are given; all of them where they are `drawn`.
    """
    reading = known if known and known.stamp == file.stamp else read_file(file, spec)
    if is_video(file.path):
        return _see_video(file, None if reading is known else reading, spec, engines, only, drawn)
    facts = reading.facts
    side = working_side(facts.width, facts.height, spec.resize_max)
    decoded, has_more, note = photo_pixels(file, side, spec.max_pixels)
    working = working_copy(decoded, side)
    height, width = working.shape[:2]

    def twice_as_fine() -> Rgb:  # a little less is asked for, as reduced sizes are rounded
        if not has_more:
            return decoded
        finer_side = round(1.9 * max(decoded.shape))
        return photo_pixels(file, finer_side, spec.max_pixels).rgb

    detect = engines.detector
    if only is not None:
        places = drawn_faces if drawn else _at
        detect = places(only, facts.orientation, detect)
    faces = detect_and_align_faces(decoded, working, detect, engines.faces, twice_as_fine)
    if engines.bodies:
        people = _with_bodies(faces, decoded, working, engines.persons, engines.bodies)
    else:
        people = [Somebody(face, None) for face in faces]
    anew = None if reading is known else reading
    return Scene(perceptual_hash(grey(working)), height, width, facts.orientation, people, anew, note)


def _see_video(
    file: PhotoFile,
    anew: Reading | None,
    spec: EngineSpec,
    engines: Engines,
    only: Sequence[Box] | None,
    drawn: bool,
) -> Scene:
    """Find faces in frames of a video, or `only` those at these places, shot by shot."""
    side = spec.resize_max
    shown: Iterable[tuple[Frame, int | None]]
    if only is None:
        shown = shots(frames(file, 2 * side))
    else:
        shown = ((frame, None) for frame in frames_at(file, (box.moment or 0 for box in only), 2 * side))
    people, height, width = [], 1, 1
    for frame, shot in shown:
        getting_on()
        working = working_copy(frame.rgb, side)
        height, width = working.shape[:2]
        detect = engines.detector
        if only is not None:
            there = [box.in_frame for box in only if (box.moment or 0) == frame.moment]
            detect = drawn_faces(there, 1, detect) if drawn else _at(there, 1, detect)
        faces = detect_and_align_faces(frame.rgb, working, detect, engines.faces)
        people += [Somebody(face, None, frame.moment, shot) for face in faces]
    return Scene(None, height, width, 1, people, anew, "")


def _at(boxes: Sequence[Box], orientation: int, detect: Detect) -> Detect:
    """Return a detector of the faces at these places only."""

    def detect_there(rgb: Rgb) -> list[Detection]:
        height, width = rgb.shape[:2]
        found = [(placed(face[:4], width, height, orientation), face) for face in detect(rgb)]
        return [face for place, face in found if any(is_there(place, box) for box in boxes)]

    return detect_there


def drawn_faces(boxes: Sequence[Box], orientation: int, detect: Detect) -> Detect:
    """Return the detector of a face at each of these places: as it is found in its surroundings, else as drawn."""

    def detect_there(rgb: Rgb) -> list[Detection]:
        return [_drawn(rgb, box.to_upright(orientation), detect) for box in boxes]

    return detect_there


def _drawn(rgb: Rgb, box: Box, detect: Detect) -> Detection:
    """Return the face at a box of the upright picture, by no score of a detector's: it is the user who says so."""
    height, width = rgb.shape[:2]
    left, top = round(box.x * width), round(box.y * height)
    side = max(1, round((box.w * width * box.h * height) ** 0.5))
    left, top = left + round((box.w * width - side) / 2), top + round((box.h * height - side) / 2)
    place = Detection(left, top, left + side, top + side, 0.0)
    right, down = max(0, left - side), max(0, top - side)
    around = np.ascontiguousarray(rgb[down : top + 2 * side, right : left + 2 * side])
    meant = placed(place[:4], width, height, 1)
    found = [face.moved(right, down) for face in detect(around) if not face.turns] if around.size else []
    overlaps = {face: placed(face[:4], width, height, 1).iou(meant) for face in found}
    best = max(overlaps, key=lambda face: overlaps[face], default=None)
    return best._replace(score=0.0) if best and overlaps[best] > LEAST_SHARED else place


def is_there(place: Box, box: Box) -> bool:
    """Say whether a face that a detector finds is the one at a box, where it found one before."""
    return place.iou(box) > SAME_BOX


def placed(corners: Corners, width: int, height: int, orientation: int) -> Box:
    """Return corners in pixels of an upright photo of that size as a box in the photo as stored."""
    left, top, right, bottom = corners
    upright = Box(left / width, top / height, (right - left) / width, (bottom - top) / height)
    return upright.to_stored(orientation)


def _with_bodies(
    faces: Sequence[AlignedFace],
    decoded: Rgb,
    working: Rgb,
    find_persons: Detect | None,
    bodies: BodyModel,
) -> list[Somebody]:
    """Return everybody with their body, where more than the head of it shows.

    Bodies are looked for the way up of the faces. Where nobody shows at all, the whole photo is taken for a body,
    marked weak.
    """
    turns = faces[0].detection.turns if faces else 0
    height, width = working.shape[:2]
    heads = [face.detection.turned(turns, width, height) for face in faces]
    decoded = turned(decoded, turns)
    working = turned(working, turns)
    height, width = working.shape[:2]

    def cut(person: Detection, weak: bool = False) -> Body:
        crop = _cut(decoded, person[:4], working)
        as_given = person.turned(-turns, width, height)
        return Body(as_given[:4], bodies.fitted(crop), person.score, weak)

    found = find_persons(working) if find_persons else []
    pairs = pair([head[:4] for head in heads], [person[:4] for person in found])
    if not pairs:
        return [Somebody(None, cut(Detection(0, 0, width, height, 1.0), weak=True))]
    people = []
    for person in pairs:
        face = None if person.face is None else faces[person.face]
        head = None if person.face is None else heads[person.face]
        seen = _below(head, height, width) if person.body is None else found[person.body]
        is_worth_it = seen and (head is None or shows_more_than_the_head(head, seen.bottom))
        people.append(Somebody(face, cut(seen) if seen and is_worth_it else None))
    return people


def _below(head: Detection | None, height: int, width: int) -> Detection | None:
    corners = body_region(head, height, width) if head else None
    return Detection(*corners, 1.0) if corners else None


def _cut(decoded: Rgb, corners: Corners, working: Rgb) -> Rgb:
    """Cut what lies at `corners` of the working copy out of the finer pixels."""
    down = decoded.shape[0] / working.shape[0]
    across = decoded.shape[1] / working.shape[1]
    left, top, right, bottom = corners
    rows = slice(round(top * down), round(bottom * down))
    columns = slice(round(left * across), round(right * across))
    return decoded[rows, columns]
