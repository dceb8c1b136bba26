"""Videos, read by FFmpeg: what they tell of themselves, and some of their frames.

Keyframes, which can be read by themselves, are taken where there are enough of them, else also such as need others.

A moment is the number of milliseconds since the first frame. Frames are upright, as the video says how to turn them.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from kith.errors import BadPhoto
from kith.photos.endings import VIDEO
from kith.photos.facts import PhotoFacts
from kith.photos.photo_file import PhotoFile
from kith.photos.raw_data import media_boxes
from kith.process import getting_on

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MOST_FRAMES = 200  # of one video, however long it is, or some more where keyframes lie so: some 15 s of one core
_APART_MS = 1000  # two frames, as a rule at least
_UNSEEN_MS = 2500  # between two frames, at most, unless the number of all is bounded: who shows for less may be missed
_MOST_BETWEEN = 12e9  # pixels of all frames that are decoded between keyframes: some 30 s of one core
_NEAR_MS = 50  # by so much, some files tell wrong where a frame lies
_FIRST_YEAR = 1980  # an earlier time is that of a clock that was never set
_TOLD = ("com.apple.quicktime.creationdate", "creation_time", "date")
_MAKES = ("com.apple.quicktime.make", "make")
_MODELS = ("com.apple.quicktime.model", "com.android.model", "model")
_BYTES = 300_000_000  # for the faces of all frames
_BYTES_A_PIXEL = 60  # of the decoder's frames, and of copies
_ISO_START = b"ftyp"

Rgb = NDArray[np.uint8]


class Frame(NamedTuple):
    """A frame as height x width x 3 RGB, and when it is shown."""

    moment: int
    rgb: Rgb


def is_video(path: Path) -> bool:
    """Say whether a file is called a video."""
    return path.suffix.lower() in VIDEO


def memory_for_video(width: int, height: int) -> int:
    """Return the bytes that it takes to look at a video with frames of that size."""
    return _BYTES + _BYTES_A_PIXEL * width * height


def video_facts(file: PhotoFile) -> PhotoFacts:
    """Return what a video's file tells; its size is that of its frames once upright. Raises BadPhoto."""
    with _opened(file) as (container, stream):
        frame = next(_decoded(container, stream), None)
        if frame is None:
            raise BadPhoto(file.path, "no picture in the video can be read: it is damaged, or its end is missing")
        width, height = (frame.width, frame.height) if frame.rotation % 180 == 0 else (frame.height, frame.width)
        told = {**container.metadata, **stream.metadata}
    return PhotoFacts(_hash(file), width, height, 1, _taken_at(told), _camera(told))


def frames(file: PhotoFile, side: int) -> Iterator[Frame]:
    """Yield frames from all over a video, in their order, of at most `side` pixels. Raises BadPhoto."""
    with _opened(file) as (container, stream):
        duration = _duration(container, stream)
        for frame in _spread(container, stream, duration, max(_APART_MS, duration / MOST_FRAMES)):
            yield Frame(_moment(frame, stream), _upright(frame, side))


def frames_at(file: PhotoFile, moments: Iterable[int], side: int | None) -> Iterator[Frame]:
    """Yield the frames that are shown at moments, in the order of these, each with its moment. Raises BadPhoto."""
    with _opened(file) as (container, stream):
        asked = deque(sorted(set(moments)))
        while asked:
            first = asked[0]
            frame = _keyframe(container, stream, first)
            if frame is None:
                raise BadPhoto(file.path, "no picture in the video can be read there: it is damaged")
            if _moment(frame, stream) < first:
                for later in _from_keyframe(container, stream, frame):
                    while asked and _moment(later, stream) > asked[0]:
                        yield Frame(asked.popleft(), _upright(frame, side))
                    if not asked:
                        break
                    frame = later
            if asked and asked[0] == first:
                yield Frame(asked.popleft(), _upright(frame, side))


def _spread(container: "InputContainer", stream: "VideoStream", end: float, apart: float) -> "Iterator[VideoFrame]":
    """Yield frames some milliseconds apart: keyframes, and where these are too far apart such as need others."""
    most, left = max(apart, _UNSEEN_MS), _MOST_BETWEEN
    wanted, shown = 0.0, -apart
    while wanted < max(end, 1):
        before = shown
        frame = _keyframe(container, stream, round(wanted))
        if frame is not None and _moment(frame, stream) > shown + apart / 2:
            shown = _moment(frame, stream)
            yield frame
        elif frame is not None and wanted >= shown + most and left > 0:
            for other in _from_keyframe(container, stream, frame):
                left -= other.width * other.height
                if _moment(other, stream) >= shown + most:
                    shown = _moment(other, stream)
                    yield other
                if left <= 0:
                    break
        limit = shown + most
        wanted = shown + apart if shown > before else limit if wanted < limit < wanted + apart else wanted + apart


