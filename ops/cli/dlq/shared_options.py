"""What the commands about dead letters share: which queue, which letters, and the next command to type.

``asking`` gives a command these options and hands them over as one ``Asked``, so that they read the same everywhere.
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
from ops.cli import options, time_args
from ops.deadletters.messages.message_body import has_surrogates
from ops.deadletters.plan_model import Selection
from ops.deadletters.queue import DeadLetterQueue, open_queue
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from ops.target import Target

WHICH = "Which letters (what is given must all hold; nothing given: all of them)"

From = Annotated[
    str | None,
    typer.Option("--from", help="Another queue of dead letters than the workload's own."),
]
Cause = Annotated[
    str | None,
    typer.Option(
        "--cause", help="A cause's fingerprint, or its first characters; or its error type.", rich_help_panel=WHICH
    ),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        help="JMESPath over body, text, attributes, system, kind and cause: \"body.kind == 'train'\".",
        rich_help_panel=WHICH,
    ),
]
Text = Annotated[
    str | None, typer.Option("--text", help="Found in the body or an attribute, in any case.", rich_help_panel=WHICH)
]
Since = Annotated[
    str | None,
    typer.Option("--since", help="Sent at or after: 2h (ago), 02:10 (UTC), 2026-11-24T02:10.", rich_help_panel=WHICH),
]
Until = Annotated[str | None, typer.Option("--until", help="Sent before; said like --since.", rich_help_panel=WHICH)]
Ids = Annotated[
    list[str] | None,
    typer.Option("--id", help="A message id, or its first characters; may be repeated.", rich_help_panel=WHICH),
]

Imported = Annotated[
    bool,
    typer.Option(
        "--imported", help="Of those that ops dlq import brought, not of those in the queue.", rich_help_panel=WHICH
    ),
]

PlanName = Annotated[str, typer.Argument(metavar="PLAN", help="The plan's file, or its id.")]
RunName = Annotated[str | None, typer.Argument(metavar="[RUN]", help="Its plan's id; left out: the latest.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; goes on record with your AWS identity.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

QUEUE_OPTIONS: dict[str, Any] = {
    "letters": From,
    "stack": options.Stack,
    "queue": options.Queue,
    "function": options.Function,
    "profile": options.Profile,
    "region": options.Region,
}
LETTER_OPTIONS: dict[str, Any] = {
    "cause": Cause,
    "where": Where,
    "text": Text,
    "since": Since,
    "until": Until,
    "ids": Ids,
    "imported": Imported,
}
FLAGS = {"letters": "--from", "ids": "--id"}


@dataclass(frozen=True)
class DlqContext:
    """What was named on the command line. Nothing of it has been looked up yet."""

    target: Target
    queue: dict[str, str]  # option → value, as given
    letters: dict[str, Any]

    @property
    def imported(self) -> bool:
        return "imported" in self.letters

    def open(self) -> DeadLetterQueue:
        """Raises what ``workload.describe`` and ``open_source`` raise."""

        aws = Aws(self.target)
        return open_queue(aws, workload.describe(aws, self.target), self.queue.get("letters"))

    def selection(self, source: DeadLetterQueue) -> Selection:
        """Raises UsageError for a time, a cause or an id that means nothing."""

        now = datetime.now(UTC)
        times = {name: time_args.moment(self.letters[name], now) for name in ("since", "until") if name in self.letters}
        ids: tuple[str, ...] = ()
        imported = self.imported
        if "ids" in self.letters:
            with Snapshot.open(source) as shelf:
                named = [shelf.get(some).letter for some in self.letters["ids"]]
            ids = tuple(letter.message_id for letter in named)
            if len({letter.imported for letter in named}) > 1:
                raise UsageError(
                    "Some of these letters are in the queue, and others were imported from a file.",
                    "Name the one kind, and then the other.",
                )
            imported = imported or named[0].imported
        cause, where, text = (self.letters.get(name, "") for name in ("cause", "where", "text"))
        return Selection(cause, where, text, times.get("since"), times.get("until"), ids, imported)

    def again(self, *words: str, letters: bool = False) -> str:
        """A command line to copy: ``ops dlq`` and ``words``, about the same queue and, if wanted, the same letters."""
        named = {**self.queue, **(self.letters if letters else {})}
        extra: list[str] = []
        for name, value in named.items():
            for one in value if isinstance(value, list) else [value]:
                extra += [FLAGS.get(name, f"--{name}"), *([] if one is True else [one])]
        return " ".join(["ops dlq", *(_quoted(word) for word in (*words, *extra))])


def _quoted(word: str) -> str:
    """For a shell. Filters are full of single quotes, which are unreadable within single quotes."""
    plain = "'" in word and not set(word) & set('"$`\\!')
    return f'"{word}"' if plain else shlex.quote(word)


def ensure_said(flag: str, value: Any) -> None:
    """An empty filter would mean every letter, an empty run the latest; it is most often a variable of a script that
    is not set."""
    for text in _texts(value):
        if not text.strip():
            raise UsageError(f"{flag} is empty.", "Give it a value, or leave it out.")


def _ensure_text(flag: str, value: Any) -> None:
    """Bytes that are none would go on, escaped, into letters and onto record."""
    for text in _texts(value):
        if has_surrogates(text):
            raise UsageError(f"{flag} is no text in UTF-8.", "Give it in UTF-8.")


def _ensure_own(parameter: inspect.Parameter, value: Any) -> None:
    """Of what a command asks for beside the shared options. Files may have any name."""
    (said,) = parameter.annotation.__metadata__[:1]
    if isinstance(said, ArgumentInfo):
        ensure_said(str(said.metavar).strip("[]"), value)
    else:
        names = (said.default, *(said.param_decls or ()))  # in Annotated, Typer takes the first name for a default
        _ensure_text(next(str(name) for name in names if str(name).startswith("--")), value)


def _texts(value: Any) -> list[str]:
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]


def asking(*, letters: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command whose first parameter is ``asked: Asked`` gets the options that make one; ``letters``: which letters,
    too."""

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        shared = {**(LETTER_OPTIONS if letters else {}), **QUEUE_OPTIONS}
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]

        @functools.wraps(command)
        def asked_for(**given: Any) -> None:
            taken = {name: value for name in shared if (value := given.pop(name)) not in (None, False, [])}
            for name, value in taken.items():
                ensure_said(FLAGS.get(name, f"--{name}"), value)
                _ensure_text(FLAGS.get(name, f"--{name}"), value)
            for parameter in own:
                _ensure_own(parameter, given[parameter.name])
            queue = {name: taken[name] for name in QUEUE_OPTIONS if name in taken}
            target = options.target(*(queue.get(name) for name in ("stack", "queue", "function", "profile", "region")))
            which = {name: taken[name] for name in LETTER_OPTIONS if name in taken}
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
        asked_for.__signature__ = inspect.Signature([*keyword, *added])  # type: ignore[attr-defined]
        return asked_for

    return wrap
