"""The grounds of a decision in plain words."""

from collections.abc import Iterator

from kith.jobs.explanation import Explanation, Likeness, Why
from kith.text import percent
from kith.values.decisions import Reason

RULES = {
    Reason.SAID_BY_USER: "you said so",
    Reason.SAID_BY_DATASET: "the people folder says so",
    Reason.ACCEPTED: "the face is surely theirs",
    Reason.TOO_FAR: "nobody is likely enough",
    Reason.UNSURE: "likely, but not sure enough: only a suggestion",
    Reason.MARGIN: "the next person is nearly as likely: only a suggestion",
    Reason.BLURRED: "the face is blurred: only a suggestion",
    Reason.TAKEN: "the person is another face of this photo, and nobody is in a photo twice",
    Reason.BEFORE_BIRTH: "the photo was taken before their birth",
    Reason.AFTER_DEATH: "the photo was taken after their death",
    Reason.DENIED: "you said that it is not them, or that a face more like this one is not",
    Reason.IGNORED: "you said to ignore it",
    Reason.NO_FACE: "no face shows",
    Reason.NOT_MEASURED: "how sure this face_model is has not been measured: only a suggestion",
    Reason.OTHER_MODEL: "another face_model described it: recognise the photo anew to compare it",
    Reason.BODY_ACCEPTED: "the body is more alike than body_tol",
    Reason.BODY_SUGGESTED: "only the body is alike: a suggestion",
    Reason.BODY_EVENT: "the body is alike to that of somebody whose face shows in the same event",
    Reason.BODY_EVENT_SUGGESTED: "the body is like that of somebody whose face shows in the same event: a suggestion",
}


def why_lines(told: Why) -> list[str]:
    """Return the grounds in plain words, line by line."""
    taken = f", taken {told.taken_at}" if told.taken_at else ", time unknown"
    lines = [f"{told.photo}{taken}"]
    if told.edited_at:
        lines.append(
            f"Its file was changed, found on {told.edited_at[:10]}, and shows the same: what you said before counts."
        )
    if told.one_with:
        lines.append(f"It is one photo with {' and '.join(told.one_with)}: what is known of one is known of all.")
    if told.nearly:
        filed = ", which is filed for both" if told.is_left_out else ", which is the better one"
        lines.append(f"It is nearly the same as {told.nearly}{filed}.")
    for explanation in told.appearances:
        lines += ["", *appearance_lines(explanation)]
    if not told.appearances:
        lines.append("    Nobody was seen in it.")
    thresholds = ", ".join(f"{key} {value}" for key, value in told.thresholds.items())
    return [*lines, "", f"Thresholds: {thresholds}"]


def appearance_lines(told: Explanation) -> Iterator[str]:
    """Yield the grounds of one decision, under where that is."""
    yield f"{told.place} ({told.appearance})"
    yield f"    {_outcome(told)}: {RULES[told.rule]}."
    for out in told.ruled_out:
        by = f" ({out.by})" if out.by else ""
        yield f"    not {out.person}: {RULES[out.rule]}{by}."
    for word in told.elsewhere:
        yield f"    another library says: {word}; what is said here counts."
    for like in told.by_face:
        yield f"    {_likeness_line('face', like)}"
    for like in told.by_body:
        yield f"    {_likeness_line('body', like)}"
    has_face = told.by_face or told.pixels
    quality = f"{told.pixels:.0f} pixels wide, sharpness {told.sharpness:.0f}, " if has_face else ""
    yield f"    {quality}seen by {', '.join(told.models)}"


def _outcome(told: Explanation) -> str:
    unsure = f"unsure, perhaps {told.suggested}" if told.suggested else ""
    return told.person or unsure or "nobody known"


def _likeness_line(kind: str, like: Likeness) -> str:
    measure = "distance" if kind == "face" else "similarity"
    samples = f", mean over {like.samples} photos" if like.samples > 1 else ""
    margin = "nobody else to compare" if like.margin is None else f"next person {abs(like.margin):.3f} behind"
    nearest = f"; most alike: {like.nearest}" if like.nearest else ""
    certain = f" {percent(like.certainty)} likely," if like.certainty is not None else ""
    return f"{like.person}:{certain} {kind} {measure} {like.value:.3f}{samples}, {margin}{nearest}"
