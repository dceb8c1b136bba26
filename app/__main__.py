"""No arguments: the window. With arguments: the command line."""

import os
import sys


def main() -> None:
    """Start Kith; what either way needs is imported here, since every worker process imports this module."""
    # Before numpy is there: its products run beside each other (identity.nearest), and workers have a core each.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if sys.argv[1:]:
        from app.cli.main import main as command_line

        command_line()
    else:
        from app.gui.start import main as window

        sys.exit(window())


if __name__ == "__main__":
    main()
