"""Kith finds the people you know in your own photo collection."""

__version__ = "0.1.0"