@contextmanager
def _opened(file: PhotoFile) -> "Iterator[tuple[InputContainer, VideoStream]]":
    import av

    try:
        with cast("InputContainer", av.open(file.stream(), metadata_errors="replace")) as container:
            streams = [stream for stream in container.streams.video if not _is_cover(stream)]
            if not streams:
                sound = "there is no picture in it: it holds sound only"
                empty = "the video is damaged, or its end is missing: there is no picture in it"
                raise BadPhoto(file.path, sound if container.streams.audio else empty)
            stream = streams[0]
            if stream.codec_context is None:
                raise BadPhoto(file.path, "its pictures are of a kind that cannot be read: convert it to MP4 (H.264)")
            stream.codec_context.skip_frame = "NONREF"
            stream.thread_type = "SLICE"  # one frame at a time
            yield container, stream
    except BadPhoto:
        raise
    except MemoryError as error:
        raise BadPhoto(file.path, "there is not enough memory to open the video") from error
    except Exception as error:  # FFmpeg's errors are of many kinds, and a damaged file has no streams
        raise BadPhoto(file.path, f"the video is damaged, or its end is missing: {_words(error)}") from error


def _words(error: Exception) -> str:
    return str(getattr(error, "strerror", "") or type(error).__name__)


def _is_cover(stream: "VideoStream") -> bool:
    """Say whether a stream is the picture on the cover of a piece of music."""
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def _duration(container: "InputContainer", stream: "VideoStream") -> int:
    if stream.duration and stream.time_base:
        return round(stream.duration * stream.time_base * 1000)
    return round((container.duration or 0) / 1000)


def _moment(frame: "VideoFrame", stream: "VideoStream") -> int:
    start = stream.start_time or 0
    return round(((frame.pts or start) - start) * (stream.time_base or 0) * 1000)


def _keyframe(container: "InputContainer", stream: "VideoStream", moment: int) -> "VideoFrame | None":
    """Return the frame at or before a moment that can be read by itself; None where it is damaged."""
    import av

    back = -_NEAR_MS
    while True:  # where a file has no list of keyframes, FFmpeg may go to any frame, from which on one is met later
        frame = None
        with suppress(av.error.FFmpegError):
            _seek(container, stream, moment - back)
            frame = next(_decoded(container, stream), None)
        if back > moment or (frame is not None and _moment(frame, stream) <= moment):
            return frame
        back = max(2 * back, _APART_MS) if back >= 0 else 0


def _seek(container: "InputContainer", stream: "VideoStream", moment: int) -> None:
    """Go to a moment; one before the first is the way to the first where FFmpeg takes it."""
    import av

    if stream.time_base:
        start = stream.start_time or 0
        try:
            container.seek(int((moment + 1) / 1000 / stream.time_base) + start, stream=stream)
        except av.error.FFmpegError:
            container.seek(int(max(moment, 0) / 1000 / stream.time_base) + start, stream=stream)


def _from_keyframe(
    container: "InputContainer", stream: "VideoStream", keyframe: "VideoFrame"
) -> "Iterator[VideoFrame]":
    """Yield the frames from a keyframe up to the next, but for those that none needs."""
    import av

    decoder, begun = stream.codec_context, False
    try:
        with suppress(av.error.FFmpegError):
            _seek(container, stream, _moment(keyframe, stream) - _APART_MS)  # as above: FFmpeg may go too far
            for packet in container.demux(stream):
                if packet.is_keyframe and begun:
                    break
                begun = begun or (packet.is_keyframe and (packet.pts is None or packet.pts == keyframe.pts))
                if begun:
                    with suppress(av.error.FFmpegError):  # the next one may be whole
                        yield from packet.decode()
            yield from decoder.decode(None)
    finally:
        decoder.flush_buffers()


def _decoded(container: "InputContainer", stream: "VideoStream") -> "Iterator[VideoFrame]":
    """Yield the frames that can be read by themselves, from where the file is read now."""
    import av

    decoder = stream.codec_context
    for packet in container.demux(stream):
        if packet.is_keyframe:
            with suppress(av.error.FFmpegError):  # the next one may be whole
                yield from packet.decode() or decoder.decode(None)
            decoder.flush_buffers()


def _upright(frame: "VideoFrame", side: int | None) -> Rgb:
    longer = max(frame.width, frame.height)
    scale = min(1.0, (side or longer) / longer)
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    rgb = frame.to_ndarray(width=width, height=height, format="rgb24")
    return np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90)), np.uint8)


def _hash(file: PhotoFile) -> str:
    """Return the SHA-256 of the media data where a file says which they are, else of the whole file."""
    with suppress(ValueError):
        if file.read(0, 8)[4:] == _ISO_START:
            return _sha256(file, media_boxes(file.stream(), file.size))
    return _sha256(file, [(0, file.size)])


def _sha256(file: PhotoFile, spans: Iterable[tuple[int, int]]) -> str:
    digest = hashlib.sha256()
    for start, end in spans:
        for part in file.parts(start, end):
            digest.update(part)
            getting_on()
    return digest.hexdigest()


def _taken_at(told: Mapping[str, str]) -> str | None:
    """Return when a video was taken: by the camera's own clock, or that of this computer where UTC alone is told."""
    for name in _TOLD:
        with suppress(ValueError):
            moment = datetime.fromisoformat(told.get(name, ""))
            if moment.year >= _FIRST_YEAR:
                return (moment if moment.utcoffset() else moment.astimezone()).isoformat()
    return None


def _camera(told: Mapping[str, str]) -> str | None:
    make, model = (next(filter(None, map(told.get, names)), "") for names in (_MAKES, _MODELS))
    return f"{make} {model}".strip() or None
