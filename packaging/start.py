"""Where the installed program starts: as itself, or as one of its own worker processes."""

import multiprocessing

multiprocessing.freeze_support()  # a worker process goes no further

from kith.__main__ import main  # noqa: E402

main()
