"""Text as people meet it: made safe to show, counted, and compared as a reader compares it."""

import re
import unicodedata
from functools import lru_cache

# What could command a terminal, break a line or turn its text round: control characters (C0, DEL, C1), the separators
# of lines and paragraphs, the signs that embed, override or isolate a direction, and what is no Unicode character.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return a line fit to be shown, whatever files, names and metadata say: what is not shows escaped, `\x1b`."""
    return _UNPRINTABLE.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def as_read(name: str) -> str:
    """Return what two names have in common that are one to a reader: as `folded`, and blanks do not count."""
    return " ".join(folded(name).split())


@lru_cache(maxsize=50_000)
def folded(name: str) -> str:
    """Return what two names have in common that some file systems take for one.

    Capitals and the way accents are composed do not count: Unicode Standard, 3.13, D145.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold()))


def unaccented(name: str) -> str:
    """Return a name as one types it to find it: small letters without accents."""
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def percent(share: float) -> str:
    """Return a probability as `97 %`: never 0 or 100, since nothing is that sure."""
    if share < 0.01:
        return "<1 %"
    return f"{min(int(100 * share), 99)} %"


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """Return `1 photo`, `2 photos`, `1,000 photos`; `plural` where it is not the singular and an s."""
    return f"{count:,} {singular if count == 1 else plural or f'{singular}s'}"


def size_in_words(size: int) -> str:
    """Return a number of bytes as `1.2 MB`, a few as `10 bytes`."""
    if size < 1_000:
        return counted(size, "byte")
    if size >= 1e9:
        return f"{size / 1e9:,.1f} GB"
    return f"{size / 1e6:,.1f} MB" if size >= 50_000 else f"{size / 1e3:,.1f} kB"


def timecode(moment: int) -> str:
    """Return a moment of a video, in milliseconds, as players show it: `0:41`, `1:02:03`."""
    minutes, seconds = divmod(moment // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
