"""Verdicts become files."""
