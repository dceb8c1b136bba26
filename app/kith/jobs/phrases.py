"""Decisions in words: the same line in the window, the command line and the tests."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from kith.filing.names import UNKNOWN, is_numbered
from kith.jobs.events import (
    BuildFinished,
    Endings,
    Finished,
    FolderAway,
    PersonChange,
    PersonTaught,
    PhotoDone,
    PhotoFailed,
    PhotoLearned,
    RecognitionFinished,
    RedecisionFinished,
)
from kith.messages import Action, Do, Message, Setting
from kith.photos.endings import READABLE
from kith.text import as_read, counted, percent
from kith.values.decisions import Candidate, Decision, PhotoDecision, Reason
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
    return {person.id: _shown(person, uses[as_read(person.name)] > 1) for person in known}


def _shown(person: Person, is_shared: bool) -> str:
    return f"{person.name} #{person.id}" if is_shared or is_numbered(person.name) else person.name


def ranking(candidates: Sequence[Candidate], names: Mapping[int, str]) -> list[tuple[str, float]]:
    """Return candidates as names with their values."""
    return [(names[candidate.person_id], candidate.value) for candidate in candidates]


def photo_line(name: str, decision: PhotoDecision, names: Mapping[int, str]) -> str:
    """Return `name → people | Face: [99 % A (0.31), <1 % B (0.62)] | Body: [A (0.83)]`.

    Every face that speaks for the photo has its bracket, as in the report; the others are only counted.
    """
    people = ", ".join(names[person] for person in decision.people) or UNKNOWN
    if decision.unsure:
        people += f" (unsure: {', '.join(names[person] for person in decision.unsure)})"
    for person, reason in _ruled_out(decision):
        people += f" ({_AGAINST[reason].format(names[person])})"
    shown = decision.deciding_faces
    faces = [_face_bracket(face, names) for face in shown] or ["[]"]
    if decision.faces > len(shown):
        faces.append(f"+{decision.faces - len(shown)} more")
    bodies = [_bracket(body.body, names) for body in decision.deciding_bodies] or ["[]"]
    return f"{name} → {people} | Face: {' '.join(faces)} | Body: {' '.join(bodies)}"


_AGAINST = {
    Reason.TAKEN: "another face looks like {} too",
    Reason.BEFORE_BIRTH: "not {}: taken before their birth",
    Reason.AFTER_DEATH: "not {}: taken after their death",
    Reason.DENIED: "not {}: more like a face that you said is not",
}


def _ruled_out(decision: PhotoDecision) -> list[tuple[int, Reason]]:
    """Return who is out of the question for a face that would otherwise be theirs, and why."""
    found: dict[tuple[int, Reason], None] = {}
    for appearance in decision.appearances:
        ruled_out = [(exclusion.person_id, exclusion.reason) for exclusion in appearance.excluded]
        if any(reason is appearance.reason for _, reason in ruled_out):
            found |= dict.fromkeys(ruled_out)
    return list(found)


def _face_bracket(face: Decision, names: Mapping[int, str]) -> str:
    return _bracket(face.face, names) + (" (blurred)" if face.blurred else "")


def _bracket(candidates: Sequence[Candidate], names: Mapping[int, str]) -> str:
    return f"[{', '.join(_likely(candidate, names) for candidate in candidates)}]"


def _likely(candidate: Candidate, names: Mapping[int, str]) -> str:
    certain = "" if candidate.certainty is None else f"{percent(candidate.certainty)} "
    return f"{certain}{names[candidate.person_id]} ({candidate.value:.2f})"


def line_of(event: PhotoDone | PhotoFailed | PhotoLearned) -> str:
    """Return the one line on a photo."""
    match event:
        case PhotoDone():
            return event.line
        case PhotoFailed():
            return Message(f"{event.path.name}: failed: ", event.reason)
        case PhotoLearned():
            return f"{event.person}/{event.path.name}: {event.left_out or 'learned'}"


def summary_of(event: Finished) -> list[str]:
    """Return what a job came to, line by line."""
    match event:
        case BuildFinished():
            return build_summary(event)
        case RecognitionFinished():
            return recognition_summary(event)
        case RedecisionFinished():
            return redecision_summary(event)


def build_summary(summary: BuildFinished) -> list[str]:
    """Return what a knowledge base build came to, line by line."""
    lines = [line for person in summary.people for line in _person_lines(person)]
    lines += _failure_lines(summary.failed)
    learned = sum(person.used for person in summary.people)
    head = f"{counted(len(summary.people), 'person', 'people')}, {learned} photos learned of {summary.done}"
    if summary.stopped:
        head = (
            f"Stopped after {summary.done:,} of {summary.total:,} photos: the knowledge base is as it was before. "
            "What was analysed is kept, the next build goes on from there"
        )
    lines += [*map(_away_line, summary.away), *left_out_lines(summary.left_out)]
    return [*lines, f"{head}; {_pace(summary.done, summary.analysed, summary.seconds)}."]


def _person_lines(person: PersonTaught) -> list[str]:
    head = f"{person.name}: {person.used} used, {len(person.left_out)} left out"
    advised = f"{head} ({person.advice})" if person.advice else head
    return [advised, *(f"    {photo.path.name}: {photo.reason}" for photo in person.left_out)]


def _away_line(folder: FolderAway) -> str:
    head = f"{folder.person}: the folder {folder.path} {'has no photo now' if folder.is_there else 'is away'}"
    if not folder.photos:
        return f"{head}: the link leads nowhere."
    if folder.forgotten:
        return f"{head}; what it taught is forgotten ({counted(folder.photos, 'photo')})."
    kept = f"what it taught is kept ({counted(folder.photos, 'photo')})"
    return Message(f"{head}; {kept}; ", Do(Action.FORGET_MISSING), " drops it.")


def recognition_summary(summary: RecognitionFinished) -> list[str]:
    """Return what a run came to, line by line."""
    lines = [f"{name}: {counted(count, 'photo')}" for name, count in summary.people]
    lines += _failure_lines(summary.failed) + left_out_lines(summary.left_out)
    good = summary.done - len(summary.failed)
    share = 100 * summary.unknown / good if good else 0
    lines.append(
        f"{counted(summary.done, 'photo')}: {summary.known:,} with people known, {summary.unsure:,} unsure, "
        f"{summary.unknown:,} unknown ({share:.0f} %), {len(summary.failed):,} failed; "
        f"{_pace(summary.done, summary.analysed, summary.seconds)}."
    )
    if summary.stopped:
        lines.append(f"Stopped after {summary.done:,} of {summary.total:,} photos: the next run goes on from there.")
    if summary.report:
        lines.append(f"Copies: {summary.output}   Report: {summary.report}")
    return lines


def left_out_lines(endings: Endings) -> list[str]:
    """Return `14 pictures left out: 9 .tif, 5 .gif; valid_exts adds them`, and apart those that Kith cannot read."""
    readable = [(ending, count) for ending, count in endings if ending in READABLE]
    unreadable = [(ending, count) for ending, count in endings if ending not in READABLE]
    lines: list[str] = []
    if readable:
        head = f"{_pictures(readable)} left out: {_by_ending(readable)}; "
        lines.append(Message(head, Setting("valid_exts", is_brief=True), " adds them."))
    if unreadable:
        lines.append(
            f"{_pictures(unreadable)} left out that Kith cannot read: {_by_ending(unreadable)}; save them as JPEG."
        )
    return lines


def _pictures(endings: Sequence[tuple[str, int]]) -> str:
    return counted(sum(count for _, count in endings), "picture")


def _by_ending(endings: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{count} {ending}" for ending, count in endings)


def filed_notices(outputs: Sequence[Path]) -> list[str]:
    """Return what to say of folders of copies that were come across."""
    if not outputs:
        return []
    shown = ", ".join(map(str, outputs[:SHOWN]))
    more = " …" if len(outputs) > SHOWN else ""
    return [f"Left out: {counted(len(outputs), 'folder')} of copies that Kith filed: {shown}{more}"]


def redecision_summary(summary: RedecisionFinished) -> list[str]:
    """Return what deciding again came to, or would come to, line by line."""
    lines = [line for person in summary.people for line in change_lines(person, with_photos=summary.preview)]
    lines += _failure_lines(summary.failed)
    head = f"{counted(summary.done, 'photo')} decided again in {summary.seconds:.1f} s"
    changed, refiled = counted(summary.changed, "decision"), counted(summary.refiled, "photo")
    if summary.preview:
        lines.append(
            f"{summary.known:,} would show people known, {summary.unsure:,} be unsure, {summary.unknown:,} be unknown."
        )
        lines.append(f"{head}: {changed} would change, {refiled} would be filed anew. Nothing is written.")
    else:
        lines.append(f"{head}: {changed} changed, {refiled} filed anew.")
    if summary.failed:
        lines.append("What could not be filed stays where it was, and is tried again the next time.")
    if summary.stopped:
        lines.append(f"Stopped after {summary.done:,} of {summary.total:,} photos: the next run does the rest.")
    return lines


def change_lines(person: PersonChange, with_photos: bool) -> list[str]:
    """Return `Ann: 12 gained, 3 lost, 1 now Bob`, and of each some photos if wanted."""
    told = [("gained", person.gained), ("lost", person.lost), *((f"now {other}", own) for other, own in person.now)]
    told = [(word, photos) for word, photos in told if photos]
    lines = [f"{person.name}: {', '.join(f'{len(photos)} {word}' for word, photos in told)}"]
    for word, photos in told if with_photos else ():
        lines += [f"    {word}: {photo}" for photo in photos[:SHOWN]]
        lines += [f"    {word}: {len(photos) - SHOWN} more"] * (len(photos) > SHOWN)
    return lines


def _failure_lines(failed: Sequence[PhotoFailed]) -> list[str]:
    return [Message(f"failed: {photo.path}: ", photo.reason) for photo in failed]


def _pace(done: int, analysed: int, seconds: float) -> str:
    return f"{analysed} analysed now, {seconds:.1f} s, {done / seconds if seconds else 0:.1f} photos/s"
