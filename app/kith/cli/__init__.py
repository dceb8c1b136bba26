"""The command line: it prints the events of the jobs."""
