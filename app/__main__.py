"""No arguments: the window. With arguments: the command line."""

import sys


def main() -> None:
    """Start Kith; what either way needs is imported here, since every worker process imports this module."""
    if sys.argv[1:]:
        from app.cli.main import main as command_line

        command_line()
    else:
        from app.gui.start import main as window

        sys.exit(window())


if __name__ == "__main__":
    main()
