"""Decisions in words: the same line in the window, the command line and the tests."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from kith.errors import command
from kith.filing.names import UNKNOWN, is_numbered
from kith.jobs.events import (
    BuildFinished,
    Endings,
    FolderAway,
    PersonChange,
    PersonTaught,
    PhotoDone,
    PhotoFailed,
    PhotoLearned,
    RecognitionFinished,
    RedecisionFinished,
)
from kith.photos.endings import READABLE
from kith.text import as_read
from kith.values.decisions import BODY_REASONS, Candidate, Decision, PhotoDecision, Reason
from kith.values.links import Word
from kith.values.persons import Person

SHOWN = 10  # photos of a kind, in a preview for reading
IN_WORDS = {Word.IS: "is", Word.IS_NOT: "is not"}


def display_names(persons: Iterable[Person]) -> dict[int, str]:
    """Return the name to show for each person: people whose names a reader takes for one carry their number.

    So does one called Unknown, and one whose name ends as if it carried a number.
    """
    known = list(persons)
    uses = Counter(map(as_read, (UNKNOWN, *(person.name for person in known))))
    return {
        one.id: f"{one.name} #{one.id}" if uses[as_read(one.name)] > 1 or is_numbered(one.name) else one.name
        for one in known
    }


def ranking(candidates: Sequence[Candidate], names: Mapping[int, str]) -> list[tuple[str, float]]:
    """Return candidates as names with their values."""
    return [(names[one.person_id], one.value) for one in candidates]


def deciding_faces(decision: PhotoDecision) -> list[Decision]:
    """Return the faces that speak for the photo: who is somebody, else who may be somebody, else the largest."""
    faces = [one for one in decision.appearances if one.has_face]
    return _decided(faces) or _suggested(faces) or faces[:1]


def other_faces(decision: PhotoDecision) -> list[Decision]:
    """Return the other faces, the largest first."""
    deciding = {one.appearance_id for one in deciding_faces(decision)}
    return [one for one in decision.appearances if one.has_face and one.appearance_id not in deciding]


def deciding_bodies(decision: PhotoDecision) -> list[Decision]:
    """Return the bodies that speak for the photo: who is somebody by it, else may be somebody, else the most alike."""
    bodies = [one for one in decision.appearances if one.body]
    by_body = [one for one in bodies if one.reason in BODY_REASONS]
    return _decided(by_body) or _suggested(by_body) or sorted(bodies, key=lambda one: -one.body[0].value)[:1]


def _decided(decisions: Sequence[Decision]) -> list[Decision]:
    return [one for one in decisions if one.person_id is not None]


def _suggested(decisions: Sequence[Decision]) -> list[Decision]:
    return [one for one in decisions if one.suggested is not None]


def photo_line(name: str, decision: PhotoDecision, names: Mapping[int, str]) -> str:
    """Return `name → people | Face: [A:0.31, B:0.52] | Body: [A:0.83]`.

    Every face that speaks for the photo has its bracket, as in the report; the others are only counted.
    """
    people = ", ".join(names[person] for person in decision.people) or UNKNOWN
    if decision.unsure:
        people += f" (unsure: {', '.join(names[person] for person in decision.unsure)})"
    people += "".join(f" ({_AGAINST[reason].format(names[person])})" for person, reason in _ruled_out(decision))
    shown = deciding_faces(decision)
    faces = [_bracket(one.face, names) + (" (blurred)" if one.blurred else "") for one in shown] or ["[]"]
    if decision.faces > len(shown):
        faces.append(f"+{decision.faces - len(shown)} more")
    bodies = [_bracket(one.body, names) for one in deciding_bodies(decision)] or ["[]"]
    return f"{name} → {people} | Face: {' '.join(faces)} | Body: {' '.join(bodies)}"


_AGAINST = {
    Reason.TAKEN: "another face looks like {} too",
    Reason.BEFORE_BIRTH: "not {}: taken before their birth",
    Reason.AFTER_DEATH: "not {}: taken after their death",
    Reason.DENIED: "not {}: more like a face that you said is not",
}


def _ruled_out(decision: PhotoDecision) -> list[tuple[int, Reason]]:
    """Return who is out of the question for a face that would otherwise be theirs, and why."""
    decided = (one for one in decision.appearances if one.reason in {exclusion.reason for exclusion in one.excluded})
    return list(dict.fromkeys((exclusion.person_id, exclusion.reason) for one in decided for exclusion in one.excluded))


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
    lines += [*map(_away_line, summary.away), *left_out_lines(summary.left_out)]
    return [*lines, f"{head}; {_pace(summary.done, summary.analysed, summary.seconds)}."]


def _person_lines(person: PersonTaught) -> list[str]:
    head = f"{person.name}: {person.used} used, {len(person.left_out)} left out"
    return [f"{head} ({person.advice})" if person.advice else head] + [
        f"    {one.path.name}: {one.reason}" for one in person.left_out
    ]


def _away_line(folder: FolderAway) -> str:
    head = f"{folder.person}: the folder {folder.path} {'has no photo now' if folder.is_there else 'is away'}"
    if not folder.photos:
        return f"{head}: the link leads nowhere."
    if folder.forgotten:
        return f"{head}; what it taught is forgotten ({photo_count(folder.photos)})."
    kept = f"what it taught is kept ({photo_count(folder.photos)})"
    return f"{head}; {kept}; {command('build-kb', '--forget-missing')} drops it."


def recognition_summary(summary: RecognitionFinished) -> list[str]:
    """Return what a run came to, line by line."""
    lines = [f"{name}: {photo_count(count)}" for name, count in summary.people]
    lines += _failure_lines(summary.failed) + left_out_lines(summary.left_out)
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


def left_out_lines(endings: Endings) -> list[str]:
    """Return `14 pictures left out: 9 .tif, 5 .gif; valid_exts adds them`, and apart those that Kith cannot read."""
    readable = [one for one in endings if one[0] in READABLE]
    unreadable = [one for one in endings if one[0] not in READABLE]
    told = [(readable, "", "valid_exts adds them"), (unreadable, " that Kith cannot read", "save them as JPEG")]
    return [f"{_pictures(own)} left out{what}: {_by_ending(own)}; {advice}." for own, what, advice in told if own]


def _pictures(endings: Sequence[tuple[str, int]]) -> str:
    total = sum(count for _, count in endings)
    return f"{total} picture" if total == 1 else f"{total} pictures"


def _by_ending(endings: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{count} {ending}" for ending, count in endings)


def filed_notices(outputs: Sequence[Path]) -> list[str]:
    """Return what to say of folders of copies that were come across."""
    if not outputs:
        return []
    shown = ", ".join(map(str, outputs[:SHOWN])) + (" …" if len(outputs) > SHOWN else "")
    count = "1 folder" if len(outputs) == 1 else f"{len(outputs)} folders"
    return [f"Left out: {count} of copies that Kith filed: {shown}"]


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


def face_count(count: int) -> str:
    """Return `1 face`, `2 faces`."""
    return f"{count} face" if count == 1 else f"{count} faces"


def people_count(count: int) -> str:
    """Return `1 person`, `2 people`."""
    return f"{count} person" if count == 1 else f"{count} people"


def _pace(done: int, analysed: int, seconds: float) -> str:
    return f"{analysed} analysed now, {seconds:.1f} s, {done / seconds if seconds else 0:.1f} photos/s"
