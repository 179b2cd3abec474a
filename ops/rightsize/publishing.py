"""Publishes a version for each memory size and round, and restores the memory of ``$LATEST`` before measuring.

Memory belongs to ``$LATEST``, and a version is a copy of it, so there is no other way to a version of another size. Each
change is in the journal before it is made, and names the revision that it is meant for. The current size comes last in a
round: a version is only published when something has changed since the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ops.aws.lambda_ import versions
from ops.aws.lambda_.versions import Alias, Configuration
from ops.errors import AwsError, UsageError
from ops.measured_versions import MeasuredVersionsFile
from ops.rightsize import settling
from ops.rightsize.journal import Journal, JournalFile
from ops.rightsize.restoring import ALIAS, description
from ops.rightsize.settling import Pause

if TYPE_CHECKING:
    from ops.aws import Aws

Called = TypeVar("Called")


@dataclass(frozen=True)
class PublishedSize:
    memory_mb: int
    version: str


class Publisher:
    """Publishes versions for one sweep of one function."""

    def __init__(
        self, aws: Aws, file: JournalFile, journal: Journal, pause: Pause, tell: Callable[[str], None]
    ) -> None:
        self._aws = aws
        self._file = file
        self._journal = journal
        self._measured = MeasuredVersionsFile(aws.target, journal.account, journal.region, journal.function)
        self._pause = pause
        self._tell = tell

    def reserve(self, who: str) -> Alias:
        """The sweep's alias, on ``$LATEST`` until a version is measured. Raises UsageError when another sweep has it."""
        name = self._journal.function
        about = f"{description(self._journal.sweep)} by {who}"[:256]
        try:
            return versions.create_alias(self._aws, name, ALIAS, "$LATEST", about)
        except AwsError as error:
            if error.code != "ResourceConflictException":
                raise
            found = next((alias for alias in versions.aliases(self._aws, name) if alias.name == ALIAS), None)
            raise UsageError(
                f"{name} has an alias {ALIAS} already ({found.description if found else 'unknown'}): another sweep is running, or "
                "was interrupted on another machine.",
                "There: ops rightsize --restore. If it is certainly over: aws lambda delete-alias "
                f"--function-name {name} --name {ALIAS}",
            ) from error

    def publish(self, sizes: Sequence[int], rounds: int) -> tuple[PublishedSize, ...]:
        """Round by round; ``$LATEST`` is as it was when this returns. Raises ChangedMeanwhile and what ``ops.aws`` raises;
        then the memory is to be restored."""
        name = self._journal.function
        first = now = settling.settled(self._aws, name, self._pause)
        settling.ensure_unchanged(first, now, self._journal.former_mb, name)
        order = sorted(sizes, key=lambda size: (size == self._journal.former_mb, size))
        made = []
        for round_number in range(1, rounds + 1):
            for size in order:
                self._tell(f"publishing {size:,} MB, round {round_number} of {rounds}")
                now = self._change(first, now, size)
                version = self._refused_as_change(
                    partial(versions.publish, self._aws, name, now.revision, description(self._journal.sweep))
                )
                self._measured.add(version.version)
                made.append(PublishedSize(size, version.version))
                now = settling.settled(self._aws, name, self._pause)
        self._change(first, now, self._journal.former_mb)
        for published in made:
            settling.settled(self._aws, name, self._pause, published.version)
        return tuple(made)

    def _change(self, first: Configuration, now: Configuration, size: int) -> Configuration:
        """``$LATEST`` with ``size``; nothing is sent where it has that."""
        name = self._journal.function
        expected = self._journal.intended_mb
        settling.ensure_unchanged(first, now, expected, name)
        if size != now.memory_mb:
            self._journal = replace(self._journal, before_mb=now.memory_mb, intended_mb=size)
            if size != self._journal.former_mb:  # while it is put back, the size before is what is to be found
                self._file.write(self._journal)
            self._refused_as_change(partial(versions.set_memory, self._aws, name, size, now.revision))
        after = settling.settled(self._aws, name, self._pause)
        settling.ensure_unchanged(first, after, size, name)
        if size != now.memory_mb:
            self._measured.add(changed_at=after.changed_at)
        return after

    def _refused_as_change(self, call: Callable[[], Called]) -> Called:
        try:
            return call()
        except AwsError as error:
            if error.code in settling.CHANGED_CODES:
                raise settling.changed(str(error)) from error
            raise
