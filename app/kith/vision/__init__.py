"""Pixels become observations: boxes, vectors and their quality."""
