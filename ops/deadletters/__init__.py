"""Dead-letter queues: scan them into a local snapshot, find out why their messages failed, and send them back.

The public functions, in the order in which an operator meets them. Each takes what the one before it returned:

- ``open_queue(aws, workload)``: a workload's dead-letter queue, with the local folder of its snapshot, plans and runs;
- ``scan_queue(queue)``: read the queue into the snapshot and give every message back;
- ``explain_causes(queue)``: find each message's failure cause, in the message itself and in the logs;
- ``make_plan(queue, selection)``: what would move, where to, how fast and with which edits; nothing moves;
- ``start_redrive(queue, plan, reason)``: carry a plan out, a canary first;
- ``resume_redrive(queue, run_id)``, ``cancel_redrive(queue, run_id)``: continue or stop a redrive;
- ``export_messages(queue, selection)``, ``import_messages(queue, path)``: messages as files, and back again;
- ``purge_messages(queue, plan, reason, …)``: delete exactly the messages of an export.

They are imported when they are first used: ``import ops.deadletters`` alone loads none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.deadletters.archive.exports import export_messages
    from ops.deadletters.archive.imports import import_messages
    from ops.deadletters.causes.explain import explain_causes
    from ops.deadletters.plans.build import make_plan
    from ops.deadletters.queue import open_queue
    from ops.deadletters.redrive.purge import purge_messages
    from ops.deadletters.redrive.redrive import cancel_redrive, resume_redrive, start_redrive
    from ops.deadletters.scan.scan import scan_queue

__all__ = [
    "cancel_redrive",
    "explain_causes",
    "export_messages",
    "import_messages",
    "make_plan",
    "open_queue",
    "purge_messages",
    "resume_redrive",
    "scan_queue",
    "start_redrive",
]

_FUNCTIONS = {
    "cancel_redrive": ("redrive.redrive", "cancel_redrive"),
    "explain_causes": ("causes.explain", "explain_causes"),
    "export_messages": ("archive.exports", "export_messages"),
    "import_messages": ("archive.imports", "import_messages"),
    "make_plan": ("plans.build", "make_plan"),
    "open_queue": ("queue", "open_queue"),
    "purge_messages": ("redrive.purge", "purge_messages"),
    "resume_redrive": ("redrive.redrive", "resume_redrive"),
    "scan_queue": ("scan.scan", "scan_queue"),
    "start_redrive": ("redrive.redrive", "start_redrive"),
}
"""Each public function's module and name there."""


def __getattr__(name: str) -> Any:
    """PEP 562: called for a name that the package does not have yet."""
    if name not in _FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, function = _FUNCTIONS[name]
    value = getattr(import_module(f"{__name__}.{module}"), function)
    globals()[name] = value
    return value
