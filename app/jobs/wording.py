"""Verdicts in words: the same line in the window, the command line and the tests."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from app.filing.names import UNKNOWN
from app.identity.matching import Candidate
from app.identity.person_records import Person, Word
from app.identity.verdicts import PhotoVerdict, Verdict
from app.identity.vetoes import Reason
from app.jobs.events import (
    BuildFinished,
    PersonChange,
    PersonTaught,
    PhotoDone,
    PhotoFailed,
    PhotoLearned,
    RecognitionFinished,
    RedecisionFinished,
)

SHOWN = 10  # photos of a kind, in a preview for reading
IN_WORDS = {Word.IS: "is", Word.IS_NOT: "is not"}


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
    people += "".join(f" ({_AGAINST[reason].format(names[person])})" for person, reason in _ruled_out(verdict))
    faces = [one for one in verdict.appearances if one.has_face]
    shown = [one for one in faces if one.person_id is not None] or faces[:1]
    brackets = [_bracket(one.face, names) + (" (blurred)" if one.blurred else "") for one in shown] or ["[]"]
    if len(faces) > len(shown):
        brackets.append(f"+{len(faces) - len(shown)} more")
    body = first_body(verdict)
    return f"{name} → {people} | Face: {' '.join(brackets)} | Body: {_bracket(body.body if body else (), names)}"


_AGAINST = {
    Reason.TAKEN: "another face looks like {} too",
    Reason.BEFORE_BIRTH: "not {}: taken before their birth",
    Reason.AFTER_DEATH: "not {}: taken after their death",
    Reason.DENIED: "not {}: more like a face that you said is not",
}


def _ruled_out(verdict: PhotoVerdict) -> list[tuple[int, Reason]]:
    """Return who is out of the question for a face that would otherwise be theirs, and why."""
    decided = (one for one in verdict.appearances if one.reason in {veto.reason for veto in one.vetoed})
    return list(dict.fromkeys((veto.person_id, veto.reason) for one in decided for veto in one.vetoed))


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


def redecision_summary(summary: RedecisionFinished) -> list[str]:
    """Return what deciding again came to, or would come to, line by line."""
    lines = [line for person in summary.people for line in _change_lines(person, with_photos=summary.preview)]
    lines += _failure_lines(summary.failed)
    head = f"{photo_count(summary.done)} decided again in {summary.seconds:.1f} s"
    if summary.preview:
        refiled = photo_count(summary.refiled)
        lines.append(f"{head}: {_changed(summary)} would change, {refiled} would be filed anew. Nothing is written.")
    else:
        lines.append(f"{head}: {_changed(summary)} changed, {photo_count(summary.refiled)} filed anew.")
    if summary.failed:
        lines.append("What could not be filed stays where it was, and is tried again the next time.")
    if summary.stopped:
        lines.append(f"Stopped after {summary.done} of {summary.total} photos: the next run does the rest.")
    return lines


def _changed(summary: RedecisionFinished) -> str:
    return "1 decision" if summary.changed == 1 else f"{summary.changed} decisions"


def _change_lines(person: PersonChange, with_photos: bool) -> list[str]:
    """Return `Ann: 12 gained, 3 lost, 1 now Bob`, and of each some photos."""
    told = [("gained", person.gained), ("lost", person.lost), *((f"now {other}", own) for other, own in person.now)]
    told = [(word, photos) for word, photos in told if photos]
    lines = [f"{person.name}: {', '.join(f'{len(photos)} {word}' for word, photos in told)}"]
    for word, photos in told if with_photos else ():
        lines += [f"    {word}: {photo}" for photo in photos[:SHOWN]]
        lines += [f"    {word}: {len(photos) - SHOWN} more"] * (len(photos) > SHOWN)
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
