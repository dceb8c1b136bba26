"""How well faces are identified: rules, tolerances and margins compared on random galleries; a part of bench.py.

Intervals are of 95 %. Decisions on one person's faces, and on one photo's strangers, hang together, so shares have the
interval of a bootstrap that draws people, or photos, with replacement; errors have Wilson's, over distinct faces.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import binomtest

from bench_people import MARGIN, PEOPLE, STRANGERS, TOLERANCE, Face, faces_in, progress
from bench_rules import (
    HELD_OUT,
    MIX,
    NEAREST,
    OTHER,
    RULES,
    SETUPS,
    SHIPPED,
    Outcome,
    Rule,
    Setup,
    shipped,
    tolerance_letting_in,
    trials,
    vectors_of,
)
from bench_tables import Row, Tables
from kith.identity.decision import LEAST_PIXELS_TELLING

HALVES = 20  # ways to part the people in two, in the nested comparison
GALLERIES = 4  # drawn of each half
RESAMPLES = 2000
STRANGERS_LET_IN = 0.01
TOLERANCES = (0.50, 0.52, 0.54, 0.55, 0.56, 0.57, 0.58, 0.60)
MARGINS = (0.0, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08)
SUGGESTIONS = (0.56, 0.58, 0.60, 0.62, 0.64, 0.66)
DENIED = (0.60, 0.64)


def identify(data: Path) -> Tables:
    """Compare rules and thresholds, and say what the shipped settings come to."""
    faces = faces_in(data, PEOPLE + STRANGERS)
    probes = [face for face in faces if face.person or face.seen.pixels >= LEAST_PIXELS_TELLING]
    tables: Tables = {"faces": [_about(faces, probes)]}
    tables |= {name: [] for name in ("rules", "shipped settings", "side by side")}
    for setup in progress(SETUPS, f"{len(SETUPS)} kinds of galleries", len(SETUPS)):
        ours = trials(faces, setup, probes)
        if not ours:
            continue
        by_rule = {name: trials(faces, setup, probes, rule) for name, rule in RULES.items()}
        tables["rules"].append({"samples": setup.name, **{name: _equal(own) for name, own in by_rule.items()}})
        tables["shipped settings"].append({"samples": setup.name, **summary(ours)})
        tables["side by side"].append({"samples": setup.name, **_beside(by_rule[NEAREST], ours)})
        if setup is MIX:
            tables |= _thresholds(ours) | {"is not": _denials(ours)}
    return tables | {"nested": _nested(faces, probes)}


def _about(faces: Sequence[Face], probes: Sequence[Face]) -> Row:
    known = [face for face in faces if face.person]
    return {
        "people": len({face.person for face in known}),
        "faces": len(known),
        "teaching": sum(face.teaches() for face in known),
        "findable": sum(face.findable for face in known),
        "strangers": len(probes) - len(known),
        "photos of strangers": len({face.photo for face in probes if not face.person}),
    }


def _equal(outcomes: Sequence[Outcome]) -> list[float]:
    return mean_and_worst([one.at(tolerance_letting_in([one], STRANGERS_LET_IN)) for one in outcomes])


def mean_and_worst(outcomes: Sequence[Outcome]) -> list[float]:
    """Return the share of known faces found, the mean and the least of all splits, in percent."""
    shares = [one.found() for one in outcomes]
    return [round(100 * float(np.mean(shares)), 1), round(100 * min(shares))]


def interval(hits: NDArray[np.bool_], faces: Sequence[Face]) -> str:
    """Return the share of hits and its interval in percent: by drawing people, and strangers' photos, or Wilson's."""
    if not len(hits):
        return "-"
    if not hits.any():
        return f"0 [0, {_highest(hits, faces)}]"
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for hit, face in zip(hits.tolist(), faces):
        sums[face.person or str(face.photo)][0] += hit
        sums[face.person or str(face.photo)][1] += 1
    totals = np.array(list(sums.values()))
    drawn = np.random.default_rng(0).multinomial(len(totals), np.full(len(totals), 1 / len(totals)), RESAMPLES) @ totals
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (0.025, 0.975))
    digits = 1 if hits.mean() > 0.01 else 2
    return f"{100 * hits.mean():.{digits}f} [{100 * low:.{digits}f}, {100 * high:.{digits}f}]"


def _highest(hits: NDArray[np.bool_], faces: Sequence[Face]) -> float:
    """Return of what share of distinct faces, in percent, this may be true at most (Wilson, 95 %)."""
    struck = len({id(face) for face, hit in zip(faces, hits.tolist()) if hit})
    return round(
        100 * float(binomtest(struck, len({id(face) for face in faces})).proportion_ci(method="wilson").high), 1
    )


def summary(outcomes: Sequence[Outcome]) -> Row:
    """Return what the decisions of all splits come to, shares in percent."""
    truth, named = (np.concatenate([getattr(one, name) for one in outcomes]) for name in ("truth", "named"))
    faces = [face for one in outcomes for face in one.split.asked]
    findable = np.array([face.findable for face in faces])
    known, wrong = truth > 0, (named > 0) & (named != truth)

    def told(rows: NDArray[np.bool_], hits: NDArray[np.bool_]) -> str:
        return interval(hits[rows], [faces[index] for index in np.flatnonzero(rows)])

    row: dict[str, Any] = {"known found": mean_and_worst(outcomes), "of all known": told(known, named == truth)}
    row |= {"of findable": told(known & findable, named == truth), "wrong names": int((wrong & known).sum())}
    row |= {"in percent": told(known, wrong), "n": int(known.sum()), "n findable": int((known & findable).sum())}
    for group, name in ((HELD_OUT, "held-out people"), (OTHER, "other strangers")):
        row |= {f"{name} accepted": told(truth == group, named > 0), f"n {name}": int((truth == group).sum())}
    return row


def _beside(nearest: Sequence[Outcome], ours: Sequence[Outcome]) -> Row:
    """Return both rules at 1 % of strangers, each at one tolerance for all splits, and the shipped settings."""
    row: Row = {}
    for name, outcomes in ((NEAREST, nearest), (SHIPPED, ours)):
        tolerance = tolerance_letting_in(outcomes, STRANGERS_LET_IN)
        told = summary([one.at(tolerance) for one in outcomes])
        row |= {f"{name}, tolerance": round(tolerance, 3), f"{name}, found": told["of all known"]}
        row |= {f"{name}, findable": told["of findable"], f"{name}, wrong": told["wrong names"]}
    told = summary(ours)
    row |= {"shipped, found": told["of all known"], "shipped, findable": told["of findable"]}
    return row | {"shipped, strangers": round(100 * float(np.mean([one.strangers() for one in ours])), 2)}


def _thresholds(ours: Sequence[Outcome]) -> Tables:
    """Return what other thresholds come to, all but one being shipped, whatever the quality of the face."""
    tolerance, margin = TOLERANCE, MARGIN
    keys = ("known found", "of findable", "wrong names", "held-out people accepted", "other strangers accepted")
    settings: dict[str, list[tuple[float, float, float]]] = {
        "face_tol": [(value, value, margin) for value in TOLERANCES],
        "face_margin": [(value, tolerance, value) for value in MARGINS],
        "face_suggest": [(value, value, 0.0) for value in SUGGESTIONS],
    }
    tables = {}
    for name, rows in settings.items():
        told = [(value, summary([one.at(near, ahead) for one in ours])) for value, near, ahead in rows]
        tables[name] = [{name: value, **{key: row[key] for key in keys}} for value, row in told]
    return tables


def _denials(ours: Sequence[Outcome]) -> list[Row]:
    """Return what denying strangers near a person does to that person's own faces, and to the strangers' other faces.

    The first is the worst case: of each person all good strangers that near are denied at once.
    """
    rows = []
    for reach in DENIED:
        lost, own, caught, others, denied = 0, 0, 0, 0, 0
        for one in ours:
            vectors, faces = vectors_of(one.split.asked), one.split.asked
            near = (one.truth <= 0) & (one.distance < reach) & np.array([face.findable for face in faces])
            for person in one.split.gallery.people:
                no = np.flatnonzero(near & (one.nearest == person))
                yes = np.flatnonzero((one.truth == person) & (one.named == person))
                if not len(no):
                    continue
                denied += len(no)
                own += len(yes)
                lost += int((cdist(vectors[yes], vectors[no]).min(axis=1) < one.distance[yes]).sum()) if len(yes) else 0
                among = cdist(vectors[no], vectors[no]) < one.distance[no]  # denied x other
                names = np.array([faces[int(index)].person for index in no])
                same = (names[:, None] == names) & (names != "") & ~np.eye(len(no), dtype=bool)
                others += int(same.sum())
                caught += int((among & same).sum())
        rows.append(
            {
                "strangers denied below": reach,
                "denied": denied,
                "own faces lost": lost,
                "n own": own,
                "same stranger's other faces kept out": caught,
                "n others": others,
            }
        )
    return rows


def _nested(faces: Sequence[Face], probes: Sequence[Face]) -> list[Row]:
    """Choose tolerance and margin of each rule, and the rule, on half of the people; ask the other half."""
    told: dict[str, list[Row]] = defaultdict(list)
    setup = replace(MIX, known=0.6)
    for seed in progress(range(HALVES), f"{HALVES} halves", HALVES):
        random = np.random.default_rng(1000 + seed)
        people = random.permutation(sorted({face.person for face in faces} - {""}))
        photos = random.permutation(sorted({str(face.photo) for face in probes if not face.person}))
        parts = []
        for start in (0, 1):
            mine = {*people[start::2].tolist(), *photos[start::2].tolist()}
            parts.append(
                [[one for one in group if (one.person or str(one.photo)) in mine] for group in (faces, probes)]
            )
        if any(len({face.person for face in part[0]} - {""}) < 3 for part in parts):
            return []
        best, rows = "", {}
        for name, rule in RULES.items():
            chosen, confirmed = (_halves(part, setup, rule) for part in parts)
            margin = max(MARGINS, key=partial(_found_at, chosen))
            tolerance = tolerance_letting_in(chosen, STRANGERS_LET_IN, margin)
            rows[name] = _row(tolerance, margin, [one.at(tolerance, margin) for one in confirmed])
            rows[name]["chosen"] = _found_at(chosen, margin)
            best = max(best or name, name, key=lambda one: rows[one]["chosen"])
        rows["whichever was best on the first half"] = rows[best]
        ours = [shipped(one.split) for one in confirmed]
        rows["shipped settings"] = _row(TOLERANCE, MARGIN, ours)
        for name, row in rows.items():
            told[name].append(row)
    keys = ("tolerance", "margin", "known found", "findable found", "strangers accepted", "wrong names", "n")
    return [{"rule": name} | {key: _joined(key, rows) for key in keys} for name, rows in told.items()]


def _halves(part: Sequence[Sequence[Face]], setup: Setup, rule: Rule) -> list[Outcome]:
    return [one for one in trials(part[0], setup, part[1], rule, GALLERIES) if (one.truth == HELD_OUT).any()]


def _found_at(outcomes: Sequence[Outcome], margin: float) -> float:
    tolerance = tolerance_letting_in(outcomes, STRANGERS_LET_IN, margin)
    return float(np.mean([one.at(tolerance, margin).found() for one in outcomes]))


def _row(tolerance: float, margin: float, outcomes: Sequence[Outcome]) -> Row:
    wrong = sum(int(((one.named > 0) & (one.named != one.truth) & (one.truth > 0)).sum()) for one in outcomes)
    return {
        "tolerance": tolerance,
        "margin": margin,
        "known found": float(np.mean([one.found() for one in outcomes])),
        "findable found": float(np.nanmean([one.found(one.findable) for one in outcomes])),
        "strangers accepted": float(np.mean([one.strangers() for one in outcomes])),
        "wrong names": wrong,
        "n": sum(int((one.truth > 0).sum()) for one in outcomes),
    }


def _joined(key: str, rows: Sequence[Row]) -> object:
    values = [row[key] for row in rows]
    if key in ("wrong names", "n"):
        return sum(values)
    if key in ("tolerance", "margin"):
        return f"{np.mean(values):.3f} ± {np.std(values):.3f}"
    worst = max(values) if key == "strangers accepted" else min(values)
    return f"{100 * np.mean(values):.1f} ({100 * worst:.0f})"
