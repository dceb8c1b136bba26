"""report.csv covers its output folder: the rows of a run, and those of earlier ones whose copies are still there."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

from kith.errors import BadInput
from kith.filing.report import REPORT, Ranking, ReportRow, RowCells, listed_in, read_report, write_report
from kith.jobs.decisions import Decisions
from kith.jobs.phrases import display_names, ranking
from kith.library.store import Store
from kith.text import timecode
from kith.values.decisions import PhotoDecision

_AT_ONCE = 2_000  # photos decided together


def report_row(file: str, decision: PhotoDecision, names: Mapping[int, str], copies: Iterable[str]) -> ReportRow:
    """Return a photo's row; `file` is what it is called there, `copies` where they lie in the output folder."""
    faces: list[Ranking] = [ranking(face.face, names) for face in decision.deciding_faces]
    bodies: list[Ranking] = [ranking(body.body, names) for body in decision.deciding_bodies]
    others = [ranking(face.face, names) for face in decision.other_faces]
    face, *more_faces = faces or [()]
    body, *more_bodies = bodies or [()]
    return ReportRow(
        file,
        [names[person] for person in decision.people],
        decision.evidence,
        decision.faces,
        face,
        body,
        list(copies),
        unsure=[names[person] for person in decision.unsure],
        more_faces=more_faces,
        more_bodies=more_bodies,
        other_faces=others,
        times=_times(decision, names),
    )


def _times(decision: PhotoDecision, names: Mapping[int, str]) -> list[str]:
    """Return who surely or perhaps shows when in a video, in its order."""
    shown = []
    for seen in decision.appearances:
        person = seen.person_id or seen.suggested
        if seen.moment is not None and person is not None:
            doubt = "" if seen.person_id else "?"
            shown.append((seen.moment, f"{names[person]}{doubt} {timecode(seen.moment)}"))
    return [told for _, told in sorted(shown)]


def place_below(output: Path, copy: str) -> str:
    """Return how the report calls a copy there: by text, since taking paths apart is slow."""
    return copy.removeprefix(os.path.join(output, "")).replace(os.sep, "/")  # noqa: PTH118


def write_output_report(
    store: Store,
    decisions: Decisions,
    names: Mapping[int, str],
    report: Path,
    rows: Iterable[ReportRow] = (),
    reported: Collection[int] = (),
) -> None:
    """Write the report of an output folder: `rows`, which are of the photos `reported`, and those of all others there.

    A row of an earlier report stays as it was while its copies lie where it says; else the photo is decided again from
    what is stored. Raises BadInput and FilingFailed as `write_report`.
    """
    others = store.copies.placed(report.parent, without=reported)
    earlier = _earlier(report) if others else {}
    kept = {photo: earlier[frozenset(placed)] for photo, placed in others.items() if frozenset(placed) in earlier}
    anew = {photo: placed for photo, placed in others.items() if photo not in kept}
    told = {row.file: row for row in rows}
    old = [row for row in chain(*kept.values()) if not (row.get("duplicate_of") and row["file"] in told)]
    write_report(report, [*told.values(), *old, *_decided(store, decisions, names, anew)])


def rewrite_report(store: Store, decisions: Decisions, output: Path) -> None:
    """Let the report of an output folder, if there is one, say what lies there by now; raises FilingFailed."""
    if os.path.isfile(output / REPORT):
        cover(store, decisions, output)


def cover(store: Store, decisions: Decisions, output: Path) -> None:
    """Write the report of all that lies in an output folder; raises FilingFailed."""
    with suppress(BadInput):  # another program's
        names = display_names(store.people.all().values())
        write_output_report(store, decisions, names, output / REPORT)


def _earlier(report: Path) -> dict[frozenset[str], list[RowCells]]:
    """Return the rows of the report that is there by the copies they name, or that the better file has."""
    try:
        rows = [*map(RowCells, read_report(report))]
    except (OSError, ValueError):
        return {}
    copies_of = {row["file"]: row.get("copies") for row in rows}
    found: defaultdict[frozenset[str], list[RowCells]] = defaultdict(list)
    for row in rows:
        copies = row.get("copies") or copies_of.get(row.get("duplicate_of", ""))
        if copies:
            found[frozenset(listed_in(copies))].append(row)
    return found


def _decided(
    store: Store, decisions: Decisions, names: Mapping[int, str], copies: Mapping[int, list[str]]
) -> Iterator[ReportRow]:
    ids = [*copies]
    for start in range(0, len(ids), _AT_ONCE):
        photos = decisions.photos(ids[start : start + _AT_ONCE])
        decided = decisions.by_events(photos, decisions.by_faces(photos))
        for photo, decision in zip(photos, decided, strict=True):
            originals = store.copies.originals(photo.id)
            file = os.fspath(originals[0].path) if originals else copies[photo.id][0]
            row = report_row(file, decision, names, copies[photo.id])
            raw = store.stacks.with_stacked(photo.id)[1:]
            others = chain.from_iterable(map(store.copies.originals, raw))
            yield replace(row, other_files=[os.fspath(other.path) for other in others])
