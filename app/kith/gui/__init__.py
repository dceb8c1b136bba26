"""The window: it shows the events of the jobs, and is the only room that imports PyQt6."""
