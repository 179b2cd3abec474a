"""What belongs to a workload and could not be described: gone, or not to be read. That is not the same as none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from ops.errors import AccessDenied, AwsError, CredentialsError, NotFound, Unreachable, UsageError

T = TypeVar("T")


class Part(StrEnum):
    """The value is its noun in a sentence."""

    DLQ = "dead-letter queue"
    MAPPING = "event source mapping"
    FUNCTION = "function"
    ALARMS = "alarms"
    STACK = "nested stack"
    QUEUE = "queue"
    DETAIL = "detail"
    """Something that no page draws a conclusion from (the account's quota): a note tells of it."""


class Why(StrEnum):
    GONE = "gone"
    DENIED = "denied"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Gap:
    """``name``: what was asked about, as it is spelled. ``text`` is the sentence AWS's answer was turned into."""

    part: Part
    name: str
    why: Why
    text: str
    next_step: str = ""

    @property
    def note(self) -> str:
        return f"{self.text} {self.next_step}".strip()

    @property
    def verb(self) -> str:
        return {Why.GONE: "does not exist", Why.DENIED: "may not be read"}.get(self.why, "could not be read")

    def error(self, whose: str) -> AwsError:
        """The error of something that needs the missing part. ``whose``: the resource that it belongs to."""
        kind = {Why.GONE: NotFound, Why.DENIED: AccessDenied}.get(self.why, AwsError)
        then = f"Restore {self.name}, or let {whose} name another one." if self.why is Why.GONE else self.next_step
        return kind(f"The {self.part} of {whose}, {self.name}, {self.verb}: {self.text}", then)


def attempt(part: Part, name: str, ask: Callable[[], T]) -> T | Gap:
    """What ``ask`` answers, or why it does not: AWS refused, or what a setting names cannot be asked about here (a
    queue of another region). Raises CredentialsError and Unreachable: nothing else would answer."""
    try:
        return ask()
    except (CredentialsError, Unreachable):
        raise
    except (AwsError, UsageError) as refused:
        return of(refused, part, name)


def of(refused: AwsError | UsageError, part: Part, name: str) -> Gap:
    kinds = ((NotFound, Why.GONE), (AccessDenied, Why.DENIED))
    why = next((why for kind, why in kinds if isinstance(refused, kind)), Why.UNREADABLE)
    # The user did not name what is gone, so advice to check its spelling is of no use.
    return Gap(part, name, why, str(refused), "" if why is Why.GONE else refused.next_step)


class Asking:
    """Asks for what a description can do without, and keeps in ``gaps`` what was not answered."""

    def __init__(self, gaps: Iterable[Gap] = ()) -> None:
        self.gaps = list(gaps)

    def __call__(self, part: Part, name: str, ask: Callable[[], T], otherwise: T) -> T:
        return self.settle(attempt(part, name, ask), otherwise)

    def settle(self, answer: T | Gap, otherwise: T) -> T:
        """The answer of an ``attempt``."""
        if isinstance(answer, Gap):
            self.gaps.append(answer)
            return otherwise
        return answer
