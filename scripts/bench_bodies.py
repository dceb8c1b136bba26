"""How people are found, and how well bodies are told apart within an event and across: `scripts/bench.py bodies`.

Protocol. A camera stands for an event. In each split and camera some of the people there are known, each by one crop
drawn at random, as if their face had been accepted in that photo; all other crops are asked, in the same camera
(*within*) or in the other ones (*across*). Who is not known is a stranger. For close-ups the known are cut off below,
and the others are or are not. Intervals are Wilson's, of 95 %, as if each of the different crops had been asked once:
those of the splits hang together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from bench_people import SHARED, progress
from bench_persons import persons
from bench_tables import Row, Tables
from kith.errors import BadInput
from kith.identity.body_candidates import EVENT_MARGIN, EVENT_SUGGEST, EVENT_TOL
from kith.identity.comparison import most_alike_people
from kith.identity.gallery import Gallery, gallery_of
from kith.model_registry import PERSON_DETECTORS
from kith.photos.pixels import load_rgb
from kith.values.samples import Sample
from kith.vision.bodies import TorchreidBodyExtractor
from kith.vision.observations import Rgb
from kith.vision.runtime import OnnxNetwork
from kith.vision.yolox import Yolox

PEDESTRIANS, NETWORK = "pedestrians", "osnet_x0_25"
SPLITS = 100
KNOWN = (2, 5, 10)
TYPICAL = 5
BATCH = 25
THRESHOLDS = (0.70, 0.75, 0.78, 0.80, 0.82, 0.84, 0.86, 0.88)
SHOWN = (0.2, 0.25, 0.3, 0.4, 0.5)  # of a body, from the head down; a face is about a tenth of it
MARGINS = (0.0, 0.05, EVENT_MARGIN)
USES = {"filed": (EVENT_TOL, EVENT_MARGIN), "suggested": (EVENT_SUGGEST, 0.0)}

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Crop:
    """A person (a number) as a camera saw them."""

    number: int
    person: int
    camera: str
    vector: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Asked:
    """The answers of all splits: which crop, whether its person is known, whether the best is right, by how much."""

    crop: NDArray[np.int64]
    known: Flags
    right: Flags
    value: NDArray[np.float64]
    margin: NDArray[np.float64]

    def shares(self, threshold: float, margin: float) -> Row:
        """Return what comes of naming whoever is more alike than `threshold`, and by `margin` than the next."""
        named = (self.value > threshold) & (self.margin >= margin)
        return {
            "known found": self._share(named & self.right, self.known),
            "wrong names": self._share(named & ~self.right, self.known),
            "strangers named": self._share(named, ~self.known),
            "n known": f"{self.known.sum()} ({len(set(self.crop[self.known]))})",
            "n strangers": f"{(~self.known).sum()} ({len(set(self.crop[~self.known]))})",
        }

    def _share(self, hits: Flags, asked: Flags) -> str:
        if not asked.any():
            return "-"
        share, different = hits[asked].mean(), len(set(self.crop[asked]))
        interval = binomtest(round(share * different), different).proportion_ci(method="wilson")
        return f"{100 * share:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def bodies(data: Path) -> Tables:
    """Compare thresholds for bodies, within an event and across."""
    folder, network = data / PEDESTRIANS, next((SHARED / "models").glob(f"{NETWORK}*.onnx"), None)
    if network is None or not folder.is_dir():
        raise BadInput(f"There is no {folder}, or no {NETWORK} in {SHARED / 'models'}.")
    crops = crops_in(folder, network)
    cut_off = {share: crops_in(folder, network, share) for share in SHOWN}
    tables = bodies_told_apart(crops) | {"within an event, the known cut off, suggested": close_ups(crops, cut_off)}
    detector = SHARED / "models" / f"{PERSON_DETECTORS[0].name}.onnx"
    if not detector.is_file():
        return tables
    return (
        tables | persons(data, detector) | {"within an event, by the boxes found": _by_boxes(folder, network, detector)}
    )


def _by_boxes(folder: Path, network: Path, detector: Path) -> list[Row]:
    """Compare whole crops with the boxes of the people found in them, of the same crops."""
    detect = Yolox(detector)
    whole = [(path, load_rgb(path)) for path in crop_paths(folder)]
    found = [(path, rgb, people[0]) for path, rgb in whole if (people := detect(rgb))]
    shown = {
        "whole crop": [(path, rgb) for path, rgb, _ in found],
        "box found": [(path, rgb[one.top : one.bottom, one.left : one.right]) for path, rgb, one in found],
    }
    asked = {name: _ask(described(pictures, network), TYPICAL, False) for name, pictures in shown.items()}
    return [
        {"body": name, "use": use} | own.shares(*limits) for name, own in asked.items() for use, limits in USES.items()
    ]


def crop_paths(folder: Path) -> list[Path]:
    """Return the crops of a folder of pedestrians (person/person_camera_….jpg)."""
    return sorted(folder.glob("*/*.jpg"))


def crops_in(folder: Path, network: Path, shown: float = 1.0) -> list[Crop]:
    """Return the crops of a folder of pedestrians with their body vectors.

    Each is looked at from the head down, as much of it as is `shown`.
    """
    return described([(path, _upper(load_rgb(path), shown)) for path in crop_paths(folder)], network)


def described(pictures: Sequence[tuple[Path, Rgb]], network: Path) -> list[Crop]:
    """Return pictures of pedestrians, each by its file, with their body vectors."""
    paths = [path for path, _ in pictures]
    extract = TorchreidBodyExtractor(OnnxNetwork(network), NETWORK).encode
    people = {name: number for number, name in enumerate(sorted({path.parent.name for path in paths}), start=1)}
    parts = [pictures[start : start + BATCH] for start in range(0, len(pictures), BATCH)]
    looked_at = progress(parts, f"{len(paths)} crops", len(parts))
    vectors = [vector for part in looked_at for vector in extract([rgb for _, rgb in part])]
    named = enumerate(zip(paths, vectors, strict=True))
    return [Crop(key, people[path.parent.name], path.name.split("_")[1][:2], vector) for key, (path, vector) in named]


def bodies_told_apart(crops: Sequence[Crop]) -> Tables:
    """Return what thresholds and margins come to, and the shipped ones for other numbers of known people."""
    within, across = _ask(crops, TYPICAL, False), _ask(crops, TYPICAL, True)
    settings = [(threshold, margin) for margin in MARGINS for threshold in THRESHOLDS]
    return {
        name: [
            {"margin": margin, "threshold": threshold} | asked.shares(threshold, margin)
            for threshold, margin in settings
        ]
        for name, asked in (("within an event", within), ("across events", across))
    } | {
        f"within an event, {use}": [
            {"known people": known} | _ask(crops, known, False).shares(*limits) for known in KNOWN
        ]
        for use, limits in USES.items()
    }


def close_ups(whole: Sequence[Crop], cut_off: Mapping[float, Sequence[Crop]]) -> list[Row]:
    """Return what suggestions come to where the known are seen cut off, and all others whole or as they are."""
    return [
        {"shown": share, "asked": asked} | _ask(others, TYPICAL, False, cut).shares(EVENT_SUGGEST, 0.0)
        for asked in ("whole", "cut off")
        for share, cut in cut_off.items()
        for others in (whole if asked == "whole" else cut,)
    ]


def _upper(rgb: Rgb, share: float) -> Rgb:
    return rgb[: round(share * len(rgb))]


def _ask(crops: Sequence[Crop], known: int, across: bool, as_known: Sequence[Crop] = ()) -> Asked:
    """Ask all splits; whoever is known is known by their crop in `as_known`, where there are such."""
    seen = {crop.number: crop for crop in as_known or crops}
    answers = []
    for seed in range(SPLITS):
        random = np.random.default_rng(seed)
        for camera in sorted({crop.camera for crop in crops}):
            there = [crop for crop in crops if crop.camera == camera]
            gallery = _gallery(there, known, random, seen)
            taught = set(gallery.appearance_ids.tolist())
            people = {crop.person for crop in there}
            asked = [one for one in crops if (one.camera != camera) == across and one.person in people]
            answers += _answers(gallery, [one for one in asked if one.number not in taught])
    crop, is_known, right, value, margin = zip(*answers, strict=True)
    return Asked(np.array(crop), np.array(is_known), np.array(right), np.array(value), np.array(margin))


def _gallery(there: Sequence[Crop], known: int, random: np.random.Generator, seen: Mapping[int, Crop]) -> Gallery:
    people = sorted({crop.person for crop in there})
    drawn = sorted(random.choice(people, min(known, len(people)), replace=False).tolist())
    own = [[crop for crop in there if crop.person == person] for person in drawn]
    chosen = [crops[int(random.integers(len(crops)))] for crops in own]
    return gallery_of("", [Sample(one.person, one.number, 0, 0.0, 0.0, seen[one.number].vector) for one in chosen])


def _answers(gallery: Gallery, asked: Sequence[Crop]) -> list[tuple[int, bool, bool, float, float]]:
    if not asked:
        return []
    known = set(gallery.person_ids.tolist())
    found = most_alike_people(gallery, "", np.stack([one.vector for one in asked]))
    return [
        (one.number, one.person in known, best.person_id == one.person, best.value, best.margin)
        for one, (best, *_) in zip(asked, found, strict=True)
    ]
