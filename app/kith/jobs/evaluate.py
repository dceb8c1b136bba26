"""Evaluate the knowledge base by its own photos, and recommend a tolerance and a margin for it."""

from dataclasses import dataclass
from pathlib import Path

from kith.filing.curve import check_curve_file, described, draw_curve, write_table
from kith.identity.evaluation import MOST_FALSE, Evaluation, Point, evaluate_gallery, independent, point_at
from kith.identity.gallery import gallery_of, good_faces, is_good
from kith.jobs.library_file import open_records
from kith.settings import Settings
from kith.text import counted
from kith.vision.face_model import default_face_model
from kith.vision.observations import Kind


@dataclass(frozen=True, slots=True)
class EvaluationFinished:
    """What was measured; `current` is the point of the settings, `recommended` another one where that is better."""

    evaluation: Evaluation
    current: Point | None
    recommended: Point | None
    picture: Path | None
    table: Path | None


def evaluate(settings: Settings, picture: Path | None = None, table: Path | None = None) -> EvaluationFinished:
    """Ask every sample who it is, by stored observations only, and write the curve where files are named.

    Raises BadInput where a file is there that Kith did not write, BadKnowledgeBase and FilingFailed.
    """
    for file in filter(None, (picture, table)):
        check_curve_file(file)
    model_id = default_face_model().id
    with open_records(settings) as store:
        taught = store.people.taught(Kind.FACE, model_id)
        used = good_faces(taught, settings.lap_var_thresh)
        samples = [sample for sample in used if is_good(sample, settings.lap_var_thresh)]
        looks = store.health.looks(sample.photo_id for sample in samples)
        tied = independent(samples, looks, settings.event_gap)
    gallery = gallery_of(model_id, samples)
    evaluation = evaluate_gallery(samples, gallery, tied)
    if evaluation.missing:
        return EvaluationFinished(evaluation, None, None, None, None)
    current = point_at(evaluation.points, settings.face_tol, settings.face_margin)
    recommended = evaluation.best
    shown = recommended or current
    if picture:
        marked = [("best measured", recommended)] if recommended else []
        curve = [point for point in evaluation.points if point.face_margin == shown.face_margin]
        draw_curve(picture, curve, [*marked, ("settings now", current)])
    if table:
        write_table(table, evaluation.points)
    return EvaluationFinished(evaluation, current, recommended, picture, table)


def evaluation_summary(finished: EvaluationFinished) -> list[str]:
    """Return what was measured, line by line."""
    measured, current, best = finished.evaluation, finished.current, finished.recommended
    if current is None:
        head = "Too little to measure. For figures that mean something the knowledge base needs at least:"
        return [head, *(f"    {need}" for need in measured.missing)]
    asked = f"{measured.known} photos that teach, of {counted(measured.people, 'person', 'people')}, asked as known"
    lines = [
        f"{asked}, {measured.strangers} as strangers; in brackets the 95 % intervals.",
        f"Settings now, face_tol {current.face_tol:.2f} and face_margin {current.face_margin:g}: {described(current)}.",
        _advice(current, best),
    ]
    files = ("Curve", finished.picture), ("Table", finished.table)
    lines += [f"{what}: {path}" for what, path in files if path]
    return lines


def _advice(current: Point, best: Point | None) -> str:
    if best is None:
        return "No tolerance keeps strangers and wrong names out: run the check, two people may be mixed up."
    best_pair = f"face_tol {best.face_tol:.2f} and face_margin {best.face_margin:g}"
    is_sound = not current.wrong.count and current.false.value <= MOST_FALSE
    least, _ = best.found.interval
    if is_sound and current.found.value >= least:
        share = f"{100 * best.found.value:.1f} %"
        return f"They fit this knowledge base: the best, {best_pair}, finds {share}, no more than chance explains."
    return f"Recommended: {best_pair}: {described(best)}."
