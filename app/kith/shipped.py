"""What an installer brings along in a folder of the package; there is none where Kith was installed by pip.

docs/decisions/033-installers.md
"""

from pathlib import Path

_SHIPPED = Path(__file__).parent / "shipped"

NETWORKS = _SHIPPED / "networks"  # made ready: who runs them needs no torch
MODELS = _SHIPPED / "models"
DEMO = _SHIPPED / "demo"  # its test photos
