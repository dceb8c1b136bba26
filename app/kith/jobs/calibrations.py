"""Which calibration holds for a face model: the library's own, else the one that Kith is shipped with."""

from functools import cache
from importlib import resources

from kith.library.store import Store
from kith.values.calibration import Calibration


def calibration_of(store: Store, model_id: str) -> Calibration | None:
    """Return the calibration of a face model, None where there is none."""
    return store.calibrations.of(model_id) or shipped_calibration(model_id)


@cache
def shipped_calibration(model_id: str) -> Calibration | None:
    """Return the calibration that Kith is shipped with for a face model, if there is one."""
    file = resources.files("kith") / "calibrations" / f"{model_id}.json"
    return Calibration.from_json(file.read_text(encoding="utf-8")) if file.is_file() else None
