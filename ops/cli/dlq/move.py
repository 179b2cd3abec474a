"""``ops dlq move``: the whole queue to another queue, through a plan like any other."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.cli import options
from ops.cli.dlq import plan as planning
from ops.cli.dlq import printing
from ops.cli.dlq.redrive import carry_out
from ops.cli.dlq.shared_options import DlqContext, Reason, Yes, asking
from ops.deadletters.plan_model import Action, Selection, Steps
from ops.errors import UsageError


@asking()
def move(
    asked: DlqContext,
    to: Annotated[str, typer.Option("--to", metavar="QUEUE", help="A queue's name, URL or ARN.")],
    reason: Reason,
    copy: Annotated[bool, typer.Option("--copy", help="Send copies; the letters stay in the queue.")] = False,
    rate: Annotated[float, typer.Option("--rate", min=0, help="Messages a second at most; 0: no limit.")] = 100.0,
    yes: Yes = False,
    as_json: options.Json = False,
) -> None:
    """Move or copy every letter to another queue, such as one to try things on. Nobody watches what becomes of them.

    Exits with 1 unless every letter was sent: one that had left the queue was not sent.
    """
    if to == "origin":
        raise UsageError(
            "A move goes to a queue that is named, not back to the origin.", f"To redrive: {asked.again('plan')}."
        )
    source = asked.open()
    from ops.cli.dlq import plan_view
    from ops.deadletters import plans

    made = plans.make(
        source,
        Selection(),
        action=Action.COPY if copy else Action.REDRIVE,
        destination=planning.destination(to),
        edits=(),
        pace=planning.pacing(rate, headroom=False),
        steps=Steps(("100%",), watch=False),
    )
    plans.save(source, made)
    printing.said_yes(
        "Carry it out?", yes, "Read the help, then add --yes.", lambda: plan_view.show(printing.talk(), source, made)
    )
    carry_out(asked, source, made, reason, as_json)
