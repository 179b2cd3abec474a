"""``ops dlq move``: moves the whole queue to another queue, through a plan like any other."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.cli import options
from ops.cli.dlq import plan as planning
from ops.cli.dlq import plan_view, printing
from ops.cli.dlq.redrive import carry_out
from ops.cli.dlq.shared_options import DlqContext, Reason, Yes, with_dlq_options
from ops.cli.output import confirmation
from ops.deadletters import plans
from ops.deadletters.plan_model import Action, Selection, Steps
from ops.errors import UsageError


@with_dlq_options()
def move(
    context: DlqContext,
    to: Annotated[str, typer.Option("--to", metavar="QUEUE", help="Name, URL or ARN of the queue.")],
    reason: Reason,
    copy: Annotated[bool, typer.Option("--copy", help="Send copies; the messages stay in this queue.")] = False,
    rate: Annotated[float, typer.Option("--rate", min=0, help="Maximum messages per second; 0: no limit.")] = 100.0,
    yes: Yes = False,
    as_json: options.Json = False,
) -> None:
    """Move or copy the whole queue to another queue.

    Such as a queue for tests. Outcomes are not tracked. Exits with 1 unless every message was sent; a message that was
    no longer in the queue is not sent.
    """
    if to == "origin":
        raise UsageError(
            "A move needs a queue, not the origin.", f"To redrive to the origin: {context.command_line('plan')}."
        )
    source = context.open()
    redrive_plan = plans.make_plan(
        source,
        Selection(),
        action=Action.COPY if copy else Action.REDRIVE,
        destination=planning.destination(to),
        edits=(),
        pace=planning.pacing(rate, headroom=False),
        steps=Steps(("100%",), watch=False),
    )
    plans.save_plan(source, redrive_plan)
    confirmation.confirm(
        "Proceed?",
        yes,
        "Read the help, then add --yes.",
        lambda: plan_view.show(printing.progress_console(), source, redrive_plan),
    )
    carry_out(context, source, redrive_plan, reason, as_json)
