"""Values that a shell completes: causes, plans and redrives from this machine, queues and stacks from AWS.

Someone waits at the prompt: AWS is asked once, for a moment, and whatever goes wrong is an empty list.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.target import Target

PATIENCE_S = 2.0
"""How long AWS may take."""
MAX_NAMES = 100
_FOLDER = re.compile(r"\d*-[a-z]{2}(?:-[a-z]+)+-\d+-(.+)")
"""The folder of a dead-letter queue on this machine: account, region, name."""

Value = tuple[str, str]
"""The value, and what it is: shells that can show that do."""
Completion = Callable[[typer.Context, str], list[Value]]


def _never_an_error(find: Callable[[typer.Context, str], Iterable[Value]]) -> Completion:
    # Typer calls it by these names: ``functools.wraps`` would show it those of ``find``.
    def complete(ctx: typer.Context, incomplete: str) -> list[Value]:
        try:
            return [value for value in find(ctx, incomplete) if value[0].startswith(incomplete)][:MAX_NAMES]
        except Exception:  # noqa: BLE001 - an error message would be in the middle of the command line
            return []

    return complete


@_never_an_error
def queues(ctx: typer.Context, incomplete: str) -> Iterable[Value]:
    from ops.aws import sqs

    def ask(aws: Aws) -> Iterator[Iterable[Value]]:
        yield [(name, "") for name in sqs.queue_names(aws, incomplete, MAX_NAMES)]

    return _within_patience(_target(ctx), ask)


@_never_an_error
def stacks(ctx: typer.Context, _incomplete: str) -> Iterable[Value]:
    """Stacks that have a workload; all of the account's stacks where the workloads are not known in time."""
    from ops.aws import cloudformation
    from ops.workload import listing

    def ask(aws: Aws) -> Iterator[Iterable[Value]]:
        yield [(name, "") for name in cloudformation.stack_names(aws)]
        found = listing.list_workloads(aws).workloads
        yield [(workload.stack.name, _plain(", ".join(workload.functions))) for workload in found if workload.stack]

    return _within_patience(_target(ctx), ask)


@_never_an_error
def dead_letter_queues(ctx: typer.Context, _incomplete: str) -> Iterable[Value]:
    """Dead-letter queues that were scanned from this machine."""
    return sorted({(name, "") for name, _ in _folders(ctx, named=None)})


@_never_an_error
def causes(ctx: typer.Context, _incomplete: str) -> Iterable[Value]:
    from ops.deadletters.queue import SNAPSHOT_FILE
    from ops.deadletters.snapshot import Snapshot

    for _, folder in _folders(ctx, _option(ctx, "dlq")):
        if (folder / SNAPSHOT_FILE).is_file():
            with Snapshot.open(folder / SNAPSHOT_FILE) as snapshot:
                for group in snapshot.groups():
                    if group.fingerprint:
                        yield group.fingerprint, _plain(f"{group.error_type}: {group.label}")


@_never_an_error
def plans(ctx: typer.Context, _incomplete: str) -> Iterable[Value]:
    return _newest(ctx, "plans/*.json")


@_never_an_error
def runs(ctx: typer.Context, _incomplete: str) -> Iterable[Value]:
    return _newest(ctx, "runs/*.db")


def one_of(values: Iterable[str]) -> Completion:
    """Completes an argument that has few values."""
    return _never_an_error(lambda _ctx, _incomplete: [(value, "") for value in values])


def _newest(ctx: typer.Context, pattern: str) -> Iterable[Value]:
    """IDs by file name, the latest first: the names begin with the time."""
    found = [(path.stem, name) for name, folder in _folders(ctx, _option(ctx, "dlq")) for path in folder.glob(pattern)]
    return sorted(found, reverse=True)


def _folders(ctx: typer.Context, named: str | None) -> Iterator[tuple[str, Path]]:
    """Dead-letter queues with their folders on this machine; with ``named`` (a name, URL or ARN) only that one's."""
    from ops.target import state_folder

    wanted = re.split(r"[:/]", named)[-1] if named else None
    for folder in sorted(state_folder(_target(ctx)).iterdir()):
        found = _FOLDER.fullmatch(folder.name)
        if found and wanted in (None, found[1]):
            yield found[1], folder


def _target(ctx: typer.Context) -> Target:
    """The target that the options and the environment choose; the account if they choose no workload yet."""
    from ops.errors import UsageError
    from ops.target import Target, resolve_place

    stack, queue, function, profile, region = (
        _option(ctx, name) for name in ("stack", "queue", "function", "profile", "region")
    )
    try:
        return resolve_place(stack=stack, queue=queue, function=function, profile=profile, region=region)
    except UsageError:
        return Target(profile=profile, region=region)


def _option(ctx: typer.Context, name: str) -> str | None:
    value = ctx.params.get(name)
    return value if isinstance(value, str) and value else None


def _within_patience(target: Target, ask: Callable[[Aws], Iterator[Iterable[Value]]]) -> list[Value]:
    """The last answer that ``ask`` yields within ``PATIENCE_S``, if it is not empty; a call that takes longer is left to
    itself and ends with the process."""
    from ops.aws import Aws

    answer: list[Value] = []

    def work() -> None:
        nonlocal answer
        try:
            for values in ask(Aws(target, max_attempts=1, read_timeout_s=PATIENCE_S)):
                answer = list(dict(values).items()) or answer
        except Exception:  # noqa: BLE001 - as above, and a thread's traceback would be printed
            return

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    return answer


def _plain(text: str) -> Any:
    """The text on one line, short, without anything that a shell or a terminal interprets: causes quote untrusted text."""
    from ops.cli.output.sanitize import safe

    return re.sub(r"[`$\\\"';&|<>]", " ", safe(text, 60))
