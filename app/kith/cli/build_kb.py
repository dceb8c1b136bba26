"""`kith build-kb`: learn the people from their folders."""

from functools import partial
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.cli.options import FOR_LOOKING, Gently, gently
from kith.jobs.build_kb import build_kb
from kith.messages import JobName

group = Group()


@group.register("build-kb", "--set dataset_dir=~/Pictures/people", FOR_LOOKING)
def build(
    call: Call,
    forget_missing: Annotated[
        bool, typer.Option("--forget-missing", help="Forget people whose folder is not there or has no photo now.")
    ] = False,
    gentle: Gently = False,
) -> None:
    """Learn the people from the people folder, which holds one folder of photos per person.

    Photos that did not change since the last time are not analysed again. What a folder taught that is not there now,
    perhaps with its drive, is kept until you say otherwise.
    """
    job = partial(build_kb, forget="all" if forget_missing else ())
    call.run(gently(call.settings(), gentle), JobName.BUILD_KB, job, create=True)
