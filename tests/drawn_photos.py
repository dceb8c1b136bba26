"""Drawn photos by the names of the shared ones, and eyes for them: for where the real photos and models are not.

A person is a square of one colour with a dark stripe on top, the face, above a paler block, the body. The shade of the
hat makes a face a little different in each photo, as real ones are.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kith.errors import BadPhoto, KithError
from kith.jobs import looks
from kith.photos.box import Box
from kith.photos.facts import perceptual_hash
from kith.photos.photo_file import steadily
from kith.vision.analysis import Photo
from kith.vision.engines import EngineSpec
from kith.vision.face_model import default_face_model
from kith.vision.observations import Analysis, Appearance, Kind, Observation, Vector
from kith.vision.photo_pixels import load_at_least
from tests.small_world import body_vector

PORTRAYED = (
    "Ariel_Sharon", "Arnold_Schwarzenegger", "Colin_Powell", "Donald_Rumsfeld", "George_W_Bush", "Gerhard_Schroeder",
    "Hugo_Chavez", "Jacques_Chirac", "Tony_Blair", "Vladimir_Putin",
)  # fmt: skip
PEOPLE = (*PORTRAYED, "Obama", "Biden", "on the left")
BYSTANDERS = {("Vladimir_Putin", 1): ("on the left", 4)}  # and the left edge of their smaller face
GROUPS = {
    "obama-1080p.jpg": ["Obama"],
    "obama_and_biden.jpg": ["Obama", "Biden"],
    "two_people.jpg": ["Obama", "Biden"],
    "cat.jpg": [],
    "park.jpg": [],
}
PORTRAITS = range(1, 21)  # the numbers of everybody's photos
MIDDLE, TOLERANCE, LEAST_SIDE = 128, 20, 12
FACES = [colour for colour in product((30, 130, 230), repeat=3) if len({*colour}) > 1][: len(PEOPLE)]
BODIES = [tuple((level + MIDDLE) // 2 for level in colour) for colour in FACES]

Pixels = NDArray[np.uint8]
Corners = tuple[int, int, int, int]  # left, top, right, bottom


def draw_all(folder: Path) -> Path:
    """Draw every photo, and write what stands for a model, as the shared folder holds them."""
    for person, name in enumerate(PORTRAYED):
        for number in PORTRAITS:
            place = folder / "data/lfw10" / name / f"{name}_{number:04d}.jpg"
            pixels = _drawn([person], number, (250, 250))
            if bystander := BYSTANDERS.get((name, number)):
                _draw_person(pixels, PEOPLE.index(bystander[0]), number, bystander[1], 100, 42)
            _save(pixels, place)
    for number, (name, people) in enumerate(GROUPS.items()):
        _save(_drawn([PEOPLE.index(person) for person in people], number, (480, 640)), folder / "data/groups" / name)
    (folder / "models").mkdir()
    (folder / "models/osnet_x0_25_msmt17.pth").write_text("drawn eyes need no weights")
    return folder


def _save(pixels: Pixels, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=95, subsampling=0)


def _drawn(people: Sequence[int], number: int, size: tuple[int, int]) -> Pixels:
    """Return a photo of people side by side, over a ground of its own."""
    height, width = size
    random = np.random.default_rng([number, *people])
    ground = Image.fromarray(random.integers(256, size=(5, 5), dtype=np.uint8))
    pixels = np.repeat(np.asarray(ground.resize((width, height)))[:, :, None], 3, axis=2)
    for place, person in enumerate(people):
        side, shift = round(height * random.uniform(0.36, 0.42)), round(width * random.uniform(-0.05, 0.05))
        left = round((place + 0.5) * width / len(people)) + shift - side // 2
        _draw_person(pixels, person, number, left, height * 3 // 10, side)
    return pixels


def _draw_person(pixels: Pixels, person: int, number: int, left: int, top: int, side: int) -> None:
    right, bottom = left + side, top + side
    pixels[top - side // 4 : top, left:right] = 8 * number  # the hat: which photo it is
    pixels[bottom:, left - side // 8 : right + side // 8] = BODIES[person]
    pixels[top:bottom, left:right] = FACES[person]
    pixels[top : top + side // 4, left:right] = 0
    for eye in (left + side // 5, left + 3 * side // 5):  # which make it sharp
        pixels[top + side // 2 : top + side * 5 // 8, eye : eye + side // 5] = 255


# Eyes


def see(photos: Sequence[Photo], spec: EngineSpec) -> list[Analysis | KithError]:
    """Return what shows in drawn photos."""
    return [_seen(path, reading.facts.orientation if reading else 1, spec) for path, reading in photos]


def open_eyes(replace: Callable[[object, str, object], None]) -> None:
    """Let the jobs of this process, and their workers, see by these eyes instead of the networks."""
    replace(looks, "analyse", see)
    replace(looks, "made_ready", lambda spec, _device: spec)


def _seen(path: Path, orientation: int, spec: EngineSpec) -> Analysis | BadPhoto:
    try:
        pixels, _, note = steadily(path, lambda _file: load_at_least(path, spec.resize_max))
    except BadPhoto as error:
        return error
    people = sorted(_people(pixels, orientation, spec), key=lambda seen: -seen[0].box.w * seen[0].box.h)
    if not people and spec.body_model_id:
        whole = (0, 0, pixels.shape[1], pixels.shape[0])
        people = [[_body(whole, pixels, range(len(PEOPLE)), orientation, spec)]]
    return Analysis(perceptual_hash(pixels), tuple(Appearance(seen[0].box, tuple(seen)) for seen in people), note=note)


def _people(pixels: Pixels, orientation: int, spec: EngineSpec) -> Iterator[list[Observation]]:
    """Yield what is seen of each person: faces with the bodies below, and bodies without a face."""
    for number in range(len(PEOPLE)):
        bodies = list(_regions(pixels, BODIES[number])) if spec.body_model_id else []
        for face in filter(partial(_is_upright, pixels), _regions(pixels, FACES[number])):
            below = [body for body in bodies if body[0] < face[2] and face[0] < body[2]][:1]
            bodies = [body for body in bodies if body not in below]
            seen = [_body(body, pixels, [number], orientation, spec, below_face=True) for body in below]
            yield [_face(face, pixels, number, orientation), *seen]
        yield from ([_body(body, pixels, [number], orientation, spec)] for body in bodies)


def _regions(pixels: Pixels, colour: tuple[int, ...]) -> Iterator[Corners]:
    """Yield where a colour is."""
    from scipy import ndimage  # slow to import, and not every test sees

    labels, _ = ndimage.label(np.abs(pixels.astype(int) - colour).max(axis=2) < TOLERANCE)
    for rows, columns in ndimage.find_objects(labels):
        if min(rows.stop - rows.start, columns.stop - columns.start) >= LEAST_SIDE:
            yield columns.start, rows.start, columns.stop, rows.stop


def _is_upright(pixels: Pixels, face: Corners) -> bool:
    left, top, right, _ = face
    stripe = top - (right - left) // 8
    return stripe >= 0 and pixels[stripe, (left + right) // 2].max() < 60


def _face(corners: Corners, pixels: Pixels, number: int, orientation: int) -> Observation:
    left, top, right, bottom = corners
    side = right - left
    top = max(0, top - side // 4)
    photo = round(float(pixels[max(0, top - side // 8), left + side // 4 : right - side // 4].mean()) / 8)
    return Observation(
        Kind.FACE,
        default_face_model().id,
        _box((left, top, right, bottom), pixels, orientation),
        0.9,
        _vector(number, photo),
        sharpness=_sharpness(pixels[top:bottom, left:right]),
        pixels=float(side),
        frontality=1.0,
    )


def _vector(person: int, photo: int) -> Vector:
    """Return a face like dlib's, of a norm about 1.4.

    People are 0.7 to 1.1 apart, the faces of one about 0.35, and the first ones farther off.
    """
    centre, own = np.random.default_rng([0, person]), np.random.default_rng([1, person, photo])
    noise = 0.036 if photo == 1 else 0.022
    vector = centre.normal(0, 0.036 + 0.002 * person, 128) + own.normal(0, noise, 128)
    vector[0] += 1.25
    return vector.astype(np.float32)


def _body(
    corners: Corners,
    pixels: Pixels,
    like: Sequence[int],
    orientation: int,
    spec: EngineSpec,
    below_face: bool = False,
) -> Observation:
    model = spec.body_model_id or ""
    is_weak = not below_face and spec.person_detector is None
    vector = np.mean([body_vector((number,), 0, model) for number in like], axis=0)
    vector /= np.linalg.norm(vector)
    return Observation(Kind.BODY, model, _box(corners, pixels, orientation), 1.0, vector, weak=is_weak)


def _box(corners: Corners, pixels: Pixels, orientation: int) -> Box:
    height, width = pixels.shape[:2]
    left, top, right, bottom = corners
    upright = Box(left / width, top / height, (right - left) / width, (bottom - top) / height)
    return upright.to_stored(orientation)


def _sharpness(face: Pixels) -> float:
    """Return the variance of the Laplacian, as `kith.vision.alignment.sharpness`, without OpenCV, which disturbs Qt."""
    grey = np.asarray(Image.fromarray(face).convert("L").resize((64, 64), Image.Resampling.BOX), float)
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4 * grey[1:-1, 1:-1]).var())
