"""Whether a file that changed still shows the same: the same faces at the same places, or the same picture turned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kith.identity.alike_photos import SAME_PHASH_BITS
from kith.photos.box import Box
from kith.photos.facts import turned_hash
from kith.values.sightings import SAME_PLACE_IOU
from kith.vision.observations import Kind, Observation

# Distance of a face from itself after an edit: farther than edits move it, and nearer than other people are. At 0.40
# no group of 3,715 faces mixed two people (matiasdelellis/facerecognition, doc/clustering.md).
SAME_FACE = 0.4
TURNED_PHASH_BITS = 12  # between the 10 of the same photo turned and the 18 of another: kith.photos.facts.turned_hash

PlacedFace = tuple[Box, Observation]  # a face with its place in the upright photo


@dataclass(frozen=True, slots=True)
class Content:
    """What shows in a photo: its faces, and its perceptual hash (signed 64 bits) where that is known."""

    faces: Sequence[PlacedFace]
    phash: int | None


def content_of(seen: Iterable[Observation], orientation: int, phash: int | None) -> Content:
    """Return the content of a photo of which this was seen, the boxes being of its stored pixels."""
    faces = [face for face in seen if face.kind is Kind.FACE]
    return Content([(face.box.to_upright(orientation), face) for face in faces], phash)


def turn_shown(before: Content, after: Content) -> int | None:
    """Return how the upright photo is turned, as the EXIF orientation that turns pixels so: 1 where it is not.

    None where it shows something else. In a picture that lay on its side no face may have been found, so that of a
    turned one the picture itself decides.
    """
    if shows_the_same(before, after):
        return 1
    if before.phash is None or after.phash is None:
        return None
    differing = {turn: _bits_apart(turned_hash(before.phash, turn), after.phash) for turn in range(2, 9)}
    turn = min(differing, key=lambda turn: differing[turn])
    return turn if differing[turn] <= TURNED_PHASH_BITS else None


def shows_the_same(before: Content, after: Content) -> bool:
    """Say whether every face is where it was; where no face was, whether both are nearly the same picture."""
    alike = _look_alike(before.phash, after.phash)
    if not before.faces:
        return alike and not after.faces
    free = list(after.faces)
    for face in before.faces:
        same = next((other for other in free if _is_same(face, other, alike)), None)
        if same is None:
            return False
        free.remove(same)
    return True


def _is_same(face: PlacedFace, other: PlacedFace, pictures_alike: bool) -> bool:
    """Say whether two faces are one: by place and vector, or by place and picture where two models saw them."""
    (place, seen), (other_place, other_seen) = face, other
    if place.iou(other_place) < SAME_PLACE_IOU:
        return False
    if seen.model_id != other_seen.model_id:
        return pictures_alike
    vector, other_vector = seen.vector, other_seen.vector
    if len(vector) != len(other_vector):
        return pictures_alike
    distance = np.linalg.norm(vector - other_vector)
    return bool(distance < SAME_FACE)


def _look_alike(phash: int | None, other: int | None) -> bool:
    if phash is None or other is None:
        return False
    return _bits_apart(phash, other) <= SAME_PHASH_BITS


def _bits_apart(phash: int, other: int) -> int:
    return ((phash ^ other) & (2**64 - 1)).bit_count()
