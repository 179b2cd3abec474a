"""The state of each message of a run, in memory: about 150 bytes per message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from ops.deadletters.ledger.schema import MESSAGE_STATES, NONE, OUTCOMES, PLANNED

StateKey = tuple[int, int, int]
"""Step, state, outcome: what messages are counted by."""


class StateIndex:
    """Not thread-safe by itself: callers that change it hold the writer's lock."""

    def __init__(self, rows: Iterable[tuple[int, str, int, int, int]]) -> None:
        """``rows``: number, ID, step, state and outcome of every message, by number. Raises ValueError, TypeError for
        values that no ledger has."""
        self.numbers: dict[str, int] = {}
        self._steps: list[int] = []
        self._states = bytearray()
        self._outcomes = bytearray()
        self._tally: Counter[StateKey] = Counter()
        self._changed: Counter[StateKey] = Counter()
        for place, (number, name, step, state, outcome) in enumerate(rows):
            if (
                number != place
                or not isinstance(name, str)
                or not state < len(MESSAGE_STATES)
                or not outcome < len(OUTCOMES)
            ):
                raise ValueError(f"row {place} is not a message")
            self.numbers[name] = number
            self._steps.append(step)
            self._states.append(state)
            self._outcomes.append(outcome)
            self._tally[step, state, outcome] += 1

    def add(self, name: str) -> int:
        """Adds a planned message, in no step; returns its number."""
        number = self.numbers[name] = len(self._states)
        self._steps.append(0)
        self._states.append(PLANNED)
        self._outcomes.append(NONE)
        for counts in (self._tally, self._changed):
            counts[0, PLANNED, NONE] += 1
        return number

    def state_of(self, number: int) -> int:
        return self._states[number]

    def in_state(self, state: int) -> list[int]:
        return [number for number, has in enumerate(self._states) if has == state]

    def count(self, states: Collection[int]) -> int:
        return sum(number for (_, state, _), number in self._tally.items() if state in states)

    def change(self, numbers: Iterable[int], state: int, outcome: int | None = None, step: int | None = None) -> None:
        """None: unchanged."""
        for number in numbers:
            old = self._steps[number], self._states[number], self._outcomes[number]
            new = old[0] if step is None else step, state, old[2] if outcome is None else outcome
            if new != old:
                self._steps[number], self._states[number], self._outcomes[number] = new
                for counts in (self._tally, self._changed):
                    counts[old] -= 1
                    counts[new] += 1

    def take_changes(self) -> list[tuple[int, int, int, int]]:
        """Keys whose counts changed since the last call, with the difference."""
        changes = [(*key, difference) for key, difference in self._changed.items() if difference]
        self._changed.clear()
        return changes
