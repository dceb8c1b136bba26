"""What is read of a photo before anybody looks at it."""

from collections.abc import Callable
from dataclasses import dataclass

from kith.photos.facts import PhotoFacts, facts_of
from kith.photos.memory import memory_for
from kith.photos.photo_file import PhotoFile, Stamp
from kith.photos.picture import open_picture
from kith.photos.video import is_video, memory_for_video, video_facts


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file told at the moment that its stamp stands for; `memory` is what it takes to look at it, in bytes."""

    stamp: Stamp
    facts: PhotoFacts
    memory: int


def read(file: PhotoFile, max_pixels: int, side: Callable[[int, int], int]) -> Reading:
    """Return what an open file tells of a photo that is looked at at `side` (of width and height); raises BadPhoto."""
    if is_video(file.path):
        facts = video_facts(file)
        return Reading(file.stamp, facts, memory_for_video(facts.width, facts.height))
    with open_picture(file, max_pixels) as image:
        # Small faces are cut out of pixels twice as fine.
        memory = memory_for(image, 2 * side(image.width, image.height))
        return Reading(file.stamp, facts_of(file, image), memory)
