"""Dates of which only the year, or year and month, may be known."""

import calendar
import re
from datetime import UTC, date, datetime

from kith.errors import BadInput

_FORM = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", re.ASCII)


def check_date(text: str) -> str:
    """Return `YYYY`, `YYYY-MM` or `YYYY-MM-DD` as it is; raises BadInput for anything else and for days to come."""
    text = text.strip()
    begins = check_partial(text)
    if begins > datetime.now(UTC).astimezone().date():
        raise BadInput(f"{text} is still to come: give a date that has been.")
    return text


def check_partial(text: str) -> date:
    """Return the first day that a partial date may mean; raises BadInput for what is none."""
    try:
        latest(text)
        return earliest(text)
    except ValueError as error:
        raise BadInput(
            f"{text} is no date: give a year (1950), year and month (1950-03) or the day (1950-03-31)."
        ) from error


def earliest(text: str) -> date:
    """Return the first day that a partial date may mean; raises ValueError."""
    year, month, day = _parts(text)
    first_month = 1 if month is None else month
    return date(year, first_month, 1 if day is None else day)


def latest(text: str) -> date:
    """Return the last day that a partial date may mean; raises ValueError."""
    year, month, day = _parts(text)
    month = 12 if month is None else month
    _, days = calendar.monthrange(year, month)
    return date(year, month, days if day is None else day)


def _parts(text: str) -> tuple[int, int | None, int | None]:
    found = _FORM.fullmatch(text)
    if not found:
        raise ValueError(text)
    year, month, day = (None if part is None else int(part) for part in found.groups())
    return year or 0, month, day


def same_date(date_text: str, other: str) -> str | None:
    """Return the more precise of two partial dates that may mean the same day, None where they contradict."""
    longer, shorter = sorted((date_text, other), key=len, reverse=True)
    return longer if longer.startswith(shorter) else None
