"""What Kith wrote to a photo or its sidecar, as JSON: what follows from the regions is left out, and comes back."""

import json
from collections.abc import Mapping, Sequence

_LEFT_OUT = "+"  # in place of all fields that follow
_NUMBERS = 4  # before the name in the text of a region


def packed(written: Mapping[str, Sequence[str]]) -> str:
    """Return it without what follows, if all that follows was written: so it takes a third of the room."""
    following = _following(written.get("mwg", ()))
    follows = all(written.get(field) == texts for field, texts in following.items())
    kept = {_LEFT_OUT: [], **{key: texts for key, texts in written.items() if key not in following}}
    return json.dumps(kept if follows else written, ensure_ascii=False, separators=(",", ":"))


def unpacked(text: str) -> dict[str, list[str]]:
    """Return it whole, by field; raises ValueError or TypeError where it is nothing of the kind."""
    fields = json.loads(text)
    if not isinstance(fields, dict):
        raise TypeError(text)
    written = {field: [*values] for field, values in fields.items()}
    if not all(isinstance(value, str) for texts in written.values() for value in texts):
        raise TypeError(text)
    if _LEFT_OUT not in written:
        return written
    del written[_LEFT_OUT]
    return written | _following(written.get("mwg", ()))


def _following(regions: Sequence[str]) -> dict[str, list[str]]:
    """Return the fields of people who all have a region, by the texts of these: `x y w h name`."""
    names = [*dict.fromkeys(region.split(" ", _NUMBERS)[-1] for region in regions)]
    tags = {"digikam": "People/", "lightroom": "People|"}
    tagged = {field: [tag + name for name in names] for field, tag in tags.items()}
    return {"microsoft": [*regions], "in_image": names, **tagged}
