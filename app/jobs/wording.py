"""Verdicts in words: the same line in the window, the command line and the tests."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from app.filing.names import UNKNOWN
from app.identity.matching import Candidate
from app.identity.person_records import Person
from app.identity.verdicts import PhotoVerdict, Verdict
from app.jobs.events import BuildFinished, PersonTaught, PhotoDone, PhotoFailed, PhotoLearned, RecognitionFinished


def display_names(persons: Iterable[Person]) -> dict[int, str]:
    """Return the name to show for each person: people of one name carry their id, and so does one called Unknown."""
    known = list(persons)
    uses = Counter([UNKNOWN, *(person.name for person in known)])
    return {one.id: f"{one.name} #{one.id}" if uses[one.name] > 1 else one.name for one in known}


def ranking(candidates: Sequence[Candidate], names: Mapping[int, str]) -> list[tuple[str, float]]:
    """Return candidates as names with their values."""
    return [(names[one.person_id], one.value) for one in candidates]


def first_face(verdict: PhotoVerdict) -> Verdict | None:
    """Return the largest face's verdict."""
    return next((one for one in verdict.appearances if one.has_face), None)


def first_body(verdict: PhotoVerdict) -> Verdict | None:
    """Return the verdict of the body that speaks for the photo: the most alike one."""
    bodies = [one for one in verdict.appearances if one.body]
    return max(bodies, key=lambda one: one.body[0].value, default=None)


def photo_line(name: str, verdict: PhotoVerdict, names: Mapping[int, str]) -> str:
    """Return `name → people | Face: [A:0.31, B:0.52] | Body: [A:0.83]`.

    Every recognised face has its bracket, where there is none the largest face; the others are only counted.
    """
    people = ", ".join(names[person] for person in verdict.people) or UNKNOWN
    if verdict.unsure:
        people += f" (unsure: {', '.join(names[person] for person in verdict.unsure)})"
    faces = [one for one in verdict.appearances if one.has_face]
    shown = [one for one in faces if one.person_id is not None] or faces[:1]
    brackets = [_bracket(one.face, names) + (" (blurred)" if one.blurred else "") for one in shown] or ["[]"]
    if len(faces) > len(shown):
        brackets.append(f"+{len(faces) - len(shown)} more")
    body = first_body(verdict)
    return f"{name} → {people} | Face: {' '.join(brackets)} | Body: {_bracket(body.body if body else (), names)}"


def _bracket(candidates: Sequence[Candidate], names: Mapping[int, str]) -> str:
    return f"[{', '.join(f'{name}:{value:.2f}' for name, value in ranking(candidates, names))}]"


def line_of(event: PhotoDone | PhotoFailed | PhotoLearned) -> str:
    """Return the one line on a photo."""
    match event:
        case PhotoDone():
            return event.line
        case PhotoFailed():
            return f"{event.path.name}: failed: {event.reason}"
        case PhotoLearned():
            return f"{event.person}/{event.path.name}: {event.left_out or 'learned'}"


def build_summary(summary: BuildFinished) -> list[str]:
    """Return what a knowledge base build came to, line by line."""
    lines = [line for person in summary.people for line in _person_lines(person)]
    lines += _failure_lines(summary.failed)
    learned = sum(person.used for person in summary.people)
    head = f"{people_count(len(summary.people))}, {learned} photos learned of {summary.done}"
    if summary.stopped:
        head = (
            f"Stopped after {summary.done} of {summary.total} photos: the knowledge base is as it was before. "
            "What was analysed is kept, the next build goes on from there"
        )
    return [*lines, f"{head}; {_pace(summary.done, summary.analysed, summary.seconds)}."]


def _person_lines(person: PersonTaught) -> list[str]:
    head = f"{person.name}: {person.used} used, {len(person.left_out)} left out"
    return [f"{head} ({person.advice})" if person.advice else head] + [
        f"    {one.path.name}: {one.reason}" for one in person.left_out
    ]


def recognition_summary(summary: RecognitionFinished) -> list[str]:
    """Return what a run came to, line by line."""
    lines = [f"{name}: {photo_count(count)}" for name, count in summary.people]
    lines += _failure_lines(summary.failed)
    good = summary.done - len(summary.failed)
    share = 100 * summary.unknown / good if good else 0
    lines.append(
        f"{photo_count(summary.done)}: {summary.known} with people known, {summary.unsure} unsure, "
        f"{summary.unknown} unknown ({share:.0f} %), {len(summary.failed)} failed; "
        f"{_pace(summary.done, summary.analysed, summary.seconds)}."
    )
    if summary.stopped:
        lines.append(f"Stopped after {summary.done} of {summary.total} photos: the next run goes on from there.")
    if summary.report:
        lines.append(f"Copies: {summary.output}   Report: {summary.report}")
    return lines


def _failure_lines(failed: Sequence[PhotoFailed]) -> list[str]:
    return [f"failed: {one.path}: {one.reason}" for one in failed]


def photo_count(count: int) -> str:
    """Return `1 photo`, `2 photos`."""
    return f"{count} photo" if count == 1 else f"{count} photos"


def people_count(count: int) -> str:
    """Return `1 person`, `2 people`."""
    return f"{count} person" if count == 1 else f"{count} people"


def _pace(done: int, analysed: int, seconds: float) -> str:
    return f"{analysed} analysed now, {seconds:.1f} s, {done / seconds if seconds else 0:.1f} photos/s"
