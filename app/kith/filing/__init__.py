"""Decisions become files."""
