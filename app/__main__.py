"""No arguments: the window. With arguments: the command line."""


def main() -> None:
    """Start Kith."""
    from app.cli.main import main as command_line  # here, since every worker process imports this module

    command_line()


if __name__ == "__main__":
    main()
