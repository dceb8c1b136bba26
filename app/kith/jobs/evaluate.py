"""Evaluate the knowledge base by its own photos, fit certainty to it, and recommend from when on to file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kith.filing.curve import check_curve_file, described, draw_curve, write_table
from kith.identity.evaluation import MOST_FALSE, MOST_WRONG, Doubt, Evaluation, Point, evaluate_gallery, point_at
from kith.identity.gallery import gallery_of, good_faces, is_good
from kith.identity.own_calibration import fitted
from kith.identity.own_samples import Own, independent
from kith.jobs.calibrations import calibration_of, shipped_calibration
from kith.jobs.decisions import teaching
from kith.jobs.engines import find_face_model, find_second_opinion
from kith.jobs.library_file import open_records
from kith.jobs.phrases import display_names
from kith.jobs.references import label_of
from kith.jobs.review import Spot
from kith.library.store import Store
from kith.messages import Action, Do, Message, Setting
from kith.settings import Settings
from kith.text import counted, percent
from kith.values.calibration import Calibration
from kith.vision.observations import Kind

SHOWN = 10  # doubtful faces, in words


@dataclass(frozen=True, slots=True)
class DoubtfulFace:
    """A face that teaches and, asked who it is, is not found by the settings as they are, or named as somebody else."""

    appearance_id: int
    photo_id: int
    spot: Spot
    label: str
    name: str
    certainty: float
    is_wrong: bool

    @property
    def told(self) -> str:
        """Why it is doubtful."""
        return (
            f"somebody else is {percent(self.certainty)} likely" if self.is_wrong else f"{percent(self.certainty)} sure"
        )


@dataclass(frozen=True, slots=True)
class EvaluationFinished:
    """What was measured; `current` is the point of the settings, `recommended` the best one.

    `fitted_on` says whose certainty was measured, `refitted` whether it was fitted anew just now; `doubtful` are the
    faces that are not found at present, or named as somebody else, these first; `unwritten` the files that were asked
    for and not written, where there is too little to measure.
    """

    evaluation: Evaluation
    current: Point | None
    recommended: Point | None
    picture: Path | None
    table: Path | None
    fitted_on: str = ""
    refitted: bool = False
    doubtful: tuple[DoubtfulFace, ...] = ()
    unwritten: tuple[Path, ...] = ()

    @property
    def advised(self) -> Point | None:
        """The best point where it is better than that of the settings, by more than chance explains."""
        best, current = self.recommended, self.current
        return best if best and current and not _fits(current, best) else None


def evaluate(settings: Settings, picture: Path | None = None, table: Path | None = None) -> EvaluationFinished:
    """Ask every sample who it is, by stored observations only, and write the curve where files are named.

    Where the library holds enough, and that fits people better whom it was not fitted to, certainty is fitted to it; so
    is that of a second opinion.
    Raises BadInput where a file is there that Kith did not write, BadKnowledgeBase and FilingFailed.
    """
    files = tuple(filter(None, (picture, table)))
    for file in files:
        check_curve_file(file)
    model_id = find_face_model(settings).id
    with open_records(settings) as store:
        own = own_samples(settings, store, model_id)
        before = calibration_of(store, model_id)
        calibration = _refitted(store, own, model_id)
        if second := find_second_opinion(settings):
            _refitted(store, own_samples(settings, store, second.id), second.id)
        evaluation = evaluate_gallery(own, calibration, settings.face_tol, settings.sure_at)
        doubtful = _doubtful(store, evaluation.doubts)
    if evaluation.missing or calibration is None:
        return EvaluationFinished(evaluation, None, None, None, None, unwritten=files)
    current = point_at(evaluation.points, settings.sure_at)
    recommended = evaluation.best
    if picture:
        marked = [("best measured", recommended)] if recommended else []
        draw_curve(picture, evaluation.points, [*marked, ("settings now", current)])
    if table:
        write_table(table, evaluation.points)
    refitted = before is None or calibration.weights != before.weights
    fitted_on = calibration.fitted_on
    return EvaluationFinished(evaluation, current, recommended, picture, table, fitted_on, refitted, doubtful)


def _doubtful(store: Store, doubts: Sequence[Doubt]) -> tuple[DoubtfulFace, ...]:
    names = display_names(store.people.all().values())
    faces = []
    for doubt in doubts:
        key = doubt.appearance_id
        photo_id, box = store.reviews.place(key)
        spot = Spot(store.reviews.file_of(photo_id), box)
        name = names[doubt.person_id]
        faces.append(DoubtfulFace(key, photo_id, spot, label_of(store, key), name, doubt.certainty, doubt.is_wrong))
    return tuple(faces)


def own_samples(settings: Settings, store: Store, model_id: str) -> Own:
    """Return the good samples that teach by a face model, and which of a person's prove nothing of each other."""
    taught = store.people.taught(Kind.FACE, model_id)
    used = good_faces(taught, settings.lap_var_thresh)
    samples = teaching(store, [sample for sample in used if is_good(sample, settings.lap_var_thresh)])
    looks = store.health.looks(sample.photo_id for sample in samples)
    return Own(samples, gallery_of(model_id, samples), independent(samples, looks, settings.event_gap))


