"""`kith redecide`: decide again what the machine says, without looking at a photo."""

from functools import partial
from typing import Annotated

import typer

from kith.cli.command import Call, Group
from kith.cli.options import FOR_JOB
from kith.jobs import redecision
from kith.messages import JobName

group = Group()


@group.register("redecide", "--preview --set face_tol=0.5", FOR_JOB)
def redecide(
    call: Call,
    preview: Annotated[bool, typer.Option("--preview", help="Only tell what would change; write nothing.")] = False,
) -> None:
    """Decide again who is in every photo known, after a change of settings, people or links; no photo is opened.

    Filed copies follow, wherever they were filed. What you or the people folder said stays as it is.
    """
    call.run(call.settings(), JobName.DECIDE_AGAIN, partial(redecision.redecide, preview=preview))
