"""Collects the log lines of a job, round by round: each round's lines name more of its IDs, until none is new."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ops import formatting
from ops.access import ReadOnly
from ops.logs import LogSearch, find_log_lines
from ops.logs.search import MAX_PAGE
from ops.traces.logged_invocations import LoggedInvocation, read_invocations

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.logs import LogLine, LogSource
    from ops.traces.dead_letter_evidence import DeadLetterSearch

MAX_ROUNDS = 5
"""Sent, dead-lettered as another message, redriven as a third: each may take a round."""
MAX_IDS = 60


@dataclass
class Collected:
    """``own_invocations``: of all that was read, those of the job. ``whole_batches``: the ID is an invocation's or a
    trace's, so that all messages of its batch are meant."""

    wanted: str
    invocations: list[LoggedInvocation] = field(default_factory=list)
    message_ids: dict[str, None] = field(default_factory=dict)
    job_ids: dict[str, None] = field(default_factory=dict)

    @property
    def whole_batches(self) -> bool:
        return any(self.wanted in (invocation.request_id, invocation.trace) for invocation in self.invocations)

    @property
    def own_invocations(self) -> list[LoggedInvocation]:
        if self.whole_batches:
            return [
                invocation
                for invocation in self.invocations
                if self.wanted in (invocation.request_id, invocation.trace)
            ]
        mine = self.message_ids.keys()
        return [
            invocation
            for invocation in self.invocations
            if mine & (invocation.messages.keys() | {line.message_id for line in invocation.lines})
        ]


class LogCollector:
    """``notes``: what is missing; ``unread``: log groups; ``found_lines``: None where nothing could be searched."""

    def __init__(
        self,
        aws: Aws,
        sources: Sequence[LogSource],
        start: datetime,
        end: datetime,
        max_usd: float,
        say: Callable[[str], None],
    ) -> None:
        self._aws = aws
        self.sources = sources
        self._start, self._end = start, end
        self._max_usd = max_usd
        self._say = say
        self._lines: dict[tuple[datetime, str, str], LogLine] = {}
        self.usd = 0.0
        self.notes: list[str] = []
        self.unread: list[str] = []
        self.found_lines: int | None = 0

    def collect(self, wanted: str, related: set[str], letters: DeadLetterSearch | None) -> Collected:
        """What the logs have of ``wanted`` and of the messages that are known to be the same job."""
        found, asked, waiting = Collected(wanted, message_ids=dict.fromkeys(sorted(related))), set[str](), {wanted}
        waiting |= related
        for _ in range(MAX_ROUNDS):
            if not waiting or not self.sources or len(asked) >= MAX_IDS:
                break
            asked |= waiting
            if not self._search(sorted(waiting)):
                break
            found.invocations = read_invocations(self._lines.values())
            self.found_lines = sum(any(name in line.text for name in asked) for line in self._lines.values())
            if found.whole_batches:
                found.message_ids = {name: None for invocation in found.own_invocations for name in invocation.messages}
                found.job_ids = {
                    line.job_id: None
                    for invocation in found.own_invocations
                    for line in invocation.lines
                    if line.job_id
                }
                return found
            self._relate(found)
            more = {*found.message_ids, *found.job_ids} - asked
            if letters:
                more |= letters.search(more | waiting) - asked
                found.message_ids |= dict.fromkeys(sorted(_message_ids(letters) - found.message_ids.keys()))
            waiting = more
        if waiting:
            self.notes.append(f"{formatting.count(len(waiting), 'further ID')} of this job were not searched for.")
        return found

    def _relate(self, found: Collected) -> None:
        """A line that names both a message and a job makes one known by the other; so does a message that was sent again."""
        lines = [line for invocation in found.invocations for line in invocation.lines]
        if any(found.wanted in invocation.messages for invocation in found.invocations) or any(
            line.message_id == found.wanted for line in lines
        ):
            found.message_ids.setdefault(found.wanted)
        for _ in range(3):
            for line in lines:
                if line.job_id and (line.message_id in found.message_ids or line.job_id == found.wanted):
                    found.job_ids.setdefault(line.job_id)
                if line.job_id in found.job_ids:
                    found.message_ids.setdefault(line.message_id)
                if line.sent_as and line.message_id in found.message_ids:
                    found.message_ids.setdefault(line.sent_as)

    def _search(self, ids: Sequence[str]) -> bool:
        """Whether the logs may be searched."""
        search = LogSearch(self._start, self._end, message_ids=tuple(ids))
        try:
            page = find_log_lines(
                self._aws, self.sources, search, limit=MAX_PAGE, max_usd=self._max_usd - self.usd, say=self._say
            )
        except ReadOnly as refused:
            self.found_lines = None
            self.notes.append(f"The logs were not searched: {refused}")
            return False
        self.usd += page.usd
        self.unread += [group for group in page.unread if group not in self.unread]
        if page.next_token:
            self.notes.append(f"Only the newest {MAX_PAGE:,} log lines of these IDs were read.")
        self.notes += [note for note in page.notes if note not in self.notes and not note.startswith("No log line")]
        self._lines |= {(line.at, line.stream, line.text): line for line in page.lines}
        return self.usd < self._max_usd or not ids


def _message_ids(letters: DeadLetterSearch) -> set[str]:
    stays = {id_ for stay in letters.found.stays.values() for id_ in (stay.message_id, stay.original_id)}
    sends = {id_ for send in letters.found.sends.values() for id_ in (send.message_id, send.original_id, *send.new_ids)}
    return (stays | sends) - {""}
