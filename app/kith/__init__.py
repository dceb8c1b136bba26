"""Kith finds the people you know in your own photo collection."""

import os

__version__ = "0.1.0"

# ONNX Runtime's wheels send telemetry from their import on, unless this is set before. Every process that uses the
# networks comes by here first, and hands it on to its children: docs/decisions/020-nothing-is-sent.md
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
