"""Actions that set one setting: read from, written to and undone by the same description of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from ops import masking
from ops.aws import call as calls
from ops.aws.call import ApiCall
from ops.errors import AwsError, OpsError
from ops.runbooks.actions.action import (
    ActionContext,
    Effect,
    Outputs,
    Paper,
    PlannedChange,
    Reconciliation,
    StepPreview,
    StepVerdict,
    StepVerification,
    Value,
)

OTHER_REVISION = "PreconditionFailedException"
"""Lambda's answer where RevisionId is not the latest one (botocore 1.44.5 model, 2026-11)."""
REVISION = "REVISION"
"""The revision on paper: what the look before it shows."""


@dataclass(frozen=True)
class Reading:
    """A setting now. ``settled`` is false while AWS still carries out a change of it. ``revision``: of what holds it, where
    AWS compares that before a change (``RevisionId``)."""

    value: Value
    settled: bool = True
    note: str = ""
    revision: str = ""


@dataclass(frozen=True)
class SettingAction:
    """``target``: the value that a step asks for. ``call``: sets it on what ``owner`` names, or on the shell variable
    ``variable`` on paper. ``earlier``: the value on paper for the undo. ``look``: where AWS compares revisions, the call and
    the query that show value and revision on paper. ``ready``: waits, before a preview, until what has the setting can be
    changed."""

    name: str
    summary: str
    what: str
    inputs: type[msgspec.Struct]
    reads: tuple[str, ...]
    variable: str
    owner: Callable[[ActionContext], str]
    read: Callable[[ActionContext], Reading]
    target: Callable[[Any], Value]
    call: Callable[[str, Any], ApiCall]
    earlier: Value
    look: Callable[[str], tuple[ApiCall, str]] | None = None
    note: Callable[[ActionContext, Value], str] = lambda _context, _value: ""
    deadline_s: float = 120.0
    ready: Callable[[ActionContext], None] = lambda _context: None

    effect = Effect.CHANGE
    outputs = ("before", "after")
    sets: tuple[str, ...] = ()

    @property
    def permissions(self) -> tuple[str, ...]:
        return (*self.reads, self.call(self.variable, self.earlier).permission)

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        value: Value = next(iter(values.values())) if values else self.target(self.inputs())
        owner = f"${self.variable}"
        if self.look is None:
            return Paper((self.call(owner, value).command(),), (self.call(owner, self.earlier).command(),))
        look, query = self.look(owner)
        looked = look.command(query)
        return Paper(
            (f"{looked}  # note {self.earlier} and {REVISION}", self._call(owner, value, REVISION).command()),
            (
                f"{looked}  # expect {_shown(value)}; note the new {REVISION}",
                self._call(owner, self.earlier, REVISION).command(),
            ),
        )

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview:
        self.ready(context)
        return self._preview(context, self.read(context), self.target(inputs))

    def execute(self, context: ActionContext, inputs: Any) -> Outputs:
        before, after = self.read(context).value, self.target(inputs)
        self._write(context, before, after)
        return {"before": before, "after": after}

    def verify(self, context: ActionContext, inputs: Any, outputs: Outputs) -> StepVerification:
        return self._verify(context, self.target(inputs))

    def reconcile(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> Reconciliation:
        self._ensure_same_owner(context, changes)
        value = self.read(context).value
        if value == self.target(inputs):
            return Reconciliation.DONE
        if all(value == change.before for change in changes):
            return Reconciliation.NOT_DONE
        return Reconciliation.UNKNOWN

    def preview_undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> StepPreview:
        self._ensure_same_owner(context, changes)
        self.ready(context)
        current = self.read(context)
        (change,) = changes
        if current.value not in (change.after, change.before):
            raise OpsError(
                f"{change.what} is {current.value} now, neither {change.after} as the step set it nor {change.before} "
                "as it was: something else changed it since.",
                "Find out who changed it, then set it manually.",
            )
        return self._preview(context, current, change.before)

    def undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> None:
        self._ensure_same_owner(context, changes)
        self._write(context, self.read(context).value, changes[0].before)

    def verify_undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> StepVerification:
        return self._verify(context, changes[0].before)

    def _ensure_same_owner(self, context: ActionContext, changes: tuple[PlannedChange, ...]) -> None:
        """Raises OpsError where the workload has another mapping or function now than the step changed: what it has may
        show the same value by chance."""
        now = masking.mask_text(f"{self.what} of {self.owner(context)}")
        if other := next((change.what for change in changes if masking.mask_text(change.what) != now), None):
            raise OpsError(
                f"The step was about {other}; the workload has {self.owner(context)} now.",
                "Find out what replaced it. Nothing of it was changed.",
            )

    def _preview(self, context: ActionContext, current: Reading, wanted: Value) -> StepPreview:
        owner = self.owner(context)
        if current.value == wanted:
            return StepPreview(notes=(f"{self.what} of {owner} is already {_shown(wanted)}; nothing to do.",))
        note = self.note(context, wanted)
        return StepPreview(
            (PlannedChange(f"{self.what} of {owner}", current.value, wanted),),
            (note,) if note else (),
            self._call(owner, wanted, current.revision).command(),
            self.call(owner, current.value).command(),
            revision=current.revision,
        )

    def _verify(self, context: ActionContext, wanted: Value) -> StepVerification:
        current = self.read(context)
        if current.value == wanted and current.settled:
            return StepVerification(StepVerdict.HOLDS, f"{self.what} is {_shown(wanted)}{current.note}.")
        doing = "" if current.settled else ", still changing"
        return StepVerification(StepVerdict.NOT_YET, f"{self.what} is {_shown(current.value)}{current.note}{doing}.")

    def _call(self, owner: str, value: Value, revision: str) -> ApiCall:
        call = self.call(owner, value)
        return replace(call, parameters={**call.parameters, "RevisionId": revision}) if revision else call

    def _write(self, context: ActionContext, before: Value, value: Value) -> None:
        """Raises OpsError where something else has changed it since the preview: as far as AWS compares revisions, up to
        the call itself, else up to the reading just before."""
        owner, previewed = self.owner(context), context.previewed
        about = f"{self.what} of {owner}"
        if previewed is not None and any(change.before != before for change in previewed.changes):
            raise _changed_since(about)
        call = self._call(owner, value, previewed.revision if previewed is not None else "")
        once = context.aws.without_retries(fast_sqs=False)  # an outcome that is not known is reconciled, not repeated
        try:
            calls.make(once, call, about)
        except AwsError as error:
            if error.code == OTHER_REVISION:
                raise _changed_since(about) from error
            raise
        finally:
            once.disconnect()


def _changed_since(about: str) -> OpsError:
    return OpsError(
        f"{about} was left as it is: something else changed it, or what has it, since the preview.",
        "Resume the run: ops runbook resume previews the step again.",
    )


def _shown(value: Value) -> str:
    return "none" if value is None else str(value)
