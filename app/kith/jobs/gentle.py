"""Gentle work: when it waits for the sake of others, and why."""

import threading
from collections.abc import Iterator
from datetime import datetime, time
from functools import lru_cache
from time import monotonic

import psutil

from kith.jobs.events import Waits
from kith.settings import Settings

LOOK_S = 5.0  # between two looks whether it may go on


def why_wait(settings: Settings, now: time | None = None) -> str:
    """Return why a gentle job waits now (a time of the day); empty where it need not, or where it is not gentle."""
    if not settings.gentle:
        return ""
    if until := _quiet_until(settings.quiet_hours, now or datetime.now().astimezone().time()):
        return f"these are quiet hours, until {until}."
    if _runs_on_battery(round(monotonic() / LOOK_S)):
        return "the computer runs on its battery; it goes on once it is plugged in."
    return ""


@lru_cache(maxsize=1)
def _runs_on_battery(_at: int) -> bool:
    """Say whether there is a battery, and no plug, at a time counted in looks: a run asks for each photo."""
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return battery is not None and battery.power_plugged is False


def pauses(settings: Settings, stop: threading.Event) -> Iterator[Waits]:
    """Wait as long as a gentle job is to, or until the wish to stop, and yield what there is to say."""
    told = ""
    while (reason := why_wait(settings)) and not stop.is_set():
        if reason != told:
            yield Waits(reason)
        told = reason
        stop.wait(LOOK_S)
    if told and not stop.is_set():
        yield Waits("")


def _quiet_until(hours: str, now: time) -> str:
    """Return when the quiet hours end in which a time of the day lies, else nothing."""
    if not hours:
        return ""
    begin, end = map(_time, hours.split("-"))
    is_within = begin <= now < end if begin <= end else now >= begin or now < end
    return f"{end:%H:%M}" if is_within else ""


def _time(text: str) -> time:
    hour, minute = map(int, text.split(":"))
    return time(hour, minute)