def _refitted(store: Store, own: Own, model_id: str) -> Calibration | None:
    """Return the calibration that fits the library best, and keep it there where it is not the shipped one."""
    shipped, kept = shipped_calibration(model_id), store.calibrations.of(model_id)
    of_own = fitted(own, shipped)
    if of_own and (kept is None or kept.weights != of_own.weights):
        with store.transaction():
            store.calibrations.save(model_id, of_own)
    elif kept and of_own is None:
        with store.transaction():
            store.calibrations.drop(model_id)
    return of_own or shipped


def evaluation_summary(finished: EvaluationFinished) -> list[str]:
    """Return what was measured, line by line."""
    measured, current, best = finished.evaluation, finished.current, finished.recommended
    if current is None:
        head = "Too little to measure. For figures that mean something the knowledge base needs at least:"
        unwritten = (f"Not written: {path}" for path in finished.unwritten)
        return [head, *(f"    {need}" for need in measured.missing), *unwritten]
    asked = f"{measured.known} photos that teach, of {counted(measured.people, 'person', 'people')}, asked as known"
    lines = [
        f"{asked}, {measured.strangers} as strangers; in brackets the 95 % intervals.",
        Message("Now, by ", Setting("sure_at"), f", {current.sure_at:g}: {described(current)}."),
        _advice(current, best),
        f"How sure Kith is was fitted on {finished.fitted_on}; it is off by {100 * measured.error:.1f} % on average.",
    ]
    if finished.refitted:
        lines.append(Message("That is new: ", Do(Action.REDECIDE), " decides all photos again by it."))
    lines += [f"Not found: {face.label}, {face.name}: {face.told}" for face in finished.doubtful[:SHOWN]]
    if len(finished.doubtful) > SHOWN:
        lines.append(f"… and {len(finished.doubtful) - SHOWN} more, which --json lists.")
    files = ("Curve", finished.picture), ("Table", finished.table)
    lines += [f"{what}: {path}" for what, path in files if path]
    return lines


def _advice(current: Point, best: Point | None) -> str:
    if best is None:
        return "No certainty keeps strangers and wrong names out: run the check, two people may be mixed up."
    if _fits(current, best):
        share = f"{100 * best.found.value:.1f} %"
        return (
            f"That fits this knowledge base: the best, {best.sure_at:g}, finds {share}, no more than chance explains."
        )
    return Message("Recommended for ", Setting("sure_at"), f": {best.sure_at:g}, {described(best)}.")


def _fits(current: Point, best: Point) -> bool:
    """Say whether a point is as good as the best one, but for chance."""
    is_sound = current.wrong.value <= MOST_WRONG and current.false.value <= MOST_FALSE
    least, _ = best.found.interval
    return is_sound and current.found.value >= least
