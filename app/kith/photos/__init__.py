"""A file becomes upright pixels and facts."""
