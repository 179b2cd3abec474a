"""Options that commands about dead-letter messages share: the queue and the filters; and the next command.

``with_dlq_options`` gives a command these options and passes them as one ``DlqContext``.
"""

from __future__ import annotations

import functools
import inspect
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from typer.models import ArgumentInfo

from ops import workload
from ops.aws import Aws
from ops.cli import completion, options, time_args
from ops.deadletters.messages.message_body import has_surrogates
from ops.deadletters.plan_model import Selection
from ops.deadletters.queue import DeadLetterQueue, open_queue
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from ops.target import Target

FILTERS = "Filters (ANDed; default: all messages)"

From = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="Dead-letter queue to use instead of the workload's own.",
        autocompletion=completion.dead_letter_queues,
    ),
]
Cause = Annotated[
    str | None,
    typer.Option(
        "--cause",
        help="ID of a cause, or its first characters, or an error type.",
        rich_help_panel=FILTERS,
        autocompletion=completion.causes,
    ),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        help="JMESPath over body, text, attributes, system, kind and cause: \"body.kind == 'train'\".",
        rich_help_panel=FILTERS,
    ),
]
Text = Annotated[
    str | None,
    typer.Option("--text", help="Case-insensitive substring of the body or an attribute.", rich_help_panel=FILTERS),
]
Since = Annotated[
    str | None,
    typer.Option("--since", help="Sent at or after: 2h (ago), 02:10 (UTC), 2026-11-24T02:10.", rich_help_panel=FILTERS),
]
Until = Annotated[
    str | None, typer.Option("--until", help="Sent before (same formats as --since).", rich_help_panel=FILTERS)
]
Ids = Annotated[
    list[str] | None,
    typer.Option("--id", help="A message ID, or its first characters; can be repeated.", rich_help_panel=FILTERS),
]

Imported = Annotated[
    bool,
    typer.Option("--imported", help="Imported messages, not those in the queue.", rich_help_panel=FILTERS),
]

PlanName = Annotated[
    str, typer.Argument(metavar="PLAN", help="The plan's file or ID.", autocompletion=completion.plans)
]
RunName = Annotated[
    str | None,
    typer.Argument(
        metavar="[RUN]", help="ID of the redrive's plan. Default: the latest.", autocompletion=completion.runs
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="Reason (recorded in the audit log with your AWS identity).")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")]

QUEUE_OPTIONS: dict[str, Any] = {
    "dlq": From,
    "stack": options.Stack,
    "queue": options.Queue,
    "function": options.Function,
    "profile": options.Profile,
    "region": options.Region,
}
FILTER_OPTIONS: dict[str, Any] = {
    "cause": Cause,
    "where": Where,
    "text": Text,
    "since": Since,
    "until": Until,
    "ids": Ids,
    "imported": Imported,
}
FLAGS = {"dlq": "--from", "ids": "--id"}


@dataclass(frozen=True)
class DlqContext:
    """The options of a command line. Nothing has been resolved yet."""

    target: Target
    queue: dict[str, str]  # option → value, as given
    filters: dict[str, Any]

    @property
    def imported(self) -> bool:
        return "imported" in self.filters

    def open(self) -> DeadLetterQueue:
        """Raises what ``workload.describe`` and ``open_queue`` raise."""
        aws = Aws(self.target)
        return open_queue(aws, workload.describe(aws, self.target), self.queue.get("dlq"))

    def selection(self, source: DeadLetterQueue) -> Selection:
        """Raises UsageError for an invalid time, and an ID that is unknown or ambiguous."""
        now = datetime.now(UTC)
        since, until = time_args.time_range(self.filters.get("since"), self.filters.get("until"), now)
        ids: tuple[str, ...] = ()
        imported = self.imported
        if "ids" in self.filters:
            with Snapshot.open(source) as snapshot:
                named = [snapshot.get(id_).message for id_ in self.filters["ids"]]
            ids = tuple(dead_letter.message_id for dead_letter in named)
            if len({dead_letter.imported for dead_letter in named}) > 1:
                raise UsageError(
                    "Some of these messages are in the queue, and others were imported from a file.",
                    "Use a command of its own for each.",
                )
            imported = imported or named[0].imported
        cause, where, text = (self.filters.get(name, "") for name in ("cause", "where", "text"))
        return Selection(cause, where, text, since, until, ids, imported)

    def command_line(self, *words: str, filters: bool = False, command: str = "ops dlq") -> str:
        """A command line to copy: ``command`` and ``words``, with the same queue and, if ``filters``, the same filters."""
        named = {**self.queue, **(self.filters if filters else {})}
        extra: list[str] = []
        for name, value in named.items():
            for given in value if isinstance(value, list) else [value]:
                extra += [FLAGS.get(name, f"--{name}"), *([] if given is True else [given])]
        return " ".join([command, *(_quoted(word) for word in (*words, *extra))])


def _quoted(word: str) -> str:
    """The word quoted for a shell. Filters are full of single quotes, which are unreadable within single quotes."""
    plain = "'" in word and not set(word) & set('"$`\\!')
    return f'"{word}"' if plain else shlex.quote(word)


def require_non_empty(flag: str, value: Any) -> None:
    """An empty filter would select every message, an empty RUN the latest; it is most often an unset variable of a
    script. Raises UsageError."""
    for text in _texts(value):
        if not text.strip():
            raise UsageError(f"{flag} is empty.", "Specify a value, or omit it.")


def _require_utf8(flag: str, value: Any) -> None:
    """Invalid bytes would be written, escaped, into messages and the audit log. Raises UsageError."""
    for text in _texts(value):
        if has_surrogates(text):
            raise UsageError(f"{flag} is not valid UTF-8.", "Specify it in UTF-8.")


def _require_valid(parameter: inspect.Parameter, value: Any) -> None:
    """Checks an option of the command itself, beside the shared ones. Files may have any name."""
    (declared,) = parameter.annotation.__metadata__[:1]
    if isinstance(declared, ArgumentInfo):
        require_non_empty(str(declared.metavar).strip("[]"), value)
    else:
        names = (declared.default, *(declared.param_decls or ()))  # Typer takes the first one as the default
        _require_utf8(next(str(name) for name in names if str(name).startswith("--")), value)


def _texts(value: Any) -> list[str]:
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]


def with_dlq_options(*, filters: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command, whose first parameter is a ``DlqContext``, the options of one; ``filters``: with those too."""

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        shared = {**(FILTER_OPTIONS if filters else {}), **QUEUE_OPTIONS}
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]

        @functools.wraps(command)
        def run_command(**given: Any) -> None:
            taken = {name: value for name in shared if (value := given.pop(name)) not in (None, False, [])}
            for name, value in taken.items():
                require_non_empty(FLAGS.get(name, f"--{name}"), value)
                _require_utf8(FLAGS.get(name, f"--{name}"), value)
            for parameter in own:
                _require_valid(parameter, given[parameter.name])
            queue = {name: taken[name] for name in QUEUE_OPTIONS if name in taken}
            target = options.target(*(queue.get(name) for name in ("stack", "queue", "function", "profile", "region")))
            which = {name: taken[name] for name in FILTER_OPTIONS if name in taken}
            command(DlqContext(target, queue, which), **given)

        added = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=False if kind is Imported else None,
                annotation=kind,
            )
            for name, kind in shared.items()
        ]
        keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        run_command.__signature__ = inspect.Signature([*keyword, *added])  # type: ignore[attr-defined]  # inspect reads it, functions do not declare it
        return run_command

    return wrap
