"""Observations become people."""
