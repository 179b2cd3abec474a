"""The error of an alarm that cannot be evaluated, instead of a guess about it."""

from __future__ import annotations

from ops.errors import UsageError


class AlarmError(UsageError):
    """An alarm, expression or rule that is not valid, or that the evaluator does not model. ``field``: of the definition,
    where it is known."""

    def __init__(self, message: str, next_step: str = "", field: str = "") -> None:
        super().__init__(message, next_step)
        self.field = field
