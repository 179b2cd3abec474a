"""How much a logged failure reveals of its cause: a type or a stack trace, a sentence, or only that it happened."""

from __future__ import annotations

import re
from enum import IntEnum

from ops.deadletters.causes.logs.log_parser import LOGGED_ERROR, REPORT_LINE, LogEntry

_BARE = frozenset({"Error", "Exception", "Runtime.Unknown", "Runtime.ExitError"})
"""Types that explain nothing without a message."""
_FILLER = re.compile(
    r"""\b(?:an?|all|and|any|at|batch|been?|by|could|couldn|t|did|do|due|during|errors?|events?|exceptions?|for|from
    |fail(?:ed|ing|ures?|s)?|had|handl(?:ed?|er|ing)|ha(?:s|ve)|ids?|in|invocation|is|items?|jobs?|messages?|not|of|on|one
    |or|order|process(?:ed|ing)?|records?|requests?|sqs|some|tasks?|th(?:e|is)|to|unable|w(?:as|ere)|while|with|work
    |arrived|dead|dlq|found|letters?|lettered|moved|now|queues?|sent)\b
    |[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]*\d[0-9a-f]*\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Of a sentence that holds no other words, like "2 records failed", nothing is learnt."""
_WORD = re.compile(r"[^\W\d_]")


class ReasonRank(IntEnum):
    NONE = 0  # "2 records failed", "Runtime exited with error: exit status 1"
    WORDS = 1  # an error line without a type
    TYPED = 2  # a type or a stack trace


def rank_of(entry: LogEntry) -> ReasonRank:
    """How much a failure's line explains."""
    if entry.source == REPORT_LINE:
        return ReasonRank.NONE
    if entry.error_type in _BARE and not entry.error_message.strip():
        return ReasonRank.NONE
    if entry.error_type != LOGGED_ERROR:
        return ReasonRank.TYPED
    return ReasonRank.WORDS if _WORD.search(_FILLER.sub(" ", entry.error_message)) else ReasonRank.NONE


def is_exit(entry: LogEntry | None) -> bool:
    """Whether the platform reports that the runtime's process ended: that has the same reason as what was logged."""
    return entry is not None and entry.source == REPORT_LINE
