"""Where a photo is filed below the output folder: under a person's name, or as a pattern says."""

from dataclasses import dataclass
from pathlib import Path

from kith.filing.names import safe_name
from kith.policies import DATE_FIELDS

UNDATED = "no date"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders that a pattern such as `{person}/{year}` names."""

    pattern: str = "{person}"

    def folder(self, output: Path, person_folder: str, taken_at: str | None) -> Path:
        """Return where a photo of somebody goes that was taken then (ISO 8601), if that is known."""
        return output / self.below(person_folder, taken_at)

    def below(self, person_folder: str, taken_at: str | None) -> Path:
        """Return the same, from the output folder on."""
        dates = (taken_at or "")[:10].split("-")
        known = dates if len(dates) == len(DATE_FIELDS) else [UNDATED] * len(DATE_FIELDS)
        fields = dict(zip(DATE_FIELDS, known, strict=True))
        parts = (part.format(person=person_folder, **fields) for part in self.pattern.split("/"))
        return Path(*(part if part == person_folder else safe_name(part) for part in parts))
